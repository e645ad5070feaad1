"""The smoke test before the suite: is there an endpoint, does it accept us, does its agent answer, what does it offer?

What fails here is either the user's to mend (a wrong address or key, no profile), so that nothing is learned of the
target, or breaks a promise of the target's; then the error names the requirement. What the target offers is decided by
facts that no requirement promises.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

from harness.json_value import shorten
from harness.plan import NATIVE
from harness.run.patience import patiently
from harness.run.variables import built_in
from harness.scenarios.body import BodyError, decode
from harness.scenarios.model import Auth, Call, Capability, Http
from harness.targets.names import MODEL_PREFIX, NO_RUN, SCRATCH_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.json_value import Json
    from harness.run.client import Client
    from harness.targets import Endpoint
    from harness.trace import Exchange, Response

OK = 200

_PASSING = {429, 503, 504}
"""Statuses of a chat that another time, or a longer one, may mend."""

ACCEPTS_KEY, EITHER_SUFFICES = "AUTH-1", "AUTH-7"
LISTS_MODELS, LISTS_PROFILES, ANSWERS_CHATS = "MODEL-1", "MODEL-2", "CHAT-1"
"""The requirements that the smoke test's own expectations belong to, like the two above."""

NOT_ALLOWED = "it uses the native API, and on someone else's server that takes --native-api"


@dataclass(frozen=True, slots=True)
class Broken:
    """The requirement that the last request of the smoke test found violated, and by what, as a finding names it."""

    requirement: str
    check: str
    expected: str
    actual: str


class UnfitError(Exception):
    """The suite can't be played. Says why and what to do; the requests sent are in `smoke.exchanges`.

    Attributes:
        broken: what the target itself did wrong; None if the user's choice of address, key or model may be to blame.
    """

    def __init__(self, what: str, advice: str, broken: Broken | None = None) -> None:
        super().__init__(f"{what}; {advice}")
        self.broken = broken


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
        """Ask for the models, for one turn, and for what else there is. Raises UnfitError."""
        status, listed = await self._models()
        model = self._endpoint.model or await self._choose(status, listed)
        await self._chat(model, listed or [])
        capabilities = set(self._endpoint.capabilities)
        if self._endpoint.key is not None:
            capabilities.add(Capability.AUTHENTICATION)
        if not self._endpoint.native_api:
            return Fitness(model, frozenset(capabilities - set(NATIVE)), dict.fromkeys(NATIVE, NOT_ALLOWED))
        if await self._has_native_api():
            capabilities.update(NATIVE)
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

    async def _models(self) -> tuple[int, list[str] | None]:
        """The list's HTTP status and the models' names; None if it is no list of models."""
        exchange = await self._send(Http("GET", "/v1/models"))
        response = exchange.response
        if response is not None and _is_page(response) and not self._is_known:
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
            alone = (await self._send(Http("GET", "/v1/models"), Auth.BEARER)).response
            if alone is not None and alone.status == OK:
                again = await self._send(Http("GET", "/v1/models"))
                said = str(again.response.status) if again.response is not None else again.failure or "nothing"
                raise UnfitError(
                    f"the target takes the session key as a bearer token, but not in both forms at once ({said})",
                    "look into the target, or the proxy in front of it",
                    Broken(EITHER_SUFFICES, "status", str(OK), said),
                )
            broken = Broken(ACCEPTS_KEY, "status", str(OK), str(response.status)) if self._is_ours else None
            raise UnfitError(
                f"the target refuses the session key ({response.status} for GET /v1/models)", advice, broken
            )
        try:
            body = decode(response)
        except BodyError:
            return response.status, None
        return response.status, _names(body, "data", "id")

    async def _choose(self, status: int, listed: list[str] | None) -> str:
        if ours := [name for name in listed or () if name.startswith(MODEL_PREFIX)] or listed:
            return ours[0]
        broken = None
        if status == OK and listed is not None:
            if profiles := await self._profiles():
                broken = Broken(LISTS_PROFILES, "body $.data", f"{MODEL_PREFIX}{profiles[0]}", "no model")
        elif self._is_known:
            broken = Broken(LISTS_MODELS, "body", "a list of models", f"{status}, no list of models")
        where = f"check that the server's root is {self._client.base_url}" if status != OK else "create a profile there"
        raise UnfitError(
            f"the target lists no model ({status} for GET /v1/models)",
            f"{where}, or name its model with --model or OPENHANDS_MODEL, {MODEL_PREFIX}<profile>",
            broken,
        )

    async def _profiles(self) -> list[str]:
        """The names of the profiles that the native API lists, if the run may ask it."""
        if not self._endpoint.native_api:
            return []
        response = (await self._send(Http("GET", "/api/profiles"), Auth.SESSION_HEADER)).response
        try:
            body = decode(response) if response is not None else None
        except BodyError:
            return []
        return _names(body, "profiles", "name") or []

    async def _chat(self, model: str, listed: list[str]) -> None:
        """One turn must be answered with 200."""
        word = built_in(self._seed, "smoke", model, NO_RUN)["word"]
        message: Json = {"role": "user", "content": f"Reply with exactly: {word}"}
        exchange = await self._send(Call("chat.completions.create", {"model": model, "messages": [message]}))
        response = exchange.response
        if response is not None and response.status == OK:
            return
        exists = model in listed or self._is_ours or model.startswith(f"{MODEL_PREFIX}{SCRATCH_PREFIX}")
        if listed and not exists:
            close = get_close_matches(model, listed, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise UnfitError(f"the target has no model {model}{hint}", f"it lists: {', '.join(listed[:20])}")
        said = exchange.failure or "nothing"
        if response is not None:
            said = f"{response.status} {shorten(response.body.decode(errors='replace'))}"
        passing = response is None or response.status in _PASSING
        broken = Broken(ANSWERS_CHATS, "status", str(OK), said) if exists and not passing else None
        raise UnfitError(f"a plain chat with {model} is not answered: {said}", "look into the target's own log", broken)

    async def _has_native_api(self) -> bool:
        """Whether the target is an OpenHands server: it describes itself, or counts its conversations."""
        if self._is_known or self._endpoint.capabilities.issuperset(NATIVE):
            return True
        response = (await self._send(Http("GET", "/api/conversations/count"), Auth.SESSION_HEADER)).response
        return response is not None and response.status == OK

    @property
    def _is_ours(self) -> bool:
        """Whether the harness started the target, so that key and model are right."""
        return Capability.RESTART in self._endpoint.capabilities

    @property
    def _is_known(self) -> bool:
        """Whether the address is right for sure, since `GET /server_info` was answered there."""
        return bool(self._endpoint.server_info)


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


def _names(body: Json, member: str, name: str) -> list[str] | None:
    """The names of the objects in a list that is a member of a body; None if there is no such list."""
    listed = body.get(member) if isinstance(body, dict) else None
    if not isinstance(listed, list):
        return None
    names = [each.get(name) for each in listed if isinstance(each, dict)]
    return [each for each in names if isinstance(each, str)]


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
