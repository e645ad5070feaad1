"""A benchmark from what stands on the command line: a built-in name, a benchmark file, or a data file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.evals.sample import BenchmarkError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.evals.sample import Benchmark


def load_benchmark(
    argument: str,
    *,
    format: str | None = None,  # noqa: A002 - the option's name
    prompt: str | None = None,
    system: str | None = None,
    scorers: Sequence[str] = (),
    fold_dialogues: bool = False,
) -> Benchmark:
    """Read a benchmark, all of it: what is wrong with a sample is told before the first is asked.

    Args:
        argument: a built-in name, such as `arithmetic`, a benchmark file (`*.yaml`) or a data file.
        format: of the data, such as `gsm8k`; None: found by its content, and said in the benchmark's notes.
        prompt: a Jinja2 template that makes a turn of a sample, in place of the benchmark's; `@FILE` is read from there.
        system: instructions, in place of the benchmark's and before a sample's own; `@FILE` likewise.
        scorers: as in a benchmark file, `exact` or `regex: {pattern: "[0-9]+"}`, in place of the benchmark's.
        fold_dialogues: put a dialogue that stands in a sample into one prompt, in place of refusing it: the endpoint
            looks at the newest user message only.

    Raises:
        BenchmarkError: it can't be read, or can't be put to the endpoint; with file and line.
    """
    raise BenchmarkError(f"{argument}: not read yet")
