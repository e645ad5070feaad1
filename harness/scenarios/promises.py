"""Which requirement a step in `setup` relies on.

A setup step is there so that a scenario can begin, yet what it expects is promised too: a plain chat is answered
(CHAT-1), a profile can be created (PROFILE-1). When that does not hold, the requirement that promises it is violated,
and the scenario's own could not be looked at.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.scenarios.model import Answer, AskModel, Call
from harness.scenarios.statuses import admitted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.scenarios.model import Action, Promise, Step

_STATUSES = {
    Answer.SUCCESS: frozenset(range(200, 300)),
    Answer.REFUSAL: frozenset(range(400, 500)),
    Answer.FAILURE: frozenset(range(400, 600)),
}


def promises_of(step: Step, table: Iterable[Promise]) -> Mapping[str, str]:
    """The requirements that a step relies on, by the part of its expectation; of equal parts the first counts."""
    found: dict[str, str] = {}
    if isinstance(step.action, AskModel):
        return found  # the log is the harness's own instrument
    for promise in table:
        if _is_about(promise, step, _in_words(step.action)):
            found.setdefault(promise.part, promise.requirement)
    return found


def broken_promise(step: Step, check: str) -> str | None:
    """The requirement that a violated check of a setup step belongs to; None if no promise is known.

    Args:
        step: in `setup`.
        check: what was looked at, as a finding names it. For `save NAME` the place that is saved from counts.
    """
    saved = check.partition("save ")[2]
    part = step.save.get(saved, check)
    return next((named for glob, named in step.promises.items() if _fits(part, glob)), None)


def _fits(text: str, glob: str) -> bool:
    """Whether a text is as a glob says, in which `*` stands for anything."""
    return re.fullmatch(".*".join(map(re.escape, glob.split("*"))), text, re.IGNORECASE | re.DOTALL) is not None


def _is_about(promise: Promise, step: Step, action: str) -> bool:
    statuses = admitted(step.expect.status)
    expected = _STATUSES[promise.answer] if isinstance(promise.answer, Answer) else {promise.answer}
    return (
        _fits(action, promise.action)
        and bool(statuses)
        and statuses <= expected
        and (not promise.auth or step.auth in promise.auth)
        and (
            promise.header is None
            or any(_fits(f"{name}: {value}", promise.header) for name, value in step.headers.items())
        )
    )


def _in_words(action: Action) -> str:
    """A call's method, with ` stream` if it streams; else method and path, without the query."""
    if isinstance(action, Call):
        return action.method + (" stream" if action.arguments.get("stream") is True else "")
    return f"{action.method} {action.path.partition('?')[0]}"
