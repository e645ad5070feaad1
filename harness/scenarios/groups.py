"""The steps of a file as they are played: `at_once` and `repeat` spelled out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.scenarios.substitute import NUMBER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.reading.yaml_nodes import Node

MAX_REPEAT = 100

# The escape is passed over, or `$${n}` would be taken for a number.
_NUMBER = re.compile(rf"(\$\$\{{)|\$\{{{NUMBER}\}}")


def step_groups(steps: Node) -> Iterator[list[Node]]:
    """The steps of a list in order, those together that are sent side by side; a repeated one as often as it says.

    In a repeated step the number stands in place of every `${n}`, as a number where it stands alone in a value.
    """
    for entry in steps.elements():
        if entry.child("at_once").value is None:
            yield from ([step] for step in _repeated(entry))
        else:
            yield [step for element in entry.child("at_once").elements() for step in _repeated(element)]


def _repeated(step: Node) -> list[Node]:
    times = step.child("repeat").value
    if not isinstance(times, int | float):
        return [step]
    return [_numbered(step, number) for number in range(1, int(times) + 1)]


def _numbered(node: Node, number: int) -> Node:
    match node.value:
        case str() as text:
            alone = text == f"${{{NUMBER}}}"
            return node._replace(value=number if alone else _put_in(text, number))
        case list() as elements:
            return node._replace(value=[_numbered(element, number) for element in elements])
        case dict() as entries:
            return node._replace(
                value={_put_in(key, number): _numbered(value, number) for key, value in entries.items()},
                keys={_put_in(key, number): location for key, location in node.keys.items()},
            )
        case _:
            return node


def _put_in(text: str, number: int) -> str:
    return _NUMBER.sub(lambda found: found[1] or str(number), text)
