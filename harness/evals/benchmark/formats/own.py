"""Our own format: a question in one turn or several, and its right answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.evals.benchmark.formats.choices import letter
from harness.evals.benchmark.formats.format import Format
from harness.evals.sample import Sample

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.evals.benchmark.row import Row
    from harness.json_value import Json

KEYS = ("id", "prompt", "turns", "system", "target", "choices", "category", "cluster", "scoring", "metadata")


def _matches(fields: Mapping[str, Json]) -> bool:
    return ("prompt" in fields or "turns" in fields) and not {"test", "entry_point", "ideal"} & fields.keys()


def _read(row: Row, _fold: bool) -> Sample:
    row.only(KEYS, "a sample")
    if ("prompt" in row.fields) == ("turns" in row.fields):
        raise row.place.problem("a sample has either a `prompt` or `turns`")
    turns = row.texts("turns") if "turns" in row.fields else (row.text("prompt"),)
    choices = row.texts("choices")
    target = row.texts("target")
    if choices:
        target = tuple([letter(row, "target", item, choices) for item in target])
    return Sample(
        id=row.optional_text("id") or "",
        turns=turns,
        system=row.optional_text("system"),
        target=target,
        choices=choices,
        category=row.optional_text("category"),
        cluster=row.optional_text("cluster"),
        scoring=row.mapping("scoring"),
        metadata=row.mapping("metadata"),
    )


OWN = Format("own", "`prompt` or `turns`, and `target`", _matches, _read)
