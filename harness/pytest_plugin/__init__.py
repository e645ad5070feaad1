"""The pytest plugin: `pytest --gateway-url URL scenarios/` runs scenario files, and Python tests get fixtures.

Without one of its options it collects nothing and imports nothing.
"""

from __future__ import annotations

from argparse import BooleanOptionalAction
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from openai import OpenAI

    from harness.pytest_plugin.fixtures import Gateway, ScriptedModel
    from harness.pytest_plugin.hooks import SessionPlugin

SESSION = "gateway-harness-session"
"""The plugin's name when a target is given."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options; all begin with `--gateway-`."""
    group = parser.getgroup("gateway", "conformance of OpenHands gateways")
    group.addoption("--gateway-url", metavar="URL", help="run scenario files (*.yaml) against the server at this URL")
    group.addoption(
        "--gateway-target",
        metavar="TARGET",
        help="likewise: `reference`, `agent-server[==VERSION]`, or a name from gateway-harness.toml",
    )
    group.addoption(
        "--gateway-contract",
        choices=["documented", "agent-server", "auto"],
        help="what only another contract asks is skipped (default: documented); auto asks the target's /server_info",
    )
    group.addoption(
        "--gateway-agent",
        choices=["openhands", "scripted"],
        help="the agent behind the `reference` target (default: openhands)",
    )
    group.addoption(
        "--gateway-native-api",
        action=BooleanOptionalAction,
        help="whether scenarios may use /api there, mainly to create profiles (default: on this machine only)",
    )
    group.addoption(
        "--gateway-slow",
        action="store_const",
        const=True,
        help="play slow scenarios too, which take minutes; without it they are skipped",
    )
    group.addoption(
        "--gateway-known",
        type=Path,
        metavar="FILE",
        help="known deviations of the target, as for `check --known`: expected failures",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the session's plugin if a target is given."""
    options = ("url", "target", "contract", "agent", "native_api", "slow", "known")
    given = [name for name in options if config.getoption(f"gateway_{name}") is not None]
    if {"url", "target"}.isdisjoint(given):
        if given:
            raise pytest.UsageError(f"--gateway-{given[0].replace('_', '-')} without --gateway-url or --gateway-target")
        return
    if {"url", "target"}.issubset(given):
        raise pytest.UsageError("--gateway-url and --gateway-target name one target each; give one of them")
    from harness.pytest_plugin.hooks import make_session

    config.pluginmanager.register(make_session(config), SESSION)


def _session(config: pytest.Config) -> SessionPlugin:
    session: SessionPlugin | None = config.pluginmanager.get_plugin(SESSION)
    if session is None:
        pytest.fail("no gateway is named: run pytest with --gateway-url URL or --gateway-target TARGET", pytrace=False)
    return session


@pytest.fixture(scope="session")
def gateway(pytestconfig: pytest.Config) -> Gateway:
    """The gateway under test: `url` (of the server), `base_url` (ends in /v1), `key`, `model`."""
    return _session(pytestconfig).gateway()


@pytest.fixture(scope="session")
def gateway_client(pytestconfig: pytest.Config) -> OpenAI:
    """The official OpenAI client, ready to use, without retries; the conversations it starts are deleted at the end."""
    return _session(pytestconfig).client()


@pytest.fixture(scope="session")
def scripted_model(pytestconfig: pytest.Config) -> ScriptedModel:
    """The harness's own model behind the gateway; tests that use it are skipped if another one answers.

    A directive in the last line of a message steers it, such as `[[error: 500]]` or `[[delay: 2]]`;
    `requests(TEXT)` returns what it was asked.
    """
    return _session(pytestconfig).scripted_model()
