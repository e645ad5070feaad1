"""`python -m tests.bench.formats REPORT FOLDER`: write every format once, and print the CPU seconds of each as JSON.

Doesn't count reading the report, but counts imports: a run writes each format once.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from harness.report.formats import FORMATS, Output, write_outputs
from harness.report.record import read_report


def main() -> None:
    """Write and measure."""
    report, folder = read_report(Path(sys.argv[1])), Path(sys.argv[2])
    used = {}
    for name in FORMATS:
        began = time.process_time()
        write_outputs(report, [Output(name)], folder)
        used[name] = time.process_time() - began
    print(json.dumps(used))


if __name__ == "__main__":
    main()
