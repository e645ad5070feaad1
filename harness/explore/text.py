"""What was found, on the terminal; and what all reports say alike."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from harness.json_value import cut
from harness.presentation.short_text import cut_line, first
from harness.presentation.states import LOOKS
from harness.scenarios.model import Contract, Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from harness.explore.record import ExplorationRecord, SentRecord, ViolationRecord
    from harness.presentation.lines import Line

_LINE = 300
"""The most characters of a target's text on a line of the terminal."""

SHOWN_TEXT = 160
"""The most characters of an agent's answer in a report."""


def headline(record: ExplorationRecord) -> str:
    """The outcome in one line."""
    if not record.run.walks:
        return f"Exploring {record.target.name} ended before the first walk ({record.contract})"
    early = ", and ended early" if record.run.ended_early else ""
    return f"Exploring {record.target.name} found {record.verdict} ({record.contract}){early}"


def summary(record: ExplorationRecord) -> str:
    """How much was walked."""
    run = record.run
    return (
        f"{run.walks} walks, {run.steps} steps, {run.walked} requests in {run.walking:.0f} s; "
        f"{run.requests} requests in all, seed {run.seed}"
    )


def history(violation: ViolationRecord) -> str:
    """When and how often it was met."""
    times = "once" if violation.met == 1 else f"{violation.met} times"
    said = f"It was met {times} while walking, first after {violation.after} requests"
    if violation.met_as != violation.requirement:
        said += f", when {violation.met_as} seemed to be violated"
    return f"{said}; {violation.runs} walks were played to confirm and to shrink it."


def walk_again(record: ExplorationRecord) -> str:
    """The command line that explores the same target with the same walks."""
    contract = "" if record.contract is Contract.DOCUMENTED else f" --contract {record.contract}"
    options = shlex.join([*record.run.again, "--seed", record.run.seed, "--jobs", str(record.run.walkers)])
    return f"gateway-harness explore {record.target.argument}{contract} {options}"


def answer(sent: SentRecord) -> str:
    """What came of a request, in one line."""
    exchange = sent.exchange
    if exchange.response is None:
        return "no answer: the client gave up" if exchange.gave_up else f"no answer: {exchange.failure}"
    body = sent.text if sent.text is not None else exchange.response.body
    return f"{exchange.response.status} {cut(' '.join(body.split()), SHOWN_TEXT)}".strip()


def lines(record: ExplorationRecord, written: Sequence[Path]) -> Iterator[Line]:
    """The outcome on the terminal."""
    yield headline(record), LOOKS[record.outcome].style
    if record.run.ended_early:
        yield f"  {cut_line(record.run.ended_early, _LINE)}", "dim"
    for violation in record.violations:
        yield "", None
        yield from _violation(violation)
    if record.known:
        yield "", None
        yield "known deviations", LOOKS["known"].style
        for each in record.known:
            yield f"  {each.requirement} {each.check}, met {each.times} times: {each.reason} ({each.link})", "dim"
    if record.left_out:
        yield "", None
        yield "not walked", LOOKS["not assessed"].style
        for part in record.left_out:
            yield f"  {part.what}: {part.reason}", "dim"
    yield "", None
    if record.cleanup.left:
        yield f"left behind on the target: {first(record.cleanup.left)}", "yellow"
    yield summary(record), "dim"
    for path in written:
        yield f"report: {path}", None


def _violation(violation: ViolationRecord) -> Iterator[Line]:
    word = "violated" if violation.level is Level.MUST else "warning"
    style = LOOKS["failed" if violation.level is Level.MUST else "warned"].style
    yield f"{violation.requirement} {word} ({violation.level}): {violation.text}", style
    what = f"{violation.check}: expected {violation.expected}, got {violation.actual}"
    yield f"  {cut_line(what, _LINE)}", None
    if violation.what_seems:
        yield f"  {violation.what_seems}", None
    yield f"  {violation.evidence}", "dim"
    if violation.saved:
        yield f"  {violation.saved.sentence}", "dim"
    for number, step in enumerate(violation.steps, 1):
        came = "; ".join(str(each.exchange.response.status) for each in step.sent if each.exchange.response)
        yield f"  {number}. {step.said}{f' → {came}' if came else ''}", None
