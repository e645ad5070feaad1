"""The JSON Schemas of what is written for machines and of the files that users write, each as `NAME.schema.json`.

Those of records are made of the record classes, by `python -m tests.project.schemas`.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
_END = ".schema.json"


def names() -> list[str]:
    """What there is a schema of."""
    return sorted(path.name.removesuffix(_END) for path in FOLDER.glob(f"*{_END}"))


def text(name: str) -> str:
    """The schema of that name."""
    return (FOLDER / f"{name}{_END}").read_text("utf-8")
