"""The run record: its published schemas."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import harness.evals.results.record
from harness.evals.results.record import run_schema, sample_schema

HERE = Path(harness.evals.results.record.__file__)


@pytest.mark.parametrize(("name", "schema"), [("run", run_schema()), ("sample", sample_schema())])
def test_the_published_schemas_are_current(name: str, schema: dict[str, object]) -> None:
    assert json.loads(HERE.with_name(f"{name}.schema.json").read_text("utf-8")) == schema
    Draft202012Validator.check_schema(schema)
