from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.gateway.serving import chat_body, serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.gateway.serving import Gateway

LLM = {"model": "openai/x", "base_url": "http://127.0.0.1:9/v1", "api_key": "upstream-key"}


@pytest.fixture
def profile(gateway: Gateway) -> Iterator[str]:
    name = f"harness-{uuid.uuid4().hex[:8]}"
    assert gateway.request("POST", f"/api/profiles/{name}", body={"llm": LLM}).status == 201
    yield name
    gateway.request("DELETE", f"/api/profiles/{name}")


def test_a_profile_is_created_shown_without_its_key_and_becomes_a_model(gateway: Gateway, profile: str) -> None:
    detail = gateway.request("GET", f"/api/profiles/{profile}").json()
    assert detail["config"] == LLM | dict.fromkeys(
        ("api_key", "aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    )
    assert detail["api_key_set"] is True
    summaries = {each["name"]: each for each in gateway.request("GET", "/api/profiles").json()["profiles"]}
    assert summaries[profile] == {
        "name": profile,
        "model": "openai/x",
        "base_url": "http://127.0.0.1:9/v1",
        "provider_connection_id": None,
        "provider_connection_broken": False,
        "api_key_set": True,
    }
    models = [model["id"] for model in gateway.request("GET", "/v1/models").json()["data"]]
    assert f"openhands_{profile}" in models
    assert models == sorted(models)


def test_a_key_is_shown_when_it_is_asked_for_and_dropped_when_it_is_not_to_be_stored(
    gateway: Gateway, profile: str
) -> None:
    asked = {"X-Expose-Secrets": "plaintext"}
    assert gateway.request("GET", f"/api/profiles/{profile}", headers=asked).json()["config"] == LLM
    gateway.request("POST", f"/api/profiles/{profile}", body={"llm": LLM, "include_secrets": False})
    detail = gateway.request("GET", f"/api/profiles/{profile}", headers=asked).json()
    assert (detail["config"]["api_key"], detail["api_key_set"]) == (None, False)


def test_a_profile_without_a_key_is_a_model_whose_turns_fail(gateway: Gateway, profile: str) -> None:
    gateway.request("POST", f"/api/profiles/{profile}", body={"llm": LLM, "include_secrets": False})
    models = [model["id"] for model in gateway.request("GET", "/v1/models").json()["data"]]
    assert f"openhands_{profile}" in models
    failed = gateway.request(
        "POST", "/v1/chat/completions", body={**chat_body("keyless"), "model": f"openhands_{profile}"}
    )
    assert (failed.status, failed.json()["error"]["code"]) == (500, "agent_error")
    assert gateway.asked("keyless")["count"] == 0


def test_a_conversation_names_the_folder_that_its_terminal_is_in(gateway: Gateway) -> None:
    told = gateway.chat('Reply with exactly: ok [[tool: terminal {"command": "pwd"}]]')
    folder = gateway.request("GET", f"/api/conversations/{told.conversation}").json()["workspace"]["working_dir"]
    events = gateway.request("GET", f"/api/conversations/{told.conversation}/events/search").json()["items"]
    observed = [event["observation"]["content"][0]["text"] for event in events if event["kind"] == "ObservationEvent"]
    assert observed == [folder]
    assert folder.startswith("/")


def test_a_profile_can_be_renamed_but_not_onto_another(gateway: Gateway, profile: str) -> None:
    path, new = f"/api/profiles/{profile}/rename", f"{profile}-new"
    assert gateway.request("POST", path, body={"new_name": "scripted"}).status == 409
    assert gateway.request("POST", path, body={"new_name": profile}).json()["message"].endswith("(same name)")
    assert gateway.request("POST", path, body={"new_name": new}).json()["name"] == new
    assert gateway.request("POST", path, body={"new_name": "other"}).status == 404
    assert gateway.request("GET", f"/api/profiles/{profile}").status == 404
    assert gateway.request("DELETE", f"/api/profiles/{new}").status == 200


def test_deleting_a_profile_cuts_its_model_off_and_deleting_it_again_is_no_error(
    gateway: Gateway, profile: str
) -> None:
    body = {**chat_body("hello"), "model": f"openhands_{profile}"}
    assert gateway.request("POST", "/v1/chat/completions", body=body).status == 200
    for _ in range(2):
        assert gateway.request("DELETE", f"/api/profiles/{profile}").json()["message"] == f"Profile '{profile}' deleted"
    assert gateway.request("POST", "/v1/chat/completions", body=body).status == 404


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("..", 422),
        ("%2e%2e%2fescape", 404),
        ("..%5cescape", 422),
        (".hidden", 422),
        ("a%20b", 422),
        ("a%00b", 422),
        ("a%0a", 422),
        ("x" * 65, 422),
        ("caf%C3%A9", 422),
        ("same.json", 422),
    ],
)
def test_a_name_that_could_leave_the_folder_or_mean_two_things_is_refused(
    gateway: Gateway, name: str, status: int
) -> None:
    before = gateway.request("GET", "/api/profiles").body
    assert gateway.request("POST", f"/api/profiles/{name}", body={"llm": LLM}).status == status
    assert gateway.request("GET", "/api/profiles").body == before


@pytest.mark.parametrize("body", [{}, {"llm": {}}, {"llm": {"model": ""}}, {"llm": {"model": "x", "api_key": 5}}])
def test_a_profile_without_a_usable_model_is_refused(gateway: Gateway, body: dict[str, Any]) -> None:
    reply = gateway.request("POST", "/api/profiles/unusable", body=body)
    assert reply.status == 422
    assert reply.json()["error"]["param"].startswith("llm")


