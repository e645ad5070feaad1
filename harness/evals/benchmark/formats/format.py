"""A format: how it is recognised, and how an entry becomes a sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.evals.benchmark.row import Row
    from harness.evals.sample import Sample, ScorerSpec
    from harness.json_value import Json

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
PLAIN = "{{ input }}"
CHOICES = """\
{{ input }}

{% for choice in choices %}{{ letters[loop.index0] }}) {{ choice }}
{% endfor %}
Which of them is right? End your answer with its letter alone on the last line."""


@dataclass(frozen=True, slots=True)
class Format:
    """How the entries of a file are read.

    Attributes:
        name: what `--format` calls it.
        keys: what an entry has, for the person whose file was not recognised.
        matches: whether an entry looks like one of this format.
        read: an entry and whether dialogues are folded -> the sample before its prompt template; its id is empty when
            the entry has none. Raises BenchmarkError.
        template: Jinja2, with the entry's values, `input` (the turn), `turn` (its number), `choices` and `letters`.
        scorers: when nobody says otherwise; empty: it depends on the samples.
        notes: what a reader of the results has to know.
    """

    name: str
    keys: str
    matches: Callable[[Mapping[str, Json]], bool]
    read: Callable[[Row, bool], Sample]
    template: str = PLAIN
    scorers: tuple[ScorerSpec, ...] = ()
    notes: tuple[str, ...] = ()
