"""Mutants of models: gateways that list, name or serve profiles wrongly."""

from __future__ import annotations

from dataclasses import replace
from posixpath import normpath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from harness.mutants.mutant import MODEL, Mutant, SpoilsAnswers, SpoilsQuestions

if TYPE_CHECKING:
    from harness.mutants.exchange import Request, Response


class _SpoilsTheList(SpoilsAnswers):
    """Changes the model list."""

    method, path = "GET", "/v1/models"


class DatesAreText(_SpoilsTheList):
    """Writes a model's creation time as a date."""

    breaks = "MODEL-1"
    also = frozenset({"CLIENT-1"})

    def spoil(self, body: dict[str, Any]) -> None:
        for model in body["data"]:
            model["created"] = "2026-01-01"


class ListOfAnotherKind(_SpoilsTheList):
    """Returns the list with the object `models`."""

    breaks = "MODEL-1"

    def spoil(self, body: dict[str, Any]) -> None:
        body["object"] = "models"


class DatesAreFractions(_SpoilsTheList):
    """Writes a model's creation time with a fraction of a second."""

    breaks = "MODEL-1"
    also = frozenset({"CLIENT-1"})

    def spoil(self, body: dict[str, Any]) -> None:
        for model in body["data"]:
            model["created"] = 1763859600.25


class ListsProfilesWithAKey(_SpoilsTheList):
    """Lists only profiles created through the API, not the one that it started with."""

    breaks = "MODEL-2"

    def spoil(self, body: dict[str, Any]) -> None:
        body["data"] = [model for model in body["data"] if model["id"] != MODEL]


class ListsWhatTheAgentCalls(_SpoilsTheList):
    """Lists a profile's language model too."""

    breaks = "MODEL-3"

    def spoil(self, body: dict[str, Any]) -> None:
        body["data"].append({**body["data"][0], "id": "gpt-4o"})


class PrefixIsOptional(SpoilsQuestions):
    """Serves a profile under its bare name too."""

    breaks = "MODEL-4"

    def spoil(self, question: dict[str, Any]) -> None:
        if question.get("model") == MODEL.removeprefix("openhands_"):
            question["model"] = MODEL


class ServesAnyModel(Mutant):
    """Uses its own model for an unknown one."""

    breaks = "MODEL-4"
    also = frozenset({"MODEL-5", "MODEL-11"})

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if (question := request.chat) is not None and response.status == 404:
            return await self.gateway(request.with_json({**question, "model": MODEL}))
        return response


class ReadsTheStartOfAName(SpoilsQuestions):
    """Accepts a name that starts with a model's name."""

    breaks = "MODEL-4"
    also = frozenset({"MODEL-11"})

    def spoil(self, question: dict[str, Any]) -> None:
        if str(question.get("model")).startswith(MODEL):
            question["model"] = MODEL


class PrefixInAnyCase(SpoilsQuestions):
    """Accepts the prefix in any letter case."""

    breaks = "MODEL-4"

    def spoil(self, question: dict[str, Any]) -> None:
        if str(question.get("model")).lower() == MODEL:
            question["model"] = MODEL


class _ReadsNames(SpoilsQuestions):
    """Takes a model's name for something else than a name."""

    def read(self, name: str) -> str:
        """The name that is looked up."""
        raise NotImplementedError

    def spoil(self, question: dict[str, Any]) -> None:
        if isinstance(name := question.get("model"), str):
            question["model"] = self.read(name)


class TakesFileNames(_ReadsNames):
    """Serves a profile under its file's name too, as released servers do."""

    breaks = "MODEL-11"

    def read(self, name: str) -> str:
        return name.removesuffix(".json")


class TrimsNames(_ReadsNames):
    """Ignores blanks around a model's name."""

    breaks = "MODEL-4"

    def read(self, name: str) -> str:
        return name.strip()


class DecodesNames(_ReadsNames):
    """Decodes a model's name as if it came in a URL."""

    breaks = "MODEL-4"

    def read(self, name: str) -> str:
        return unquote(name)


class TakesNamesForPaths(_ReadsNames):
    """Resolves dot segments in a profile's name."""

    breaks = "MODEL-4"

    def read(self, name: str) -> str:
        return name[:10] + normpath(name[10:]) if name.startswith("openhands_") and name[10:] else name


class NoNameIsTheDefault(SpoilsQuestions):
    """Uses a default model for an empty name."""

    breaks = "MODEL-4"

    def spoil(self, question: dict[str, Any]) -> None:
        if question.get("model") == "":
            question["model"] = MODEL


class UnknownModelIsABadRequest(Mutant):
    """Answers 400 to an unknown model."""

    breaks = "MODEL-5"

    def returned(self, request: Request, response: Response) -> Response:
        return replace(response, status=400) if request.chat and response.status == 404 else response


class HasNoSingleModels(Mutant):
    """Lists models but can't show a single one, as released servers do."""

    breaks = "MODEL-6"

    def forwarded(self, request: Request) -> Request:
        alone = request.is_for("GET", "/v1/models/")
        return replace(request, path="/v1/model") if alone else request


class ShowsAnyModel(Mutant):
    """Shows any requested model, whether it exists or not."""

    breaks = "MODEL-7"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        if request.is_for("GET", "/v1/models/") and response.status == 404:
            shown = (await self.gateway.ask("GET", f"/v1/models/{MODEL}")).json
            return response.with_json({**shown, "id": request.path.removeprefix("/v1/models/")}, status=200)
        return response


class NamesAnotherOwner(_SpoilsTheList):
    """Names the language model's provider as the owner of a model, which it may."""

    breaks = "MODEL-8"

    def spoil(self, body: dict[str, Any]) -> None:
        for model in body["data"]:
            model["owned_by"] = "openai"


class ListsAliases(_SpoilsTheList):
    """Lists a profile once for each of its settings."""

    breaks = "MODEL-9"

    def spoil(self, body: dict[str, Any]) -> None:
        body["data"] += [{**model, "created": 1} for model in body["data"]]


class StartsBeforeItKnowsTheModel(Mutant):
    """Creates the conversation before it looks the model up."""

    breaks = "MODEL-10"

    async def answer(self, request: Request) -> Response:
        response = await self.gateway(request)
        question = request.chat if response.status == 404 and request.conversation else None
        if question is not None and not await self.gateway.knows(request.conversation):
            await self.gateway(request.with_json({**question, "model": MODEL}))
        return response


class ListsOtherNames(_SpoilsTheList):
    """Lists every model under a name that it doesn't serve."""

    breaks = "CHAT-1"
    gross = True

    def spoil(self, body: dict[str, Any]) -> None:
        for number, model in enumerate(body["data"]):
            model["id"] = f"openhands_{number}"


class KnowsNoPrefix(Mutant):
    """Lists and serves every profile under its bare name alone."""

    breaks = "MODEL-3"
    gross = True
    _prefix = "openhands_"

    def forwarded(self, request: Request) -> Request:
        if (question := request.chat) is None or not isinstance(name := question.get("model"), str):
            return request
        bare = not name.startswith(self._prefix)
        return request.with_json({**question, "model": f"{self._prefix}{name}" if bare else "unknown"})

    def returned(self, request: Request, response: Response) -> Response:
        if not request.is_for("GET", "/v1/models") or response.status != 200:
            return response
        models = [{**model, "id": model["id"].removeprefix(self._prefix)} for model in response.json["data"]]
        return response.with_json({**response.json, "data": models})
