"""Shards: a suite or a benchmark split over several runs, each scenario or sample in exactly one, by its id alone.

Adding or removing a scenario moves no other to another shard. The report of a shard records a digest of the scenarios
of all shards; `harness.report.merge` compares it with those that were played.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from harness.plan import NothingSelectedError
from harness.scenarios.fingerprint import digest, fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

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
        """Parse a shard such as `2/5`.

        Raises:
            ValueError: the text is not a shard.
        """
        number, _, count = text.partition("/")
        shard = cls(int(number), int(count))
        if not 1 <= shard.number <= shard.count <= 10_000:
            raise ValueError(text)
        return shard

    def holds(self, name: str) -> bool:
        """Whether the scenario (or benchmark sample) of this id is in this shard."""
        return int.from_bytes(sha256(name.encode()).digest()[:8]) % self.count == self.number - 1

    def of(self, scenarios: Sequence[Scenario], suite: Mapping[str, Scenario]) -> tuple[Scenario, ...]:
        """This shard's part of the selected scenarios, with the controls that it needs and every watching scenario.

        They keep their order. A watching scenario sees only this shard's exchanges.

        Raises:
            NothingSelectedError: the part is empty.
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
        return tuple(scenario for scenario in scenarios if scenario.id in taken or scenario.watch)


def everything(scenarios: Iterable[Scenario]) -> str:
    """A digest of the scenarios of all shards, as sixteen hexadecimal digits."""
    marks = ((scenario.id, fingerprint(scenario)) for scenario in scenarios)
    return of_definitions((name, mark.sends, mark.expects) for name, mark in marks)


def of_definitions(definitions: Iterable[tuple[str, str, str]]) -> str:
    """The same digest, from each scenario's id and its two fingerprints: what it sends, what it expects."""
    return digest(sorted(definitions))


def strangers(shards: Mapping[str, object], facts: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Why some of the reports can't be shards of one run.

    Args:
        shards: by the name of the report; None for a whole run.
        facts: by the name of the report, what must be the same in all of them.
    """
    if whole := [name for name, shard in shards.items() if shard is None]:
        yield f"no shard, but a whole run: {', '.join(whole)}"
        return
    names: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name, known in facts.items():
        for fact, value in known.items():
            names[fact][value].append(name)
    for fact, values in names.items():
        if len(values) > 1:
            yield f"{fact}: " + "; ".join(f"{value} in {', '.join(those)}" for value, those in values.items())


def gaps(shards: Mapping[str, Shard]) -> Iterator[str]:
    """Which shards are missing or there more than once, in reports that have one number of shards."""
    count = next(iter(shards.values())).count
    for number in range(1, count + 1):
        names = [name for name, shard in shards.items() if shard.number == number]
        if not names:
            yield f"shard {number} of {count} is missing"
        elif len(names) > 1:
            yield f"shard {number} of {count} is there {len(names)} times: {', '.join(names)}"
