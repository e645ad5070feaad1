"""Scenario files, read and checked: all that is wrong with all of them is told at once."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.scenarios.checks import scenario_problems
from harness.scenarios.corpus import corpus_folder
from harness.scenarios.model import Location, Suite
from harness.scenarios.problems import Problem, ScenarioFileError, did_you_mean, in_order
from harness.scenarios.reader import read_requirement, read_scenario
from harness.scenarios.schema import requirements_schema, scenario_schema
from harness.scenarios.shape import complaints
from harness.scenarios.yaml_nodes import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from harness.scenarios.model import Requirement, Scenario
    from harness.scenarios.schema import Schema
    from harness.scenarios.yaml_nodes import Node

REQUIREMENTS = "requirements.yaml"


@dataclass(frozen=True, slots=True)
class Reading:
    """What could be read of some files, and what is wrong with them."""

    suite: Suite
    problems: tuple[Problem, ...]

    def sound(self) -> Suite:
        """The suite, when nothing is wrong.

        Raises:
            ScenarioFileError: with every problem.
        """
        if self.problems:
            raise ScenarioFileError(self.problems)
        return self.suite


def load_suite(folder: Path) -> Suite:
    """Load a folder: its scenario files (`*.yaml`) and its `requirements.yaml`.

    A folder without requirements of its own proves those that come with the tool, and may borrow controls from there.

    Raises:
        ScenarioFileError: with every problem of every file.
    """
    return read_folder(folder).sound()


def read_folder(folder: Path) -> Reading:
    """Like `load_suite`, problems and all.

    Raises:
        ScenarioFileError: the folder can't be read or holds no scenario file; or ours has a problem and is needed.
    """
    files = scenario_files(folder)
    own = folder / REQUIREMENTS
    if not own.exists():
        return read_files(files, load_suite(corpus_folder()))
    loading = _Loading(Suite({}, {}))
    loading.read_requirements(own)
    return loading.read(files)


def read_files(files: Iterable[Path], known: Suite) -> Reading:
    """Read scenario files that prove the requirements of another suite.

    Returns:
        The requirements of `known` and the scenarios of the files, with the controls that they borrow from `known`.
    """
    return _Loading(known).read(files)


def scenario_files(folder: Path) -> list[Path]:
    """The scenario files of a folder, by name.

    Raises:
        ScenarioFileError: there is no such folder, or no scenario file in it.
    """
    start = Location(folder, 1, 1)
    try:
        files = sorted(
            file for file in folder.iterdir() if file.suffix in {".yaml", ".yml"} and file.name != REQUIREMENTS
        )
    except OSError as error:
        raise ScenarioFileError([Problem(start, f"can't be read: {error.strerror or error}")]) from None
    if not files:
        raise ScenarioFileError([Problem(start, "there is no scenario file (*.yaml) in this folder")])
    return files


class _Loading:
    """What has been read so far, and what was wrong with it."""

    def __init__(self, known: Suite) -> None:
        self.known = known
        self.requirements: dict[str, Requirement] = dict(known.requirements)
        self.scenarios: dict[str, Scenario] = {}
        self.nodes: dict[str, Node] = {}
        self.problems: list[Problem] = []
        self.incomplete = False
        """Whether entries are left out for problems of their own; what refers to them is not to blame."""

    def read(self, files: Iterable[Path]) -> Reading:
        for file in files:
            self.read_scenarios(file)
        for scenario in self.scenarios.values():
            self.check_requirement(scenario)
            self.check_control(scenario)
        suite = Suite(self.requirements, {**self.scenarios, **self.borrowed()})
        return Reading(suite, in_order(self.problems))

    def read_requirements(self, file: Path) -> None:
        for _, node in self.entries(file, "requirements", requirements_schema()):
            requirement = read_requirement(node, self.problems)
            self.keep(requirement, self.requirements)

    def read_scenarios(self, file: Path) -> None:
        for document, node in self.entries(file, "scenarios", scenario_schema()):
            self.problems += scenario_problems(node)
            for scenario in read_scenario(node, str(document.child("area").value), self.problems):
                self.keep(scenario, self.scenarios)
                self.nodes[scenario.id] = node

    def keep[T: (Requirement, Scenario)](self, entry: T, entries: dict[str, T]) -> None:
        if (first := entries.setdefault(entry.id, entry)) is not entry:
            self.problems.append(Problem(entry.location, f"`{entry.id}` again: {first.location} has this id already"))

    def entries(self, file: Path, key: str, schema: Schema) -> Iterator[tuple[Node, Node]]:
        """The document and, one after the other, its entries that have the right shape."""
        try:
            document = read_yaml(file)
        except ScenarioFileError as error:
            self.problems += error.problems
            self.incomplete = True
            return
        entries = document.child(key).elements()
        problems = list(complaints(document, schema))
        self.problems += problems
        starts = [(entry.location.line, entry.location.column) for entry in entries]
        broken = {bisect_right(starts, (it.location.line, it.location.column)) - 1 for it in problems}
        self.incomplete |= bool(broken)
        yield from ((document, entry) for index, entry in enumerate(entries) if index not in broken)

    def check_requirement(self, scenario: Scenario) -> None:
        if scenario.requirement not in self.requirements and not self.incomplete:
            hint = did_you_mean(scenario.requirement, self.requirements)
            self.complain(scenario, "requirement", f"there is no requirement `{scenario.requirement}`{hint}")

    def check_control(self, scenario: Scenario) -> None:
        control = scenario.control
        everything = {**self.known.scenarios, **self.scenarios}
        if control is None:
            return
        if control not in everything:
            cases = [known for known in everything if known.partition("[")[0] == control]
            if cases:
                self.complain(scenario, "control", f"`{control}` has cases: name one, such as `{cases[0]}`")
            elif not self.incomplete:
                self.complain(
                    scenario, "control", f"there is no scenario `{control}`{did_you_mean(control, everything)}"
                )
            return
        chain = [scenario.id]
        while control in everything and control not in chain:
            chain.append(control)
            control = everything[control].control or ""
        if control == scenario.id == min(chain):
            cycle = " -> ".join([*chain, control])
            self.complain(scenario, "control", f"a control that depends on what it controls: {cycle}")

    def borrowed(self) -> dict[str, Scenario]:
        """The controls of our scenarios that stand in the known suite, and the controls of those."""
        found: dict[str, Scenario] = {}
        wanted = [scenario.control or "" for scenario in self.scenarios.values()]
        while wanted:
            control = wanted.pop()
            if control in self.known.scenarios and control not in self.scenarios and control not in found:
                found[control] = self.known.scenarios[control]
                wanted.append(found[control].control or "")
        return found

    def complain(self, scenario: Scenario, key: str, message: str) -> None:
        self.problems.append(Problem(self.nodes[scenario.id].child(key).location, message))
