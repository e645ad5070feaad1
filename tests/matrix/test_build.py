"""What a matrix says of several reports: equal behaviour is told as such, whatever words and numbers came with it."""

from __future__ import annotations

import json
from pathlib import Path

from jsonschema import Draft202012Validator

import harness.matrix.record
from harness.matrix.build import rows
from harness.matrix.markdown import markdown, told
from harness.matrix.page import page
from harness.matrix.record import Column, Matrix, matrix_schema
from harness.report.record import FindingRecord, Report
from harness.report.tool import this_tool
from harness.scenarios.model import Contract
from harness.verdict import State
from tests.report.reports import report

HOSTILE = "<script>alert(1)</script> | [x](http://evil) \x1b[2J"


def found(state: State, *, status: str | None = None, reason: str = "x/y: why") -> Report:
    """A report whose one requirement is in a state; `status` is what came instead of the one expected."""
    plain = report("text", state)
    check = FindingRecord(step=1, check="status" if status else "body $", expected="200", actual=status or reason)
    return plain.model_copy(
        update={
            "requirements": (plain.requirements[0].model_copy(update={"reason": reason}),),
            "scenarios": (
                plain.scenarios[0].model_copy(update={"findings": () if state is State.PASSED else (check,)}),
            ),
        }
    )


def column(release: str | None, of: Report | None, problem: str | None = None) -> Column:
    return Column(
        target=f"agent-server=={release}" if release else "reference",
        release=release,
        started=None,
        seconds=1.0,
        requests=3,
        server={},
        packages={},
        contracts=of.contracts if of else {},
        exit_status=1 if of else 3,
        problem=problem,
        folder=f"agent-server-{release}" if of else "",
    )


def matrix(*targets: tuple[str | None, Report | None]) -> Matrix:
    columns = [column(release, of, None if of else HOSTILE) for release, of in targets]
    return Matrix(
        tool=this_tool(),
        arguments=(),
        contract=Contract.DOCUMENTED,
        columns=tuple(columns),
        rows=rows(columns, [of for _, of in targets]),
    )


def spans(of: Matrix) -> list[tuple[str, str, State | None]]:
    return [(span.first, span.last, span.state) for span in of.rows[0].spans]


def test_releases_that_do_the_same_are_one_span_whatever_text_came_with_it() -> None:
    made = matrix(
        ("1.28.0", found(State.FAILED, reason="x/y: body: expected a, got marlin")),
        ("1.30.0", found(State.FAILED, reason="x/y: body: expected a, got tangerine")),
        ("1.47.0", found(State.PASSED)),
    )
    assert spans(made) == [("1.28.0", "1.30.0", State.FAILED), ("1.47.0", "1.47.0", State.PASSED)]


def test_another_status_is_another_behaviour() -> None:
    made = matrix(("1.28.0", found(State.FAILED, status="500")), ("1.30.0", found(State.FAILED, status="422")))
    assert spans(made) == [("1.28.0", "1.28.0", State.FAILED), ("1.30.0", "1.30.0", State.FAILED)]


def test_releases_are_put_in_the_order_of_their_versions_and_other_targets_left_out_of_the_spans() -> None:
    made = matrix(
        ("1.100.0", found(State.PASSED)), (None, found(State.PASSED)), ("1.28.0", found(State.FAILED, status="500"))
    )
    assert spans(made) == [("1.28.0", "1.28.0", State.FAILED), ("1.100.0", "1.100.0", State.PASSED)]


def test_a_target_without_a_report_is_unknown_and_says_why() -> None:
    made = matrix((None, found(State.PASSED)), ("1.28.0", None))
    assert [cell.state for cell in made.rows[0].cells] == [State.PASSED, None]
    assert spans(made) == [("1.28.0", "1.28.0", None)]
    assert "alert(1)" in markdown(made)
    assert made.exit_status == 1


def test_a_matrix_says_what_changed_since_when() -> None:
    made = matrix(("1.28.0", found(State.FAILED, status="500", reason="x/y: got 500")), ("1.47.0", found(State.PASSED)))
    assert told(made.rows[0]) == "failed (got 500) in 1.28.0; passed in 1.47.0"
    changed = markdown(made).partition("## What changed between releases")[2].partition("## ")[0]
    assert "X-1" in changed
    assert "passed in 1.47.0" in changed


def test_text_of_a_server_stays_text_in_every_form() -> None:
    made = matrix(("1.28.0", found(State.FAILED, status="500", reason=HOSTILE)), ("1.29.2", None))
    html, text = page(made), markdown(made)
    assert "<script>alert" not in html
    assert "\x1b" not in html + text
    assert "<script>" not in text
    assert r"\[x\](http://evil)" in text


def test_the_published_schema_is_current() -> None:
    file = Path(harness.matrix.record.__file__).with_name("matrix.schema.json")
    assert json.loads(file.read_text("utf-8")) == matrix_schema()


def test_the_json_of_a_matrix_fulfils_its_schema() -> None:
    made = matrix(("1.28.0", found(State.FAILED, status="500")), (None, found(State.PASSED)), ("1.29.2", None))
    validator = Draft202012Validator(matrix_schema())
    document = made.model_dump(mode="json")
    assert list(validator.iter_errors(document)) == []
    assert list(validator.iter_errors({**document, "rows": 1})) != []
