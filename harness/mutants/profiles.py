"""The native profile API: gateways that create, keep, show or refuse profiles wrongly."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from harness.mutants.exchange import Request, Response, refusal
from harness.mutants.mutant import MODEL, Mutant, SpoilsAnswers

PROFILES = "/api/profiles/"


class CreatedIsJustOk(Mutant):
    """Answers 200 to a profile that it has created."""

    breaks = "PROFILE-1"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        return replace(response, status=200) if response.status == 201 else response


class KnowsTheProfilesOfItsStart(SpoilsAnswers):
    """Reads the profiles when it starts; new ones are models after the next start."""

    breaks = "PROFILE-2"
    method, path = "GET", "/v1/models"

    def spoil(self, body: dict[str, Any]) -> None:
        body["data"] = [model for model in body["data"] if model["id"] == MODEL]


class DeletesNothing(Mutant):
    """Says that a profile is deleted, and keeps it."""

    breaks = "PROFILE-3"

    async def answer(self, request: Request) -> Response:
        if request.is_for("DELETE", PROFILES):
            return await self.gateway(replace(request, path=PROFILES + "nobody"))
        return await self.gateway(request)


class KnowsOneProvider(Mutant):
    """Takes models of OpenAI only."""

    breaks = "PROFILE-4"

    async def answer(self, request: Request) -> Response:
        if request.is_for("POST", PROFILES) and b"anthropic/" in request.body:
            return refusal(422, "unknown provider")
        return await self.gateway(request)


class TrustsTheIntranet(Mutant):
    """Lets anyone create a profile."""

    breaks = "PROFILE-5"

    async def answer(self, request: Request) -> Response:
        if request.is_for("POST", PROFILES):
            request = request.with_header("X-Session-API-Key", self.gateway.key)
        return await self.gateway(request)


class RefusesAfterSaving(Mutant):
    """Saves a stranger's profile and then asks for the key."""

    breaks = "PROFILE-5"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if request.is_for("POST", PROFILES) and response.status == 401:
            await self.gateway(request.with_header("X-Session-API-Key", self.gateway.key))
        return response


class ShowsTheApiKey(Mutant):
    """Shows a profile with its API key."""

    breaks = "PROFILE-6"

    async def answer(self, request: Request) -> Response:
        return await self.gateway(request.with_header("X-Expose-Secrets", "plaintext"))


class KeepsTheFirst(Mutant):
    """Says that a profile is saved, and keeps the older one of that name."""

    breaks = "PROFILE-7"

    async def answer(self, request: Request) -> Response:
        if request.is_for("POST", PROFILES) and (await self.gateway.ask("GET", request.path)).status == 200:
            return Response(201, {}, b"").with_json({"message": "saved"})
        return await self.gateway(request)


class MendsNames(Mutant):
    """Makes a file name of whatever it is given."""

    breaks = "PROFILE-8"

    async def answer(self, request: Request) -> Response:
        if request.path.startswith(PROFILES):
            name = re.sub(r"[^A-Za-z0-9-]", "", request.path.removeprefix(PROFILES))[:64]
            request = replace(request, path=PROFILES + name)
        return await self.gateway(request)


class HasAModelForEveryone(Mutant):
    """Puts a model of its own into a profile that names none."""

    breaks = "PROFILE-9"

    async def answer(self, request: Request) -> Response:
        body = request.json
        if request.is_for("POST", PROFILES) and isinstance(body, dict):
            request = request.with_json({**body, "llm": {"model": "openai/gpt-4o", **body.get("llm", {})}})
        return await self.gateway(request)


class ShowsEmptyProfiles(Mutant):
    """Shows a profile that doesn't exist as an empty one."""

    breaks = "PROFILE-10"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if request.is_for("GET", PROFILES) and response.status == 404:
            return response.with_json({"name": "", "config": {}, "api_key_set": False}, status=200)
        return response


class RunsOnOneModel(SpoilsAnswers):
    """Runs every conversation on the language model of the profile that it started with."""

    breaks = "PROFILE-11"
    method, path = "GET", "/api/conversations/[^/]+"

    def spoil(self, body: dict[str, Any]) -> None:
        body["agent"]["llm"]["model"] = "openai/scripted"
