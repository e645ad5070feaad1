"""Tasks of lm-evaluation-harness (0.4): the subset that makes sense behind this endpoint.

There are no log-likelihoods, so a task either has its answer generated, or is a multiple choice that can be asked for a
letter. Code of the task (`!function`, `process_docs`) is not run, and no data is downloaded.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.evals.benchmark.data import DataFile, place_of, row_of
from harness.evals.benchmark.definition import Definition
from harness.evals.benchmark.formats.choices import letter
from harness.evals.benchmark.formats.format import CHOICES, Format
from harness.evals.benchmark.row import Row, seen
from harness.evals.benchmark.template import Template
from harness.evals.sample import Sample, ScorerSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from harness.json_value import Json
    from harness.reading.yaml_nodes import Node

_REFUSED = {
    "include": "write what it includes into this file",
    "group": "give the tasks of a group one by one",
    "process_docs": "code of a task is not run: write the data as it has to be",
    "process_results": "code of a task is not run: use a scorer",
    "custom_dataset": "code of a task is not run: write the data into a file",
    "use_prompt": "write the prompt into `doc_to_text`",
    "gen_prefix": "the endpoint continues no answer: put it into `doc_to_text`",
    "fewshot_config": "put worked examples into `description`",
}
_UNUSED = ("task_alias", "tag", "dataset_name", "fewshot_split", "fewshot_delimiter", "target_delimiter", "metadata",
           "should_decontaminate", "doc_to_decontamination_query", "doc_to_image", "doc_to_audio")  # fmt: skip
_SPLITS = ("test_split", "validation_split", "training_split")
_USED = ("task", "dataset_path", "dataset_kwargs", "output_type", "doc_to_text", "doc_to_target", "doc_to_choice",
         "description", "num_fewshot", "metric_list", "filter_list", "generation_kwargs", "repeats")  # fmt: skip
_RECIPE = ("description", "doc_to_text", "doc_to_target", "doc_to_choice", "output_type", "metric_list")
"""What prompts and targets are made by."""
_KEYS = (*_USED, *_SPLITS, *_REFUSED, *_UNUSED)
_CHOICE_TEMPLATE = CHOICES.replace("{% for", "{% if choices|list != letters[:choices|length]|list %}{% for", 1).replace(
    "{% endfor %}", "{% endfor %}{% endif %}", 1
)


def is_lm_eval(fields: Mapping[str, Json]) -> bool:
    """Whether a YAML file is such a task."""
    return "doc_to_text" in fields or ("task" in fields and "dataset_path" in fields)


def read_lm_eval(path: Path, document: Node) -> Definition:
    """What a task file says. Raises BenchmarkError for what can't be put to the endpoint, and why."""
    place = place_of(document.location)
    row = row_of(document)
    row.only(_KEYS, "an lm-eval task")
    for key, advice in _REFUSED.items():
        if row.fields.get(key):
            raise row.problem(key, f"not read here; {advice}")
    if row.fields.get("num_fewshot"):
        raise row.problem(
            "num_fewshot", "examples are not drawn here; put worked examples into `description`, and 0 here"
        )
    output = row.optional_text("output_type") or "generate_until"
    if output not in {"generate_until", "multiple_choice"}:
        raise row.problem("output_type", f"`{output}` needs log-likelihoods, and the endpoint gives none")
    several = output == "multiple_choice"
    scorers: tuple[ScorerSpec, ...] = (ScorerSpec("choice"),)
    notes: list[str] = []
    ignored: tuple[re.Pattern[str], ...] = ()
    if several:
        if not row.fields.get("doc_to_choice"):
            raise row.problem("doc_to_choice", "a multiple choice needs it")
        notes.append("The letter of the choice is asked for: the endpoint gives no log-likelihoods to compare.")
    else:
        ignored = tuple(_patterns(row))
        scorers = tuple(_scorers(row, notes))
    settings = row.mapping("generation_kwargs")
    notes += [f"`{key}` ({value}) is not sent: the endpoint ignores it." for key, value in settings.items()]
    return Definition(
        name=re.sub(r"[^a-z0-9._-]+", "-", row.text("task").lower()).strip("-._") or "task",
        place=place,
        rows=DataFile.open(path.parent / _data(row)),
        format=_Task.of(row, several=several, ignored=ignored).format(),
        scorers=scorers,
        epochs=_repeats(row),
        notes=tuple(notes),
        recipe={key: row.fields.get(key) for key in _RECIPE},
    )


