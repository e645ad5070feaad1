"""Task files of lm-eval and promptfoo: what makes sense behind the endpoint is read, and the rest refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.evals.benchmark.load import load_benchmark
from harness.evals.sample import ScorerSpec
from harness.evals.scorers.scoring import make_scoring
from tests.evals.benchmark.files import complaint, write

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("jinja2")

TASK = """\
task: Sums
dataset_path: json
dataset_kwargs: {data_files: {test: docs.jsonl}}
test_split: test
output_type: generate_until
description: "Solve this. "
doc_to_text: "Q: {{question}} A:"
doc_to_target: "{{answer}}"
"""
CHOICE = """\
task: choice
dataset_path: json
dataset_kwargs: {data_files: docs.jsonl}
output_type: multiple_choice
doc_to_text: question
doc_to_target: answer
"""
CONFIGURATION = """\
prompts: ["Say {{ word }} in French."]
providers: [{id: "openai:chat:x", config: {temperature: 0, apiKey: sk-secret}}]
tests:
  - vars: {word: yes}
    assert: [{type: icontains, value: oui}]
  - {vars: {word: cat}, assert: [{type: icontains, value: chat}]}
"""


def _task(folder: Path, task: str, docs: str) -> str:
    write(folder, "docs.jsonl", docs)
    return write(folder, "task.yaml", task)


def test_an_lm_eval_task_fills_in_its_templates(tmp_path: Path) -> None:
    benchmark = load_benchmark(_task(tmp_path, TASK, '{"question": "2 + 2?", "answer": 4}\n'))
    (sample,) = benchmark.samples
    assert (sample.turns, sample.target) == (("Solve this. Q: 2 + 2? A:",), ("4",))
    assert (benchmark.name, benchmark.format, benchmark.scorers) == ("sums", "lm-eval", (ScorerSpec("exact"),))


def test_what_lm_eval_asks_of_sampling_is_noted_and_its_repeats_are_epochs(tmp_path: Path) -> None:
    more = 'repeats: 4\ngeneration_kwargs: {until: ["Q:"], temperature: 0.0}\n'
    benchmark = load_benchmark(_task(tmp_path, TASK + more, '{"question": "q", "answer": "a"}\n'))
    assert benchmark.epochs == 4
    assert "`temperature` (0.0) is not sent: the endpoint ignores it." in benchmark.notes
    assert "`until` (['Q:']) is not sent: the endpoint ignores it." in benchmark.notes


def test_lm_eval_filters_become_scorers_that_extract(tmp_path: Path) -> None:
    more = r"""
filter_list:
  - name: strict
    filter: [{function: regex, regex_pattern: "#### (\\d+)"}, {function: take_first}]
  - name: flexible
    filter: [{function: regex, regex_pattern: "\\d+", group_select: -1}, {function: take_first}]
"""
    benchmark = load_benchmark(_task(tmp_path, TASK + more, '{"question": "q", "answer": "a"}\n'))
    assert benchmark.scorers == (
        ScorerSpec("regex", {"pattern": r"#### (\d+)", "group": 1, "which": "first", "name": "strict"}),
        ScorerSpec("regex", {"pattern": r"\d+", "group": 0, "which": "last", "name": "flexible"}),
    )
    assert make_scoring(benchmark.scorers).names == ("strict", "flexible")


def test_what_lm_eval_ignores_of_an_answer_is_taken_out_of_the_target(tmp_path: Path) -> None:
    more = r"""
