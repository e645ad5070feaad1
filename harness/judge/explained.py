"""Whether one order of a conversation's turns explains all of its answers: `explained: one-order`.

The contract's model follows the scenario from its first step on. It is told neither key nor contract: a request that
was refused plays no part, and whether it ought to have been is for the step's `status` to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.contract.ledger import Ledger
from harness.contract.request import CHAT, Given, path_of, read_chat
from harness.contract.response import read_answer
from harness.scenarios.model import AskModel, Contract
from harness.verdict import Finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from harness.contract.course import Forbidden
    from harness.scenarios.model import Step
    from harness.trace import Exchange

WHICH = "Which language model are you?"
"""The question whose answer tells the name of the language model behind a model."""

_UNKNOWN = "(a language model that nobody asked for its name)"
_NO_GIVEN = Given(Contract.AGENT_SERVER, frozenset(), {}, scripted=True)
_REFUSED = range(400, 500)


def unexplained(steps: Sequence[Step], exchanges: Sequence[Exchange]) -> Mapping[int, Finding | str]:
    """What came first that no order explains, at the step that asks for the explanation; a text says why nobody can.

    Args:
        steps: of the scenario, its setup first.
        exchanges: what came of them.
    """
    asking = [number for number, step in enumerate(steps) if step.expect.explained]
    if not asking:
        return {}
    played = [each for each in exchanges if _counts(steps[each.step], each)]
    ledger = Ledger(Given(Contract.AGENT_SERVER, frozenset(), _language_models(played), scripted=True))
    for group in _groups(steps, played):
        for forbidden in ledger.see(single for each in group for single in each.single()):
            at = _asks_about(forbidden.exchange.step, [each.step for each in group], asking)
            if forbidden.check == "text" and at is not None:
                return {at: _finding(at, forbidden)}
        for each in group:
            if each.step in asking and not _is_known(ledger, each):
                return {each.step: f"step {each.step + 1}: what its conversation was told is not known"}
    return {}


def _asks_about(culprit: int, beside: Collection[int], asking: Sequence[int]) -> int | None:
    """The step that asks for an explanation of an answer: itself, one beside it or the next; None if none does."""
    if culprit in asking:
        return culprit
    return next((number for number in asking if number in beside or number > culprit), None)


def _finding(number: int, forbidden: Forbidden) -> Finding | str:
    if _UNKNOWN in forbidden.expected:
        return f"step {number + 1}: a step before it has to ask `{WHICH}` of its model"
    seems = f" ({forbidden.seems})" if forbidden.seems else ""
    return Finding(number, "text", forbidden.expected, f"{forbidden.actual}{seems}")


def _counts(step: Step, exchange: Exchange) -> bool:
    """Whether the exchange plays a part: refusals of chats, and the scripted model's log, don't."""
    refused = exchange.response is not None and exchange.response.status in _REFUSED
    return not isinstance(step.action, AskModel) and not (refused and path_of(exchange.request) == CHAT)


def _language_models(exchanges: Iterable[Exchange]) -> dict[str, str | None]:
    """The models that chats name, with the language models that answered when they were asked for their names."""
    models: dict[str, str | None] = {}
    for each in exchanges:
        if path_of(each.request) == CHAT:
            ask = read_chat(each.request, _NO_GIVEN)
            said = read_answer(each.response) if each.response else None
            asked = said.text if said and ask.text and ask.text.endswith(WHICH) else None
            if models.get(ask.model, _UNKNOWN) == _UNKNOWN:
                models[ask.model] = asked or _UNKNOWN
    return models


def _groups(steps: Sequence[Step], exchanges: Iterable[Exchange]) -> Iterator[list[Exchange]]:
    """The exchanges of steps that were sent side by side, in order."""
    group: list[Exchange] = []
    for each in exchanges:
        if group and not _beside(steps, group[-1].step, each.step):
            yield group
            group = []
        group.append(each)
    if group:
        yield group


def _beside(steps: Sequence[Step], before: int, number: int) -> bool:
    return all(step.joined for step in steps[before + 1 : number + 1])


def _is_known(ledger: Ledger, exchange: Exchange) -> bool:
    """Whether the model knows what the conversation of an answer may have heard."""
    said = read_answer(exchange.response) if exchange.response else None
    conversation = ledger.course.conversations.get((said.conversation if said else None) or "")
    return conversation is not None and bool(conversation.worlds)
