"""The smoke test before the suite: is there an endpoint, does it accept us, does its agent answer, what does it offer?

A positive control (one chat turn) and a negative one (a path that nobody serves) show that the target tells right from
wrong. Without them no verdict on it would mean anything.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING
from uuid import UUID

from harness.json_value import shorten
from harness.run.patience import patiently
from harness.run.variables import built_in
from harness.scenarios.body import BodyError, decode
from harness.scenarios.model import Auth, Call, Capability, Http
from harness.targets.names import MODEL_PREFIX, NO_RUN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.json_value import Json
    from harness.run.client import Client
    from harness.targets import Endpoint
    from harness.trace import Exchange, Response

CONVERSATION_HEADER = "X-OpenHands-ServerConversation-ID"

OK = 200

NATIVE = (Capability.PROFILES, Capability.CONVERSATIONS)
NOT_ALLOWED = "it uses the native API, and on someone else's server that takes --native-api"


class UnfitError(Exception):
    """The target can't be assessed. Says why and what to do; the requests sent are in `smoke.exchanges`."""

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(f"{what}; {advice}")


@dataclass(frozen=True, slots=True)
class Fitness:
    """What the smoke test found: the model to ask, what the target offers, and what we don't use of that, and why."""

    model: str
    capabilities: frozenset[Capability]
    withheld: Mapping[Capability, str] = field(default_factory=dict)


