"""Profiles as models: gateways that list, name or serve them wrongly."""

from __future__ import annotations

from harness.mutants.exchange import Request, Response, refusal
from harness.mutants.mutant import MODEL, Mutant, SpoilsQuestions


class _SpoilsTheList(Mutant):
    """Changes the model list."""

    def spoil(self, models: list[dict[str, object]]) -> None:
        """Change the models in place."""
        raise NotImplementedError

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if not request.is_for("GET", "/v1/models") or response.status != 200:
            return response
        listed = response.json
        self.spoil(listed["data"])
        return response.with_json(listed)


class DatesAreText(_SpoilsTheList):
    """Writes a model's time of creation as a date."""

    breaks = "MODEL-1"

    def spoil(self, models: list[dict[str, object]]) -> None:
        for model in models:
            model["created"] = "2026-01-01"


class ListOfAnotherKind(Mutant):
    """Gives the models as a bare array."""

    breaks = "MODEL-1"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if request.is_for("GET", "/v1/models") and response.status == 200:
            listed = response.json
            return response.with_json({"data": listed["data"], "object": "models"})
        return response


class ListsProfilesWithAKey(_SpoilsTheList):
    """Lists only profiles that have been made through the API, not the one that it started with."""

    breaks = "MODEL-2"

    def spoil(self, models: list[dict[str, object]]) -> None:
        models[:] = [model for model in models if model["id"] != MODEL]


class ListsWhatTheAgentCalls(_SpoilsTheList):
    """Lists the model behind the profile beside it."""

    breaks = "MODEL-3"

    def spoil(self, models: list[dict[str, object]]) -> None:
        models.append({**models[0], "id": "gpt-4o"})


class PrefixIsOptional(SpoilsQuestions):
    """Serves a profile under its bare name too."""

    breaks = "MODEL-4"

    def spoil(self, question: dict[str, object]) -> None:
        if question.get("model") == MODEL.removeprefix("openhands_"):
            question["model"] = MODEL


class ServesAnyModel(SpoilsQuestions):
    """Answers with its own model when it has none of that name."""

    breaks = "MODEL-4"

    def spoil(self, question: dict[str, object]) -> None:
        if isinstance(question.get("model"), str):
            question["model"] = MODEL


class UnknownModelIsABadRequest(Mutant):
    """Says 400 to a model that it doesn't have."""

    breaks = "MODEL-5"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        return refusal(400, "unknown model") if request.chat and response.status == 404 else response


class HasNoSingleModels(Mutant):
    """Lists models and can't show one, as released servers do."""

    breaks = "MODEL-6"

    async def answer(self, request: Request) -> Response:
        return await self.gateway(Request(request.method, request.path.replace("/models/", "/"), request.headers))


class ShowsAnyModel(Mutant):
    """Shows whichever model it is asked for, whether it exists or not."""

    breaks = "MODEL-7"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if request.is_for("GET", "/v1/models/") and response.status == 404:
            shown = (await self.gateway.ask("GET", f"/v1/models/{MODEL}")).json
            return response.with_json({**shown, "id": request.path.removeprefix("/v1/models/")}, status=200)
        return response
