"""Which tests an environment can run: a folder that needs an extra is left out, visibly, where the extra is missing.

`make test` runs the tests twice: with the core alone and openai 3.x, and with everything and openai 2.x. A single
module of an otherwise light folder says `pytest.importorskip("fastapi")` itself.
"""

from __future__ import annotations

import shutil
from importlib import metadata
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

# How long an example takes is the machine's affair. All else stays as it is, here and under CI=true.
settings.register_profile("untimed", settings(deadline=None))
settings.load_profile("untimed")

# Folder: the package that its tests can't do without.
NEEDS = {
    "gateway": "fastapi",
    "inspect": "inspect_ai",
    "mutants": "fastapi",
    "recipes": "openhands",
    "server": "fastapi",
}

collect_ignore = [folder for folder, package in NEEDS.items() if find_spec(package) is None]


@pytest.fixture(scope="module")  # as long as it is there, `asyncio.run` finds another event loop in its thread
def browser() -> Iterator[Any]:
    """Chromium, for tests that are marked with `browser`."""
    flags = [
        *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    ]
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no `chromium` is installed (Debian: apt-get install chromium)")
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright, which drives Chromium, comes with dev")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=chromium, args=flags)
        yield started
        started.close()


def pytest_report_header() -> str:
    """Say which official client the tests speak through, and which folders are left out."""
    left_out = f"; left out, for want of an extra: {', '.join(collect_ignore)}" if collect_ignore else ""
    return f"openai {metadata.version('openai')}{left_out}"