@dataclass(frozen=True, slots=True)
class _Task:
    """How an entry of the data (a *doc*) becomes a sample: each part is a name of the doc, or a template."""

    description: str
    text: str
    target: Json
    choice: Json
    templates: Mapping[str, Template]
    ignored: tuple[re.Pattern[str], ...]

    @classmethod
    def of(cls, row: Row, *, several: bool, ignored: tuple[re.Pattern[str], ...]) -> _Task:
        choice = row.fields["doc_to_choice"] if several else None
        target = row.fields.get("doc_to_target")
        if not isinstance(target, str | int):
            raise row.problem("doc_to_target", f"a name, a template or a place is expected here, not {seen(target)}")
        text, description = row.text("doc_to_text"), row.optional_text("description") or ""
        keys = {"doc_to_text": text, "doc_to_target": target, "doc_to_choice": choice, "description": description}
        templates = {
            source: Template(source, row.keys.get(key, row.place))
            for key, source in keys.items()
            if isinstance(source, str)
        }
        return cls(description, text, target, choice, templates, ignored)

    def format(self) -> Format:
        return Format("lm-eval", "a task file", lambda _: False, self.read, choice_template=_CHOICE_TEMPLATE)

    def read(self, row: Row, _fold: bool) -> Sample:
        choices = self.choices(row)
        if self.choice is not None:
            value = self.target if isinstance(self.target, int) else self.value(row, str(self.target))
            target: tuple[str, ...] = (letter(row, "doc_to_target", value, choices),)
        else:
            value = self.value(row, str(self.target))
            target = tuple(map(self.without_ignored, value if isinstance(value, list) else [value]))
        description = self.templates[self.description].render(row.fields, row.place)
        return Sample("", (description + str(self.value(row, self.text)),), target=target, choices=choices)

    def value(self, row: Row, source: str) -> Json:
        if source in row.fields:
            return row.fields[source]
        if "{" not in source:
            raise row.problem(source, "the task names this, and there is no such value in the data")
        return self.templates[source].render(row.fields, row.place)

    def choices(self, row: Row) -> tuple[str, ...]:
        choices = self.choice if not isinstance(self.choice, str) else self.value(row, self.choice)
        if isinstance(choices, str):
            try:
                choices = ast.literal_eval(choices)
            except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                raise row.problem("doc_to_choice", f"no list: {seen(choices)}") from None
        if choices is None:
            return ()
        if not isinstance(choices, list | tuple):
            raise row.problem("doc_to_choice", "no list")
        return tuple(map(str, choices))

    def without_ignored(self, target: Json) -> str:
        text = str(target)
        for pattern in self.ignored:
            text = pattern.sub("", text)
        return text.strip()


def _data(row: Row) -> str:
    """The one data file, as the task names it. Raises BenchmarkError."""
    source = row.optional_text("dataset_path")
    files: Any = row.mapping("dataset_kwargs").get("data_files")
    if source not in {"json", "csv"} or not files:
        raise row.problem(
            "dataset_path",
            f"{seen(source)} would have to be downloaded, which is not done here: save the data, and say "
            "`dataset_path: json` and `dataset_kwargs: {data_files: FILE}`",
        )
    if isinstance(files, dict):
        split = next(filter(None, map(row.optional_text, _SPLITS)), None)
        files = files.get(split) if split else next(iter(files.values()))
    if isinstance(files, list) and len(files) == 1:
        files = files[0]
    if not isinstance(files, str):
        raise row.problem("dataset_kwargs", f"`data_files` names one file, or one for the split; here is {seen(files)}")
    return files


