"""`gateway-harness report convert|schema`: make other formats of a report that was written before."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

USAGE = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `report`."""
    from harness.report.formats import FORMATS

    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    convert = actions.add_parser(
        "convert",
        help="write a report.json in other formats",
        description="Write a report.json in other formats.",
    )
    convert.add_argument("report", type=Path, metavar="REPORT", help="a report.json, or the folder that holds it")
    convert.add_argument(
        "--to",
        action="append",
        required=True,
        metavar="FORMAT[=PATH]",
        help=f"{', '.join(FORMATS)}; may be repeated. Without PATH into the report's folder; - is the standard output",
    )
    schema = actions.add_parser(
        "schema", help="print the JSON Schema of what `check` writes", description="Print a JSON Schema."
    )
    schema.add_argument("of", nargs="?", choices=("report", "events"), default="report", help="default: report")


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked; 2 when a file is no report, or can't be written."""
    if arguments.action == "schema":
        return _schema(arguments.of)
    from harness.report.formats import OutputError, make_ready, parse_output, write_outputs

    try:
        outputs = list(map(parse_output, arguments.to))
        make_ready(outputs)
        from harness.report.record import ReportError, read_report

        path = arguments.report / "report.json" if arguments.report.is_dir() else arguments.report
        try:
            report = read_report(path)
        except ReportError as error:
            raise OutputError(str(error)) from error
        for written in write_outputs(report, outputs, path.parent):
            print(written, file=sys.stderr)
    except OutputError as error:
        print(f"gateway-harness: {error}", file=sys.stderr)
        return USAGE
    return 0


def _schema(of: str) -> int:
    from harness.report import record

    text = Path(record.__file__).with_name(f"{of}.schema.json").read_text("utf-8")
    json.loads(text)
    sys.stdout.write(text)
    return 0
