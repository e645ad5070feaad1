"""`gateway-harness scenarios list|show|lint|schema|folder`: lists, shows and lints scenarios without playing them."""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.reading.problems import FileError, did_you_mean
from harness.scenarios.corpus import corpus_folder
from harness.scenarios.load import load_suite
from harness.scenarios.model import Contract, Level

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from harness.json_value import Json
    from harness.scenarios.model import Requirement, Scenario

_WIDTH = 100


class _UsageError(HarnessError):
    """What was asked for does not exist. Says what does."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `scenarios`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    listing = actions.add_parser("list", help="a line for each scenario", description="A line for each scenario.")
    choices: dict[str, list[str]] = {"contract": list(Contract), "level": list(Level)}
    for name in ("contract", "level", "tag", "requirement", "area"):
        listing.add_argument(
            f"--{name}", action="append", default=[], choices=choices.get(name), help="only these; may be repeated"
        )
    listing.add_argument("--json", action="store_true", help="for machines, with each case on its own")

    show = actions.add_parser(
        "show", help="one scenario and its requirement", description="One scenario and its requirement."
    )
    show.add_argument("id", metavar="ID", help="such as auth/bearer-chats, or with a case: area/name[case]")

    lint = actions.add_parser(
        "lint",
        help="check scenario files",
        description="Check scenario files. Those without a requirements.yaml beside them prove the built-in "
        "requirements.",
    )
    lint.add_argument("paths", nargs="*", type=Path, metavar="FILE|FOLDER", help="default: the built-in suite")

    schema = actions.add_parser(
        "schema", help="print the JSON Schema of a file", description="Print the JSON Schema of a file, for editors."
    )
    schema.add_argument("file", nargs="?", choices=("scenario", "requirements", "dimensions"), default="scenario")

    actions.add_parser("folder", help="print where the suite is", description="Print the folder of the built-in suite.")

    for action in (listing, show, lint):
        action.add_argument("--scenarios", type=Path, metavar="FOLDER", help="this suite instead of the built-in one")


def run(arguments: argparse.Namespace) -> int:
    """Run the action. Returns 2 when a file has a problem or what was asked for does not exist."""
    try:
        actions = {"list": _list, "show": _show, "lint": _lint, "schema": _schema, "folder": _print_folder}
        actions[arguments.action](arguments)
    except FileError as error:
        count = len(error.problems)
        print(f"{error}\n{count} problem{'s' if count > 1 else ''}", file=sys.stderr)
        return 2
    return 0


def _folder(arguments: argparse.Namespace) -> Path:
    folder: Path = arguments.scenarios or corpus_folder()
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def _list(arguments: argparse.Namespace) -> None:
    from harness.plan import Selection

    suite = load_suite(_folder(arguments))
    _require("tag", arguments.tag, {tag for scenario in suite.scenarios.values() for tag in scenario.tags})
    _require("area", arguments.area, {scenario.area for scenario in suite.scenarios.values()})
    for wanted in arguments.requirement:
        if wanted not in suite.requirements:
            raise _UsageError(f"there is no requirement `{wanted}`{did_you_mean(wanted, suite.requirements)}")
    selection = Selection(
        requirements=frozenset(arguments.requirement),
        areas=frozenset(arguments.area),
        tags=frozenset(arguments.tag),
        levels=frozenset(map(Level, arguments.level)),
        contracts=frozenset(map(Contract, arguments.contract)),
        slow=True,
    )
    pairs = [(scenario, suite.requirements[scenario.requirement]) for scenario in suite.scenarios.values()]
    chosen = [pair for pair in pairs if selection.takes(*pair)]
    if not chosen:
        raise _UsageError(f"there is no scenario with {selection}")
    if arguments.json:
        print(json.dumps([_summary(*pair) for pair in chosen], indent=2, ensure_ascii=False))
    else:
        _print_table(chosen)


def _print_table(chosen: Iterable[tuple[Scenario, Requirement]]) -> None:
    """Print a line for each entry, with its cases counted. Without tabulate, which takes 50 of 200 ms to import."""
    entries: dict[str, list[tuple[Scenario, Requirement]]] = {}
    for scenario, requirement in chosen:
        entries.setdefault(_entry(scenario), []).append((scenario, requirement))
    rows = [("ID", "REQUIREMENT", "LEVEL", "NEEDS", "TITLE")]
    for name, cases in entries.items():
        scenario, requirement = cases[0]
        shown = f"{name}[{len(cases)} cases]" if len(cases) > 1 else scenario.id
        rows.append((shown, requirement.id, requirement.level, ", ".join(sorted(scenario.needs)), scenario.title))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(map(str.ljust, row, widths)).rstrip())


def _summary(scenario: Scenario, requirement: Requirement) -> dict[str, Json]:
    return {
        "id": scenario.id,
        "title": scenario.title,
        "requirement": requirement.id,
        "level": requirement.level,
        "contracts": [contract for contract in Contract if contract in requirement.contracts],
        "area": scenario.area,
        "needs": [*sorted(scenario.needs)],
        "tags": [*sorted(scenario.tags)],
        "control": scenario.control,
        "location": str(scenario.location),
    }


def _show(arguments: argparse.Namespace) -> None:
    from harness.reading.excerpt import excerpt

    suite = load_suite(_folder(arguments))
    cases = [scenario for scenario in suite.scenarios.values() if arguments.id in (scenario.id, _entry(scenario))]
    if not cases:
        known = {*suite.scenarios, *map(_entry, suite.scenarios.values())}
        raise _UsageError(f"there is no scenario `{arguments.id}`{did_you_mean(arguments.id, known)}")
    scenario = cases[0]
    requirement = suite.requirements[scenario.requirement]
    versions = f" {requirement.versions}" if requirement.versions else ""
    where = ", ".join(contract for contract in Contract if contract in requirement.contracts)
    print(arguments.id)
    print(f"  {scenario.location}")
    print(f"{requirement.id} ({requirement.level}; {where}{versions})")
    print(textwrap.indent(textwrap.fill(requirement.text, _WIDTH), "  "))
    print(textwrap.indent(textwrap.fill(f"Source: {requirement.source}", _WIDTH), "  "))
    if arguments.id != scenario.id:
        print(f"Cases: {', '.join(case.id.removeprefix(arguments.id)[1:-1] for case in cases)}")
    elif scenario.variables:
        print(f"Variables of this case: {json.dumps(dict(scenario.variables), ensure_ascii=False)}")
    print(f"\n{excerpt(scenario.location)}")


def _lint(arguments: argparse.Namespace) -> None:
    from harness.scenarios.lint import lint

    results = [lint(path) for path in arguments.paths or [_folder(arguments)]]
    problems = [problem for result in results for problem in result.problems]
    if problems:
        raise FileError(problems)
    count = sum(result.scenarios for result in results)
    print(f"{count} scenario{'' if count == 1 else 's'}: no problems")


def _schema(arguments: argparse.Namespace) -> None:
    from harness.scenarios.schema import render

    print(render(arguments.file), end="")


def _print_folder(_: argparse.Namespace) -> None:
    print(corpus_folder())


def _entry(scenario: Scenario) -> str:
    """The scenario's id in its file, without the case."""
    return scenario.id.partition("[")[0]


def _require(what: str, asked: Iterable[str], known: Iterable[str]) -> None:
    known = sorted(known)
    for word in asked:
        if word not in known:
            hint = did_you_mean(word, known) or f"; there are {', '.join(known)}"
            raise _UsageError(f"no scenario has the {what} `{word}`{hint}")
