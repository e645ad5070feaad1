"""Mutants of the native profile API: gateways that create, keep, show or refuse profiles wrongly."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from harness.mutants.exchange import Request, Response, refusal
from harness.mutants.mutant import MODEL, Mutant, SpoilsAnswers

PROFILES = "/api/profiles/"


class CreatedIsJustOk(Mutant):
    """Answers 200 for a created profile."""

    breaks = "PROFILE-1"

    def returned(self, request: Request, response: Response) -> Response:
        created = request.is_for("POST", PROFILES) and response.status == 201
        return replace(response, status=200) if created else response


class KnowsTheProfilesOfItsStart(SpoilsAnswers):
    """Reads the profiles only at start-up, so that new ones are no models yet."""

    breaks = "PROFILE-2"
    also = frozenset({"PROFILE-20"})
    method, path = "GET", "/v1/models"

    def spoil(self, body: dict[str, Any]) -> None:
        body["data"] = [model for model in body["data"] if model["id"] == MODEL]


class UnderscoresSeparate(SpoilsAnswers):
    """Lists a profile under the part of its name before an underscore."""

    breaks = "PROFILE-2"
    method, path = "GET", "/v1/models"

    def spoil(self, body: dict[str, Any]) -> None:
        for model in body["data"]:
            model["id"] = "_".join(model["id"].split("_")[:2])


class DeletesNothing(Mutant):
    """Reports a profile as deleted, but keeps it."""

    breaks = "PROFILE-3"

    def forwarded(self, request: Request) -> Request:
        return replace(request, path=PROFILES + "nobody") if request.is_for("DELETE", PROFILES) else request


class DeletesByTheBeginning(Mutant):
    """Deletes every profile whose name begins with that of the one to delete."""

    breaks = "PROFILE-21"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if request.is_for("DELETE", PROFILES) and response.status < 300:
            listed = (await self.gateway.ask("GET", PROFILES.rstrip("/"))).json["profiles"]
            for name in (each["name"] for each in listed):
                if name.startswith(request.path.removeprefix(PROFILES)):
                    await self.gateway.ask("DELETE", PROFILES + name)
        return response


@dataclass
class ServesWhatItHasServed(Mutant):
    """Caches profiles in use, and starts conversations with them after their deletion."""

    breaks = "PROFILE-3"
    used: set[str] = field(default_factory=set)

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if (question := request.chat) is None or request.conversation:
            return response
        if response.status == 404 and question["model"] in self.used:
            return await self.gateway(request.with_json({**question, "model": MODEL}))
        if response.status in {200, 500}:
            self.used.add(question["model"])
        return response


class KnowsOneProvider(Mutant):
    """Accepts models of OpenAI only."""

    breaks = "PROFILE-4"
    always = "Refuses every profile."

    def concerns(self, request: Request) -> bool:
        return b"anthropic/" in request.body

    async def answer(self, request: Request) -> Response:
        if request.is_for("POST", PROFILES) and self.concerns(request):
            return refusal(422, "unknown provider")
        return await self.gateway(request)


class TrustsTheIntranet(Mutant):
    """Lets anyone create a profile."""

    breaks = "PROFILE-5"
    always = "Asks for no key in the whole profile API."

    def concerns(self, request: Request) -> bool:
        return request.method == "POST"

    def forwarded(self, request: Request) -> Request:
        profiles = request.path.startswith("/api/profiles")
        return self.gateway.unlocked(request) if profiles and self.concerns(request) else request


class RefusesAfterSaving(Mutant):
    """Saves a profile without a key, and then refuses the request."""

    breaks = "PROFILE-5"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if request.is_for("POST", PROFILES) and response.status == 401:
            await self.gateway(self.gateway.unlocked(request))
        return response


class AnyoneMayDelete(Mutant):
    """Requires the key to create or read a profile, but not to delete one."""

    breaks = "PROFILE-5"

    def forwarded(self, request: Request) -> Request:
        return self.gateway.unlocked(request) if request.is_for("DELETE", PROFILES) else request


class AnyoneMayLookAround(Mutant):
    """Lists the profiles for everyone."""

    breaks = "PROFILE-5"

    def forwarded(self, request: Request) -> Request:
        return self.gateway.unlocked(request) if request.is_for("GET", "/api/profiles") else request


class ShowsTheApiKey(Mutant):
    """Shows a profile with its API key."""

    breaks = "PROFILE-6"
    also = frozenset({"AUTH-17"})

    def forwarded(self, request: Request) -> Request:
        return request.with_header("X-Expose-Secrets", "plaintext")


class ListsTheApiKeys(Mutant):
    """Shows a profile without its API key, but lists profiles with theirs."""

    breaks = "PROFILE-6"
    also = frozenset({"AUTH-17"})

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if not request.is_for("GET", "/api/profiles") or response.status != 200:
            return response
        body = response.json
        for profile in body["profiles"]:
            plain = Request("GET", PROFILES + profile["name"], request.headers).with_header(
                "X-Expose-Secrets", "plaintext"
            )
            profile["api_key"] = ((await self.gateway(plain)).json.get("config") or {}).get("api_key")
        return response.with_json(body)


class KeepsTheFirst(Mutant):
    """Reports a profile as saved, but keeps the older one of that name."""

    breaks = "PROFILE-7"

    async def answer(self, request: Request) -> Response:
        if request.is_for("POST", PROFILES) and (await self.gateway.ask("GET", request.path)).status == 200:
            return Response(201, {}, b"").with_json({"message": "saved"})
        return await self.gateway(request)


@dataclass
class RunsOnTheFirst(Mutant):
    """Saves and shows an overwritten profile, but runs conversations on its first version."""

    breaks = "PROFILE-7"
    _saved: dict[str, list[Request]] = field(default_factory=dict)

    async def answer(self, request: Request) -> Response:
        if request.is_for("POST", PROFILES):
            self._saved.setdefault(request.path, []).append(request)
        model = str((request.chat or {}).get("model"))
        versions = self._saved.get(PROFILES + model.removeprefix("openhands_"), [])
        if len(versions) < 2:
            return await self.gateway(request)
        await self.gateway(versions[0])
        response = await self.gateway(request)
        await self.gateway(versions[-1])
        return response


class MendsNames(Mutant):
    """Sanitises an invalid profile name instead of refusing it."""

    breaks = "PROFILE-8"

    def forwarded(self, request: Request) -> Request:
        if request.path.startswith(PROFILES) and not request.path.endswith("/rename"):
            name = re.sub(r"[^A-Za-z0-9_-]", "", request.path.removeprefix(PROFILES))[:64]
            request = replace(request, path=PROFILES + name)
        return request


class HasAModelForEveryone(Mutant):
    """Adds a default model to a profile without one."""

    breaks = "PROFILE-9"

    def forwarded(self, request: Request) -> Request:
        body = request.json
        if request.is_for("POST", PROFILES) and isinstance(body, dict):
            request = request.with_json({**body, "llm": {"model": "openai/gpt-4o", **body.get("llm", {})}})
        return request


class ShowsEmptyProfiles(Mutant):
    """Shows a missing profile as an empty one."""

    breaks = "PROFILE-10"

    def returned(self, request: Request, response: Response) -> Response:
        if request.is_for("GET", PROFILES) and response.status == 404:
            return response.with_json({"name": "", "config": {}, "api_key_set": False}, status=200)
        return response


class RunsOnOneModel(SpoilsAnswers):
    """Runs every conversation on the language model of the first profile."""

    breaks = "PROFILE-11"
    method, path = "GET", "/api/conversations/[^/]+"

    def spoil(self, body: dict[str, Any]) -> None:
        body["agent"]["llm"]["model"] = "openai/scripted"


class ForgetsTheKey(Mutant):
    """Stores a profile without its key."""

    breaks = "PROFILE-12"

    def forwarded(self, request: Request) -> Request:
        body = request.json
        if request.is_for("POST", PROFILES) and isinstance(body, dict):
            request = request.with_json({**body, "include_secrets": False})
        return request


class ListsNoNewProfiles(SpoilsAnswers):
    """Lists only the profiles that it started with."""

    breaks = "PROFILE-13"
    method, path = "GET", "/api/profiles"

    def spoil(self, body: dict[str, Any]) -> None:
        body["profiles"] = body["profiles"][-1:]


class CopiesInsteadOfRenaming(Mutant):
    """Renames a profile, but keeps it under the old name too."""

    breaks = "PROFILE-14"

    async def answer(self, request: Request) -> Response:
        old = request.path.removesuffix("/rename")
        if not request.is_for("POST", old + "/rename"):
            return await self.gateway(request)
        kept = await self.gateway(Request("GET", old, request.headers).with_header("X-Expose-Secrets", "plaintext"))
        response = await self.gateway(request)
        if response.status == 200:
            await self.gateway(replace(request, path=old).with_json({"llm": kept.json["config"]}))
        return response


@dataclass
class FollowsItsProfile(Mutant):
    """Changes a conversation's language model when its profile changes."""

    breaks = "PROFILE-15"
    profile: dict[str, str] = field(default_factory=dict)

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if (question := request.chat) is not None and request.conversation:
            self.profile.setdefault(request.conversation, str(question["model"]).removeprefix("openhands_"))
        name = self.profile.get(request.path.removeprefix("/api/conversations/"))
        if request.method == "GET" and name and response.status == 200:
            profile = await self.gateway.ask("GET", PROFILES + name)
            body = response.json
            if profile.status == 200:
                body["agent"]["llm"]["model"] = profile.json["config"]["model"]
            return response.with_json(body)
        return response


