"""Dimensions: what the sentence of a requirement ranges over, and which of their cells are tried.

"A request without a key is refused" speaks of every path and every method. The requirement names these dimensions, and
its scenarios name the cells that they try. A cell that none tries has a reason, which the requirement gives.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from harness.reading.problems import Problem, did_you_mean, listed
from harness.reading.yaml_nodes import Node, node_of
from harness.scenarios.client_fields import CLIENT_FIELDS
from harness.scenarios.model import Dimension

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from harness.scenarios.model import Requirement, Scenario, Suite

CASE = "${case}"
"""In `tries`, the cell that has the name of the case."""


def read_dimension(node: Node, problems: list[Problem]) -> Dimension:
    """Read a dimension from its entry; problems are appended to `problems`."""
    cells = node.child("cells")
    names: dict[str, str] = {}
    for cell, variables in cells.items():
        for variable in variables.keys:
            names.setdefault(variable, cell)
    for cell, variables in cells.items():
        for variable, giver in names.items():
            if variable not in variables.keys:
                message = f"cell `{cell}` lacks `{variable}`, which cell `{giver}` has"
                problems.append(Problem(cells.keys[cell], message))
    return Dimension(
        id=str(node.child("id").value),
        text=str(node.child("text").value),
        cells={cell: {name: each.plain() for name, each in variables.items()} for cell, variables in cells.items()},
        location=node.location,
    )


def with_cells(
    entry: Node,
    dimensions: Mapping[str, Dimension],
    requirements: Mapping[str, Requirement],
    problems: list[Problem],
) -> Node:
    """An entry of a scenario file whose `cases_from` names a dimension, with a case for each cell.

    A cell that the entry's requirement has a reason not to try gets no case. Other entries are returned as they are.
    """
    source = entry.child("cases_from")
    name = source.value
    if not isinstance(name, str) or name == CLIENT_FIELDS:
        return entry
    if name not in dimensions:
        hint = did_you_mean(name, (CLIENT_FIELDS, *dimensions))
        problems.append(Problem(source.location, f"there is no dimension `{name}`{hint}"))
        return entry
    if "cases" in entry.keys:
        problems.append(Problem(entry.keys["cases"], f"the cases are the cells of `{name}`, and no others"))
    requirement = requirements.get(str(entry.child("requirement").value))
    untried = requirement.dimensions.get(name, {}) if requirement else {}
    dimension = dimensions[name]
    cases = {cell: variables for cell, variables in dimension.cells.items() if cell not in untried}
    tries = {**dict(entry.child("tries").items()), name: Node(CASE, source.location)}
    kept = {key: value for key, value in entry.items() if key != "cases_from"}
    kept["cases"] = node_of({cell: dict(variables) for cell, variables in cases.items()}, dimension.location)
    kept["tries"] = Node(tries, source.location, dict.fromkeys(tries, source.location))
    keys = {**entry.keys, "cases": source.location, "tries": source.location}
    del keys["cases_from"]
    return Node(kept, entry.location, keys)


def unknown_dimensions(requirement: Requirement, dimensions: Mapping[str, Dimension]) -> Iterator[str]:
    """What is wrong with the dimensions that a requirement names."""
    for name, untried in requirement.dimensions.items():
        if name not in dimensions:
            yield f"there is no dimension `{name}`{did_you_mean(name, dimensions)}"
            continue
        for cell in untried.keys() - dimensions[name].cells.keys():
            yield f"`{name}` has no cell `{cell}`{_other_cell(cell, dimensions[name])}"


def unknown_cells(scenario: Scenario, requirement: Requirement, dimensions: Mapping[str, Dimension]) -> Iterator[str]:
    """What is wrong with the cells that a scenario says it tries."""
    for name, cells in scenario.tries.items():
        if name not in requirement.dimensions:
            hint = did_you_mean(name, requirement.dimensions)
            yield f"`{requirement.id}` does not range over `{name}`{hint or ': say so there'}"
            continue
        known = dimensions.get(name)
        for cell in cells:
            if known and cell not in known.cells:
                yield f"`{name}` has no cell `{cell}`{_other_cell(cell, known)}"


def _other_cell(cell: str, dimension: Dimension) -> str:
    return did_you_mean(cell, dimension.cells) or f": it has {listed(dimension.cells)}"


def tried_cells(scenarios: Iterable[Scenario]) -> Counter[tuple[str, str, str]]:
    """How many scenarios try each cell, by requirement, dimension and cell."""
    return Counter(
        (scenario.requirement, dimension, cell)
        for scenario in scenarios
        for dimension, cells in scenario.tries.items()
        for cell in dict.fromkeys(cells)
    )


def gaps(suite: Suite, requirement: Requirement) -> Iterator[str]:
    """The cells of a requirement that nothing tries and nothing excuses, and those that are excused though tried."""
    tried = tried_cells(suite.scenarios.values())
    for name, untried in requirement.dimensions.items():
        for cell in suite.dimensions[name].cells:
            count = tried[requirement.id, name, cell]
            if not count and cell not in untried:
                yield f"no scenario tries `{cell}` of `{name}`: write one, or the reason why not"
            elif count and cell in untried:
                yield f"`{cell}` of `{name}` has a reason not to be tried, and is tried"
