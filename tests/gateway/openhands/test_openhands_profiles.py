from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.gateway.agents import DamagedError, ProfileLimitError, ProfileNotFoundError
from tests.gateway.openhands.models import UPSTREAM_KEY, profile_settings

if TYPE_CHECKING:
    from pathlib import Path

    from harness.gateway.agents.openhands import OpenHandsRuntime
    from harness.gateway.agents.openhands.profiles import Profiles


@pytest.fixture
def profiles(runtime: OpenHandsRuntime, tmp_path: Path) -> Profiles:
    from openhands.sdk.utils.cipher import Cipher

    from harness.gateway.agents.openhands.profiles import Profiles

    return Profiles(tmp_path / "profiles", Cipher("s" * 32))


def test_profiles_are_listed_by_name(profiles: Profiles) -> None:
    for name in ("zebra", "apple"):
        profiles.save(name, profile_settings("http://127.0.0.1:9/v1"), include_secrets=True)
    assert profiles.names() == ["apple", "zebra"]
    assert profiles.summaries()[0] == {
        "name": "apple",
        "model": "openai/scripted",
        "base_url": "http://127.0.0.1:9/v1",
        "provider_connection_id": None,
        "provider_connection_broken": False,
        "api_key_set": True,
    }


def test_a_profiles_key_is_shown_only_when_asked_for(profiles: Profiles) -> None:
    profiles.save("one", profile_settings("http://127.0.0.1:9/v1"), include_secrets=True)
    assert profiles.get("one")["api_key"] is None
    assert profiles.get("one")["model"] == "openai/scripted"
    assert profiles.get("one", expose_secrets=True)["api_key"] == UPSTREAM_KEY


def test_a_profiles_key_is_encrypted_at_rest(profiles: Profiles, tmp_path: Path) -> None:
    profiles.save("one", profile_settings("http://127.0.0.1:9/v1"), include_secrets=True)
    [stored] = (tmp_path / "profiles").glob("*.json")
    assert UPSTREAM_KEY not in stored.read_text()


def test_a_key_stored_under_another_secret_key_is_told(profiles: Profiles, tmp_path: Path) -> None:
    from openhands.sdk.utils.cipher import Cipher

    profiles.save("one", profile_settings("http://127.0.0.1:9/v1"), include_secrets=True)
    profiles.check_cipher()
    with pytest.raises(ValueError, match="'one' was stored under another OH_SECRET_KEY"):
        type(profiles)(tmp_path / "profiles", Cipher("t" * 32)).check_cipher()


@pytest.mark.parametrize("damage", ["", '{"model": ', '{"model": 5}'])
def test_a_damaged_profile_is_told_when_it_is_used(profiles: Profiles, tmp_path: Path, damage: str) -> None:
    (tmp_path / "profiles" / "one.json").write_text(damage)
    profiles.check_cipher()
    for use in (profiles.get, profiles.llm):
        with pytest.raises(DamagedError, match="profile 'one'"):
            use("one")


def test_a_key_can_be_left_out_of_a_profile(profiles: Profiles) -> None:
    profiles.save("one", profile_settings("http://127.0.0.1:9/v1"), include_secrets=False)
    assert profiles.get("one", expose_secrets=True)["api_key"] is None
    assert profiles.summaries()[0]["api_key_set"] is False


def test_wrong_settings_are_named_without_their_values(profiles: Profiles) -> None:
    with pytest.raises(ValueError, match="num_retries: Input should be a valid integer") as refused:
        profiles.save("one", profile_settings("http://127.0.0.1:9/v1") | {"num_retries": "many"}, include_secrets=True)
    assert UPSTREAM_KEY not in str(refused.value)
    assert profiles.names() == []


def test_settings_without_a_model_are_refused(profiles: Profiles) -> None:
    with pytest.raises(ValueError, match="model"):
        profiles.save("one", {"api_key": UPSTREAM_KEY}, include_secrets=True)


def test_a_profile_can_be_renamed_but_not_onto_another(profiles: Profiles) -> None:
    for name in ("one", "two"):
        profiles.save(name, profile_settings("http://127.0.0.1:9/v1"), include_secrets=True)
    with pytest.raises(FileExistsError):
        profiles.rename("one", "two")
    profiles.rename("one", "three")
    assert profiles.names() == ["three", "two"]
    with pytest.raises(ProfileNotFoundError):
        profiles.rename("one", "four")


def test_a_deleted_profile_is_gone_and_deleting_it_again_is_no_error(profiles: Profiles) -> None:
    profiles.save("one", profile_settings("http://127.0.0.1:9/v1"), include_secrets=True)
    profiles.delete("one")
    profiles.delete("one")
    with pytest.raises(ProfileNotFoundError):
        profiles.get("one")


def test_the_fifty_first_profile_is_refused_but_an_existing_one_can_be_overwritten(profiles: Profiles) -> None:
    for number in range(50):
        profiles.save(f"p{number}", {"model": "openai/x"}, include_secrets=False)
    with pytest.raises(ProfileLimitError):
        profiles.save("one-too-many", {"model": "openai/x"}, include_secrets=False)
    profiles.save("p0", {"model": "openai/y"}, include_secrets=False)
    assert profiles.get("p0")["model"] == "openai/y"
