"""`gateway-harness scenarios list|show|lint|schema`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.scenarios.load import load_suite, REQUIREMENTS, load_files, scenario_files
from harness.scenarios.corpus import corpus_folder
from harness.scenarios.problems import ScenarioFileError
from harness.scenarios.lint import lint_requirements, lint_scenarios

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    lint = actions.add_parser("lint")
    lint.add_argument("paths", nargs="*", type=Path)

def run(arguments: argparse.Namespace) -> int:
    try:
        folder = arguments.paths[0] if arguments.paths else corpus_folder()
        suite = load_suite(folder)
        problems = [*lint_requirements(suite), *lint_scenarios(suite.scenarios.values())]
        if problems: raise ScenarioFileError(problems)
    except ScenarioFileError as error:
        print(error, file=sys.stderr)
        return 2
    return 0
