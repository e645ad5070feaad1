"""`gateway-harness replay REPORT [FINDING]`: play again what an old run found violated, on the target of that run."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from harness.verdict import State

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from harness.presentation.lines import Line
    from harness.report.record import ExchangeRecord, Report, ScenarioRecord

USAGE = 2
INCOMPLETE = 3

_SHOWN = 300
"""Characters of a body."""

EXIT_CODES = """\
exit status:
  0  all of it holds now
  1  some of it is still violated
  2  usage, no report, or nothing to play again
  3  some of it could not be played
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `replay`."""
    parser.description = (
        "Play again what an old run found violated: the scenarios of the installed suite, whole, with their positive "
        "controls, on the recorded target. A recorded conversation is gone, so a request alone proves nothing."
    )
    parser.epilog = EXIT_CODES
    parser.add_argument("report", type=Path, metavar="REPORT", help="a report.json, or the folder that holds it")
    parser.add_argument(
        "findings",
        nargs="*",
        metavar="FINDING",
        help="a requirement, a scenario, or a glob of scenarios (default: all that is violated)",
    )
    parser.add_argument("--target", help="another one than the report names")
    parser.add_argument(
        "--options", default="", metavar="'--FLAG ...'", help="more options for `check`, such as '--key-file FILE'"
    )


class _ReplayError(Exception):
    """What was asked for can't be played: why, and what to do."""


def run(arguments: argparse.Namespace) -> int:
    """Play again; the exit status says whether it holds now."""
    from harness.presentation.lines import print_lines
    from harness.records import RecordError
    from harness.report.record import read_report

    path: Path = arguments.report
    try:
        report = read_report(path / "report.json" if path.is_dir() else path)
        chosen = _chosen(report, arguments.findings)
        command = _command(report, arguments.target, arguments.options)
        selection = [word for each in chosen for word in ("--scenario", each.id)]
        with tempfile.TemporaryDirectory(prefix="harness-replay-") as folder:
            status = _check([*command, *selection, "--reports", folder])
            written = next(Path(folder).glob("*/*/report.json"), None)
            if written is None:
                return status or INCOMPLETE
            now = {each.id: each for each in read_report(written).scenarios}
    except (RecordError, _ReplayError) as error:
        print(f"gateway-harness: {error}", file=sys.stderr)
        return USAGE
    print_lines(sys.stdout, (line for each in chosen for line in _told(each, now[each.id])))
    return max((_status(now[each.id]) for each in chosen), key=(0, INCOMPLETE, 1).index)


def _chosen(report: Report, findings: Sequence[str]) -> list[ScenarioRecord]:
    """The scenarios that were asked for, in the report's order."""
    from fnmatch import fnmatchcase

    from harness.plan import without_case
    from harness.reading.problems import did_you_mean

    def named(scenario: ScenarioRecord, finding: str) -> bool:
        names = {scenario.id, without_case(scenario.id), scenario.requirement}
        return finding in names or fnmatchcase(scenario.id, finding)

    for finding in findings:
        if not any(named(each, finding) for each in report.scenarios):
            known = {name for each in report.scenarios for name in (each.id, each.requirement)}
            raise _ReplayError(f"the report has nothing called `{finding}`{did_you_mean(finding, known)}")
    if findings:
        return [each for each in report.scenarios if any(named(each, finding) for finding in findings)]
    violated = [each for each in report.scenarios if each.state.is_violation]
    if not violated:
        raise _ReplayError("the report has no violation; name a scenario or a requirement to play it again")
    return violated


def _command(report: Report, target: str | None, options: str) -> list[str]:
    """The arguments of `check` that play on the target of the report, its redacted credentials from the environment."""
    from harness.redact import MASK

    words = [*shlex.split(target or report.target.argument), "--contract", report.contract, *report.run.again]
    filled = [re.sub(r"\$([A-Z][A-Z0-9_]*)", lambda match: os.environ.get(match[1], match[0]), word) for word in words]
    if lost := [word for word in filled if MASK in word]:
        raise _ReplayError(f"{shlex.join(lost)} is redacted in the report; say it anew with --target or --options")
    return ["check", *filled, *shlex.split(options)]


def _check(arguments: Sequence[str]) -> int:
    """Run `check` as a process of its own; a signal ends it as it would end `check`, and what it made is cleaned up."""
    command = [sys.executable, "-P", "-m", "harness", *arguments]  # -P: the folder may hold a `harness` of its own
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue  # the terminal has told `check` too


def _told(was: ScenarioRecord, now: ScenarioRecord) -> Iterator[Line]:
    from harness.presentation.looks import LOOKS

    if was.state.is_violation:
        said = "still failing" if now.state.is_violation else "fixed" if now.state is State.PASSED else str(now.state)
    else:
        said = f"{was.state} then, {now.state} now"
    yield f"{said}: {now.id} ({now.requirement}) {now.title}", LOOKS[now.state].style
    if (was.sends, was.expects) != (now.sends, now.expects):
        yield "  the scenario is not what it was in the report", "yellow"
    for when, record in (("then", was), ("now", now)):
        if record.state is State.PASSED:
            yield f"  {when}: {record.state}", "dim"
            continue
        blamed = record.findings[0].step if record.findings else None
        exchange = next((each for each in record.exchanges if each.step == blamed), None)
        yield f"  {when}: {record.reason}", None
        if exchange is not None:
            yield f"    step {exchange.step} was answered with {_answer(exchange)}", "dim"


def _answer(exchange: ExchangeRecord) -> str:
    from harness.presentation.brief import cut_line

    if exchange.response is None:
        return exchange.failure or "nothing"
    return f"{exchange.response.status} {cut_line(exchange.response.body, _SHOWN)}"


def _status(now: ScenarioRecord) -> int:
    return 1 if now.state.is_violation else 0 if now.state is State.PASSED else INCOMPLETE
