from __future__ import annotations

import urllib.request

import pytest

from harness.scenarios.model import Capability, Contract
from harness.targets.errors import TargetError, TargetUnreachableError
from harness.targets.parse import parse_target
from harness.targets.reference import ReferenceTarget
from harness.targets.url import UrlTarget

pytest.importorskip("fastapi")


@pytest.mark.parametrize("contract", list(Contract))
def test_a_started_reference_answers_its_key_in_its_dialect_until_it_is_stopped(contract: Contract) -> None:
    said: list[str] = []
    target = parse_target("reference", environment={}, contract=contract, agent="scripted")
    try:
        endpoint = target.start(said.append)
        assert endpoint.server_info["contract"] == contract
        assert any(endpoint.base_url in line for line in said)
        request = urllib.request.Request(
            f"{endpoint.base_url}/v1/models", headers={"X-Session-API-Key": endpoint.key or ""}
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            assert endpoint.model in response.read().decode()
    finally:
        target.stop()
        target.stop()
    with pytest.raises(TargetUnreachableError):
        UrlTarget(endpoint.base_url).start(said.append)


def test_two_references_have_keys_of_their_own() -> None:
    targets = [ReferenceTarget(contract=Contract.DOCUMENTED, agent="scripted") for _ in range(2)]
    try:
        first, second = [target.start(lambda _: None) for target in targets]
    finally:
        for target in targets:
            target.stop()
    assert first.key
    assert second.key
    assert first.key != second.key
    assert first.key not in repr(first)


def test_a_reference_that_is_known_by_its_url_shows_its_models_log_too_and_can_not_be_restarted() -> None:
    target = ReferenceTarget(contract=Contract.DOCUMENTED, agent="scripted")
    try:
        started = target.start(lambda _: None)
        found = UrlTarget(started.base_url, key=started.key).start(lambda _: None)
    finally:
        target.stop()
    assert found.model_log == started.model_log
    assert found.capabilities is not None
    assert Capability.MODEL_LOG in found.capabilities
    assert Capability.RESTART not in found.capabilities


def test_a_reference_that_does_not_start_says_why_with_the_end_of_its_log() -> None:
    target = ReferenceTarget(contract=Contract.DOCUMENTED, agent="no-such-agent")
    with pytest.raises(TargetError, match="no-such-agent") as raised:
        target.start(lambda _: None)
    assert "reference gateway ended with status 2 before it was listening" in raised.value.what
    assert "harness serve" in raised.value.where
    assert raised.value.exit_status == 3
    target.stop()
