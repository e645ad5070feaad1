"""Conformant gateways that differ from the reference gateway, and that the suite must not accuse."""

from __future__ import annotations

import json
import random
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from harness.mutants.exchange import CONVERSATION, Request, Response, refusal
from harness.mutants.mutant import Front

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

DONE = "[DONE]"


class Honest(Front):
    """A gateway that fulfils every requirement of its contract; the docstring of each says how it differs.

    Attributes:
        lacks: exceptions, none of them a MUST, and why.
    """

    lacks: ClassVar[Mapping[str, str]] = {}


class Plain(Honest):
    """Is the reference gateway itself."""


class Unannounced(Honest):
    """Is met without a hint of its model and of what it offers, and has no `/server_info`."""

    announced = False

    async def answer(self, request: Request) -> Response:
        return await self.gateway(replace(request, path="/none") if request.path == "/server_info" else request)


class Rewrites(Honest):
    """Rewrites its JSON bodies and events."""

    def rewrite(self, body: Any) -> Any:
        """The rewritten JSON body, or event of a stream."""
        raise NotImplementedError

    def returned(self, request: Request, response: Response) -> Response:
        return rewritten(response, self.rewrite)


class OtherNumbers(Honest):
    """Uses time-based conversation ids (UUID version 7), other completion ids, and smaller tokens."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._random = random.Random(type(self).__name__)  # noqa: S311 - names, not secrets; a run is repeatable

    async def answer(self, request: Request) -> Response:
        if request.chat is None or request.conversation:
            return rewritten(await self.gateway(request), _renumbered)
        response = await self.gateway(request.with_header(CONVERSATION, self._name()))
        if 400 <= response.status < 500:  # refused, so there is no such conversation
            response = response.with_header(CONVERSATION, None)
        return rewritten(response, _renumbered)

    def _name(self) -> str:
        """A UUID of version 7 (RFC 9562): milliseconds, then random bits."""
        milliseconds = time.time_ns() // 1_000_000
        number = milliseconds << 80 | 0x7 << 76 | self._random.getrandbits(12) << 64
        return str(UUID(int=number | 0b10 << 62 | self._random.getrandbits(62)))


class OtherWords(Honest):
    """Has other error messages, codes and types, and more members in each error."""

    def returned(self, request: Request, response: Response) -> Response:
        body = response.json
        if not isinstance(body, dict) or not isinstance(error := body.get("error"), dict):
            return response
        if response.status == 401:
            response = response.with_header("www-authenticate", 'Bearer realm="agents", error="invalid_token"')
        message = f"We are sorry! {error['message']} Please mend it, and try again."
        words = {"type": "gateway_problem", "code": f"E-{response.status}", "message": message, "status": "error"}
        return response.with_json({"error": words, "detail": [{"msg": message, "loc": ["body"], "type": "problem"}]})


class OtherStatuses(Honest):
    """Swaps 400 and 422, and answers 404 for 405 and 502 for 500, where no requirement fixes the status."""

    lacks: ClassVar[Mapping[str, str]] = {"HTTP-7": "it has no 405"}

    def returned(self, request: Request, response: Response) -> Response:
        others = {405: 404, 500: 502}
        promised = any("observability" in name for name in request.headers) or (request.chat or {}).get("stream")
        if request.is_chat and not promised:
            others |= {400: 422, 422: 400, 415: 400}
        return replace(response, status=others.get(response.status, response.status))


class Talkative(Rewrites):
    """Adds headers of proxies and platforms, including cookies, and a field to every object."""

    def returned(self, request: Request, response: Response) -> Response:
        response = super().returned(request, response)
        for name, value in (
            ("Server", "nginx/1.27.2"),
            ("Via", "1.1 edge-7, 1.1 varnish"),
            ("Set-Cookie", "session=5f2b; Path=/; HttpOnly; SameSite=Lax"),
            ("Cache-Control", "no-store, no-transform"),
            ("Strict-Transport-Security", "max-age=63072000"),
            ("OpenAI-Processing-Ms", "12"),
            ("OpenAI-Version", "2020-10-01"),
            ("X-RateLimit-Limit-Requests", "10000"),
            ("X-RateLimit-Remaining-Requests", "9999"),
            ("X-RateLimit-Reset-Requests", "6ms"),
            ("X-Request-ID", "req_00000000000000000000000000000000"),
        ):
            response = response.with_header(name, value)
        return response

    def rewrite(self, body: Any) -> Any:
        if isinstance(body, list):
            return [self.rewrite(item) for item in body]
        if not isinstance(body, dict):
            return body
        return {
            "x_platform": {"region": "eu", "trace": None},
            # `usage_to_metrics` is a table by model, not an object.
            **{name: value if name == "usage_to_metrics" else self.rewrite(value) for name, value in body.items()},
        }


class Silent(Rewrites):
    """Leaves out everything optional: null fields, usage, the body after a deletion."""

    lacks: ClassVar[Mapping[str, str]] = {
        "CHAT-14": "it doesn't tell usage",
        "CHAT-17": "it doesn't tell usage",
        "PROFILE-20": "a profile that it shows lacks the address that the scenario copies, which is null",
    }

    def returned(self, request: Request, response: Response) -> Response:
        response = super().returned(request, response)
        deleted = request.method == "DELETE" and response.status == 200
        return replace(response, status=204, body=b"") if deleted else response

    def rewrite(self, body: Any) -> Any:
        if isinstance(body, list):
            return [self.rewrite(item) for item in body]
        if not isinstance(body, dict):
            return body
        left_out = {"usage"} if body.get("object") == "chat.completion" else set()
        return {name: self.rewrite(value) for name, value in body.items() if value is not None and name not in left_out}


class Explicit(Rewrites):
    """Writes null for every optional field of the OpenAI API, also in each chunk of a stream."""

    def rewrite(self, body: Any) -> Any:
        if not isinstance(body, dict) or body.get("object") not in {"chat.completion", "chat.completion.chunk"}:
            return body
        unsaid = {"refusal": None, "annotations": None, "audio": None, "function_call": None, "tool_calls": None}
        choices = [
            {
                "logprobs": None,
                "finish_reason": None,
                **choice,
                **{name: unsaid | choice[name] for name in ("message", "delta") if name in choice},
            }
            for choice in body["choices"]
        ]
        return {"usage": None, "system_fingerprint": None, "service_tier": None, **body, "choices": choices}


class Crowded(Rewrites):
    """Lists two hundred other profiles of other owners."""

    lacks: ClassVar[Mapping[str, str]] = {"MODEL-8": "the others belong to teams"}

    def rewrite(self, body: Any) -> Any:
        listed = isinstance(body, dict) and body.get("object") == "list" and isinstance(body.get("data"), list)
        if not listed or any(item.get("object") != "model" for item in body["data"]):
            return body
        others = [
            {"id": f"openhands_team-{number}", "object": "model", "created": 1700000000 + number, "owned_by": "team"}
            for number in range(200)
        ]
        return {**body, "data": [*others[:150], *body["data"], *others[150:]]}


class Strict(Honest):
    """Refuses every unused field with 400, which the documentation allows."""

    lacks: ClassVar[Mapping[str, str]] = {
        "FIELD-3": "it refuses them",
        "FIELD-4": "it refuses them",
        "FIELD-5": "it refuses them",
    }
    _NEEDED = frozenset({"model", "messages", "stream", "stream_options"})

    async def answer(self, request: Request) -> Response:
        unneeded = sorted((request.chat or {}).keys() - self._NEEDED)
        if not unneeded:
            return await self.gateway(request)
        known = await self.gateway(replace(request, method="GET", path="/v1/models", body=b""))
        return known if known.status == 401 else refusal(400, f"Leave out what is not needed: {', '.join(unneeded)}.")


class Elaborate(Rewrites):
    """Has the members that other platforms add to completions, choices, messages, usage and models."""

    def rewrite(self, body: Any) -> Any:
        kind = body.get("object") if isinstance(body, dict) else None
        if kind == "list" and all(item.get("object") == "model" for item in body["data"]):
            models = [{**model, "root": model["id"], "parent": None, "permission": []} for model in body["data"]]
            return {**body, "data": models, "has_more": False, "first_id": None, "last_id": None}
        if kind not in {"chat.completion", "chat.completion.chunk"}:
            return body
        filtered = {"hate": {"filtered": False, "severity": "safe"}}
        choices = [
            {
                **choice,
                "content_filter_results": filtered,
                "native_finish_reason": choice.get("finish_reason"),
                "stop_reason": None,
                **{part: {**choice[part], "annotations": []} for part in ("message", "delta") if part in choice},
            }
            for choice in body["choices"]
        ]
        body = {**body, "choices": choices, "provider": "OpenHands", "prompt_filter_results": [], "warnings": []}
        if usage := body.get("usage"):
            details = {"cached_tokens": 0, "audio_tokens": 0, "reasoning_tokens": 3}
            body["usage"] = {**usage, "cost": 0.0001, "completion_tokens_details": details, "queue_time": 0.02}
        return body


class OtherClock(Rewrites):
    """Has a clock that is four seconds fast, and counts more tokens than fit into 32 bits."""

    def rewrite(self, body: Any) -> Any:
        if not isinstance(body, dict):
            return body
        times = {name: body.get(name) for name in ("created", "created_at")}
        body = body | {name: time + 4 for name, time in times.items() if isinstance(time, int | float)}
        if (usage := body.get("usage")) and "prompt_tokens" in usage:
            read, written = usage["prompt_tokens"] + 3 * 10**9, usage["completion_tokens"]
            body["usage"] = {**usage, "prompt_tokens": read, "total_tokens": read + written}
        return body


class OtherSuccesses(Honest):
    """Answers 200 to an overwritten profile, 204 to deletions and preflights, and lets pages in from anywhere."""

    async def answer(self, request: Request) -> Response:
        saves = request.method == "POST" and re.fullmatch("/api/profiles/[^/]+", request.path)
        known = saves and (await self.gateway.ask("GET", request.path)).status == 200
        response = await self.gateway(request)
        if request.headers.get("origin") and "access-control-allow-credentials" not in response.headers:
            response = response.with_header("Access-Control-Allow-Origin", "*")
        if known and response.status == 201:
            return replace(response, status=200)
        emptied = request.method in {"DELETE", "OPTIONS"} and response.status == 200
        return replace(response, status=204, body=b"").with_header("content-type", None) if emptied else response


class TokenByToken(Honest):
    """Streams an answer three characters at a time, each chunk with the role."""

    def returned(self, request: Request, response: Response) -> Response:
        if not response.is_stream:
            return response
        told = "".join(f"data: {event}\n\n" for event in map(str, self._small(events(response))))
        return replace(response, body=told.encode())

    @staticmethod
    def _small(events: list[str]) -> Iterator[str]:
        for event in events:
            chunk = {} if event == DONE else json.loads(event)
            text = "".join(choice.get("delta", {}).get("content") or "" for choice in chunk.get("choices", ()))
            pieces = [text[begin : begin + 3] for begin in range(0, len(text), 3)]
            deltas = [{"role": "assistant", "content": piece} for piece in pieces]
            yield from (json.dumps({**chunk, "choices": [{"index": 0, "delta": delta}]}) for delta in deltas)
            if not pieces:
                yield event


def rewritten(response: Response, change: Callable[[Any], Any]) -> Response:
    """An answer with changed JSON, or with changed JSON in each event."""
    if response.is_stream:
        changed = [event if event == DONE else json.dumps(change(json.loads(event))) for event in events(response)]
        return replace(response, body="".join(f"data: {event}\n\n" for event in changed).encode())
    body = response.json
    return response if body is None else replace(response, body=json.dumps(change(body)).encode())


def _renumbered(body: Any) -> Any:
    if not isinstance(body, dict) or not str(body.get("id", "")).startswith("chatcmpl-"):
        return body
    other: dict[str, Any] = {"id": f"gen/{body['id'].removeprefix('chatcmpl-')[:12].upper()}"}
    if usage := body.get("usage"):
        read, written = 3 * usage["prompt_tokens"] + 1500, 3 * usage["completion_tokens"]
        other["usage"] = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    return {**body, **other}


def events(response: Response) -> list[str]:
    """The data of a stream's events."""
    return [line.removeprefix("data: ") for line in response.body.decode().split("\n") if line]
