"""What an answer says, in the terms of the contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.contract.answer_text import text_of
from harness.contract.request import CONVERSATION, uuid_of
from harness.scenarios.body import BodyError, decode

if TYPE_CHECKING:
    from harness.json_value import Json
    from harness.trace import Response


@dataclass(frozen=True, slots=True)
class Said:
    """An answer.

    Attributes:
        status: of HTTP.
        named: the value of the conversation header; None without one.
        conversation: the conversation that it names; None if that is no UUID.
        text: the agent's; None if there is none.
        tokens: the prompt's and the answer's, if the answer tells.
        model: the model that it names.
        body: as JSON, or the payloads of an event stream; None if it can't be read.
        cut: whether the body was too long to be recorded whole.
        retriable: whether a failure lets the client try again: what it says itself, or else what clients assume.
    """

    status: int
    named: str | None
    conversation: str | None
    text: str | None
    tokens: tuple[int, int] | None
    model: str | None
    body: Json
    cut: bool
    retriable: bool

    @property
    def succeeded(self) -> bool:
        """Whether the status says so."""
        return 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        """Whether the status lays it at the client's door."""
        return 400 <= self.status < 500


def read_answer(response: Response) -> Said:
    """Read the answer to any request."""
    try:
        body = decode(response)
    except BodyError:
        body = None
    named = response.header(CONVERSATION)
    return Said(
        status=response.status,
        named=named,
        conversation=uuid_of(named) if named else None,
        text=text_of(body),
        tokens=_tokens(body),
        model=_model(body),
        body=body,
        cut=response.truncated,
        retriable=response.header("x-should-retry") != "false",
    )


def _tokens(body: Json) -> tuple[int, int] | None:
    match body:
        case {"usage": {"prompt_tokens": int(prompt), "completion_tokens": int(answer)}}:
            return prompt, answer
    return None


def _model(body: Json) -> str | None:
    first = body[0] if isinstance(body, list) and body else body
    match first:
        case {"model": str(model)}:
            return model
    return None
