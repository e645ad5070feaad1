"""`report.md`: an exploration for people, fit for a CI step summary."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.explore.text import answer, headline, history, summary, walk_again
from harness.explore.timeline import drawing, left_out
from harness.presentation.markdown import cell, document, folded, table
from harness.presentation.plain import plain
from harness.presentation.short_text import cut_line
from harness.presentation.states import LOOKS
from harness.report.curl import curl_line
from harness.scenarios.model import Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.explore.record import ExplorationRecord, StepRecord, ViolationRecord

LIMIT = 65_536
"""The most characters of a GitHub comment."""

_LINE, _SENTENCE = 4000, 600
"""The most characters of a `curl` line, and of a target's text in a sentence of ours."""


def markdown(record: ExplorationRecord) -> str:
    """The record as GitHub-flavoured Markdown; requests are left out of one that would be too long for a comment."""
    page = document(_lines(record, requests=True))
    if len(page) > LIMIT:
        page = document(_lines(record, requests=False))
    if len(page) > LIMIT:
        end = "\n\n… cut here; `report.json` has the rest\n"
        page = page[: page.rindex("\n", 0, LIMIT - len(end))] + end
    return page


def _lines(record: ExplorationRecord, *, requests: bool) -> Iterator[str]:
    yield f"# {LOOKS[record.outcome].picture} {plain(headline(record))}"
    yield ""
    if record.run.ended_early:
        yield f"**It ended early:** {_said(record.run.ended_early)}"
        yield ""
    yield f"{summary(record)}."
    yield ""
    for violation in record.violations:
        yield from _violation(violation, requests=requests)
    if record.known:
        yield f"## {LOOKS['known'].picture} Known deviations"
        yield ""
        rows = [[each.requirement, each.check, each.times, cell(each.reason), each.link] for each in record.known]
        yield table(rows, ["requirement", "check", "met", "reason", "link"])
        yield ""
    if record.left_out:
        listed = [f"- {each.what}: {_said(each.reason)}" for each in record.left_out]
        yield from (*folded("Not walked on this target", [*listed, ""]), "")
    yield from (*folded("About this run", _about(record)), "")


def _violation(violation: ViolationRecord, *, requests: bool) -> Iterator[str]:
    state = "failed" if violation.level is Level.MUST else "warned"
    yield f"## {LOOKS[state].picture} {violation.requirement} ({violation.level})"
    yield ""
    yield f"{violation.text} *({violation.source})*"
    yield ""
    yield f"- `{violation.check}`: expected {_code(violation.expected)}, got {_code(violation.actual)}"
    if violation.what_seems:
        yield f"- {violation.what_seems}"
    yield f"- {violation.evidence}"
    if violation.saved:
        yield f"- {_said(violation.saved.sentence)}"
    yield f"- {history(violation)}"
    yield ""
    for number, step in enumerate(violation.steps, 1):
        yield f"{number}. {step.said}"
        yield from (f"   - {'**' * each.blamed}{_code(answer(each))}{'**' * each.blamed}" for each in step.sent)
        if step.left_out:
            yield f"   - and {step.left_out} more"
    yield ""
    drawn = drawing(violation.steps)
    yield from _fenced("text", "\n".join(drawn)) if len(drawn) > 1 else ()
    if more := left_out(violation.steps):
        yield from (f"{more} more requests are not drawn.", "")
    if requests:
        yield from (*folded("The requests, to be sent again", _requests(violation.steps)), "")


def _requests(steps: Iterable[StepRecord]) -> Iterator[str]:
    for number, step in enumerate(steps, 1):
        for sent in step.sent:
            line = curl_line(sent.exchange.request)
            shown = line if len(line) <= _LINE else "# too long to be shown here; report.json has it"
            yield from _fenced("sh", f"# step {number}\n{shown}")


def _about(record: ExplorationRecord) -> Iterator[str]:
    run, tool, target = record.run, record.tool, record.target
    yield f"- target: {_said(target.url)}, model {_said(target.model or 'unknown')}"
    yield f"- offers: {', '.join(target.capabilities) or 'nothing beyond chat'}"
    if server := " ".join(str(target.server[name]) for name in ("title", "version") if name in target.server):
        yield f"- server: {_said(server)}"
    yield f"- {run.started:%Y-%m-%d %H:%M:%S %Z}, {run.seconds:.1f} s"
    yield f"- the same walks again: {_code(walk_again(record))}"
    yield f"- openhands-gateway-harness {tool.version}, openai {tool.openai}, Python {tool.python}, {tool.platform}"
    deleted, left = record.cleanup.deleted, record.cleanup.left
    yield f"- created on the target and deleted: {len(deleted)}; left behind: {len(left)}"
    yield from (f"  - {_code(path)}" for path in left[:50])
    yield ""


def _fenced(language: str, text: str) -> Iterable[str]:
    """A code block that its content can't close."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return (f"{fence}{language}", text, fence, "")


def _code(text: str) -> str:
    return f"`{cut_line(text, _SENTENCE).replace('`', chr(39))}`"


def _said(text: str) -> str:
    return plain(cut_line(text, _SENTENCE))
