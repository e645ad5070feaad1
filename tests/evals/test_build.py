"""From a journal to the record of a run, and from shards to one run."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("numpy", reason="comes with [eval]")
from jsonschema import Draft202012Validator

from harness.cli import main
from harness.evals.merge_runs import merge_runs
from harness.evals.outcome import Failure, FailureKind, Score
from harness.evals.results.record import RUN_FILE, SAMPLES_FILE, RunRecord, SampleRecord, read_run, read_samples
from harness.evals.sample import BenchmarkError, Sample
from harness.records import MergeError, RecordError, json_schema
from harness.shard import Shard
from tests.evals.build_runs import KEY, RIGHT, WRONG, context, failed, mixed, outcome, sample, write

if TYPE_CHECKING:
    from pathlib import Path

    from harness.evals.outcome import Outcome


def test_what_is_written_keeps_to_the_schemas_and_reads_back_as_it_was(tmp_path: Path) -> None:
    written = mixed(tmp_path)
    Draft202012Validator(json_schema(RunRecord)).validate(json.loads((tmp_path / RUN_FILE).read_text("utf-8")))
    assert read_run(tmp_path) == written
    for line in (tmp_path / SAMPLES_FILE).read_text("utf-8").splitlines():
        Draft202012Validator(json_schema(SampleRecord)).validate(json.loads(line))


def test_there_is_a_line_for_each_sample_and_epoch_in_order(tmp_path: Path) -> None:
    mixed(tmp_path, 8)
    places = [(each.index, each.epoch) for each in read_samples(tmp_path)]
    assert places == [(index, epoch) for index in range(8) for epoch in (1, 2)]


def test_an_error_is_no_wrong_answer_and_counts_in_both_bounds(tmp_path: Path) -> None:
    record = write(tmp_path, [sample(n) for n in range(4)], [outcome(0), outcome(1), outcome(2, WRONG), failed(3)])
    assert record.main.mean == pytest.approx(2 / 3)
    assert (record.main.low_bound, record.main.high_bound) == (0.5, 0.75)
    assert record.counts.failed == {FailureKind.TIMEOUT: 1}
    assert record.exit_status == 3


def test_what_is_adopted_or_sent_again_is_counted(tmp_path: Path) -> None:
    outcomes = [outcome(0, adopted=True), outcome(1, sends=2), outcome(2)]
    counts = write(tmp_path, [sample(n) for n in range(3)], outcomes).counts
    assert (counts.adopted, counts.sent_again) == (1, 1)


def test_a_dialogue_takes_a_request_a_turn(tmp_path: Path) -> None:
    record = write(tmp_path, [sample(0, turns=("Hello.", "What is 0 + 0?"))], [outcome(0, sends=2)])
    assert record.counts.sent_again == 0
    assert next(read_samples(tmp_path)).question == "What is 0 + 0?"


def test_what_was_not_asked_is_pending_and_has_no_line(tmp_path: Path) -> None:
    record = write(tmp_path, [sample(n) for n in range(3)], [outcome(0)], ended_early="interrupted")
    assert (record.counts.planned, record.counts.scored, record.counts.pending) == (3, 1, 2)
    assert [each.id for each in read_samples(tmp_path)] == ["sum-0"]
    assert record.main.low_bound == pytest.approx(1 / 3, abs=1e-6)
    assert record.main.high_bound == 1


def test_what_was_answered_and_not_scored_is_pending(tmp_path: Path) -> None:
    record = write(tmp_path, [sample(0)], [outcome(0, ())])
    assert (record.counts.answered, record.counts.scored, record.counts.pending) == (1, 0, 1)
    assert record.main.mean is None
    assert record.exit_status == 3


def test_an_answer_that_its_scorer_failed_on_is_answered_all_the_same(tmp_path: Path) -> None:
    broken = Failure(FailureKind.SCORER, "no judge")
    record = write(tmp_path, [sample(0)], [outcome(0, (), failure=broken)])
    assert (record.counts.answered, record.counts.failed) == (1, {FailureKind.SCORER: 1})
    assert record.latency is not None


def test_tokens_that_no_server_told_are_counted_as_unknown(tmp_path: Path) -> None:
    usage = write(tmp_path, [sample(n) for n in range(3)], [outcome(0), outcome(1, usage=None), failed(2)]).usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.cost) == (100, 20, 0.01)
    assert (usage.samples_without, usage.samples_without_cost) == (2, 2)


def test_categories_are_summed_up_each_and_in_order(tmp_path: Path) -> None:
    samples = [sample(0, category="b"), sample(1, category="a"), sample(2), sample(3, category="b")]
    record = write(tmp_path, samples, [outcome(0), outcome(1, WRONG), outcome(2), failed(3)])
    means = [(each.category, each.metrics[0].mean, each.planned) for each in record.categories]
    assert means == [("a", 0, 1), ("b", 1, 2), (None, 1, 1)]


def test_samples_of_one_cluster_count_as_one(tmp_path: Path) -> None:
    samples = [sample(n, cluster="text" if n < 3 else None) for n in range(5)]
    record = write(tmp_path, samples, [outcome(n, WRONG if n % 2 else RIGHT) for n in range(5)])
    assert (record.main.n_samples, record.main.n_clusters, record.main.method) == (5, 3, "clustered")


def test_samples_that_are_not_the_same_in_each_epoch_are_named(tmp_path: Path) -> None:
    half = (Score("exact", 0.5),)
    outcomes = [
        *(outcome(0, RIGHT, 1), outcome(0, RIGHT, 2), outcome(1, WRONG, 1), outcome(1, WRONG, 2)),
        *(outcome(2, half, 1), outcome(2, half, 2), outcome(3, RIGHT, 1), outcome(3, WRONG, 2)),
        *(failed(4), failed(4, epoch=2)),
    ]  # fmt: skip
    flips = write(tmp_path, [sample(n) for n in range(5)], outcomes, {"epochs": 2}).flips
    assert flips is not None
    assert (flips.always_right, flips.always_wrong, flips.always_partly, flips.mixed) == (1, 1, 1, 1)
    assert [(each.id, each.values) for each in flips.samples] == [("sum-3", (1, 0))]


def test_every_value_is_in_its_histogram(tmp_path: Path) -> None:
    record = write(tmp_path, [sample(n) for n in range(30)], [outcome(n, seconds=2.0**n / 1000) for n in range(30)])
    assert record.latency is not None
    assert record.usage.prompt is not None
    for each in (record.latency.distribution, record.usage.prompt):
        assert len(each.edges) == len(each.counts) + 1
        assert sum(each.counts) == 30


def test_every_scorer_has_its_metric_in_order(tmp_path: Path) -> None:
    scores = (Score("number", 1.0), Score("exact", 0.0))
    record = write(tmp_path, [sample(0)], [outcome(0, scores)], scorers=("number", "exact"))
    assert [(each.scorer, each.mean) for each in record.metrics] == [("number", 1), ("exact", 0)]
    assert record.counts.right == 1


def test_long_texts_are_cut(tmp_path: Path) -> None:
    write(tmp_path, [sample(0, turns=("q" * 5000,))], [outcome(0, answers=("a" * 9000,))])
    line = next(read_samples(tmp_path))
    assert (len(line.question), len(line.answer)) == (2000, 4000)
    assert line.answer.endswith("a…")


def test_no_secret_reaches_a_file_not_even_where_a_text_is_cut(tmp_path: Path) -> None:
    said = "x" * 3990 + KEY + "y" * 100
    scores = (Score("exact", 0.0, f"took {KEY}", f"because {KEY[:-2]}…"),)
    outcomes = [outcome(0, scores, answers=(said,)), failed(1, Failure(FailureKind.AGENT, f"no: {KEY}"))]
    asked = Sample(f"sum-{KEY}", (f"Is it {KEY}?",), target=(KEY,), category=KEY, cluster=KEY)
    outcomes[1] = replace(outcomes[1], sample=asked.id)
    samples = [sample(0), asked]
    write(
        tmp_path, samples, outcomes, arguments=("eval", f"--header=X={KEY}"), settings={"note": KEY},
        ended_early=f"told {KEY}",
    )  # fmt: skip
    (tmp_path / "journal.jsonl").unlink()  # the runner's
    for path in tmp_path.iterdir():
        assert KEY[:8] not in path.read_text("utf-8"), path.name


def test_half_a_surrogate_pair_is_no_obstacle(tmp_path: Path) -> None:
    write(tmp_path, [sample(0)], [outcome(0, answers=("\ud83d!",))])
    assert next(read_samples(tmp_path)).answer == r"\ud83d!"


def test_a_benchmark_that_has_changed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="the journal knows it as 'sum-0'"):
        write(tmp_path, [sample(0, id="another")], [outcome(0)])
    assert not (tmp_path / SAMPLES_FILE).exists()


def test_pools_of_equal_servers_have_the_hash_of_one(tmp_path: Path) -> None:
    (one,) = context().targets
    other = one.model_copy(update={"url": "http://127.0.0.1:8001"})
    newer = one.model_copy(update={"server": {"title": "T", "version": "2"}})
    hashes = [
        write(tmp_path / str(number), [sample(0)], [outcome(0)], targets=targets).target_hash
        for number, targets in enumerate([(one,), (one, other), (one, newer)])
    ]
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ([outcome(0), outcome(1)], 0),
        ([outcome(0), outcome(1, WRONG)], 1),
        ([outcome(0), failed(1)], 3),
        ([failed(0), outcome(1, WRONG)], 1),
    ],
)
def test_a_gate_is_missed_only_when_no_missing_answer_could_save_it(
    tmp_path: Path, outcomes: list[Outcome], status: int
) -> None:
    record = write(tmp_path, [sample(0), sample(1)], outcomes, settings={"fail_under": 0.6})
    assert record.exit_status == status


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not JSON, or cut off"),
        ('{"format": "x"}', "not a run of"),
        ('{"version": 9}', "version 9"),
        ("[]", "not a run"),
    ],
)
def test_what_is_no_run_is_told_apart(tmp_path: Path, content: str, said: str) -> None:
    if "version" in content:
        content = json.dumps({"format": "openhands-gateway-harness/evaluation", "version": 9})
    (tmp_path / RUN_FILE).write_text(content)
    with pytest.raises(RecordError, match=said):
        read_run(tmp_path)


def test_a_broken_line_of_samples_is_named(tmp_path: Path) -> None:
    write(tmp_path, [sample(0)], [outcome(0)])
    with (tmp_path / SAMPLES_FILE).open("a") as file:
        file.write("{}\n")
    with pytest.raises(RecordError, match=r"samples.jsonl:2: index: Field required"):
        list(read_samples(tmp_path))


def shards(tmp_path: Path, count: int = 3, samples: int = 20) -> list[Path]:
    """The folders of a run in shards."""
    folders = []
    for number in range(1, count + 1):
        shard = Shard(number, count)
        own = [n for n in range(samples) if shard.holds(f"sum-{n}")]
        folders.append(tmp_path / f"shard-{number}")
        asked = [sample(n, category=str(n % 2)) for n in range(samples)]
        outcomes = [outcome(n, WRONG if n % 3 else RIGHT) for n in own]
        write(folders[-1], asked, outcomes, {"shard": str(shard), "run": f"{number:08x}"})
    return folders


def test_shards_merge_to_the_run_that_they_are_parts_of(tmp_path: Path) -> None:
    folders = shards(tmp_path)
    asked = [sample(n, category=str(n % 2)) for n in range(20)]
    whole = write(tmp_path / "whole", asked, [outcome(n, WRONG if n % 3 else RIGHT) for n in range(20)])
    (tmp_path / "merged").mkdir()
    merged = merge_runs(folders[::-1], tmp_path / "merged", ("report", "merge"))
    same = ("counts", "metrics", "categories", "latency", "usage", "target_hash", "benchmark")
    assert {name: getattr(merged, name) for name in same} == {name: getattr(whole, name) for name in same}
    assert merged.merged == ("00000001", "00000002", "00000003")
    lines = [(tmp_path / folder / SAMPLES_FILE).read_text() for folder in ("merged", "whole")]
    assert lines[0] == lines[1]
    assert read_run(tmp_path / "merged") == merged


def test_shards_are_merged_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = shards(tmp_path)
    assert main(["report", "merge", *map(str, folders), "--reports", str(tmp_path / "out")]) == 0
    (made,) = (tmp_path / "out").glob("evals/sums/merged/*/run.json")
    assert "sums: 35.0 %" in capsys.readouterr().out
    assert read_run(made).counts.scored == 20


def test_a_missing_shard_and_one_that_is_there_twice_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, third = shards(tmp_path)
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in (RUN_FILE, SAMPLES_FILE):
        (copy / name).write_text((first / name).read_text())
    assert main(["report", "merge", str(first), str(second), str(copy), "--reports", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "shard 1 of 3 is there 2 times" in said
    assert "shard 3 of 3 is missing" in said
    assert third.name not in said
    assert not list((tmp_path / "out").rglob("*.json*"))


def test_shards_of_other_data_are_no_run(tmp_path: Path) -> None:
    first, second = shards(tmp_path, 2)
    other = json.loads((second / RUN_FILE).read_text())
    other["benchmark"]["data_hash"] = "0" * 64
    (second / RUN_FILE).write_text(json.dumps(other))
    with pytest.raises(MergeError, match=r"data: d{64} in .*; 0{64} in"):
        merge_runs([first, second], tmp_path, ())


@pytest.mark.parametrize(("change", "said"), [("drop", "is in none of them"), ("repeat", "is there twice")])
def test_a_sample_that_is_missing_or_there_twice_is_found_by_its_line(tmp_path: Path, change: str, said: str) -> None:
    first, second = shards(tmp_path, 2)
    lines = (second / SAMPLES_FILE).read_text().splitlines(keepends=True)
    (second / SAMPLES_FILE).write_text("".join(lines[1:] if change == "drop" else [lines[0], *lines]))
    with pytest.raises(MergeError, match=said):
        merge_runs([first, second], tmp_path, ())
    assert not (tmp_path / RUN_FILE).exists()


def test_a_shard_that_did_not_end_is_no_part(tmp_path: Path) -> None:
    first, second = shards(tmp_path, 2)
    run = json.loads((second / RUN_FILE).read_text())
    run["counts"]["pending"] = 4
    (second / RUN_FILE).write_text(json.dumps(run))
    with pytest.raises(MergeError, match="4 are not finished in"):
        merge_runs([first, second], tmp_path, ())
