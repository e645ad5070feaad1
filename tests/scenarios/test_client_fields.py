"""A new release of the official client adds cases automatically."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.scenarios.lint import lint
from harness.scenarios.load import load_suite
from tests.scenarios.files import write_suite

SCENARIOS = """\
area: auth
scenarios:
  - id: auth/decided
    title: A title
    requirement: AUTH-1
    cases:
      some: {fields: {temperature: 1, nested: {stop: x}}}
    steps: [{call: models.list, expect: {status: 200}}]
  - id: auth/undecided
    title: A title
    requirement: AUTH-2
    tags: [smoke]
    cases_from: client-fields
    steps:
      - call: chat.completions.create
        with: {model: "${model}", messages: [], extra_body: "${field}"}
        expect: {status: 200}
"""

CLIENT = """\
raise ImportError("a scenario file is read without the client")
"""

PARAMETERS = """\
class CompletionCreateParamsBase(TypedDict, total=False):
    messages: Required[Iterable[Message]]
    model: Required[Union[str, ChatModel]]
    temperature: Optional[float]
    stop: Union[Optional[str], List[str], None]
    new_switch: Optional[bool]
    new_number: Annotated[Optional[float], "a note"]
    new_choice: Optional[Literal["low", "high"]]
    new_text: str
    new_object: Optional[NewObject]
    new_list: List[str]


class NewObject(TypedDict, total=False):
    inside: Required[str]


class CompletionCreateParamsStreaming(CompletionCreateParamsBase):
    stream: Required[Literal[True]]
    new_stream_thing: int


CompletionCreateParams = Union[CompletionCreateParamsBase, CompletionCreateParamsStreaming]
"""

LOAD = """\
import json, sys
from pathlib import Path
from harness.scenarios.load import load_suite
scenarios = load_suite(Path(sys.argv[1])).scenarios.values()
print(json.dumps({each.id: [dict(each.variables), sorted(each.tags)] for each in scenarios}))
"""


def load_with(client: Path, suite: Path) -> dict[str, Any]:
    """The scenarios of a suite in an interpreter that finds this client before all others."""
    environment = {**os.environ, "PYTHONPATH": f"{client}{os.pathsep}{Path(__file__).parents[2]}"}
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(suite)], env=environment, capture_output=True, check=True, timeout=60
    )
    loaded: dict[str, Any] = json.loads(done.stdout)
    return loaded


def client_with(folder: Path, parameters: str | None) -> Path:
    """A client's package with this source of its parameters; without any, if None."""
    chat = folder / "openai" / "types" / "chat"
    chat.mkdir(parents=True)
    (folder / "openai" / "__init__.py").write_text(CLIENT)
    if parameters is not None:
        (chat / "completion_create_params.py").write_text(parameters)
    return folder


def test_each_parameter_that_no_case_names_becomes_one(tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "suite", SCENARIOS)
    loaded = load_with(client_with(tmp_path / "client", PARAMETERS), suite)
    tags = ["smoke", "undecided"]
    assert loaded == {
        "auth/decided[some]": [{"fields": {"temperature": 1, "nested": {"stop": "x"}}}, []],
        "auth/undecided[new-switch]": [{"field": {"new_switch": True}}, tags],
        "auth/undecided[new-number]": [{"field": {"new_number": 1}}, tags],
        "auth/undecided[new-choice]": [{"field": {"new_choice": "low"}}, tags],
        "auth/undecided[new-text]": [{"field": {"new_text": "harness"}}, tags],
        "auth/undecided[new-object]": [{"field": {"new_object": {}}}, tags],
        "auth/undecided[new-list]": [{"field": {"new_list": {}}}, tags],
        "auth/undecided[new-stream-thing]": [{"field": {"new_stream_thing": 1}}, tags],
    }


@pytest.mark.parametrize("parameters", [None, "", "class CompletionCreateParamsBase(:"])
def test_a_client_that_is_made_otherwise_brings_no_case(parameters: str | None, tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "suite", SCENARIOS)
    assert list(load_with(client_with(tmp_path / "client", parameters), suite)) == ["auth/decided[some]"]


def test_the_installed_client_is_read(tmp_path: Path) -> None:
    scenarios = load_suite(write_suite(tmp_path, SCENARIOS)).scenarios
    assert scenarios["auth/undecided[seed]"].variables == {"field": {"seed": 1}}
    assert scenarios["auth/undecided[verbosity]"].variables == {"field": {"verbosity": "low"}}
    assert not {"auth/undecided[temperature]", "auth/undecided[messages]", "auth/undecided[stream]"} & set(scenarios)


def test_a_requirement_counts_as_proven_while_nothing_is_undecided(tmp_path: Path) -> None:
    everything = ", ".join(f"{name}: 1" for name in _undecided(tmp_path / "before"))
    suite = write_suite(tmp_path / "after", SCENARIOS.replace("temperature: 1", f"temperature: 1, {everything}"))
    assert list(load_suite(suite).scenarios) == ["auth/decided[some]"]
    assert lint(suite).problems == ()


def _undecided(folder: Path) -> list[str]:
    fields = (each.variables.get("field") for each in load_suite(write_suite(folder, SCENARIOS)).scenarios.values())
    return [name for field in fields if isinstance(field, dict) for name in field]
