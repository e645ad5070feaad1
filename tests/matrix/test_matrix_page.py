"""The matrix in a browser: the table may scroll, the page may not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.matrix.page import page
from harness.verdict import State
from tests.browser import opened
from tests.matrix.test_build import found, later, matrix

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.browser
def test_a_wide_matrix_fits_a_narrow_screen_and_is_searched_without_a_complaint(browser: Any, tmp_path: Path) -> None:
    releases = [(f"1.{minor}.0", found(State.WARNED, status="500")) for minor in range(28, 58)]
    file = tmp_path / "matrix.html"
    file.write_text(page(matrix(*releases, ("1.57.0", later(found(State.PASSED), 1)))), "utf-8")
    with opened(browser, file, viewport={"width": 420, "height": 900}) as it:
        assert it.tab.evaluate("document.documentElement.scrollWidth") <= 420
        it.tab.fill("input[name=q]", "nothing of this name")
        assert it.tab.text_content("output") == "0 of 1 requirements"
