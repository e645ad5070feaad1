"""`report convert`: any format of an existing report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from harness.cli import main
from harness.report.folder import write_reports
from harness.report.formats import FORMATS
from tests.report.reports import many, report

if TYPE_CHECKING:
    from pathlib import Path


def convert(path: Path, *formats: str) -> int:
    return main(["report", "convert", str(path), *(word for each in formats for word in ("--to", each))])


def test_a_report_is_converted_into_its_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_reports(many(20), tmp_path)
    before = (tmp_path / "report.json").read_bytes()
    assert convert(tmp_path, *FORMATS) == 0
    assert {path.name for path in tmp_path.iterdir()} == {each.file for each in FORMATS.values()}
    assert (tmp_path / "report.json").read_bytes() == before
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", FORMATS)
def test_a_conversion_to_the_standard_output_is_what_the_file_would_be(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_reports(report("<text>"), tmp_path)
    assert convert(tmp_path / "report.json", f"{name}=-", f"{name}={tmp_path / 'file'}") == 0
    assert capsys.readouterr().out == (tmp_path / "file").read_text("utf-8")


def test_a_cut_or_foreign_report_is_refused_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_reports(report(), tmp_path)
    whole = (tmp_path / "report.json").read_text()
    for text, said in {
        whole[:1000]: "not JSON, or cut off",
        "{}": "not a report of `gateway-harness check`",
        json.dumps({**json.loads(whole), "version": 1}): "version 1",
    }.items():
        (tmp_path / "other.json").write_text(text)
        assert convert(tmp_path / "other.json", f"html={tmp_path / 'page.html'}") == 2
        assert said in capsys.readouterr().err
        assert not (tmp_path / "page.html").exists()


def test_a_run_of_eval_is_refused_with_the_way_to_its_formats(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run.json").touch()
    assert convert(tmp_path, "html=-") == 2
    assert "`gateway-harness score` writes them anew" in capsys.readouterr().err
