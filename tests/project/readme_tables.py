"""The tables of the README that restate code. `python -m tests.project.readme_tables` writes them anew."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from tabulate import tabulate

from harness.cli import EXIT_CODES
from harness.scenarios.corpus import corpus_folder
from harness.scenarios.load import load_suite
from harness.scenarios.model import Level

README = Path(__file__).parents[2] / "README.md"


def exit_codes() -> str:
    """What each exit status means."""
    rows = re.findall(r"^ +(\d) +(.+)$", EXIT_CODES, re.MULTILINE)
    return tabulate(rows, ["exit status", "meaning"], tablefmt="github", disable_numparse=True)


def suite() -> str:
    """Requirements by prefix and level, and the scenarios that prove them."""
    loaded = load_suite(corpus_folder())
    kinds = list(dict.fromkeys(identifier.rpartition("-")[0] for identifier in loaded.requirements))
    levels = Counter((each.id.rpartition("-")[0], each.level) for each in loaded.requirements.values())
    scenarios = Counter(each.requirement.rpartition("-")[0] for each in loaded.scenarios.values())
    rows = [[f"`{kind}`", *(levels[kind, level] for level in Level), scenarios[kind]] for kind in kinds]
    total = ["all", *(sum(levels[kind, level] for kind in kinds) for level in Level), len(loaded.scenarios)]
    return tabulate([*rows, total], ["requirements", *Level, "scenarios"], tablefmt="github")


TABLES = {"exit-codes": exit_codes, "suite": suite}


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
