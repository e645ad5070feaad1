"""The tables of the README that restate code. `python -m tests.project.readme_tables` writes them anew."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from tabulate import tabulate

from harness.cli import EXIT_CODES
from harness.report.formats import FORMATS
from harness.scenarios.corpus import corpus_folder
from harness.scenarios.load import load_suite
from harness.scenarios.model import Level

README = Path(__file__).parents[2] / "README.md"


def exit_codes() -> str:
    """What each exit status means."""
    rows = re.findall(r"^ +(\d) +(.+)$", EXIT_CODES, re.MULTILINE)
    return tabulate(rows, ["exit status", "meaning"], tablefmt="github", disable_numparse=True)


def requirements() -> str:
    """How many requirements of each kind there are, by level."""
    loaded = load_suite(corpus_folder()).requirements
    counts = Counter((identifier.rpartition("-")[0], each.level) for identifier, each in loaded.items())
    kinds = dict.fromkeys(identifier.rpartition("-")[0] for identifier in loaded)
    rows = [[f"`{kind}`", *(counts[kind, level] for level in Level)] for kind in kinds]
    return tabulate(rows, ["requirements", *Level], tablefmt="github")


def formats() -> str:
    """What a report can be written as."""
    rows = [[f"`{name}`", f"`{each.file}`", each.use] for name, each in FORMATS.items()]
    return tabulate(rows, ["`--report`", "file", "for"], tablefmt="github")


TABLES = {"exit-codes": exit_codes, "formats": formats, "requirements": requirements}


def generated(text: str) -> str:
    """The README's text with every generated part made anew."""
    return re.sub(
        r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- end -->)",
        lambda found: f"{found[1]}\n{TABLES[found[2]]()}\n\n{found[3]}",
        text,
        flags=re.DOTALL,
    )


if __name__ == "__main__":
    README.write_text(generated(README.read_text("utf-8")), "utf-8")
