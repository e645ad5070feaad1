"""The published schemas, made from the record classes. `python -m tests.project.schemas` regenerates them."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path

import harness
from harness import schemas
from harness.evals.benchmark.file_schema import benchmark_schema
from harness.records import PUBLISHED, json_schema

_PUBLISHES = re.compile(r"^from harness\.records import .*\b(Document|PUBLISHED)\b", re.MULTILINE)

BY_HAND = {"known"}
"""What no record class stands behind."""


def made() -> dict[str, str]:
    """The text of each generated schema, by its name.

    A module that publishes a record imports `Document` or `PUBLISHED`, so every module that does is imported here.
    """
    root = Path(harness.__file__).parent
    for file in sorted(root.rglob("*.py")):
        if _PUBLISHES.search(file.read_text("utf-8")):
            importlib.import_module(".".join(file.relative_to(root.parent).with_suffix("").parts))
    found = {name: json_schema(record) for name, record in PUBLISHED.items()} | {"benchmark": benchmark_schema()}
    return {name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in found.items()}


if __name__ == "__main__":
    for name, text in made().items():
        (schemas.FOLDER / f"{name}.schema.json").write_text(text, "utf-8")
