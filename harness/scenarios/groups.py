"""Expands `at_once` and `repeat`, of one step or of several, into groups of steps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.scenarios.substitute import NUMBER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.reading.yaml_nodes import Node

# Matches the escape too, or `$${n}` would be taken for a number.
_NUMBER = re.compile(rf"(\$\$\{{)|\$\{{{NUMBER}\}}")


def step_groups(steps: Node) -> Iterator[list[Node]]:
    """The steps in order, in groups that are sent concurrently; `repeat` is expanded.

    In a repeated step the number replaces every `${n}`; alone in a value it stays a number. Of a repeated step among
    repeated steps it is the step's own number.
    """
    for entry in steps.elements():
        if entry.child("steps").value is not None:
            groups = list(step_groups(entry.child("steps")))
            for number in _numbers(entry):
                yield from ([_numbered(step, number) for step in group] for group in groups)
        elif entry.child("at_once").value is not None:
            yield [step for element in entry.child("at_once").elements() for step in _repeated(element)]
        else:
            yield from ([step] for step in _repeated(entry))


def _repeated(step: Node) -> list[Node]:
    return [_numbered(step, number) for number in _numbers(step)] if "repeat" in step.keys else [step]


def _numbers(entry: Node) -> range:
    times = entry.child("repeat").value
    assert isinstance(times, int | float)
    return range(1, int(times) + 1)


def _numbered(node: Node, number: int) -> Node:
    match node.value:
        case str() as text:
            alone = text == f"${{{NUMBER}}}"
            return node._replace(value=number if alone else _with_number(text, number))
        case list() as elements:
            return node._replace(value=[_numbered(element, number) for element in elements])
        case dict() as entries:
            return node._replace(
                value={_with_number(key, number): _numbered(value, number) for key, value in entries.items()},
                keys={_with_number(key, number): location for key, location in node.keys.items()},
            )
        case _:
            return node


def _with_number(text: str, number: int) -> str:
    return _NUMBER.sub(lambda found: found[1] or str(number), text)
