"""`python -m tests.saved.write` writes what is saved anew, when reports are meant to change: look at the difference.

It takes an environment with every extra (`make setup`); what it could not play must not be lost.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tests.saved.cases import CASES, OUTPUTS, play


def write() -> None:
    """Run every case, then replace the saved outputs."""
    played = {}
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            played[case.name] = play(case, Path(folder))
    shutil.rmtree(OUTPUTS, ignore_errors=True)
    for name, outputs in played.items():
        for file, content in outputs.items():
            path = OUTPUTS / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


if __name__ == "__main__":
    write()
