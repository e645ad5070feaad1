"""Known deviations: what a target does otherwise than it should, with a reason, a link and an end.

    known:
      - scenario: streaming/true-is-refused
        check: status
        reason: streams, as every release does
        link: https://github.com/OpenHands/software-agent-sdk/issues/1
        expires: 2027-01-31

A deviation that the file knows is *known*: no failure, and never a pass. An entry that is wrong by now is red: one
whose deviation is gone, one that matches nothing, one that has expired.

| the entry's scenarios | then | the entry |
|---|---|---|
| one deviates, by the entry's check if it has one | known | holds |
| all were assessed, and none does | as they are | is gone, red |
| some could not be assessed, or were not selected | as they are | was not seen |
| there are none in the suite | | matches nothing, red |
| whatever, after the entry's last day | as they are | has expired, red |

What it can't see: a deviation that changed while its check stayed the same.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, timedelta
from textwrap import indent
from typing import TYPE_CHECKING, NamedTuple

from harness import schemas
from harness.reading.problems import FileError, Problem, did_you_mean
from harness.verdict import ScenarioVerdict, Standing, State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from harness.reading.problems import Location
    from harness.reading.yaml_nodes import Node
    from harness.report.record import Report
    from harness.scenarios.model import Scenario, Suite


@dataclass(frozen=True, slots=True)
class Deviation:
    """An entry. Either `scenario` or `requirement` is there; without `check`, whatever deviates is meant."""

    scenario: str | None
    requirement: str | None
    check: str | None
    reason: str
    link: str
    expires: date
    location: Location

    @property
    def subject(self) -> str:
        """What deviates, in words."""
        return f"{self.scenario or self.requirement}" + (f", {self.check}" if self.check else "")

    def is_about(self, scenario: Scenario) -> bool:
        """Whether it is one of the entry's scenarios."""
        if self.scenario is not None:
            return self.scenario in {scenario.id, scenario.id.partition("[")[0]}
        return self.requirement == scenario.requirement


class Judged(NamedTuple):
    """The verdicts in the light of what is known, and for each entry how it stands and which scenarios it excuses."""

    verdicts: tuple[ScenarioVerdict, ...]
    entries: tuple[tuple[Deviation, Standing, tuple[str, ...]], ...]


def load_known(file: Path) -> tuple[Deviation, ...]:
    """Read a file of known deviations; `report schema known` prints its shape.

    Raises:
        FileError: it can't be read, or makes no sense; with all places.
    """
    from harness.reading.shape import complaints
    from harness.reading.yaml_nodes import read_yaml

    schema = json.loads(schemas.text("known"))
    root = read_yaml(file)
    problems = complaints(root, schema)
    entries = [] if problems else [_entry(node, problems) for node in root.child("known").elements()]
    seen: dict[str, Deviation] = {}
    for entry in entries:
        if (twin := seen.setdefault(entry.subject, entry)) is not entry:
            problems.append(Problem(entry.location, f"`{entry.subject}` again: line {twin.location.line} has it too"))
    if problems:
        raise FileError(problems)
    return tuple(entries)


def _entry(node: Node, problems: list[Problem]) -> Deviation:
    text = {name: str(value.value) for name, value in node.items()}
    if ("scenario" in text) == ("requirement" in text):
        problems.append(Problem(node.location, "a known deviation has either a `scenario` or a `requirement`"))
    try:
        expires = date.fromisoformat(text["expires"])
    except ValueError:
        problems.append(Problem(node.child("expires").location, f"`{text['expires']}` is no day of the calendar"))
        expires = date.min
    return Deviation(
        text.get("scenario"),
        text.get("requirement"),
        text.get("check"),
        text["reason"],
        text["link"],
        expires,
        node.location,
    )


_DEVIATING = {State.FAILED, State.FLAKY, State.WARNED, State.COULD_NOT_RUN}
"""What can be excused, if there are findings: they may be of the setup, after which nothing could be learned."""


def apply_known(verdicts: Sequence[ScenarioVerdict], entries: Sequence[Deviation], suite: Suite, today: date) -> Judged:
    """Excuse what is known, all of it or none: a scenario that deviates in one more way too stays as it is."""
    good = [entry for entry in entries if entry.expires >= today]
    excused: dict[Deviation, list[str]] = {entry: [] for entry in entries}
    judged = []
    for verdict in verdicts:
        about = [entry for entry in good if entry.is_about(suite.scenarios[verdict.scenario])]
        checks = {finding.check for finding in verdict.findings}
        matching = [entry for entry in about if entry.check is None or entry.check in checks]
        if verdict.state not in _DEVIATING or not verdict.findings or not matching:
            judged.append(verdict)
            continue
        for entry in matching:
            excused[entry].append(verdict.scenario)
        whole = any(entry.check is None for entry in matching)
        judged.append(_known(verdict, matching) if whole or checks <= {entry.check for entry in matching} else verdict)
    states = {verdict.scenario: verdict.state for verdict in judged}
    return Judged(
        tuple(judged),
        tuple(
            (entry, _standing(entry, excused[entry], states, suite, today), tuple(excused[entry])) for entry in entries
        ),
    )


