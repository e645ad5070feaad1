from __future__ import annotations

import pytest

from harness.targets.access import Access
from harness.targets.errors import TargetUsageError
from harness.targets.parse import parse_target


@pytest.mark.parametrize(
    ("text", "environment", "name"),
    [
        (None, {}, "reference"),
        ("reference", {"AGENT_SERVER_URL": "http://localhost:1"}, "reference"),
        (None, {"AGENT_SERVER_URL": "http://localhost:1/v1"}, "localhost-1"),
        ("http://localhost:2", {"AGENT_SERVER_URL": "http://localhost:1"}, "localhost-2"),
        ("agent-server", {}, "agent-server"),
        ("agent-server==1.58.0", {}, "agent-server-1.58.0"),
    ],
)
def test_a_target_is_a_url_the_reference_or_a_released_server(
    text: str | None, environment: dict[str, str], name: str
) -> None:
    assert parse_target(text, environment=environment).name == name


@pytest.mark.parametrize(
    ("text", "model", "agent", "flag"),
    [
        ("reference", "openhands_x", None, "--model"),
        ("agent-server", "openhands_x", None, "--model"),
        ("agent-server", None, "scripted", "--agent"),
        ("http://localhost:1", None, "scripted", "--agent"),
    ],
)
def test_a_flag_that_would_change_nothing_is_refused(
    text: str, model: str | None, agent: str | None, flag: str
) -> None:
    with pytest.raises(TargetUsageError, match=flag):
        parse_target(text, environment={}, access=Access(model=model), agent=agent)


@pytest.mark.parametrize(
    ("text", "guess"),
    [
        ("referense", "reference"),
        ("agentserver", "agent-server"),
        ("agent_server==1.58.0", "agent-server"),
        ("localhost:8000", "http://localhost:8000"),
        ("agents.example.com", "http://agents.example.com"),
        ("agent-server==", "agent-server"),
    ],
)
def test_a_word_that_names_no_target_gets_a_guess_and_the_forms(text: str, guess: str) -> None:
    with pytest.raises(TargetUsageError) as raised:
        parse_target(text, environment={})
    assert f"did you mean `{guess}`?" in str(raised.value)
    assert "agent-server[==VERSION]" in str(raised.value)


@pytest.mark.parametrize("version", ["1.27.1", "newest", "1.58.0.dev1", "../../etc"])
def test_a_version_that_has_no_endpoint_is_refused_at_once(version: str) -> None:
    with pytest.raises(TargetUsageError, match=r"from 1\.28\.0 on"):
        parse_target(f"agent-server=={version}", environment={})
