"""promptfoo's configuration, read only: one prompt, and `tests` with variables and plain assertions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.evals.benchmark.data import InlineRows, place_of, row_of
from harness.evals.benchmark.definition import Definition, name_of
from harness.evals.benchmark.formats.format import Format
from harness.evals.benchmark.row import Row, seen
from harness.evals.benchmark.template import Template
from harness.evals.sample import Sample, ScorerSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from harness.json_value import Json
    from harness.reading.yaml_nodes import Node

_ASSERTIONS = {
    "equals": ScorerSpec("exact"),
    "regex": ScorerSpec("regex"),
    "contains": ScorerSpec("contains", {"ignore_case": False}),
    "icontains": ScorerSpec("contains"),
    "contains-any": ScorerSpec("contains", {"ignore_case": False}),
    "icontains-any": ScorerSpec("contains"),
    "contains-all": ScorerSpec("contains", {"ignore_case": False, "mode": "all"}),
    "icontains-all": ScorerSpec("contains", {"mode": "all"}),
}
_IGNORED = ("$schema", "description", "providers", "sharing", "outputPath", "evaluateOptions", "commandLineOptions")

_SAMPLING = ("temperature", "top_p", "max_tokens", "max_completion_tokens", "stop", "seed", "n", "response_format")


def is_promptfoo(fields: Mapping[str, Json]) -> bool:
    """Whether a YAML file is such a configuration."""
    return "tests" in fields and "prompts" in fields


def read_promptfoo(path: Path, document: Node) -> Definition:
    """What a configuration says. Raises BenchmarkError for what is not read here."""
    place = place_of(document.location)
    row = row_of(document)
    row.only(("prompts", "tests", *_IGNORED), "what is read of promptfoo's configuration")
    prompts = row.texts("prompts")
    if len(prompts) != 1 or prompts[0].startswith(("file://", "[")):
        raise row.problem("prompts", "one prompt, as text, is read here")
    if not isinstance(row.fields.get("tests"), list):
        raise row.problem("tests", "tests that stand in this file are read here")
    rows = InlineRows(place, document.child("tests"))
    kind = _kind(next(iter(rows), row))
    template = Template(prompts[0], row.keys.get("prompts", place))
    return Definition(
        name=name_of(path),
        place=place,
        rows=rows,
        format=Format("promptfoo", "a configuration", lambda _: False, lambda test, _: _read(test, kind, template)),
        scorers=(_ASSERTIONS[kind],),
        notes=tuple(_notes(row)),
        recipe=prompts[0],
    )


def _notes(row: Row) -> Iterator[str]:
    """How the providers sample, which nobody is told here. The rest of their settings may hold keys."""
    providers: Any = row.fields.get("providers")
    for provider in providers if isinstance(providers, list) else ():
        config = provider.get("config") if isinstance(provider, dict) else None
        for key in _SAMPLING:
            if isinstance(config, dict) and key in config:
                yield f"`{key}` ({config[key]}) is not sent: the endpoint ignores it."


def _read(row: Row, kind: str, template: Template) -> Sample:
    row.only(("description", "vars", "assert", "metadata"), "what is read of a test")
    variables = row.mapping("vars")
    for name, value in variables.items():
        if isinstance(value, list | dict) or str(value).startswith("file://"):
            raise row.problem("vars", f"`{name}`: a text is read here, not {seen(value)}")
    if _kind(row) != kind:
        raise row.problem("assert", f"`{_kind(row)}`, and the first test has `{kind}`: all are scored alike here")
    assertion: Any = row.fields["assert"]
    return Sample(
        id="",
        turns=(template.render(variables, row.place),),
        target=Row(assertion[0], row.place).texts("value"),
        metadata=row.mapping("metadata"),
    )


def _kind(row: Row) -> str:
    """The type of the one assertion of a test. Raises BenchmarkError."""
    assertions: Any = row.fields.get("assert")
    if not isinstance(assertions, list) or len(assertions) != 1 or not isinstance(assertions[0], dict):
        raise row.problem("assert", "one assertion for each test is read here")
    kind = assertions[0].get("type")
    if not isinstance(kind, str) or kind not in _ASSERTIONS:
        raise row.problem("assert", f"{seen(kind)} is not read here: only {', '.join(_ASSERTIONS)}")
    return kind
