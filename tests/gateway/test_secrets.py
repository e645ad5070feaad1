from __future__ import annotations

from pathlib import Path

import pytest

from tests.gateway.serving import chat_body, serve

SESSION, SECOND, STORAGE, UPSTREAM, WRONG = (
    f"planted-{name}-7d1f0b" for name in ("session", "second", "storage", "upstream", "wrong")
)


def test_no_planted_secret_is_in_any_byte_that_the_gateway_writes(tmp_path: Path) -> None:
    keys = {"SESSION_API_KEY": SESSION, "OH_SESSION_API_KEYS_0": SECOND, "OH_SECRET_KEY": STORAGE}
    with serve(tmp_path, "--cors-origin", "*", **keys) as gateway:
        llm = {"model": "openai/x", "api_key": UPSTREAM, "aws_secret_access_key": UPSTREAM}
        assert gateway.request("POST", "/api/profiles/mine", body={"llm": llm}).status == 201
        assert gateway.request("POST", "/api/profiles/mine/rename", body={"new_name": "mine-2"}).status == 200
        assert gateway.request("GET", "/v1/models", key=SECOND).status == 200

        # Every way in which a request can fail, with a secret in it.
        gateway.request("GET", "/v1/models", key=WRONG)
        gateway.request("GET", f"/v1/models?key={SESSION}")
        gateway.request("POST", "/api/profiles/bad", body={"llm": {"model": 5, "api_key": UPSTREAM}})
        gateway.request("POST", "/api/profiles/bad", body={"llm": {"model": "x", "api_key": [UPSTREAM]}})
        gateway.request("POST", "/api/profiles/bad", content=f'{{"llm": {{"api_key": "{UPSTREAM}"'.encode())
        gateway.request("POST", "/v1/chat/completions", body={"model": 1, "messages": UPSTREAM})
        gateway.request("POST", "/v1/chat/completions", content=UPSTREAM.encode(), headers={"Content-Type": "x/y"})
        gateway.chat("hello", Idempotency_Key=UPSTREAM)
        gateway.chat("hello", conversation=UPSTREAM)
        gateway.request("GET", "/api/profiles", headers={"X-Expose-Secrets": UPSTREAM, "X-Request-ID": f"{WRONG}!"})
        for directive in ("[[error: 401]]", "[[garbage]]", "[[drop]]", "[[empty]]"):
            body = {**chat_body(directive), "model": "openhands_mine-2"}
            assert gateway.request("POST", "/v1/chat/completions", body=body).status == 500
        for path in ("profiles", "profiles/mine-2", "conversations/search", "conversations/count"):
            assert gateway.request("GET", f"/api/{path}").status == 200
        for path in ("server_info", "metrics", "openapi.json", "ready"):
            assert gateway.request("GET", f"/{path}", key=None).status == 200
        assert gateway.terminate() == 0

    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 5
    for content in [*written, *gateway.replies]:
        for secret in (SESSION, SECOND, STORAGE, UPSTREAM, WRONG):
            assert secret.encode() not in content


def test_what_is_stored_is_for_its_owner_only(tmp_path: Path) -> None:
    with serve(tmp_path) as gateway:
        gateway.chat("hello", Idempotency_Key="one")
        gateway.request("POST", "/api/profiles/mine", body={"llm": {"model": "openai/x", "api_key": UPSTREAM}})
        stored = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
        assert len(stored) > 3
        assert (tmp_path / "state").stat().st_mode & 0o077 == 0
        assert all(path.stat().st_mode & 0o077 == 0 for path in stored)
        assert not any(UPSTREAM.encode() in path.read_bytes() for path in stored)


@pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="only Linux shows a process's environment as a file"
)
def test_the_environment_that_the_gateway_was_started_with_holds_no_secret_any_more(tmp_path: Path) -> None:
    planted = {"SESSION_API_KEY": SESSION, "OH_SESSION_API_KEYS_9": SECOND, "OH_SECRET_KEY": STORAGE}
    with serve(tmp_path, **planted, LLM_MODEL="openai/x", LLM_API_KEY=UPSTREAM) as gateway:
        environ = Path(f"/proc/{gateway.process.pid}/environ").read_bytes()
        assert b"LLM_API_KEY=" in environ
        assert b"planted" not in environ
