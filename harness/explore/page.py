"""`report.html`: an exploration as one self-contained page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.explore.text import answer, headline, history, summary, walk_again
from harness.explore.timeline import STYLE, left_out, picture
from harness.json_value import cut
from harness.presentation.document import document, sections
from harness.presentation.markup import Markup, bullets, definitions, join, prose, tag
from harness.presentation.states import badge, slug
from harness.presentation.table import row, table
from harness.report.curl import curl_line
from harness.scenarios.model import Level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.explore.record import ExplorationRecord, SentRecord, StepRecord, ViolationRecord

_SHOWN_BODY, _SHOWN_TEXT = 4000, 600
"""The most characters of a body, and of what was expected or came."""

_STYLE = """\
.walk { padding-left: 1.75rem; }
.walk > li { margin: 0.35rem 0; }
.walk .blamed { border-left: 3px solid var(--failed); padding-left: 0.5rem; }
"""


def page(record: ExplorationRecord) -> str:
    """The record as one HTML file."""
    title = headline(record)
    header = tag("header", *_header(record, title), class_=slug(record.outcome))
    parts = {f"finding-{number}": _finding(each) for number, each in enumerate(record.violations, 1)}
    parts |= {
        "known": ("Known deviations", _known(record)),
        "left-out": ("Not walked on this target", _left_out(record)),
        "run": ("This run", _run(record)),
    }
    return document(title, header, sections(parts), style=STYLE + _STYLE)


def _header(record: ExplorationRecord, title: str) -> Iterator[Markup]:
    run, target = record.run, record.target
    yield tag("p", badge(record.outcome))
    yield tag("h1", title)
    yield tag("p", f"{summary(record)}.")
    model = f", model {target.model}" if target.model else ""
    yield tag("p", f"{target.url}{model}, {run.started:%Y-%m-%d %H:%M} UTC")
    if run.ended_early:
        yield tag("p", tag("strong", "It ended early: "), run.ended_early)
    if record.run.walks and not record.violations:
        yield tag("p", "No answer was against the contract. That proves nothing; it makes faults less likely.")


def _finding(violation: ViolationRecord) -> tuple[str, str]:
    state = "failed" if violation.level is Level.MUST else "warned"
    steps = [_step(each) for each in violation.steps]
    more = left_out(violation.steps)
    facts = {
        "level": join(badge(state), f" {violation.level}"),
        "looked at": violation.check,
        "expected": tag("code", cut(violation.expected, _SHOWN_TEXT)),
        "came": tag("code", cut(violation.actual, _SHOWN_TEXT)),
        "so": violation.what_seems or "Nothing more can be said.",
        "how sure": violation.evidence,
        "met": history(violation),
    }
    if violation.saved:
        facts["saved"] = violation.saved.sentence
    return f"{violation.requirement}: {violation.check}", join(
        tag("p", prose(violation.text), " ", tag("span", f"({violation.source})", class_="note")),
        definitions(facts),
        tag("h3", "What was under way when"),
        tag("div", picture(violation.steps), class_="scroll", tabindex="0", role="region", aria_label="Timeline"),
        tag("p", "In order, but not to scale; each request has a lane, with its step's number.", class_="note"),
        tag("p", f"{more} more requests are not drawn.", class_="note") if more else "",
        tag("h3", "The walk"),
        tag("ol", *steps, class_="walk"),
    )


def _step(step: StepRecord) -> Markup:
    more = [tag("p", f"and {step.left_out} more requests", class_="note")] if step.left_out else []
    return tag("li", prose(step.said), *map(_sent, step.sent), *more)


def _sent(sent: SentRecord) -> Markup:
    exchange = sent.exchange
    line = curl_line(exchange.request)
    response = exchange.response
    body = cut(response.body, _SHOWN_BODY, f"\n… ({len(response.body)} characters)") if response else ""
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers) if response else ""
    came = f"HTTP {response.status}\n{headers}\n\n{body}".rstrip() if response else exchange.failure or "no answer"
    shown = line if len(line) <= 4 * _SHOWN_BODY else "too long to be shown here; report.json has it"
    return tag(
        "details",
        tag("summary", "→ ", tag("code", answer(sent))),
        tag("h5", "Repeat with curl"),
        tag("pre", shown),
        tag("h5", "Response"),
        tag("pre", came),
        class_="exchange blamed" if sent.blamed else "exchange",
        open=sent.blamed,
    )


def _known(record: ExplorationRecord) -> Markup:
    rows = [row(each.requirement, each.check, str(each.times), each.reason, each.link) for each in record.known]
    return table("Known deviations", ("requirement", "check", "met", "reason", "link"), rows) if rows else Markup()


def _left_out(record: ExplorationRecord) -> Markup:
    return bullets(f"{each.what}: {each.reason}" for each in record.left_out)


def _run(record: ExplorationRecord) -> Markup:
    run, tool, target = record.run, record.tool, record.target
    facts = {
        "target": target.url,
        "server": ", ".join(f"{name} {value}" for name, value in target.server.items()) or "told nothing about itself",
        "model": target.model or "unknown",
        "offers": ", ".join(target.capabilities) or "nothing beyond chat",
        "began": f"{run.started:%Y-%m-%d %H:%M:%S} UTC",
        "took": f"{run.seconds:.1f} s, {run.requests} requests, {run.walkers} walkers at once",
        "the same walks again": tag("code", walk_again(record)),
        "made by": f"openhands-gateway-harness {tool.version}, openai {tool.openai}, Python {tool.python}",
        "on": tool.platform,
        "created and deleted": str(len(record.cleanup.deleted)),
        "left behind": ", ".join(record.cleanup.left) or "nothing",
    }
    return definitions(facts)
