"""Shards: a suite split over several runs, each scenario in exactly one, by nothing but its id.

A scenario that is new or gone moves no other one to another shard. A run of a shard records what all shards together
must have played; `harness.report.merge` holds it against what they did.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from harness.plan import NothingSelectedError
from harness.scenarios.fingerprint import digest, fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from harness.scenarios.model import Scenario


@dataclass(frozen=True, slots=True)
class Shard:
    """The `number`-th of `count` shards, from 1."""

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read `2/5`.

        Raises:
            ValueError: it is none.
        """
        number, _, count = text.partition("/")
        shard = cls(int(number), int(count))
        if not 1 <= shard.number <= shard.count <= 10_000:
            raise ValueError(text)
        return shard

    def holds(self, name: str) -> bool:
        """Whether the scenario, or the sample of a benchmark, of this id is in this shard."""
        return int.from_bytes(sha256(name.encode()).digest()[:8]) % self.count == self.number - 1

    def of(self, scenarios: Sequence[Scenario], suite: Mapping[str, Scenario]) -> tuple[Scenario, ...]:
        """This shard's part of what was selected, and the positive controls that it needs, in the same order.

        Raises:
            NothingSelectedError: it has none.
        """
        own = [scenario for scenario in scenarios if self.holds(scenario.id)]
        if not own:
            raise NothingSelectedError(f"shard {self} holds none of {len(scenarios)} scenarios; take fewer shards")
        taken: set[str] = set()
        for scenario in own:
            needed: Scenario | None = scenario
            while needed is not None and needed.id not in taken:
                taken.add(needed.id)
                needed = suite[needed.control] if needed.control else None
        return tuple(scenario for scenario in scenarios if scenario.id in taken)


def everything(scenarios: Iterable[Scenario]) -> str:
    """What all shards together have to play, as sixteen hexadecimal digits."""
    marks = ((scenario.id, fingerprint(scenario)) for scenario in scenarios)
    return of_definitions((name, mark.sends, mark.expects) for name, mark in marks)


def of_definitions(definitions: Iterable[tuple[str, str, str]]) -> str:
    """Likewise from a scenario's id and its fingerprints: what it sends, what it expects."""
    return digest(sorted(definitions))
