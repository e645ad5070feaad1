"""Findings as GitHub's workflow commands: `::error title=...::...`, shown beside the run and on the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.verdict import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.report.record import Report

_KINDS = {
    State.HARNESS_ERROR: "error",
    State.FAILED: "error",
    State.FLAKY: "error",
    State.COULD_NOT_RUN: "error",
    State.WARNED: "warning",
    State.KNOWN: "notice",
}
"""Worst first: GitHub shows ten of a kind per step."""


def annotate(report: Report) -> Iterator[str]:
    """One annotation for each scenario of the report's contract that doesn't pass."""
    requirements = {each.id: each for each in report.requirements if report.contract in each.contracts}
    for state, kind in _KINDS.items():
        for scenario in report.scenarios:
            if scenario.state is state and scenario.requirement in requirements:
                requirement = requirements[scenario.requirement]
                word = "violated" if state.is_violation else state
                details = "\n".join(map(str, scenario.findings)) or scenario.reason or ""
                file, line, column = scenario.line
                yield annotation(
                    kind if requirement.level == "MUST" or kind == "notice" else "warning",
                    f"{requirement.text}\n{scenario.id}: {details}",
                    title=f"{requirement.id} {word} ({requirement.level})",
                    file=f"{report.run.suite}/{file}",
                    line=str(line),
                    col=str(column),
                )


def annotation(kind: str, message: str, **properties: str) -> str:
    """A workflow command, escaped so that a server's text can't add another."""
    given = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in properties.items())
    return f"::{kind}{' ' if given else ''}{given}::{_escaped(message)}"


def _escaped(text: str, more: str = "") -> str:
    for character in ["%", "\r", "\n", *more]:
        text = text.replace(character, f"%{ord(character):02X}")
    return text