def _repeats(row: Row) -> int:
    repeats = row.fields.get("repeats", 1)
    if not isinstance(repeats, int) or isinstance(repeats, bool) or repeats < 1:
        raise row.problem("repeats", f"a number from 1 is expected here, not {seen(repeats)}")
    return repeats


def _metrics(row: Row) -> list[dict[str, Any]]:
    """The options of each metric; all are `exact_match`. Raises BenchmarkError."""
    metrics: Any = row.fields.get("metric_list") or [{"metric": "exact_match"}]
    if not isinstance(metrics, list) or not all(isinstance(metric, dict) for metric in metrics):
        raise row.problem("metric_list", "a list of mappings is expected here")
    for metric in metrics:
        if metric.get("metric") != "exact_match":
            raise row.problem("metric_list", f"{seen(metric.get('metric'))} is not read here: only `exact_match`")
    return metrics


def _patterns(row: Row) -> Iterator[re.Pattern[str]]:
    for metric in _metrics(row):
        for pattern in Row(metric, row.place).texts("regexes_to_ignore"):
            yield _compiled(row, "metric_list", pattern)


def _compiled(row: Row, key: str, pattern: Json) -> re.Pattern[str]:
    try:
        return re.compile(str(pattern))
    except (re.error, OverflowError, RecursionError) as error:
        raise row.problem(key, f"{seen(pattern)} is no regular expression: {error}") from None


def _scorers(row: Row, notes: list[str]) -> Iterator[ScorerSpec]:
    """A scorer for each filter pipeline, or for the metric alone."""
    metric = _metrics(row)[0]
    filters: Any = row.fields.get("filter_list")
    if filters:
        if metric.get("regexes_to_ignore"):
            notes.append("`regexes_to_ignore` is applied to targets, and not to what a filter extracts of an answer.")
        for pipeline in filters if isinstance(filters, list) else [filters]:
            yield _extraction(row, pipeline, ignore_case=bool(metric.get("ignore_case")))
        return
    if any(metric.get(key) for key in ("ignore_punctuation", "ignore_numbers", "regexes_to_ignore")):
        notes.append("`exact_match` that ignores some of an answer is scored as `normalised`.")
        yield ScorerSpec("normalised")
    else:
        yield ScorerSpec("exact", {"ignore_case": True} if metric.get("ignore_case") else {})


def _extraction(row: Row, pipeline: Any, *, ignore_case: bool) -> ScorerSpec:
    """The scorer `regex` for a pipeline of `regex` and `take_first`. Raises BenchmarkError for others."""
    steps: Any = pipeline.get("filter") if isinstance(pipeline, dict) else None
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        raise row.problem("filter_list", "a list of `name` and `filter` is expected here")
    functions = [step.get("function") for step in steps]
    if functions not in (["regex", "take_first"], ["regex"]):
        raise row.problem("filter_list", "a pipeline of `regex` and `take_first` is read here, and no other")
    pattern = str(steps[0].get("regex_pattern", r"#### (\-?[0-9\.\,]+)"))
    groups = _compiled(row, "filter_list", pattern).groups
    select = steps[0].get("group_select", 0)
    if select not in (0, -1):
        raise row.problem("filter_list", f"`group_select`: the first match (0) or the last (-1), not {seen(select)}")
    # lm-eval takes the first group that matched something; of alternatives that are groups, that is the whole match.
    options: dict[str, Json] = {"pattern": pattern, "group": int(groups == 1), "which": "last" if select else "first"}
    if ignore_case:
        options["ignore_case"] = True
    if name := pipeline.get("name"):
        options["name"] = str(name)
    return ScorerSpec("regex", options)
