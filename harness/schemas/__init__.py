"""The JSON Schemas of published records and of the files that users write, each as `NAME.schema.json`.

`python -m tests.project.schemas` generates those of records from the record classes.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
_END = ".schema.json"


def names() -> list[str]:
    """The names of all schemas."""
    return sorted(path.name.removesuffix(_END) for path in FOLDER.glob(f"*{_END}"))


def text(name: str) -> str:
    """A schema, as text."""
    return (FOLDER / f"{name}{_END}").read_text("utf-8")
