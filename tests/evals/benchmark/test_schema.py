"""The schema of a benchmark file is right by the draft's own rules, and current on disk."""

from __future__ import annotations

import yaml
from jsonschema import Draft202012Validator

from harness.evals.benchmark import builtin
from harness.evals.benchmark.file_schema import benchmark_schema
from harness.evals.benchmark.formats.own import KEYS


def test_the_schema_knows_the_same_keys_of_a_sample_as_the_reader() -> None:
    assert set(benchmark_schema()["$defs"]["sample"]["properties"]) == set(KEYS)


def test_the_shipped_benchmarks_are_valid_by_the_schema() -> None:
    validator = Draft202012Validator(benchmark_schema())
    files = [builtin.file_of(name) for name in builtin.names() if name != builtin.HUMANEVAL]
    assert len(files) >= 4
    for file in files:
        assert not list(validator.iter_errors(yaml.safe_load(file.read_text()))), file


def test_every_key_has_a_description_for_the_editor() -> None:
    properties = benchmark_schema()["properties"]
    assert all("description" in value for value in properties.values() if "not" not in value)
