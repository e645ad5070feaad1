"""The schema is right by the draft's own rules, current on disk, and read by the loader as by any validator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_specifications  # type: ignore[import-untyped]  # it has no types
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from harness.reading.problems import FileError
from harness.reading.shape import complaints
from harness.reading.yaml_nodes import parse_yaml
from harness.scenarios.corpus import corpus_folder
from harness.scenarios.schema import FORMATS, render, scenario_schema
from harness.scenarios.schema import SCHEMAS as MAKERS
from tests.scenarios.files import REQUIREMENTS, SCENARIOS

SCHEMAS = {name: make() for name, make in MAKERS.items()}
MATCHER = {"$ref": "#/$defs/json-schema", "$defs": scenario_schema()["$defs"]}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_valid_by_the_draft(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_beside_the_scenarios_is_current(name: str) -> None:
    """If not: `gateway-harness scenarios schema NAME > scenarios/NAME.schema.json`."""
    assert (corpus_folder() / f"{name}.schema.json").read_text() == render(name)


def test_every_key_has_a_description_for_the_editor() -> None:
    for definition in ("scenario", "step", "expectation"):
        for key, schema in scenario_schema()["$defs"][definition]["properties"].items():
            assert len(schema["description"]) > 10, key


_NOT_OFFERED = frozenset({
    "$anchor", "$defs", "$dynamicAnchor", "$dynamicRef", "$id", "$ref", "$schema", "$vocabulary",  # one-screen schemas
    "contentEncoding", "contentMediaType", "contentSchema", "default", "deprecated", "examples", "readOnly",
    "writeOnly",  # annotations, which assert nothing
    "unevaluatedItems", "unevaluatedProperties",  # for schemas composed of others
})  # fmt: skip
"""Keywords of draft 2020-12 without a use in expectations. All others are supported."""


def test_every_keyword_of_the_draft_is_offered_or_left_out_on_purpose() -> None:
    vocabularies = [uri for uri in jsonschema_specifications.REGISTRY if "2020-12/meta/" in uri]
    keywords = {
        keyword
        for uri in vocabularies
        for keyword in jsonschema_specifications.REGISTRY.contents(uri).get("properties", ())
    }
    offered = set(scenario_schema()["$defs"]["json-schema"]["properties"])
    assert offered | _NOT_OFFERED == keywords
    assert not offered & _NOT_OFFERED


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_asserted_by_the_validator(name: str) -> None:
    validator = Draft202012Validator({"format": name}, format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert not validator.is_valid("(")


KEYWORDS = st.sampled_from(sorted(scenario_schema()["$defs"]["json-schema"]["properties"]))
VALUES = st.recursive(
    st.sampled_from([None, True, False, 0, 1, -1, 0.5, "", "a", "(", "string", "uuid", "^a$"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(KEYWORDS, inner, max_size=2)
        | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2)
    ),
    max_leaves=6,
)


@given(st.dictionaries(KEYWORDS, VALUES, min_size=1, max_size=3))
def test_an_expectation_that_is_accepted_is_a_schema_by_the_draft(schema: dict[str, Any]) -> None:
    node = parse_yaml(json.dumps(schema), Path("test.yaml"))
    if not any(complaints(node, MATCHER)):
        Draft202012Validator.check_schema(schema)


MORE_STEPS = """- at_once:
    - {repeat: 2, call: models.list, client: sync, timeout: 1.5, restart: true, expect: {status: null}}
    - {http: GET /, auth: {Cookie: a, "?key": [a, b]}, headers: {X-A: [a], X-B: null}, expect: {status: 200}}
- {model: GET /requests, expect: {status: 200, shape: "${it_${n}}"}, save: {"a_${n}": $}}
- {repeat: 2, steps: [{call: models.list, expect: {status: 200}}, {at_once: [{http: GET /, expect: {status: 200}}]}]}
"""


def spoil(document: Any, draw: Any) -> None:
    """Change one place of a document: take a key away, rename it, or put something else there."""
    while document:
        if isinstance(document, list):
            key: Any = draw(st.integers(0, len(document) - 1))
        else:
            key = draw(st.sampled_from(sorted(document)))
        if isinstance(document[key], dict | list) and document[key] and draw(st.integers(0, 4)):
            document = document[key]
            continue
        change = draw(st.sampled_from(["drop", "rename", "replace"]))
        value = document.pop(key) if isinstance(document, dict) or change == "drop" else document[key]
        if change == "rename" and isinstance(document, dict):
            document[
                draw(
                    st.sampled_from(
                        ["", "http", "content", "raises", "a b", "nope", "cases", "call", "model", "at_once", "steps"]
                    )
                )
            ] = value
        elif change == "replace":
            document[key] = draw(VALUES)
        return


@given(st.data(), st.sampled_from(["scenario", "requirements"]))
def test_the_loader_and_a_validator_agree_on_which_files_have_the_right_shape(data: st.DataObject, name: str) -> None:
    document = yaml.safe_load({"scenario": SCENARIOS, "requirements": REQUIREMENTS}[name])
    if name == "scenario":
        document["scenarios"][0]["steps"].append({"http": "GET /", "json": {}, "expect": {"status": {"enum": [1]}}})
        document["scenarios"][0]["steps"] += yaml.safe_load(MORE_STEPS)
        document["scenarios"][0]["steps"][0]["expect"]["body"] = {"$.a": {"type": "string", "pattern": "^a"}}
    for _ in range(data.draw(st.integers(0, 2))):
        spoil(document, data.draw)
    try:
        node = parse_yaml(json.dumps(document), Path("test.yaml"))
    except FileError:  # a renamed key may then be there twice, which is not the schema's business
        return
    validator = Draft202012Validator(SCHEMAS[name], format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert any(complaints(node, SCHEMAS[name])) == (not validator.is_valid(document))
