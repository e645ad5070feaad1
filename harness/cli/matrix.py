"""`gateway-harness matrix TARGET...`: several targets side by side."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING

from harness.scenarios.model import Contract

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from harness.matrix.record import Column
    from harness.matrix.run import Checked
    from harness.report.record import Report

INCOMPLETE = 3
USAGE = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `matrix`."""
    parser.add_argument(
        "targets",
        nargs="+",
        metavar="TARGET",
        help="as for `check`, or a range of releases: 'agent-server>=1.40,<1.50'",
    )
    parser.add_argument(
        "--contract",
        choices=[*Contract, "auto"],
        default=Contract.DOCUMENTED.value,
        help="the contract that the exit status speaks of (default: documented); auto asks each target",
    )
    parser.add_argument("--scenarios", type=Path, metavar="FOLDER", help="this suite instead of the one that ships")
    parser.add_argument(
        "--options",
        default="",
        metavar="'--FLAG ...'",
        help="more options for each `check`, such as '--level MUST --jobs 4'",
    )
    parser.add_argument("--at-once", type=int, default=1, metavar="N", help="targets at once (default: 1)")
    parser.add_argument(
        "--output", type=Path, default=Path("reports/matrix"), metavar="FOLDER", help="default: reports/matrix/"
    )
    parser.add_argument("--anew", action="store_true", help="check also what has not changed since an earlier matrix")
    parser.add_argument("--quiet", action="store_true", help="no progress")


def run(arguments: argparse.Namespace) -> int:
    """Check the targets and write the matrix; the worst of their exit statuses."""
    from harness.report.formats import OutputError
    from harness.report.record import ReportError
    from harness.targets import TargetError

    try:
        return _matrix(arguments)
    except TargetError as error:
        print(f"gateway-harness: {error}", file=sys.stderr)
        return error.exit_status
    except (OutputError, ReportError) as error:
        print(f"gateway-harness: {error}", file=sys.stderr)
        return INCOMPLETE
    except KeyboardInterrupt:
        print(
            "gateway-harness: interrupted; what is done is kept, the same command goes on from there", file=sys.stderr
        )
        return INCOMPLETE


def _matrix(arguments: argparse.Namespace) -> int:
    from harness.matrix.columns import columns
    from harness.matrix.run import Checks
    from harness.report.progress import LiveProgress
    from harness.scenarios.corpus import corpus_folder

    progress = LiveProgress(quiet=arguments.quiet)
    try:
        targets = columns(arguments.targets, progress.say)
        progress.begin(len(targets), "checking")
        options = ["--contract", arguments.contract, *shlex.split(arguments.options)]
        suite = arguments.scenarios or corpus_folder()
        if arguments.scenarios:
            options += ["--scenarios", str(arguments.scenarios)]
        cache = _cache()
        if arguments.anew:
            shutil.rmtree(cache, ignore_errors=True)

        def done(checked: Checked) -> None:
            progress.advance(f"checked {checked.target}")
            kept = ", as an earlier matrix found it" if checked.kept else ""
            why = f"\n{indent(checked.problem, '  ')}" if checked.problem else ""
            print(f"{checked.target}: {_WORDS[checked.status]}{kept}{why}", flush=True)

        found = Checks(options, suite, cache, done).run(targets, at_once=arguments.at_once)
    finally:
        progress.close()
    return _write(arguments, found)


_WORDS = {0: "conformant", 1: "non-conformant", 2: "not checked", 3: "incomplete"}


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "openhands-gateway-harness" / "matrix"


def _write(arguments: argparse.Namespace, found: Sequence[Checked]) -> int:
    from harness.matrix.build import rows
    from harness.matrix.markdown import markdown
    from harness.matrix.page import page
    from harness.matrix.record import Matrix
    from harness.report.formats import FORMATS, OutputError, write_whole
    from harness.report.record import read_report
    from harness.report.tool import this_tool

    reports = [read_report(each.report) if each.report else None for each in found]
    described = [_column(each, report) for each, report in zip(found, reports, strict=True)]
    matrix = Matrix(
        tool=this_tool(),
        arguments=tuple(sys.argv[2:]),
        contract=None if arguments.contract == "auto" else Contract(arguments.contract),
        columns=tuple(described),
        rows=rows(described, reports),
    )
    output: Path = arguments.output
    try:
        for column, report in zip(described, reports, strict=True):
            if report is not None:
                (output / column.folder).mkdir(parents=True, exist_ok=True)
                write_whole(output / column.folder / "report.md", FORMATS["markdown"].render(report))
        output.mkdir(parents=True, exist_ok=True)
        write_whole(output / "matrix.json", matrix.to_json())
        write_whole(output / "README.md", markdown(matrix))
        write_whole(output / "matrix.html", page(matrix))
    except OSError as error:
        raise OutputError(f"can't write to {output}: {error.strerror}; choose a folder with --output FOLDER") from error
    print(f"matrix: {output / 'README.md'}, {output / 'matrix.html'}, {output / 'matrix.json'}")
    return matrix.exit_status


def _column(checked: Checked, report: Report | None) -> Column:
    from harness.matrix.columns import release
    from harness.matrix.record import Column

    version = release(checked.target)
    return Column(
        target=report.target.argument if report else checked.target,
        release=str(version) if version else None,
        started=report.run.started if report else None,
        seconds=report.run.seconds if report else None,
        requests=report.run.requests if report else None,
        server=report.target.server if report else {},
        packages=report.target.packages if report else {},
        contracts=report.contracts if report else {},
        exit_status=checked.status,
        problem=checked.problem if report is None else report.run.ended_early,
        folder=report.target.name if report else "",
    )
