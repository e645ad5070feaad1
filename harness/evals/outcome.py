"""What came of a sample in one epoch: an answer, or an error that is no answer and never counts as a wrong one."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.json_value import Json


class FailureKind(StrEnum):
    """Why there is no answer."""

    AGENT = "agent"
    """The server says that the agent's run ended without an answer: error, stuck, waiting for a confirmation."""
    REFUSED = "refused"
    """The server refused the request for what it is: 400, 401, 404, 413, 422."""
    TIMEOUT = "timeout"
    """The agent was still running when the time for a sample was over."""
    UNREACHABLE = "unreachable"
    """The server could not be asked, again and again."""
    UNKNOWN = "unknown"
    """The request may have started an agent, and the server can't be asked about it (no native API): not sent again."""
    SCORER = "scorer"
    """There is an answer, and the scorer itself failed on it: `score` tries again."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no score. `message` is for people; no secret is in it."""

    kind: FailureKind
    message: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one conversation, summed over its turns and model calls, and its cost in dollars if it is known."""

    prompt_tokens: int
    completion_tokens: int
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """What a scorer says of an answer.

    Attributes:
        scorer: its name, unique among the scorers of the benchmark.
        value: from 0 (wrong) to 1 (right).
        answer: what it took to be the answer, such as the number it found; None when it found none.
        explanation: for people: why; None when the value says it all.
        metadata: for the reader, such as the failed test.
    """

    scorer: str
    value: float
    answer: str | None = None
    explanation: str | None = None
    metadata: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one sample in one epoch.

    Attributes:
        index: the sample's place in the benchmark, from 0.
        sample: its id.
        epoch: from 1.
        conversation: the UUID that we chose for it.
        server: the base URL of the server that has it.
        answers: the agent's text of each turn; fewer than the sample has turns when one failed.
        usage: None when the server told none.
        seconds: from the first request to the last answer, waiting for 429 included; adopted work counts from when it
            was first asked for.
        adopted: whether an answer was fetched by the conversation's id, after a time-out, a reset or a kill.
        sends: requests that could have started an agent; more than the turns when one was sent again because the server
            knew nothing of it.
        failure: None when there is an answer to every turn and it was scored.
        scores: by every scorer, in the benchmark's order; empty when there is a failure.
    """

    index: int
    sample: str
    epoch: int
    conversation: str
    server: str
    answers: tuple[str, ...]
    usage: Usage | None
    seconds: float
    adopted: bool
    sends: int
    failure: Failure | None = None
    scores: tuple[Score, ...] = ()

    @property
    def answer(self) -> str:
        """The last turn's answer, empty when there is none."""
        return self.answers[-1] if self.answers else ""
