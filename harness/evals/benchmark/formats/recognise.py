"""All formats of data files, and how a file's format is recognised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.evals.benchmark.formats.gsm8k import GSM8K
from harness.evals.benchmark.formats.humaneval import HUMANEVAL
from harness.evals.benchmark.formats.inspect import INSPECT
from harness.evals.benchmark.formats.mmlu import MMLU
from harness.evals.benchmark.formats.openai_evals import OPENAI_EVALS
from harness.evals.benchmark.formats.own import OWN
from harness.evals.benchmark.formats.swe_bench import SWE_BENCH
from harness.reading.problems import listed

if TYPE_CHECKING:
    from harness.evals.benchmark.formats.format import Format
    from harness.evals.benchmark.row import Row

FORMATS = {format_.name: format_ for format_ in (OWN, INSPECT, OPENAI_EVALS, HUMANEVAL, GSM8K, MMLU, SWE_BENCH)}


def recognise(row: Row) -> Format:
    """The format that a file's first row matches. Raises BenchmarkError for none or more than one."""
    found = [format_ for format_ in FORMATS.values() if format_.matches(row.fields)]
    if len(found) == 1:
        return found[0]
    if found:
        names = " or ".join(f"--format {format_.name}" for format_ in found)
        raise row.place.problem(f"a sample of which format? It could be more than one of them: say {names}")
    known = "\n".join(f"  {format_.name}: {format_.keys}" for format_ in FORMATS.values())
    raise row.place.problem(
        f"a sample of no known format; it has {listed(row.fields) or 'nothing'}. Known are\n{known}"
    )
