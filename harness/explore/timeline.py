"""When the requests of a walk were under way: each has a lane, so that overlaps are seen.

The drawing keeps the order of all beginnings and ends, and what overlaps; it is not to scale, or a turn of three
milliseconds beside one of a second would not be seen.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.presentation.markup import Markup, tag
from harness.presentation.short_text import duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.explore.record import SentRecord, StepRecord

MOST_LANES = 30
"""The newest are drawn; the finding is among them."""

STYLE = """\
svg.timeline { display: block; width: 100%; min-width: 40rem; max-width: 62rem; font: 12px system-ui, sans-serif; }
svg.timeline text { fill: var(--ink); }
svg.timeline .soft { fill: var(--soft); }
svg.timeline .lane { fill: var(--panel); }
svg.timeline .answered { fill: var(--link); }
svg.timeline .refused { fill: var(--warned); }
svg.timeline .failed { fill: var(--could-not-run); }
svg.timeline .silent { fill: var(--page); stroke: var(--soft); stroke-dasharray: 3 3; }
svg.timeline .blamed { stroke: var(--failed); stroke-width: 2.5; }
svg.timeline .mark { fill: var(--failed); font-weight: 600; }
svg.timeline line { stroke: var(--line); }
"""

_WIDTH, _LANE, _LABEL, _NOTE = 960, 24, 190, 250
_COLUMNS = 48
"""Characters of a drawing in text."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One request.

    Attributes:
        step: its number, from 1.
        who: the conversation, or what else it is about.
        came: the status and the word of its message.
        began: where its bar begins, from 0 to 1.
        ended: where it ends.
        look: `answered`, `refused`, `failed`, or `silent` without an answer.
        blamed: whether its answer is the one that the contract forbids.
        seconds: that it took.
    """

    step: int
    who: str
    came: str
    began: float
    ended: float
    look: str
    blamed: bool
    seconds: float


def lanes(steps: Sequence[StepRecord]) -> list[Lane]:
    """The newest requests of a walk, in the order in which they were sent."""
    sent = [(number, each) for number, step in enumerate(steps, 1) for each in step.sent]
    sent = sorted(sent, key=lambda pair: pair[1].exchange.started)[-MOST_LANES:]
    places = _places([(each.exchange.started, each.exchange.started + each.exchange.seconds) for _, each in sent])
    return [
        Lane(
            step=number,
            who=_who(each),
            came=_came(each),
            began=began,
            ended=ended,
            look=_look(each),
            blamed=each.blamed,
            seconds=each.exchange.seconds,
        )
        for (number, each), (began, ended) in zip(sent, places, strict=True)
    ]


def left_out(steps: Sequence[StepRecord]) -> int:
    """How many requests the drawing leaves out."""
    sent = sum(len(step.sent) for step in steps)
    return max(sent - MOST_LANES, 0) + sum(step.left_out for step in steps)


def _places(times: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Where each bar begins and ends, from 0 to 1. What lies between two moments is at least a little wide."""
    moments = sorted({moment for pair in times for moment in pair})
    at, widths = {moments[0]: 0.0} if moments else {}, 0.0
    for before, moment in itertools.pairwise(moments):
        widths += 1 + math.log1p(1000 * (moment - before))
        at[moment] = widths
    return [(at[began] / (widths or 1), at[ended] / (widths or 1)) for began, ended in times]


def _who(sent: SentRecord) -> str:
    if sent.conversation is not None:
        return f"conversation {sent.conversation}"
    path = sent.exchange.request.url.partition("://")[2].partition("?")[0].partition("/")[2]
    return "new conversation" if path == "v1/chat/completions" else path.rpartition("/")[0][-24:]


def _came(sent: SentRecord) -> str:
    exchange = sent.exchange
    silent = "given up" if exchange.gave_up else "no answer"
    status = str(exchange.response.status) if exchange.response else silent
    method = "" if exchange.request.method == "POST" else f"{exchange.request.method} "
    return f"{method}{status} {sent.word or ''}".strip()


def _look(sent: SentRecord) -> str:
    if sent.exchange.response is None:
        return "silent"
    status = sent.exchange.response.status
    return "answered" if status < 400 else "refused" if status < 500 else "failed"


def drawing(steps: Sequence[StepRecord]) -> list[str]:
    """The timeline as lines of text."""
    drawn = lanes(steps)
    marks = {"answered": "=", "refused": "#", "failed": "!", "silent": "."}
    heads = [f"{each.step:>3} {each.who}" for each in drawn]
    wide = max(map(len, heads), default=0)
    lines = []
    for head, each in zip(heads, drawn, strict=True):
        begin = round(each.began * (_COLUMNS - 1))
        end = max(round(each.ended * (_COLUMNS - 1)), begin + 1)
        bar = " " * begin + marks[each.look] * (end - begin)
        blamed = "  <-- " if each.blamed else "  "
        lines.append(f"{head:<{wide}} |{bar:<{_COLUMNS}}|{blamed}{each.came}")
    return lines


def picture(steps: Sequence[StepRecord]) -> Markup:
    """The timeline as a drawing; the walk beside it says the same to those who don't see it."""
    drawn = lanes(steps)
    height = _LANE * len(drawn) + 4
    parts = [part for row, each in enumerate(drawn) for part in _row(row, each)]
    label = f"Timeline of {len(drawn)} requests; the steps below say the same"
    return tag("svg", *parts, class_="timeline", viewBox=f"0 0 {_WIDTH} {height}", role="img", aria_label=label)


def _row(row: int, lane: Lane) -> Iterator[Markup]:
    top, room = row * _LANE + 2, _WIDTH - _LABEL - _NOTE
    begin = _LABEL + lane.began * room
    end = max(_LABEL + lane.ended * room, begin + 3)
    middle = top + _LANE / 2 + 4
    if row % 2 == 0:
        yield tag("rect", x=0, y=top, width=_WIDTH, height=_LANE, class_="lane")
    yield tag("text", f"{lane.step}", x=26, y=middle, text_anchor="end", class_="soft")
    yield tag("text", lane.who, x=36, y=middle)
    yield tag(
        "rect",
        x=f"{begin:.1f}",
        y=top + 5,
        width=f"{end - begin:.1f}",
        height=_LANE - 10,
        rx=2,
        class_=f"{lane.look}{' blamed' * lane.blamed}",
    )
    note = _WIDTH - _NOTE + 12
    yield tag("text", f"{'✗ ' * lane.blamed}{lane.came}", x=note, y=middle, class_="mark" if lane.blamed else None)
    yield tag("text", duration(lane.seconds), x=_WIDTH - 6, y=middle, text_anchor="end", class_="soft")
