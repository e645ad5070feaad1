"""Every report that is made of a saved record is, byte for byte, the one that was saved with it.

Modules are moved, joined and split here, and no reader of a report may notice. The other tests hold single facts of a
report; these hold all of it, in every format, so that a change that nobody meant is seen, be it a blank.

`inputs/` has the records: reports of `check` in which every state, control characters and markup occur, journals of
`eval`, a self-test. They were made once: by runs of `check` on servers that misbehave, by the journal's own writer, and
with some values set by hand; any others that can be read are as good.

`outputs/` has what the code made of them, by the names in `cases.py`.

When a report is meant to change, `python -m tests.saved.write` writes the outputs anew; their difference then belongs
to the commit that changes them.
"""

from __future__ import annotations

from itertools import islice, zip_longest
from typing import TYPE_CHECKING

import pytest

from tests.saved.cases import CASES, INPUTS, OUTPUTS, Case, files, play

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

ANEW = "if that is meant: python -m tests.saved.write"

SHOWN_FILES, SHOWN_LINES, BEFORE, AFTER = 5, 3, 60, 140
"""Of a difference: so many files, lines of each, characters of a line before and after where it begins."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_written_of_a_saved_record_is_byte_for_byte_what_was_saved(case: Case, tmp_path: Path) -> None:
    for package in case.needs:
        pytest.importorskip(package, reason="comes with [eval]")
    saved, now = files(OUTPUTS / case.name), play(case, tmp_path)
    if saved != now:
        pytest.fail("\n".join([*differences(saved, now), ANEW]), pytrace=False)


def test_all_that_is_saved_is_compared() -> None:
    assert {path.name for path in OUTPUTS.iterdir()} == {case.name for case in CASES}


def test_every_state_occurs_in_the_saved_records() -> None:
    text = "".join(path.read_text("utf-8").replace('": ', '":') for path in INPUTS.rglob("report.json"))
    for state in ("passed", "not assessed", "known", "warned", "could not run", "flaky", "failed", "harness error"):
        assert f'"state":"{state}"' in text, state


def test_a_difference_is_shown_by_the_lines_in_which_it_begins() -> None:
    long = "x" * 1000
    old = {"a.md": b"same\n" + f"{long}1{long}\n".encode() + b"more\n", "gone": b"", "same": b"1"}
    new = {"a.md": b"same\n" + f"{long}2{long}\n".encode() + b"more\nand more", "new": b"", "same": b"1"}
    assert list(differences(old, new)) == [
        "a.md, line 2, from character 1001 on:",
        f"  saved: '{'x' * 60}1{'x' * 139}'",
        f"  now:   '{'x' * 60}2{'x' * 139}'",
        "a.md, line 4, from character 1 on:",
        "  saved: nothing",
        "  now:   'and more'",
        "gone: it was saved, and is not written now",
        "new: it is written now, and was not saved",
    ]


def differences(saved: Mapping[str, bytes], now: Mapping[str, bytes]) -> Iterator[str]:
    """The first files that differ, and the first lines in which they do."""
    differing = [name for name in sorted(saved.keys() | now.keys()) if saved.get(name) != now.get(name)]
    for name in differing[:SHOWN_FILES]:
        if name not in now:
            yield f"{name}: it was saved, and is not written now"
        elif name not in saved:
            yield f"{name}: it is written now, and was not saved"
        else:
            yield from _lines(name, saved[name], now[name])
    if len(differing) > SHOWN_FILES:
        yield f"and {len(differing) - SHOWN_FILES} more: {', '.join(differing[SHOWN_FILES:])}"


def _lines(name: str, saved: bytes, now: bytes) -> Iterator[str]:
    old, new = (content.decode("utf-8", "backslashreplace").splitlines(keepends=True) for content in (saved, now))
    pairs = enumerate(zip_longest(old, new), 1)
    for number, (before, after) in islice((each for each in pairs if each[1][0] != each[1][1]), SHOWN_LINES):
        letters = enumerate(zip_longest(before or "", after or ""))
        column = next((at for at, (one, other) in letters if one != other), 0)
        yield f"{name}, line {number}, from character {column + 1} on:"
        yield f"  saved: {_excerpt(before, column)}"
        yield f"  now:   {_excerpt(after, column)}"


def _excerpt(line: str | None, column: int) -> str:
    return "nothing" if line is None else repr(line[max(0, column - BEFORE) : column + AFTER])
