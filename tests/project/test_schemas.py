"""Every machine-readable output has a published schema, generated from the class that writes it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from harness import schemas
from harness.cli import main
from tests.project.schemas import BY_HAND, made

ROOT = Path(__file__).parents[2]
BESIDE_THE_SCENARIOS = {"dimensions", "requirements", "scenario"}
"""What `scenarios schema` prints; they have a test of their own."""


def test_each_record_has_a_current_schema_and_each_schema_its_record() -> None:
    """If not: `python -m tests.project.schemas`."""
    assert {name: schemas.text(name) for name in schemas.names() if name not in BY_HAND} == made()


def test_no_schema_lies_anywhere_else() -> None:
    found = {path for folder in ("harness", "scenarios") for path in (ROOT / folder).rglob("*.schema.json")}
    published = {schemas.FOLDER / f"{name}.schema.json" for name in schemas.names()}
    assert found - published == {ROOT / "scenarios" / f"{name}.schema.json" for name in BESIDE_THE_SCENARIOS}


@pytest.mark.parametrize("name", schemas.names())
def test_each_schema_can_be_printed_and_is_right_by_its_own_draft(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "schema", name]) == 0
    Draft202012Validator.check_schema(json.loads(capsys.readouterr().out))
