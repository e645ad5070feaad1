"""One result: a JSON file for machines and a Markdown file for people, both naming the machine that was measured."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import tabulate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FOLDER = Path(__file__).parents[2] / "reports/bench"


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured.

    Attributes:
        name: the file's name.
        title: one line.
        method: how it was measured, in a few sentences.
        header: the table's columns.
        rows: the table's rows, as text.
        targets: the sentence of each target, and whether it was met.
        data: every number, for machines.
    """

    name: str
    title: str
    method: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    targets: Mapping[str, bool]
    data: Mapping[str, object]


def machine() -> dict[str, str]:
    """The machine and versions that a number depends on."""
    cpus = [line for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines() if line.startswith("model name")]
    return {
        "cpu": cpus[0].partition(":")[2].strip() if cpus else platform.machine(),
        "cores": str(os.cpu_count()),
        "load": f"{os.getloadavg()[0]:.1f}",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "openai": metadata.version("openai"),
        "openhands-gateway-harness": metadata.version("openhands-gateway-harness"),
    }


def write(result: Result, folder: Path = FOLDER) -> str:
    """Write both files. Returns the Markdown, for the screen."""
    about = machine() | {"measured": datetime.now(UTC).isoformat(timespec="seconds")}
    numbers = tabulate.tabulate(result.rows, headers=result.header, tablefmt="github", disable_numparse=True)
    targets = "\n".join(f"- {'met' if met else '**missed**'}: {sentence}" for sentence, met in result.targets.items())
    text = "\n\n".join(
        [
            f"# {result.title}",
            result.method,
            numbers,
            targets,
            "Median (least-most). " + "; ".join(f"{name} {value}" for name, value in about.items()) + ".",
        ]
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{result.name}.md").write_text(text + "\n", "utf-8")
    document = {"machine": about, "targets": dict(result.targets), **result.data}
    (folder / f"{result.name}.json").write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    return text