@dataclass
class OrphansAreErrors(Mutant):
    """Answers 500 to a follow-up whose profile is deleted."""

    breaks = "PROFILE-16"
    _deleted: set[object] = field(default_factory=set)

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if request.is_for("DELETE", PROFILES):
            self._deleted.add(f"openhands_{request.path.removeprefix(PROFILES)}")
        deleted = request.chat is not None and request.chat.get("model") in self._deleted
        orphan = deleted and response.status == 404 and await self.gateway.knows(request.conversation)
        return refusal(500, "KeyError") if orphan else response


@dataclass
class OrphansAreHidden(Mutant):
    """Hides conversations whose profile is deleted."""

    breaks = "PROFILE-17"
    model: dict[str, str] = field(default_factory=dict)

    async def answer(self, request: Request) -> Response:
        if (question := request.chat) is not None and request.conversation:
            self.model[request.conversation] = str(question["model"])
        model = self.model.get(request.path.removeprefix("/api/conversations/"))
        if request.method == "GET" and model and (await self.gateway.ask("GET", f"/v1/models/{model}")).status == 404:
            return refusal(404, "no such conversation")
        return await self.gateway(request)


class MissingProfilesCantBeDeleted(Mutant):
    """Answers 500 to the deletion of a missing profile."""

    breaks = "PROFILE-18"

    async def answer(self, request: Request) -> Response:
        missing = request.is_for("DELETE", PROFILES) and (await self.gateway.ask("GET", request.path)).status == 404
        return refusal(500, "FileNotFoundError") if missing else await self.gateway(request)


