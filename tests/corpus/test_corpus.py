"""Properties of the shipped corpus that its linter can't check."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from openai.types.chat.completion_create_params import (
    CompletionCreateParamsNonStreaming,
    CompletionCreateParamsStreaming,
)

from harness.plan import NOT_GIVEN
from harness.run.smoke import ACCEPTS_KEY, ANSWERS_CHATS, LISTS_MODELS, LISTS_PROFILES
from harness.scenarios.corpus import corpus_folder
from harness.scenarios.load import load_suite
from harness.scenarios.model import AskModel, Call, Capability, Contract, Http, Level
from harness.scenarios.statuses import admitted

if TYPE_CHECKING:
    from harness.scenarios.model import Scenario, Step

SUITE = load_suite(corpus_folder())

SECTIONS = (
    "introduction",
    "What to Configure",
    "Prepare a Profile",
    "Client Recipes",
    "Conversation State",
    "Current Limitations",
    "Ready-to-run example",
)
"""Of the endpoint's documentation, in its order."""

AREAS = {
    "auth",
    "models",
    "profiles",
    "chat",
    "conversation",
    "streaming",
    "fields",
    "responses",
    "errors",
    "http",
    "observability",
    "clients",
    "proxies",
}


def test_every_typed_field_of_the_official_client_is_needed_or_has_a_case() -> None:
    needed = {"model", "messages", "stream"}
    typed = {
        name
        for params in (CompletionCreateParamsNonStreaming, CompletionCreateParamsStreaming)
        for name in params.__required_keys__ | params.__optional_keys__
    }
    decided = {
        name
        for scenario in SUITE.scenarios.values()
        if scenario.requirement == "FIELD-1" and isinstance(field := scenario.variables.get("field"), dict)
        for name in field
    }
    assert typed - needed - decided == set(), "add a case to `fields/ignored-or-refused`"
    assert [scenario.id for scenario in SUITE.scenarios.values() if "undecided" in scenario.tags] == []


def test_every_area_has_scenarios() -> None:
    assert {scenario.area for scenario in SUITE.scenarios.values()} == AREAS


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_of_the_documentation_is_the_source_of_a_must(section: str) -> None:
    assert [
        requirement.id
        for requirement in SUITE.requirements.values()
        if requirement.level is Level.MUST and section in requirement.source
    ]


def test_what_the_documentation_does_not_say_is_no_must_of_its_contract() -> None:
    undocumented = [
        requirement.id
        for requirement in SUITE.requirements.values()
        if requirement.level is Level.MUST
        and Contract.DOCUMENTED in requirement.contracts
        and not requirement.source.startswith(SECTIONS)
    ]
    assert undocumented == []


def test_the_contracts_differ_in_streaming_and_in_what_the_documentation_knows_nothing_of() -> None:
    one_sided = [requirement for requirement in SUITE.requirements.values() if len(requirement.contracts) == 1]
    kinds = {
        contract: {it.id.partition("-")[0] for it in one_sided if contract in it.contracts} for contract in Contract
    }
    assert kinds == {Contract.DOCUMENTED: {"STREAM"}, Contract.AGENT_SERVER: {"STREAM", "RESP", "OBS", "CHAT"}}


@pytest.mark.parametrize("scenario", SUITE.scenarios.values(), ids=lambda scenario: scenario.id)
def test_scenarios_that_start_an_agent_are_tagged_as_such(scenario: Scenario) -> None:
    starts = any(map(_may_start_an_agent, (*scenario.setup, *scenario.steps)))
    assert ("agent-turn" in scenario.tags) == starts


@pytest.mark.parametrize("scenario", SUITE.scenarios.values(), ids=lambda scenario: scenario.id)
def test_scenarios_delete_the_profiles_that_they_create(scenario: Scenario) -> None:
    requests = [step.action for step in (*scenario.setup, *scenario.steps) if isinstance(step.action, Http)]
    created = {
        action.path
        for action in requests
        if action.method == "POST" and re.fullmatch(r"/api/profiles/[^/]+", action.path)
    }
    deleted = {action.path for action in requests if action.method == "DELETE"}
    assert created <= deleted


def test_every_setup_step_relies_on_a_requirement_of_every_release() -> None:
    """Else its violation would be nobody's. A step that takes any status, or none, relies on nothing."""
    for scenario in SUITE.scenarios.values():
        for step in scenario.setup:
            open_ended = admitted(step.expect.status) >= set(range(200, 600)) or step.expect.status is None
            if not isinstance(step.action, AskModel) and not open_ended:
                assert step.promises, f"{scenario.id}: {step.location}"
            versions = {None, SUITE.requirements[scenario.requirement].versions}
            assert {SUITE.requirements[each].versions for each in step.promises.values()} <= versions, scenario.id


def test_the_lack_of_any_capability_has_a_reason() -> None:
    assert NOT_GIVEN.keys() == set(Capability)


def test_the_smoke_tests_requirements_are_musts() -> None:
    promised = [SUITE.requirements[name] for name in (ACCEPTS_KEY, LISTS_MODELS, LISTS_PROFILES, ANSWERS_CHATS)]
    assert {each.level for each in promised} == {Level.MUST}


def _may_start_an_agent(step: Step) -> bool:
    """A request to the model under test that reaches the agent."""
    if isinstance(step.action, Call):
        asks = step.action.method not in {"models.list", "models.retrieve"}
        chats = asks and step.action.arguments["model"] == "${model}"
    else:
        path = step.action.path.replace("//", "/").rstrip("/")
        chats = step.action.method == "POST" and path in {"/v1/chat/completions", "/v1/responses"}
    return chats and not admitted(step.expect.status) <= frozenset(range(400, 500))
