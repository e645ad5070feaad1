"""`make bench-eval`, or `python -m tests.bench_evals [NAME...] [--rounds N]`: measure, and write `reports/bench/`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.bench import result
from tests.bench_evals import faults, growth, paired

MEASUREMENTS = {"eval": paired.measure, "eval-size": growth.measure, "eval-faults": faults.measure}


def main() -> int:
    """Run the named benchmarks, all by default. Returns 1 if a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench_evals", description="Measure evaluation.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(MEASUREMENTS)}; all by default")
    parser.add_argument("--rounds", type=int, default=5, help="of the loop and `eval` (default: 5)")
    arguments = parser.parse_args()
    names = arguments.names or [*MEASUREMENTS]
    if unknown := set(names) - set(MEASUREMENTS):
        parser.error(f"no such measurement: {', '.join(sorted(unknown))}")
    status = 0
    for name in names:
        with tempfile.TemporaryDirectory(prefix="harness-bench-") as scratch:
            measured = MEASUREMENTS[name](Path(scratch), arguments.rounds)
        sys.stdout.write(result.write(measured) + "\n\n")
        status |= not all(measured.targets.values())
    return status


if __name__ == "__main__":
    sys.exit(main())