class Smoke:
    """The smoke test on one target.

    Args:
        client: the recorded client.
        endpoint: what is already known of the target.
        seed: generates the words of the control.
        budget: the most requests that the run may send in all; None for no limit.
    """

    def __init__(self, client: Client, endpoint: Endpoint, seed: str, budget: int | None) -> None:
        self._client = client
        self._endpoint = endpoint
        self._seed = seed
        self._budget = budget
        self.exchanges: list[Exchange] = []

    async def test(self) -> Fitness:
        """Play the controls. Raises UnfitError."""
        status, listed = await self._models()
        model = self._choose(status, listed)
        conversation = await self._positive_control(model, listed)
        await self._negative_control()
        capabilities = set(self._endpoint.capabilities)
        if self._endpoint.key is not None:
            capabilities.add(Capability.AUTHENTICATION)
        if not self._endpoint.native_api:
            return Fitness(model, frozenset(capabilities - set(NATIVE)), dict.fromkeys(NATIVE, NOT_ALLOWED))
        capabilities |= await self._native_api(conversation)
        return Fitness(model, frozenset(capabilities))

    async def _send(self, action: Call | Http, auth: Auth = Auth.BOTH) -> Exchange:
        step = len(self.exchanges)
        if self._budget is not None and self._client.requests >= self._budget:
            raise UnfitError(
                f"the run's {self._budget} requests are spent before the smoke test is done", "raise --max-requests"
            )
        exchange = await patiently(
            self._client.play(step, action, auth, {}), lambda: self._client.play(step, action, auth, {}), self._wait
        )
        self.exchanges.append(exchange)
        _raise_if_cancelled()
        return exchange

    async def _wait(self, seconds: float) -> bool:
        await asyncio.sleep(seconds)
        return self._budget is None or self._client.requests < self._budget

    async def _models(self) -> tuple[int, list[str]]:
        """The list's HTTP status and the models' names."""
        exchange = await self._send(Http("GET", "/v1/models"))
        response = exchange.response
        if response is not None and _is_page(response):
            raise UnfitError(
                f"an HTML page comes back ({response.status} for GET /v1/models{_title(response)}): something in front "
                "of the server answers in its place",
                f"check that the server's root is {self._client.base_url}, and the proxy (--proxy, HTTPS_PROXY)",
            )
        if response is None:
            raise UnfitError(
                f"nothing that speaks HTTP answers at {self._client.base_url} ({exchange.failure})",
                "check host and port, http against https, and that the server runs",
            )
        if response.status in {401, 403}:
            advice = (
                "check SESSION_API_KEY or --key-file"
                if self._endpoint.key is not None
                else "put the session key in SESSION_API_KEY"
            )
            raise UnfitError(f"the target refuses the session key ({response.status} for GET /v1/models)", advice)
        try:
            body = decode(response)
        except BodyError:
            return response.status, []
        data = body.get("data") if isinstance(body, dict) else None
        ids = [item.get("id") for item in data if isinstance(item, dict)] if isinstance(data, list) else []
        return response.status, [name for name in ids if isinstance(name, str)]

    def _choose(self, status: int, listed: list[str]) -> str:
        if self._endpoint.model is not None:
            return self._endpoint.model
        ours = [name for name in listed if name.startswith(MODEL_PREFIX)] or listed
        if not ours:
            advice = (
                "create a profile there" if status == OK else f"check that the server's root is {self._client.base_url}"
            )
            raise UnfitError(
                f"the target lists no model ({status} for GET /v1/models)",
                f"{advice}, or name its model with --model or OPENHANDS_MODEL, {MODEL_PREFIX}<profile>",
            )
        return ours[0]

    async def _positive_control(self, model: str, listed: list[str]) -> str | None:
        word = built_in(self._seed, "smoke", model, NO_RUN)["word"]
        message: Json = {"role": "user", "content": f"Reply with exactly: {word}"}
        exchange = await self._send(Call("chat.completions.create", {"model": model, "messages": [message]}))
        response = exchange.response
        if response is not None and response.status == OK:
            return canonical_uuid(response.header(CONVERSATION_HEADER))
        if listed and model not in listed:
            close = get_close_matches(model, listed, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise UnfitError(f"the target has no model {model}{hint}", f"it lists: {', '.join(listed[:20])}")
        said = exchange.failure
        if response is not None:
            said = f"{response.status} {shorten(response.body.decode(errors='replace'))}"
        raise UnfitError(f"a plain chat with {model} is not answered: {said}", "look into the target's own log")

    async def _negative_control(self) -> None:
        path = f"/v1/{built_in(self._seed, 'smoke', '', NO_RUN)['other_word']}"
        response = (await self._send(Http("GET", path))).response
        if response is not None and response.status == OK:
            raise UnfitError(f"the target says 200 to a path that nobody serves (GET {path})", "check the base URL")

    async def _native_api(self, conversation: str | None) -> set[Capability]:
        offered = set()
        answers = {
            Capability.PROFILES: "/api/profiles",
            Capability.CONVERSATIONS: f"/api/conversations/{conversation}"
            if conversation
            else "/api/conversations/count",
        }
        for capability, path in answers.items():
            if capability in self._endpoint.capabilities:
                continue
            response = (await self._send(Http("GET", path), Auth.SESSION_HEADER)).response
            if response is not None and response.status == OK:
                offered.add(capability)
        return offered


async def wait_until_reachable(client: Client, seconds: float) -> None:
    """Wait until a starting target answers anything, or the time is up."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while loop.time() < deadline:
        exchange = await client.play(0, Http("GET", "/v1/models"), Auth.BOTH, {})
        _raise_if_cancelled()
        if exchange.response is not None and exchange.response.status != 503:
            return
        await asyncio.sleep(0.25)


def canonical_uuid(text: str | None) -> str | None:
    """A UUID from a server, in canonical form; None if it is not one."""
    try:
        return None if text is None else str(UUID(text))
    except ValueError:
        return None


def _is_page(response: Response) -> bool:
    return (response.header("content-type") or "").startswith("text/html")


def _title(response: Response) -> str:
    """An HTML page's title as part of a sentence; a proxy's says what is wrong."""
    title = re.search(r"<title[^>]*>\s*([^<]{1,80})", response.body[:4096].decode("utf-8", "replace"), re.IGNORECASE)
    return f", titled {shorten(title[1].strip())}" if title else ""


def _raise_if_cancelled() -> None:
    """A cancelled request returns what it recorded instead of raising; raise in its place."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
