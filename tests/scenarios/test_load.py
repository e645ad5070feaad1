from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.scenarios.corpus import corpus_folder
from harness.scenarios.load import load_suite
from harness.scenarios.model import Auth, Call, Capability, Contract, Expectation, Http, Level
from harness.scenarios.problems import ScenarioFileError
from tests.scenarios.files import ENTRY, SCENARIOS, write_suite

if TYPE_CHECKING:
    from pathlib import Path


def test_requirements_keep_what_the_file_says(tmp_path: Path) -> None:
    requirements = load_suite(write_suite(tmp_path)).requirements
    assert list(requirements) == ["AUTH-1", "AUTH-2"]
    assert requirements["AUTH-1"].contracts == set(Contract)
    second = requirements["AUTH-2"]
    assert (second.level, second.versions) == (Level.SHOULD, ">=1.28,<2")
    assert second.contracts == {Contract.AGENT_SERVER}
    assert str(second.location) == f"{tmp_path}/requirements.yaml:6:5"


def test_each_case_becomes_a_scenario_of_its_own(tmp_path: Path) -> None:
    suite = load_suite(write_suite(tmp_path))
    assert list(suite.scenarios) == ["auth/opens", "auth/refuses[bearer]", "auth/refuses[header]"]
    scenario = suite.scenarios["auth/refuses[header]"]
    assert scenario.variables == {"credential": "wrong-session-header"}
    assert scenario.steps[0].auth == Auth.WRONG_SESSION_HEADER
    assert scenario.control == "auth/opens"
    assert scenario.needs == {Capability.AUTHENTICATION}
    assert scenario.tags == {"smoke"}


def test_a_step_has_what_the_file_says_and_the_defaults(tmp_path: Path) -> None:
    steps = """\
      - call: chat.completions.create
        with: {model: "${model}", stream: true}
        expect: {status: 200, returns: ChatCompletionChunk}
        save: {conversation: headers.X-Conversation}
      - http: POST /api/${conversation}
        content: '{"broken'
        headers: {X-A: b, Authorization: null}
        expect: {status: {enum: [400, 422]}, headers: {X-A: null}, body: {$.a: [1, null]}}
"""
    suite = load_suite(write_suite(tmp_path, ENTRY + steps))
    call, http = suite.scenarios["auth/one"].steps
    assert call.action == Call("chat.completions.create", {"model": "${model}", "stream": True})
    assert call.auth == Auth.BOTH
    assert call.expect == Expectation(200, returns="ChatCompletionChunk")
    assert call.save == {"conversation": "headers.X-Conversation"}
    assert http.action == Http("POST", "/api/${conversation}", content='{"broken')
    assert http.auth == Auth.BOTH
    assert http.headers == {"X-A": "b", "Authorization": None}
    assert http.expect == Expectation({"enum": [400, 422]}, headers={"X-A": None}, body={"$.a": [1, None]})


def test_a_case_can_give_the_method_the_status_and_the_error(tmp_path: Path) -> None:
    text = """\
area: auth
scenarios:
  - id: auth/methods
    title: A title
    requirement: AUTH-1
    cases:
      put: {verb: PUT, status: 405, error: NotFoundError}
      get: {verb: GET, status: {const: 404}, error: NotFoundError}
    steps:
      - http: ${verb} /v1
        expect: {status: "${status}"}
      - call: models.retrieve
        expect: {status: 404, raises: "${error}"}
"""
    scenarios = load_suite(write_suite(tmp_path, text)).scenarios
    put, get = scenarios["auth/methods[put]"].steps[0], scenarios["auth/methods[get]"].steps[0]
    assert (put.action, put.expect.status) == (Http("PUT", "/v1"), 405)
    assert (get.action, get.expect.status) == (Http("GET", "/v1"), {"const": 404})
    assert scenarios["auth/methods[get]"].steps[1].expect.raises == "NotFoundError"


@pytest.mark.parametrize("word", ["no", "on", "yes", "off", "2020-01-01", "12:30", "1_000", "0x", "1.2.3", ".a"])
def test_plain_text_is_text_whatever_older_yaml_made_of_it(word: str, tmp_path: Path) -> None:
    suite = load_suite(write_suite(tmp_path, SCENARIOS.replace("A wrong key opens nothing", word)))
    assert suite.scenarios["auth/refuses[bearer]"].title == word


def test_values_are_those_of_json(tmp_path: Path) -> None:
    step = """\
      - http: GET /
        json: [true, null, -1, 0.5, 1e3, 'true', "1", no]
        expect: {status: 200}
"""
    action = load_suite(write_suite(tmp_path, ENTRY + step)).scenarios["auth/one"].steps[0].action
    assert isinstance(action, Http)
    assert action.json == [True, None, -1, 0.5, 1000.0, "true", "1", "no"]


def test_a_folder_without_requirements_proves_ours_and_borrows_our_controls(tmp_path: Path) -> None:
    ours = load_suite(corpus_folder())
    refusal = next(it for it in ours.scenarios.values() if it.control is not None)
    text = ENTRY.replace("AUTH-1", refusal.requirement).replace(
        "    steps", f"    control: {refusal.control}\n    steps"
    )
    step = "      - call: models.list\n        expect: {status: 401}\n"
    suite = load_suite(write_suite(tmp_path, text + step, requirements=None))
    assert suite.requirements == ours.requirements
    assert list(suite.scenarios) == ["auth/one", refusal.control]


def test_nothing_is_loaded_when_something_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(ScenarioFileError):
        load_suite(write_suite(tmp_path, chat="area: chat\n"))


def test_the_scenarios_that_ship_are_sound() -> None:
    suite = load_suite(corpus_folder())
    assert {scenario.requirement for scenario in suite.scenarios.values()} <= set(suite.requirements)
    assert len(suite.scenarios) >= 40