metric_list: [{metric: exact_match, regexes_to_ignore: [",", "(?s).*#### "]}]
"""
    benchmark = load_benchmark(_task(tmp_path, TASK + more, '{"question": "q", "answer": "so\\n#### 1,072"}\n'))
    (sample,) = benchmark.samples
    assert sample.target == ("1072",)
    assert benchmark.scorers == (ScorerSpec("normalised"),)
    assert any("normalised" in note for note in benchmark.notes)


@pytest.mark.parametrize(
    ("choices", "docs"),
    [
        ("[cold, warm]", '{"question": "Ice?", "answer": 0}'),
        ("options", '{"question": "Ice?", "answer": "cold", "options": ["cold", "warm"]}'),
        ('"{{[a, b]}}"', '{"question": "Ice?", "answer": 0, "a": "cold", "b": "warm"}'),
    ],
)
def test_an_lm_eval_choice_is_asked_for_by_its_letter(tmp_path: Path, choices: str, docs: str) -> None:
    benchmark = load_benchmark(_task(tmp_path, f"{CHOICE}doc_to_choice: {choices}\n", docs))
    (sample,) = benchmark.samples
    assert (sample.choices, sample.target) == (("cold", "warm"), ("A",))
    assert "A) cold\nB) warm\n" in sample.turns[0]
    assert benchmark.scorers == (ScorerSpec("choice"),)
    assert any("log-likelihoods" in note for note in benchmark.notes)


def test_choices_that_are_their_own_letters_are_not_listed_again(tmp_path: Path) -> None:
    docs = '{"question": "Ice?\\nA. cold\\nB. warm", "answer": 1}'
    (sample,) = load_benchmark(_task(tmp_path, f"{CHOICE}doc_to_choice: [A, B]\n", docs)).samples
    assert sample.target == ("B",)
    assert "A) A" not in sample.turns[0]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("output_type: loglikelihood", "task.yaml:5:1: `output_type`: `loglikelihood` needs log-likelihoods"),
        ("doc_to_target: [answer]", "`doc_to_target`: a name, a template or a place is expected here, not a list"),
        ("num_fewshot: 5", "`num_fewshot`: examples are not drawn here"),
        ("process_docs: x", "`process_docs`: not read here; code of a task is not run"),
        ("process_docs: !function utils.x", "tags such as `!function` are not read here"),
        ("dataset_path: openai/gsm8k", "task.yaml:2:1: `dataset_path`: `openai/gsm8k` would have to be downloaded"),
        ("metric_list: [{metric: bleu}]", "`metric_list`: `bleu` is not read here"),
        ("filter_list: [{name: x, filter: [{function: majority_vote}]}]", "`filter_list`: a pipeline of"),
        ("doc_to_txet: q", "unknown key `doc_to_txet` in an lm-eval task; did you mean `doc_to_text`?"),
        ("repeats: 0", "`repeats`: a number from 1 is expected here, not 0"),
        ('doc_to_target: "{{ansewr}}"', "'ansewr' is undefined; did you mean `answer`?"),
        ("doc_to_target: solution", "docs.jsonl:1: `solution`: the task names this"),
    ],
)
def test_what_makes_no_sense_of_an_lm_eval_task_is_refused_with_its_place(tmp_path: Path, line: str, said: str) -> None:
    key = line.partition(":")[0]
    kept = [f"{line}" if old.startswith(f"{key}:") else old for old in TASK.splitlines()]
    task = "\n".join(kept if line in kept else [*kept, line])
    assert said in complaint(_task(tmp_path, task, '{"question": "q", "answer": "a"}\n'))


def test_a_promptfoo_configuration_is_read_with_its_variables_and_one_assertion(tmp_path: Path) -> None:
    benchmark = load_benchmark(write(tmp_path, "promptfooconfig.yaml", CONFIGURATION))
    samples = list(benchmark.samples)
    assert [sample.turns for sample in samples] == [("Say yes in French.",), ("Say cat in French.",)]
    assert [sample.target for sample in samples] == [("oui",), ("chat",)]
    assert (benchmark.format, benchmark.scorers) == ("promptfoo", (ScorerSpec("contains"),))
    assert benchmark.notes == ("`temperature` (0) is not sent: the endpoint ignores it.",)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("type: icontains, value: oui", "type: llm-rubric, value: x", "`assert`: `llm-rubric` is not read here"),
        ("type: icontains, value: chat", "type: equals, value: chat", "all are scored alike here"),
        ("{word: yes}", "{word: [a, b]}", "`vars`: `word`: a text is read here, not a list"),
        ("{word: yes}", "{wrd: yes}", "'word' is undefined; did you mean `wrd`?"),
        ('["Say', '["file://p.txt", "Say', "`prompts`: one prompt, as text, is read here"),
        ("tests:", "defaultTest: {}\ntests:", "unknown key `defaultTest`"),
    ],
)
def test_what_is_not_simple_in_promptfoo_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert said in complaint(write(tmp_path, "p.yaml", CONFIGURATION.replace(old, new)))


@pytest.mark.parametrize("format_name", ["lm-eval", "promptfoo"])
def test_the_format_of_a_task_file_cannot_be_that_of_data(tmp_path: Path, format_name: str) -> None:
    file = write(tmp_path, "a.jsonl", '{"prompt": "q"}')
    assert complaint(file, format=format_name).startswith(f"--format {format_name}: that is a YAML file")
