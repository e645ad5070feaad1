"""Judges an old trace by today's scenarios and reports which verdicts change. No network, no clock.

A report lacks a trace's secrets and the ends of long bodies. Where that may cause the difference, the old verdict
stands and the reason says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.judge.contract import apply_controls, judge_contract, judge_requirements
from harness.judge.scenario import judge
from harness.redact import MASK, SESSION_PLACEHOLDER
from harness.scenarios.fingerprint import fingerprint
from harness.trace import ClientView, Exchange, Request, Response, Trace
from harness.verdict import Finding, ScenarioVerdict, State

if TYPE_CHECKING:
    from harness.report.record import ExchangeRecord, Report, ScenarioRecord
    from harness.scenarios.model import Scenario, Suite
    from harness.verdict import Outcome

_REPLACED = "\ufffd"
"""Stands in a report for bytes that are not text."""


@dataclass(frozen=True, slots=True)
class Rejudged:
    """What today's scenarios say about an old run.

    Attributes:
        changed: the verdicts that changed: the recorded one and today's.
        same: how many verdicts are unchanged.
        kept: why a scenario's recorded verdict stands although it could not be derived again, by scenario id.
        gone: scenarios that the suite no longer has; they don't count.
        unplayed: scenarios that are new in the suite; nothing is known of them.
        outcome: the verdict on the report's contract, by today's scenarios.
    """

    changed: tuple[tuple[ScenarioRecord, ScenarioVerdict], ...]
    same: int
    kept: dict[str, str]
    gone: tuple[str, ...]
    unplayed: tuple[str, ...]
    outcome: Outcome


def rejudge(report: Report, suite: Suite) -> Rejudged:
    """Judge every recorded trace whose scenario still sends the same today."""
    records = {each.id: each for each in report.scenarios if each.id in suite.scenarios}
    kept: dict[str, str] = {}
    fresh: list[ScenarioVerdict] = []
    for name, record in records.items():
        scenario = suite.scenarios[name]
        if (reason := _why_not(record, scenario)) is not None:
            fresh.append(_recorded(record, scenario))
            if reason:
                kept[name] = reason
        else:
            verdict = judge(scenario, suite.requirements[scenario.requirement], trace_of(record))
            # A pass that did not count because of its control was still a pass.
            as_recorded = verdict.state is record.state or (
                (verdict.state, record.state) == (State.PASSED, State.NOT_ASSESSED)
            )
            if not as_recorded and (doubt := _doubt(record)):
                kept[name] = f"{doubt}; what is left of it would be {verdict.state}"
                verdict = _recorded(record, scenario)
            fresh.append(verdict)
    verdicts = apply_controls(fresh, suite.scenarios)
    changed = tuple(
        (records[each.scenario], each) for each in verdicts if each.state is not records[each.scenario].state
    )
    requirements = judge_requirements(suite.requirements.values(), verdicts)
    return Rejudged(
        changed=changed,
        same=len(verdicts) - len(changed) - len(kept),
        kept=kept,
        gone=tuple(each.id for each in report.scenarios if each.id not in records),
        unplayed=tuple(name for name in suite.scenarios if name not in records),
        outcome=judge_contract(report.contract, requirements, interrupted=report.run.ended_early is not None).outcome,
    )


def trace_of(record: ScenarioRecord) -> Trace:
    """The trace that a report holds of a scenario."""
    return Trace(
        scenario=record.id,
        variables=record.variables,
        exchanges=tuple(map(_exchange, record.exchanges)),
        stopped=record.stopped,
        lost=record.lost,
        harness_error=record.harness_error,
    )


def _why_not(record: ScenarioRecord, scenario: Scenario) -> str | None:
    """Why a record can't be judged again; empty when nothing was played, None when it can."""
    if not record.exchanges:
        return ""
    if record.sends != fingerprint(scenario).sends:
        return "it sends something else now; `gateway-harness replay` plays it"
    return None


def _recorded(record: ScenarioRecord, scenario: Scenario) -> ScenarioVerdict:
    findings = tuple(
        Finding(None if each.step is None else each.step - 1, each.check, each.expected, each.actual)
        for each in record.findings
    )
    return ScenarioVerdict(record.id, scenario.requirement, record.state, record.reason, findings, record.checks)


def _doubt(record: ScenarioRecord) -> str | None:
    """What the report lacks of what the judge saw."""
    for exchange in record.exchanges:
        response = exchange.response
        if response is None:
            continue
        texts = (response.body, *(value for _, value in response.headers))
        if response.truncated:
            return f"the answer of step {exchange.step} was cut"
        if any(mark in text for text in texts for mark in (MASK, SESSION_PLACEHOLDER)):
            return f"something in the answer of step {exchange.step} was redacted"
        if _REPLACED in response.body:
            return f"the answer of step {exchange.step} was no text"
    return None


def _exchange(record: ExchangeRecord) -> Exchange:
    request, response, client = record.request, record.response, record.client
    return Exchange(
        step=record.step - 1,
        started=record.started,
        elapsed=record.seconds,
        request=Request(request.method, request.url, request.headers, request.body.encode()),
        response=None
        if response is None
        else Response(response.status, response.headers, response.body.encode(), truncated=response.truncated),
        failure=record.failure,
        client=None if client is None else ClientView(client.returned, client.raised, client.message, client.problems),
        gave_up=record.gave_up,
    )
