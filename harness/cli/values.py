"""Flags and flag values that several commands share."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.shard import Shard

_MOST = 10_000_000
"""Seconds: a third of a year. Beyond it the clocks of the event loop and of sockets overflow."""


def shard(text: str) -> Shard:
    """Parse a shard such as `2/5`."""
    from harness.shard import Shard

    try:
        return Shard.parse(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"`{text}`: I/N is meant, such as 2/5") from None


def positive[T: (int, float)](kind: Callable[[str], T]) -> Callable[[str], T]:
    """A parser of positive numbers."""

    def parse(text: str) -> T:
        value = kind(text)
        if not 0 < value <= _MOST:
            raise ValueError
        return value

    parse.__name__ = "positive number"  # argparse: "invalid positive number value"
    return parse


def share(text: str) -> float:
    """Parse a share such as `0.8`."""
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text}: a share from 0 to 1 is meant, such as 0.02 for two points")
    return value


def add_scorer(group: argparse._ActionsContainer) -> None:
    """Declare `--scorer`."""
    group.add_argument(
        "--scorer",
        action="append",
        default=[],
        metavar="NAME[: {OPTIONS}]",
        help="in place of the benchmark's, such as `number`; may be repeated, the first is the main one",
    )
