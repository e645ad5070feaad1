"""What a user with only the core installed sees without a URL."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from harness.targets.errors import TargetUsageError
from harness.targets.parse import parse_target
from harness.targets.url import UrlTarget

pytestmark = pytest.mark.skipif(find_spec("fastapi") is not None, reason="the server extra is installed")


@pytest.mark.parametrize(
    ("text", "agent", "extra"),
    [(None, "openhands", "gateway"), ("reference", "scripted", "server"), ("agent-server", None, "agent-server")],
)
def test_a_server_that_needs_an_extra_says_which_and_that_a_url_needs_none(
    text: str | None, agent: str | None, extra: str
) -> None:
    target = parse_target(text, environment={}, agent=agent)
    with pytest.raises(TargetUsageError) as raised:
        target.start(lambda _: None)
    assert f"pip install 'openhands-gateway-harness[{extra}]'" in raised.value.advice
    assert "give the URL of a server" in raised.value.advice


def test_a_profile_of_our_own_takes_the_server_extra_alone_and_says_how_to_do_without() -> None:
    target = UrlTarget("http://127.0.0.1:9", native_api=True)
    with pytest.raises(TargetUsageError) as raised:
        target.start(lambda _: None)
    assert "pip install 'openhands-gateway-harness[server]', or leave out --native-api" in raised.value.advice
