"""The record of a self-test: all that it found out, as one value. `selftest.json` is its JSON form."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from harness.records import Document, Record, Tool
from harness.scenarios.model import Contract, Level
from harness.verdict import State


class Verdict(StrEnum):
    """What the suite made of a gateway that was planted; the value is how a report names it."""

    CAUGHT = "caught"
    """The suite found the requirement that the mutant breaks, and no other; of a gross mutant, that it found this one
    violated. A broken MAY is never held against a gateway: there, the scenario saw it and the gateway stayed
    conformant."""
    CAUGHT_AND_ELSEWHERE = "caught, and elsewhere too"
    """The suite also found a requirement that the mutant fulfils: a false accusation."""
    CAUGHT_ELSEWHERE = "caught only elsewhere"
    SURVIVED = "survived"
    CONFORMANT = "conformant"
    """An honest gateway without accusations beyond its own `lacks`."""
    FALSE_ALARM = "false alarm"
    """An honest gateway is accused."""
    NOT_JUDGED = "not judged"
    """The gateway crashed or hung, or the harness was at fault."""

    @property
    def wrong(self) -> bool:
        """Whether the suite failed on the gateway."""
        return self not in {Verdict.CAUGHT, Verdict.CONFORMANT, Verdict.NOT_JUDGED}


class AccusationRecord(Record):
    """What a scenario holds against a gateway."""

    requirement: str
    scenario: str
    state: State
    reason: str | None


class GatewayRecord(Record):
    """One gateway that the suite was played on."""

    name: str
    contract: Contract
    docstring: str = Field(description="what is wrong with a mutant, or what is special about an honest gateway")
    verdict: Verdict
    reason: str | None = Field(
        description="why it was not judged, or why the run on a gross mutant ended early; else null"
    )
    accusations: tuple[AccusationRecord, ...]
    scenarios: int = Field(description="how many were played")
    requests: int
    seconds: float


class MutantRecord(GatewayRecord):
    """A gateway that breaks one requirement."""

    requirement: str = Field(description="the one that it breaks")
    level: Level
    also: tuple[str, ...] = Field(description="those that it cannot help breaking too")
    gross: bool = Field(default=False, description="it sins always and in everything, so others are broken with it")

    @property
    def caught_by(self) -> tuple[str, ...]:
        """The scenarios that hold the broken requirement against it."""
        return tuple(each.scenario for each in self.accusations if each.requirement == self.requirement)

    @property
    def elsewhere(self) -> tuple[AccusationRecord, ...]:
        """The false accusations; none of a gross mutant, whose sin reaches far."""
        if self.gross:
            return ()
        broken = {self.requirement, *self.also}
        return tuple(each for each in self.accusations if each.requirement not in broken)


class HonestRecord(GatewayRecord):
    """A gateway that breaks nothing."""

    alone: bool = Field(description="each scenario was played by itself, and once more; false: all, in another order")
    seed: str = Field(description="of the words, the identifiers, and the order of the scenarios")
    lacks: tuple[str, ...] = Field(description="the requirements that it says it does not fulfil")


class RunRecord(Record):
    """When and how."""

    started: datetime
    seconds: float
    selection: str | None = Field(description="what was selected; null: everything")
    ended_early: str | None = Field(description="why not everything was played; null when it was")
    walks: int = Field(default=0, description="each gateway was explored by at most so many; 0: the suite was played")
    workers: int
    planned: int = Field(description="gateways that were to be played; an honest one counts each time")


class Selftest(Document, schema="selftest"):
    """A self-test of the suite."""

    format: Literal["openhands-gateway-harness/selftest"] = "openhands-gateway-harness/selftest"
    version: Literal[1] = 1
    tool: Tool
    run: RunRecord
    requirements: dict[str, Level]
    mutants: tuple[MutantRecord, ...]
    honest: tuple[HonestRecord, ...]

    @property
    def gateways(self) -> tuple[GatewayRecord, ...]:
        """All played gateways."""
        return (*self.mutants, *self.honest)

    @property
    def exit_status(self) -> int:
        """0: every verdict is right; 1: one is wrong; 3: incomplete."""
        # Not every fault can be met on a walk.
        borne = {Verdict.SURVIVED} if self.run.walks else set()
        if any(gateway.verdict.wrong and gateway.verdict not in borne for gateway in self.gateways):
            return 1
        unjudged = any(gateway.verdict is Verdict.NOT_JUDGED for gateway in self.gateways)
        return 3 if unjudged or self.run.ended_early else 0
