"""`make mutate`: does a test fail when the judge is changed?

Mutmut changes `harness/judge` in one place at a time and runs the tests of it. What survives has to stand in
`survivors.yaml`, with the reason why no test can tell it from the original; what stands there has to survive.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import yaml

ROOT = Path(__file__).parents[2]
KNOWN = Path(__file__).with_name("survivors.yaml")


class Change(NamedTuple):
    """One place in one file, before and after."""

    file: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.file}\n  - {self.before}\n  + {self.after}"


def mutmut(*arguments: str) -> str:
    """What a command of mutmut prints."""
    command = [sys.executable, "-m", "mutmut", *arguments]
    process = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return process.stdout


def shown(mutant: str) -> Change:
    """The change that a mutant is."""
    diff = mutmut("show", mutant)
    file = re.search(r"^--- (\S+)$", diff, re.MULTILINE)
    before = re.findall(r"^-(?!--)(.*)$", diff, re.MULTILINE)
    after = re.findall(r"^\+(?!\+\+)(.*)$", diff, re.MULTILINE)
    assert file is not None, diff
    return Change(file[1], "\n".join(before).strip(), "\n".join(after).strip())


def main() -> int:
    """Mutate, compare with the known survivors, and print the differences. Returns 1 if there are any."""
    print("mutating harness/judge: this takes some minutes", file=sys.stderr)
    shutil.rmtree(ROOT / "mutants", ignore_errors=True)  # what mutmut remembers it would not find out anew
    mutmut("run", "--max-children", str(os.cpu_count() or 1))
    states = dict(re.findall(r"^\s*(\S+): (.+)$", mutmut("results", "--all", "true"), re.MULTILINE))
    survived = {shown(mutant) for mutant, state in states.items() if state not in {"killed", "timeout"}}
    known = {Change(entry["file"], entry["before"], entry["after"]) for entry in yaml.safe_load(KNOWN.read_text())}
    for change in sorted(survived - known):
        print(f"survived: {change}")
    for change in sorted(known - survived):
        print(f"does not survive, or is no more: {change}")
    print(f"{len(states)} mutants: {len(states) - len(survived)} killed, {len(survived)} survived")
    return int(survived != known)


if __name__ == "__main__":
    sys.exit(main())
