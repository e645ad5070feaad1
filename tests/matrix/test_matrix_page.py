"""The matrix in a browser: the table may be wide, the page may not."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from harness.matrix.page import page
from harness.verdict import State
from tests.matrix.test_build import found, later, matrix

if TYPE_CHECKING:
    from pathlib import Path

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright, which drives Chromium, comes with dev")
CHROMIUM = shutil.which("chromium")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no `chromium` is installed (Debian: apt-get install chromium)"),
]


def test_a_wide_matrix_fits_a_narrow_screen_and_is_searched_without_a_complaint(tmp_path: Path) -> None:
    releases = [(f"1.{minor}.0", found(State.WARNED, status="500")) for minor in range(28, 58)]
    file = tmp_path / "matrix.html"
    file.write_text(page(matrix(*releases, ("1.57.0", later(found(State.PASSED), 1)))), "utf-8")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        opened = browser.new_page(viewport={"width": 420, "height": 900})
        said: list[str] = []
        opened.on("console", lambda message: said.append(message.text))
        opened.on("pageerror", lambda error: said.append(str(error)))
        opened.goto(file.as_uri())
        assert opened.evaluate("document.documentElement.scrollWidth") <= 420
        opened.fill("input[name=q]", "nothing of this name")
        assert opened.text_content("output") == "0 of 1 requirements"
        assert said == []
        browser.close()