class KeepsEveryKey(Mutant):
    """Stores a profile's key whatever `include_secrets` says."""

    breaks = "PROFILE-19"
    also = frozenset({"PROFILE-20"})

    def forwarded(self, request: Request) -> Request:
        body = request.json
        if request.is_for("POST", PROFILES) and isinstance(body, dict):
            request = request.with_json({**body, "include_secrets": True})
        return request


class LendsItsOwnKey(Mutant):
    """Runs a profile without a key on its own first profile."""

    breaks = "PROFILE-20"

    async def answer(self, request: Request) -> Response:
        question = request.chat
        name = str((question or {}).get("model")).removeprefix("openhands_")
        stored = await self.gateway.ask("GET", PROFILES + name) if question and name.startswith("harness-") else None
        if stored is not None and stored.status == 200 and not stored.json["api_key_set"]:
            request = request.with_json({**(question or {}), "model": MODEL})
        return await self.gateway(request)


class HidesProfilesWithoutAKey(Mutant):
    """Lists only profiles that have a key as models."""

    breaks = "PROFILE-20"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if not request.is_for("GET", "/v1/models") or response.status != 200:
            return response
        profiles = (await self.gateway.ask("GET", "/api/profiles")).json["profiles"]
        keyless = {f"openhands_{profile['name']}" for profile in profiles if not profile["api_key_set"]}
        body = response.json
        return response.with_json({**body, "data": [model for model in body["data"] if model["id"] not in keyless]})
