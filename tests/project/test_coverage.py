"""Everything promised, observed or decided has a requirement, and every requirement has a proof."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi")  # the mutants are gateways

from harness.scenarios.model import Contract, Level
from tests.project.coverage import PAGE, SOURCES, Coverage, SourceError, _statement

COVERAGE = Coverage()


def named(source: str) -> set[str]:
    """The requirements that a source leads to."""
    return {name for statement in COVERAGE.statements[source] for name in statement.requirements}


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == COVERAGE.page(), "python -m tests.project.coverage"


@pytest.mark.parametrize("source", SOURCES)
def test_every_statement_leads_to_requirements_that_there_are(source: str) -> None:
    assert named(source) - COVERAGE.requirements.keys() == set()


def test_every_requirement_follows_from_a_statement() -> None:
    assert COVERAGE.requirements.keys() - set[str]().union(*map(named, SOURCES)) == set()


def test_every_must_follows_from_the_documentation_or_from_what_releases_do() -> None:
    musts = [requirement for requirement in COVERAGE.requirements.values() if requirement.level is Level.MUST]
    documented = {requirement.id for requirement in musts if Contract.DOCUMENTED in requirement.contracts}
    assert documented - named("documentation") == set()
    assert {requirement.id for requirement in musts} - documented - named("observed") == set()


def test_every_requirement_has_scenarios_and_mutants() -> None:
    assert [name for name, scenarios in COVERAGE.scenarios.items() if not scenarios] == []
    assert [name for name, mutants in COVERAGE.mutants.items() if not mutants] == []


@pytest.mark.parametrize(
    "entry",
    [
        {"id": "DOC-2", "section": "introduction", "says": "so", "excluded": "why"},
        {"id": "DOC-1", "says": "so", "excluded": "why"},
        {"id": "DOC-1", "section": "introduction", "excluded": "why"},
        {"id": "DOC-1", "section": "introduction", "says": "so"},
        {"id": "DOC-1", "section": "introduction", "says": "so", "requirements": ["CHAT-1"], "excluded": "why"},
        {"id": "DOC-1", "section": "introduction", "says": "so", "requirement": ["CHAT-1"]},
    ],
    ids=lambda entry: " ".join(entry),
)
def test_a_statement_of_another_shape_is_refused_by_its_number(entry: dict[str, object]) -> None:
    with pytest.raises(SourceError, match="DOC-1"):
        _statement("documentation", 1, entry)
