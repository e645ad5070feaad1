"""The plan: which scenarios to play on a target, and what cannot be assessed there, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from harness.verdict import ScenarioVerdict, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.scenarios.model import Capability, Contract, Level, Requirement, Scenario, Suite


@dataclass(frozen=True, slots=True)
class Selection:
    """What the user asked for. An empty set asks for everything; `ids` are globs such as `auth/*`."""

    ids: tuple[str, ...] = ()
    requirements: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    levels: frozenset[Level] = frozenset()
    contracts: frozenset[Contract] = frozenset()

    def takes(self, scenario: Scenario, requirement: Requirement) -> bool:
        """Whether a scenario was asked for."""
        return (
            (not self.ids or any(scenario.id == glob or fnmatchcase(scenario.id, glob) for glob in self.ids))
            and (not self.requirements or requirement.id in self.requirements)
            and (not self.areas or scenario.area in self.areas)
            and (not self.tags or not self.tags.isdisjoint(scenario.tags))
            and (not self.levels or requirement.level in self.levels)
            and (not self.contracts or not self.contracts.isdisjoint(requirement.contracts))
        )

    def __bool__(self) -> bool:
        return self != Selection()


class NothingSelectedError(ValueError):
    """The selection takes no scenario: a mistake, never a pass."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to play, in file order, and the verdicts on what was selected but cannot be played here."""

    scenarios: tuple[Scenario, ...]
    not_assessed: tuple[ScenarioVerdict, ...] = field(default=())


def make_plan(
    suite: Suite, selection: Selection, capabilities: frozenset[Capability], server_version: str | None
) -> Plan:
    """Select scenarios, with the positive controls that they need, and set aside what the target cannot be asked.

    Args:
        suite: everything that was loaded.
        selection: what the user asked for.
        capabilities: what the target offers.
        server_version: of a released server; requirements for other versions are set aside. None: unknown, all apply.

    Raises:
        NothingSelectedError: no scenario is left, with the selection in its text.
    """
    chosen: dict[str, Scenario] = {}

    def take(scenario: Scenario) -> None:
        if scenario.control is not None and scenario.control not in chosen:
            take(suite.scenarios[scenario.control])
        chosen[scenario.id] = scenario

    for scenario in suite.scenarios.values():
        if selection.takes(scenario, suite.requirements[scenario.requirement]):
            take(scenario)
    if not chosen:
        raise NothingSelectedError(f"no scenario matches {selection}")

    play, set_aside = [], []
    applies = _version_test(server_version)
    for scenario in (scenario for scenario in suite.scenarios.values() if scenario.id in chosen):
        requirement = suite.requirements[scenario.requirement]
        missing = scenario.needs - capabilities
        if missing:
            reason = f"the target does not offer: {', '.join(sorted(missing))}"
        elif requirement.versions is not None and not applies(requirement.versions):
            reason = f"applies to versions {requirement.versions}; the target is {server_version}"
        else:
            play.append(scenario)
            continue
        set_aside.append(ScenarioVerdict(scenario.id, requirement.id, State.NOT_ASSESSED, reason))
    return Plan(tuple(play), tuple(set_aside))


def _version_test(version: str | None) -> Callable[[str], bool]:
    from packaging.specifiers import SpecifierSet
    from packaging.version import InvalidVersion, Version

    try:
        parsed = None if version is None else Version(version)
    except InvalidVersion:
        parsed = None
    return lambda specifier: parsed is None or SpecifierSet(specifier).contains(parsed, prereleases=True)
