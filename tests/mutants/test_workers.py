"""Work spread over processes: a job that breaks its process affects no other job."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

from harness.mutants.workers import Lost, spread
from tests.mutants.chores import prepare, prepare_badly

ENDLESS = 600.0


def test_each_job_comes_back_once_with_what_came_of_it() -> None:
    jobs = [f"chore {number}" for number in range(7)]
    results = dict(spread(prepare, jobs, workers=2, seconds=ENDLESS))
    assert results.keys() == set(jobs)
    assert not any(isinstance(result, Lost) for result in results.values())


def test_a_process_is_prepared_once_and_does_one_job_after_the_other() -> None:
    results = [result for _, result in spread(prepare, ["a", "b", "c"], workers=1, seconds=ENDLESS)]
    assert [result[1] for result in results if not isinstance(result, Lost)] == [("a",), ("a", "b"), ("a", "b", "c")]


def test_there_are_no_more_processes_than_asked_for_and_none_is_this_one() -> None:
    jobs = ["wait" for _ in range(6)]
    results = [result for _, result in spread(prepare, jobs, workers=2, seconds=ENDLESS)]
    processes = {result[0] for result in results if not isinstance(result, Lost)}
    assert len(processes) <= 2
    assert os.getpid() not in processes


def test_a_job_that_raises_is_lost_with_what_it_raised_and_its_process_goes_on() -> None:
    results = [result for _, result in spread(prepare, ["a", "raise", "b"], workers=1, seconds=ENDLESS)]
    assert results[1] == Lost("ValueError: no such chore")
    last = results[2]
    assert not isinstance(last, Lost)
    assert last[1] == ("a", "raise", "b")


def test_a_job_that_brings_its_process_down_is_lost_alone() -> None:
    results = dict(spread(prepare, ["a", "die", "b"], workers=1, seconds=ENDLESS))
    assert results["die"] == Lost("its process ended with status 7")
    assert not isinstance(results["a"], Lost)
    assert not isinstance(results["b"], Lost)


def test_a_job_that_comes_to_no_end_is_given_up() -> None:
    results = list(spread(prepare, ["hang", "hang"], workers=1, seconds=0.5))
    assert results == [("hang", Lost("it came to no end within 0.5 s"))] * 2


def test_where_nothing_can_be_prepared_every_job_is_lost() -> None:
    results = dict(spread(prepare_badly, ["a", "b"], workers=2, seconds=ENDLESS))
    assert results == {job: Lost("its process ended with status 5") for job in ("a", "b")}


def test_whoever_has_seen_enough_leaves_no_process_and_no_file_behind() -> None:
    results = spread(prepare, ["scribble", "hang", "hang"], workers=2, seconds=ENDLESS)
    job, result = next(results)
    assert job == "scribble"
    assert not isinstance(result, Lost)
    folder = Path(str(result[1]))
    assert (folder / "file").exists()
    results.close()
    assert not folder.exists()
    assert multiprocessing.active_children() == []