def _known(verdict: ScenarioVerdict, entries: Sequence[Deviation]) -> ScenarioVerdict:
    reasons = "; ".join(f"{entry.reason} ({entry.link}, until {entry.expires})" for entry in entries)
    return replace(verdict, state=State.KNOWN, reason=f"{reasons}: {verdict.reason}")


def _standing(
    entry: Deviation, excused: Sequence[str], states: Mapping[str, State], suite: Suite, today: date
) -> Standing:
    if entry.expires < today:
        return Standing.EXPIRED
    if excused:
        return Standing.HOLDS
    about = [scenario.id for scenario in suite.scenarios.values() if entry.is_about(scenario)]
    if not about:
        return Standing.UNMATCHED
    seen = [states.get(scenario, State.NOT_ASSESSED) for scenario in about]
    return Standing.GONE if all(state.is_assessed for state in seen) else Standing.NOT_SEEN


def complaint(entry: Deviation, standing: Standing, suite: Suite) -> str:
    """What is wrong with a red entry, and what to do."""
    what = f"{entry.location}: {entry.subject} {standing}"
    match standing:
        case Standing.GONE:
            return f"{what}: the target does as it should; take the entry out, or run with --prune-known"
        case Standing.UNMATCHED:
            names = {name for each in suite.scenarios for name in (each, each.partition("[")[0])}
            hint = did_you_mean(entry.scenario or entry.requirement or "", names | {*suite.requirements})
            return what + (hint or ": there is no such thing in the suite; take the entry out")
        case _:
            return f"{what} on {entry.expires}: see {entry.link}, and give it another day or take it out"


def updated(text: str, entries: Sequence[Deviation], report: Report, *, add: bool, prune: bool) -> tuple[str, str]:
    """The file after a run, and what was done to it.

    Args:
        text: of the file; empty for a new one.
        entries: that it has.
        report: of the run, judged by these entries.
        add: whether what deviates and no entry is about is written into it.
        prune: whether what is gone or matches nothing is taken out.

    Raises:
        FileError: two entries share a line, so that none of them can be taken out alone.
    """
    standings = [each.standing for each in report.known]
    gone = [
        entry
        for entry, standing in zip(entries, standings, strict=True)
        if prune and standing in {Standing.GONE, Standing.UNMATCHED}
    ]
    new = {
        (scenario.id, finding.check): finding
        for scenario in report.scenarios
        if add and scenario.state in _DEVIATING
        for finding in scenario.findings
    }
    about = {(entry.scenario, entry.check) for entry in entries}
    drafts = [
        _draft(scenario, check, str(finding), report.run.started.date() + DRAFT)
        for (scenario, check), finding in new.items()
        if (scenario, check) not in about
    ]
    return _with(_without(text, entries, gone), entries, drafts), f"{len(drafts)} added, {len(gone)} taken out"


DRAFT = timedelta(days=90)
"""How long a deviation is excused whose reason nobody has told yet."""


def _draft(scenario: str, check: str, message: str, expires: date) -> str:
    """An entry as text; a person has to put in the reason and the link."""
    lines = {
        "scenario": json.dumps(scenario),
        "check": json.dumps(check, ensure_ascii=False),
        "reason": json.dumps(f"TODO: {message}", ensure_ascii=False),
        "link": "TODO",
        "expires": str(expires),
    }
    return "- " + "\n  ".join(f"{name}: {value}" for name, value in lines.items()) + "\n"


def _with(text: str, entries: Sequence[Deviation], drafts: Sequence[str]) -> str:
    if not drafts:
        return text
    if not entries:
        text = "".join(line for line in text.splitlines(keepends=True) if line.startswith("#")) + "known:\n"
    margin = " " * (entries[0].location.column - 3 if entries else 2)
    return text.rstrip("\n").removesuffix(" []") + "\n" + "".join(indent(draft, margin) for draft in drafts)


def _without(text: str, entries: Sequence[Deviation], gone: Sequence[Deviation]) -> str:
    """The file without some of its entries; the comments before the others stay."""
    lines = text.splitlines(keepends=True)
    starts = [entry.location.line - 1 for entry in entries]
    if gone and len(set(starts)) < len(starts):
        raise FileError([Problem(entries[0].location, "write each entry on lines of its own")])
    for entry in gone:
        start = entry.location.line - 1
        end = min((each for each in starts if each > start), default=len(lines))
        while end - 1 > start and not lines[end - 1].partition("#")[0].strip():
            end -= 1
        lines[start:end] = [""] * (end - start)
    kept = "".join(lines)
    return kept.replace("known:", "known: []", 1) if gone and len(gone) == len(entries) else kept
