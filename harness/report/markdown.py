"""`report.md`: the report for people, fit for a CI step summary."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from harness.report.curl import curl_line
from harness.scenarios.model import Contract
from harness.verdict import Outcome, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.report.record import ExchangeRecord, Report, RequirementRecord, ScenarioRecord

SIGNS: dict[State | Outcome, str] = {
    State.PASSED: "✅",
    State.NOT_ASSESSED: "⚪",
    State.WARNED: "⚠️",
    State.COULD_NOT_RUN: "❓",
    State.FAILED: "❌",
    State.HARNESS_ERROR: "💥",
    Outcome.CONFORMANT: "✅",
    Outcome.NON_CONFORMANT: "❌",
    Outcome.INCOMPLETE: "❓",
}

_SHOWN_BODY = 2000
"""Characters of a body that the Markdown shows; `report.json` has all of it."""

_SECTIONS: tuple[tuple[State, str], ...] = (
    (State.FAILED, "Violated (MUST)"),
    (State.HARNESS_ERROR, "Harness errors"),
    (State.COULD_NOT_RUN, "Could not run"),
    (State.WARNED, "Warnings (SHOULD)"),
)


def markdown(report: Report) -> str:
    """The whole report as GitHub-flavoured Markdown, without what would steer a terminal that shows it."""
    return "".join(f"{printable(line)}\n" for text in _lines(report) for line in text.split("\n"))


def printable(line: str) -> str:
    """A line that a server may have written, without what would steer a terminal or turn the text around."""
    if line.isprintable():
        return line
    return "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in line)


def plain(text: str) -> str:
    """Text that a server may have written, so that it stays text."""
    return re.sub(r"([\\`*_{}\[\]<>#|])", r"\\\1", " ".join(text.split()))


def _lines(report: Report) -> Iterator[str]:
    from tabulate import tabulate

    yield f"# {SIGNS[report.outcome]} {report.target.name} is {report.outcome} ({report.contract})"
    yield ""
    if report.run.ended_early:
        yield f"**The run ended early:** {plain(report.run.ended_early)}"
        yield ""
    if report.run.selection:
        yield f"Only a selection was played: {plain(report.run.selection)}."
        yield ""
    yield tabulate(
        [
            [f"{SIGNS[judged.outcome]} {contract}", judged.outcome, *(judged.counts.get(state, 0) for state in State)]
            for contract, judged in report.contracts.items()
        ],
        ["contract", "verdict", *State],
        tablefmt="github",
    )
    yield ""
    for contract in report.contracts:
        violated = ", ".join(requirement.id for requirement in report.violated(contract))
        if contract is not report.contract and violated:
            yield f"On the contract `{contract}`, which was not asked for, it violates {violated}."
            yield ""
    for state, title in _SECTIONS:
        if requirements := report.in_state(state):
            yield f"## {title}"
            yield ""
            for requirement in requirements:
                if requirement not in report.unreached:
                    yield from _requirement(report, requirement)
            if state is State.COULD_NOT_RUN and report.unreached:
                yield f"- {', '.join(each.id for each in report.unreached)}: the run ended early"
                yield ""
    yield from _not_assessed(report)
    yield "## All requirements"
    yield ""
    yield tabulate(
        [
            [f"{SIGNS[each.state]} {each.id}", each.level, _cell(each.text), _cell(each.source), _contracts(each)]
            for each in report.requirements
        ],
        ["", "level", "requirement", "source", "contracts"],
        tablefmt="github",
    )
    yield ""
    yield from _about(report)


def _requirement(report: Report, requirement: RequirementRecord) -> Iterator[str]:
    yield f"### {SIGNS[requirement.state]} {requirement.id} ({requirement.level}; {_contracts(requirement)})"
    yield ""
    yield f"{requirement.text} *({requirement.source})*"
    yield ""
    for scenario in report.scenarios:
        if scenario.requirement == requirement.id and scenario.state == requirement.state:
            yield from _scenario(scenario, again(report))


def again(report: Report) -> str:
    """The command line that plays on the same target again."""
    contract = "" if report.contract is Contract.DOCUMENTED else f" --contract {report.contract}"
    options = "".join(f" {shlex.quote(word)}" for word in report.run.again)
    return f"gateway-harness check {report.target.argument}{contract}{options}"


def _scenario(scenario: ScenarioRecord, command: str) -> Iterator[str]:
    yield f"**{scenario.id}**: {scenario.title} (`{scenario.location}`)"
    yield ""
    if not scenario.findings:
        yield f"- {plain(scenario.reason or '')}"
    for finding in scenario.findings:
        where = "" if finding.step is None else f"step {finding.step}, "
        yield f"- {where}`{_code(finding.check)}`: expected `{_code(finding.expected)}`, got `{_code(finding.actual)}`"
    yield ""
    blamed = {finding.step for finding in scenario.findings}
    exchange = next((exchange for exchange in scenario.exchanges if exchange.step in blamed), None)
    if exchange is not None:
        yield from _evidence(exchange)
    yield f"Run it again: `{command} --scenario '{scenario.id}'`"
    yield ""


def _evidence(exchange: ExchangeRecord) -> Iterator[str]:
    yield "<details><summary>The exchange</summary>"
    yield ""
    yield from _fenced("sh", curl_line(exchange.request))
    if exchange.response is None:
        yield from _fenced("", exchange.failure or "no answer")
    else:
        response = exchange.response
        headers = "\n".join(f"{name}: {value}" for name, value in response.headers)
        yield from _fenced("http", f"HTTP {response.status}\n{headers}\n\n{_cut(response.body)}")
    if exchange.client is not None and exchange.client.raised:
        yield from _fenced("", f"the official client raised {exchange.client.raised}: {exchange.client.message}")
    yield "</details>"
    yield ""


def _not_assessed(report: Report) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for requirement in report.in_state(State.NOT_ASSESSED):
        reasons.setdefault(without_scenario(requirement.reason or ""), []).append(requirement.id)
    if reasons:
        yield "## Not assessed"
        yield ""
        for reason, ids in reasons.items():
            yield f"- {', '.join(ids)}: {plain(reason)}"
        yield ""


def _about(report: Report) -> Iterator[str]:
    run, tool, target = report.run, report.tool, report.target
    yield "## About this run"
    yield ""
    yield f"- target: {plain(target.url)}, model {plain(target.model or 'unknown')}"
    yield f"- offers: {', '.join(target.capabilities) or 'nothing beyond chat'}"
    if server := " ".join(str(target.server[name]) for name in ("title", "version") if name in target.server):
        yield f"- server: {plain(server)}"
    yield f"- {run.started:%Y-%m-%d %H:%M:%S %Z}, {run.seconds:.1f} s, {run.requests} requests, seed `{run.seed}`"
    yield f"- openhands-gateway-harness {tool.version}, openai {tool.openai}, Python {tool.python}, {tool.platform}"
    deleted, left = report.cleanup.deleted, report.cleanup.left
    yield f"- created on the target and deleted: {len(deleted)}; left behind: {len(left)}"
    for path in left:
        yield f"  - `{_code(path)}`"


def without_scenario(reason: str) -> str:
    """A requirement's reason without the scenario's name in front, so that equal reasons can be told once."""
    return re.sub(r"^[\w/-]+(\[[^\]]*\])?: ", "", reason)


def _contracts(requirement: RequirementRecord) -> str:
    return "both" if len(requirement.contracts) == len(Contract) else ", ".join(requirement.contracts)


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_BODY else f"{text[:_SHOWN_BODY]}\n… ({len(text)} characters in all)"


def _fenced(language: str, text: str) -> Iterable[str]:
    """A code block that its content can't close."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return (f"{fence}{language}", text, fence, "")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _code(text: str) -> str:
    return " ".join(text.split()).replace("`", "'")
