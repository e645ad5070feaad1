"""The generated parts of the documents. `python -m tests.docs.generated` writes them again."""

from __future__ import annotations

import argparse
import inspect
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tabulate import tabulate

from harness.cli import COMMANDS, make_parser
from harness.model import rules
from harness.report.formats import FORMATS
from harness.scenarios.corpus import corpus_folder
from harness.scenarios.load import load_suite
from harness.scenarios.model import Level
from harness.scenarios.promises_schema import dimensions_schema, requirements_schema
from harness.scenarios.schema import scenario_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DOCUMENTS = (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")))


def parsers() -> dict[str, argparse.ArgumentParser]:
    """The parser of each command and action, by its words on the command line."""
    found: dict[str, argparse.ArgumentParser] = {}

    def look(parser: argparse.ArgumentParser, words: str) -> None:
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                for name, command in action.choices.items():
                    found[f"{words} {name}".strip()] = command
                    look(command, f"{words} {name}".strip())

    look(make_parser(COMMANDS), "")
    return found


def commands() -> str:
    """The commands and what they do."""
    return tabulate([[f"`{name}`", use] for name, use in COMMANDS.items()], ["command", "use"], tablefmt="github")


def exit_codes(command: str) -> str:
    """A command's exit statuses and their meanings."""
    rows = re.findall(r"^ +(\d) +(.+)$", parsers()[command].epilog or "", re.MULTILINE)
    return tabulate(rows, ["exit status", "meaning"], tablefmt="github", disable_numparse=True)


def requirements() -> str:
    """The number of requirements of each kind, by level."""
    loaded = load_suite(corpus_folder()).requirements
    counts = Counter((identifier.rpartition("-")[0], each.level) for identifier, each in loaded.items())
    kinds = dict.fromkeys(identifier.rpartition("-")[0] for identifier in loaded)
    rows = [[f"`{kind}`", *(counts[kind, level] for level in Level)] for kind in kinds]
    return tabulate(rows, ["requirements", *Level], tablefmt="github")


def formats() -> str:
    """The report formats."""
    rows = [[f"`{name}`", f"`{each.file}`", each.use] for name, each in FORMATS.items()]
    return tabulate(rows, ["`--report`", "file", "for"], tablefmt="github")


def scripted_model() -> str:
    """The rules of the scripted model."""
    return inspect.getdoc(rules).partition("\n\n")[2]  # type: ignore[union-attr]  # it has one, or this fails


def scenario_language() -> str:
    """The keys of the scenario files, from their schema."""
    return "\n\n".join(_reference(scenario_schema(), ("scenario", "step", "group", "repetition", "expectation")))


def requirements_language() -> str:
    """The keys of `requirements.yaml`, from its schema."""
    return "\n\n".join(_reference(requirements_schema(), ("requirement",)))


def dimensions_language() -> str:
    """The keys of `dimensions.yaml`, from its schema."""
    return "\n\n".join(_reference(dimensions_schema(), ("dimension",)))


def schema_keywords() -> str:
    """The JSON Schema keywords that an expectation may use."""
    return ", ".join(f"`{name}`" for name in scenario_schema()["$defs"]["json-schema"]["properties"])


def _reference(schema: dict[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    definitions = schema["$defs"]
    for part in (schema, *(definitions[name] for name in names)):
        title = str(part["title"])
        yield f"### {title[0].upper()}{title[1:]}"
        yield "\n".join(
            f"- **`{key}`**{' (required)' if key in part['required'] else ''}: {_meaning(about, definitions)}"
            for key, about in part["properties"].items()
        )


def _meaning(about: dict[str, Any], definitions: dict[str, Any]) -> str:
    named = definitions.get(about.get("$ref", "").rpartition("/")[2], {})
    text, *listed = str(about.get("description") or named.get("description") or f"{named['title']}.").split("\n")
    said = [text, *(f"One of {', '.join(f'`{option}`' for option in options)}." for options in _options(about))]
    return "\n".join([" ".join(reversed(said) if listed else said), *(f"  {line}" for line in listed)])


def _options(about: dict[str, Any]) -> Iterator[list[str]]:
    """None or one list: the words to choose from, wherever the schema has them."""
    if "enum" in about:
        yield about["enum"]
    for key in ("items", "else"):
        if isinstance(about.get(key), dict):
            yield from _options(about[key])


PARTS = {
    "commands": commands,
    "exit-codes": lambda: exit_codes("check"),
    "exit-codes-cleanup": lambda: exit_codes("cleanup"),
    "exit-codes-compare": lambda: exit_codes("compare"),
    "exit-codes-explore": lambda: exit_codes("explore"),
    "exit-codes-eval": lambda: exit_codes("eval"),
    "exit-codes-replay": lambda: exit_codes("replay"),
    "exit-codes-selftest": lambda: exit_codes("selftest"),
    "formats": formats,
    "requirements": requirements,
    "requirements-language": requirements_language,
    "dimensions-language": dimensions_language,
    "scenario-language": scenario_language,
    "schema-keywords": schema_keywords,
    "scripted-model": scripted_model,
}


def generated(text: str) -> str:
    """A document's text with every generated part brought up to date."""
    return re.sub(
        r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- end -->)",
        lambda found: f"{found[1]}\n{PARTS[found[2]]()}\n\n{found[3]}",
        text,
        flags=re.DOTALL,
    )


if __name__ == "__main__":
    for document in DOCUMENTS:
        document.write_text(generated(document.read_text("utf-8")), "utf-8")