def test_there_is_a_limit_to_profiles_and_those_that_exist_can_still_be_changed(tmp_path: Path) -> None:
    with serve(tmp_path) as gateway:
        statuses = [
            gateway.request("POST", f"/api/profiles/p{number}", body={"llm": LLM}).status for number in range(50)
        ]
        assert statuses == [201] * 49 + [409]  # `scripted` is one of the fifty
        assert gateway.request("POST", "/api/profiles/p0", body={"llm": LLM}).status == 201


def test_a_conversation_shows_its_status_and_what_it_cost(gateway: Gateway) -> None:
    first = gateway.chat("Reply with exactly: one two")
    gateway.chat("Reply with exactly: one two", conversation=first.conversation)
    info = gateway.request("GET", f"/api/conversations/{first.conversation}").json()
    assert (info["id"], info["execution_status"]) == (first.conversation, "finished")
    assert info["created_at"] < info["updated_at"]
    (metrics,) = info["stats"]["usage_to_metrics"].values()
    assert metrics["accumulated_cost"] == 0
    assert metrics["accumulated_token_usage"] == {"prompt_tokens": 30, "completion_tokens": 4}


def test_events_are_searched_page_by_page_and_counted(gateway: Gateway) -> None:
    conversation = gateway.chat("Reply with exactly: kestrel").conversation
    path = f"/api/conversations/{conversation}/events"
    every = gateway.request("GET", f"{path}/search").json()["items"]
    assert gateway.request("GET", f"{path}/count").json() == len(every) > 3
    pages: list[Any] = []
    page_id = ""
    while True:
        page = gateway.request("GET", f"{path}/search?limit=2{page_id}").json()
        pages += page["items"]
        if page["next_page_id"] is None:
            break
        page_id = f"&page_id={page['next_page_id']}"
    assert pages == every
    newest_first = gateway.request("GET", f"{path}/search?sort_order=TIMESTAMP_DESC").json()["items"]
    assert newest_first == every[::-1]
    said = gateway.request("GET", f"{path}/search?kind=MessageEvent&source=agent&body=KESTREL").json()["items"]
    assert [event["llm_message"]["role"] for event in said] == ["assistant"]
    assert gateway.request("GET", f"{path}/count?timestamp__lt=2000-01-01T00:00:00").json() == 0
    assert gateway.request("GET", f"{path}/count?timestamp__gte=2000-01-01T00:00:00Z").json() == len(every)
    for moment in ("0001-01-01T00:00:00%2B23:59", "9999-12-31T23:59:59-23:59"):  # no such moment in UTC
        assert gateway.request("GET", f"{path}/count?timestamp__lt={moment}").status == 422


def test_conversations_are_found_by_id_by_search_and_counted(tmp_path: Path) -> None:
    with serve(tmp_path) as gateway:
        fine, failed = gateway.chat("hello").conversation, gateway.chat("[[error: 500]]").conversation
        unknown = str(uuid.uuid4())
        found = gateway.request("GET", f"/api/conversations?ids={fine}&ids={unknown}").json()
        assert [each and each["id"] for each in found] == [fine, None]
        search = "/api/conversations/search"
        assert [each["id"] for each in gateway.request("GET", search).json()["items"]] == [failed, fine]
        page = gateway.request("GET", f"{search}?limit=1&sort_order=CREATED_AT").json()
        assert ([each["id"] for each in page["items"]], page["next_page_id"]) == ([fine], failed)
        assert [each["id"] for each in gateway.request("GET", f"{search}?status=error").json()["items"]] == [failed]
        assert gateway.request("GET", "/api/conversations/count").json() == 2
        assert gateway.request("GET", "/api/conversations/count?status=finished").json() == 1


def test_what_is_not_there_is_a_404_and_what_is_no_id_a_422(gateway: Gateway) -> None:
    for tail in ("", "/agent_final_response", "/events/search", "/events/count"):
        assert gateway.request("GET", f"/api/conversations/{uuid.uuid4()}{tail}").status == 404
        assert gateway.request("GET", f"/api/conversations/nope{tail}").status == 422
    assert gateway.request("GET", "/api/conversations").status == 422


def test_the_final_response_is_the_newest_text_also_when_it_came_through_the_tool_finish(gateway: Gateway) -> None:
    conversation = gateway.chat("Reply with exactly: first").conversation
    finished = gateway.chat("Reply with exactly: second [[finish]]", conversation=conversation)
    assert finished.text == "second"
    path = f"/api/conversations/{conversation}/agent_final_response"
    assert gateway.request("GET", path).json() == {"response": "second"}


def test_a_damaged_profile_is_said_to_be_damaged_hides_no_other_and_can_be_deleted(tmp_path: Path) -> None:
    with serve(tmp_path) as gateway:
        assert gateway.request("POST", "/api/profiles/mine", body={"llm": {"model": "openai/x"}}).status == 201
        (tmp_path / "state" / "profiles" / "mine.json").write_text("{")
        body = {**chat_body("hello"), "model": "openhands_mine"}
        for reply in (
            gateway.request("GET", "/api/profiles/mine"),
            gateway.request("POST", "/v1/chat/completions", body=body),
        ):
            assert (reply.status, reply.json()["error"]["code"]) == (500, "damaged")
        profiles = gateway.request("GET", "/api/profiles").json()["profiles"]
        assert [profile["name"] for profile in profiles] == ["scripted"]
        assert gateway.request("DELETE", "/api/profiles/mine").status == 200
        assert gateway.request("GET", "/api/profiles/mine").status == 404
