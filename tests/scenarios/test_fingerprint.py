from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.scenarios.fingerprint import fingerprint
from harness.scenarios.load import load_suite
from tests.scenarios.files import SCENARIOS, write_suite

if TYPE_CHECKING:
    from pathlib import Path

    from harness.scenarios.fingerprint import Fingerprint

SCENARIO = "auth/refuses[bearer]"


def taken(folder: Path, scenarios: str) -> Fingerprint:
    return fingerprint(load_suite(write_suite(folder, scenarios)).scenarios[SCENARIO])


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("wrong-bearer}", "empty-bearer}", {"sends"}),
        ("call: models.list\n        auth", "http: GET /v1/models\n        auth", {"sends", "expects"}),
        ("auth: ${credential}", "auth: ${credential}\n        headers: {X-A: a}", {"sends"}),
        ("raises: AuthenticationError", "headers: {WWW-Authenticate: Bearer}", {"expects"}),
        ("AUTH-2", "AUTH-1", {"expects"}),
        ("    needs: [authentication]\n", "", {"expects"}),
        ("    control: auth/opens\n", "", {"expects"}),
        ("A wrong key opens nothing", "Another title", set()),
        ("    tags: [smoke]\n", "", set()),
        ("    title: The key", "\n    title: The key", set()),
        ("auth: ${credential}", "auth: ${credential}\n        headers: {}", set()),
    ],
)
def test_a_change_of_what_is_sent_or_expected_shows_and_no_other(
    tmp_path: Path, old: str, new: str, changed: set[str]
) -> None:
    assert old in SCENARIOS
    text = SCENARIOS.replace(old, new)
    if "http:" in new:
        text = text.replace(", raises: AuthenticationError", "")  # what a raw request can't
    before, after = taken(tmp_path, SCENARIOS), taken(tmp_path, text)
    assert {name for name in ("sends", "expects") if getattr(before, name) != getattr(after, name)} == changed


def test_each_case_has_a_fingerprint_of_its_own(tmp_path: Path) -> None:
    scenarios = load_suite(write_suite(tmp_path)).scenarios.values()
    assert len({fingerprint(scenario).sends for scenario in scenarios}) == len(scenarios)
