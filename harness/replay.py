"""Playing again what an old run found: `check` on the target of its report, with the scenarios that were asked for."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.plan import without_case
from harness.reading.problems import did_you_mean
from harness.redact import MASK
from harness.report.record import read_report

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.report.record import Report, ScenarioRecord


class ReplayError(HarnessError):
    """What was asked for can't be played: why, and what to do."""


def choose(report: Report, findings: Sequence[str]) -> list[ScenarioRecord]:
    """The scenarios that were asked for, by requirement, id or glob, in the report's order; none: what is violated.

    Raises:
        ReplayError: there are none.
    """

    def named(scenario: ScenarioRecord, finding: str) -> bool:
        names = {scenario.id, without_case(scenario.id), scenario.requirement}
        return finding in names or fnmatchcase(scenario.id, finding)

    for finding in findings:
        if not any(named(each, finding) for each in report.scenarios):
            known = {name for each in report.scenarios for name in (each.id, each.requirement)}
            raise ReplayError(f"the report has nothing called `{finding}`{did_you_mean(finding, known)}")
    if findings:
        return [each for each in report.scenarios if any(named(each, finding) for finding in findings)]
    violated = [each for each in report.scenarios if each.state.is_violation]
    if not violated:
        raise ReplayError("the report has no violation; name a scenario or a requirement to play it again")
    return violated


def replay(
    report: Report, scenarios: Sequence[ScenarioRecord], target: str | None, options: str
) -> tuple[int, Mapping[str, ScenarioRecord]]:
    """Play scenarios of a report again; the exit status of `check`, and what it found, if there is a report of it.

    Args:
        report: of the old run; its redacted credentials are taken from the environment.
        scenarios: of it.
        target: another one than the report names.
        options: more of them for `check`, as a shell has them.

    Raises:
        ReplayError: something that is needed is redacted in the report.
        RecordError: the new report can't be read.
    """
    command = _command(report, target, options)
    selection = [word for each in scenarios for word in ("--scenario", each.id)]
    with tempfile.TemporaryDirectory(prefix="harness-replay-") as folder:
        status = _check([*command, *selection, "--reports", folder])
        written = [read_report(path) for path in Path(folder).glob("*/*/report.json")]
    return status, {each.id: each for now in written for each in now.scenarios}


def _command(report: Report, target: str | None, options: str) -> list[str]:
    words = [*shlex.split(target or report.target.argument), "--contract", report.contract, *report.run.again]
    filled = [re.sub(r"\$([A-Z][A-Z0-9_]*)", lambda match: os.environ.get(match[1], match[0]), word) for word in words]
    if lost := [word for word in filled if MASK in word]:
        raise ReplayError(f"{shlex.join(lost)} is redacted in the report; say it anew with --target or --options")
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
