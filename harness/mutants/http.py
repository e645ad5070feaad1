"""Mutants of HTTP: gateways with faults in media types, sizes, headers, methods or CORS."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace

from harness.mutants.exchange import Request, Response, again, refusal
from harness.mutants.mutant import Mutant


class ComparesTheMediaType(Mutant):
    """Refuses `application/json` with parameters."""

    breaks = "HTTP-1"

    async def answer(self, request: Request) -> Response:
        longer = request.headers.get("content-type", "").lower().startswith("application/json;")
        return refusal(415, "unsupported media type") if longer else await self.gateway(request)


class KnowsNoCapitals(Mutant):
    """Accepts media types only in lower case."""

    breaks = "HTTP-1"

    async def answer(self, request: Request) -> Response:
        small = (declared := request.headers.get("content-type", "")) == declared.lower()
        return await self.gateway(request) if small else refusal(415, "unsupported media type")


class StopsAtAQuarterOfAMegabyte(Mutant):
    """Refuses a body of more than 256 KiB."""

    breaks = "HTTP-2"
    also = frozenset({"HTTP-19"})
    limit = 2**18

    async def answer(self, request: Request) -> Response:
        return refusal(413, "too large") if len(request.body) > self.limit else await self.gateway(request)


class StopsAtAKilobyte(StopsAtAQuarterOfAMegabyte):
    """Refuses a body of more than 1 KiB."""

    breaks = "HTTP-2"
    gross = True
    limit = 2**10


class RunsOutOfStack(Mutant):
    """Answers 500 to a deeply nested body."""

    breaks = "HTTP-3"

    async def answer(self, request: Request) -> Response:
        if request.body.count(b"[") > 1000:
            return Response(500, {"content-type": "text/plain"}, b"Internal Server Error")
        return await self.gateway(request)


class ReadsEveryKey(Mutant):
    """Refuses a wrong key in any header, such as `api-key`."""

    breaks = "HTTP-4"

    async def answer(self, request: Request) -> Response:
        wrong = request.headers.get("api-key", self.gateway.key) != self.gateway.key
        return refusal(401, "wrong key") if wrong else await self.gateway(request)


class HasNoBetas(Mutant):
    """Refuses requests with `OpenAI-Beta`."""

    breaks = "HTTP-4"

    async def answer(self, request: Request) -> Response:
        return refusal(400, "no such beta") if "openai-beta" in request.headers else await self.gateway(request)


class ExpectsNothing(Mutant):
    """Refuses requests with `Expect`."""

    breaks = "HTTP-5"

    async def answer(self, request: Request) -> Response:
        return refusal(417, "expectation failed") if "expect" in request.headers else await self.gateway(request)


class LosesBodiesOnUpgrades(Mutant):
    """Loses the body of a request with `Upgrade`, as one popular server does."""

    breaks = "HTTP-6"

    def forwarded(self, request: Request) -> Request:
        if "upgrade" in request.headers:
            request = replace(request, body=b"").with_header("Content-Length", "0")
        return request


class TellsNoMethods(Mutant):
    """Answers 405 without `Allow`."""

    breaks = "HTTP-7"

    async def answer(self, request: Request) -> Response:
        return (await self.gateway(request)).with_header("Allow", None)


class TellsOtherMethods(Mutant):
    """Lists the refused method in `Allow`."""

    breaks = "HTTP-7"

    def returned(self, request: Request, response: Response) -> Response:
        return response.with_header("Allow", request.method) if response.status == 405 else response


class HasNoHead(Mutant):
    """Answers 500 to HEAD."""

    breaks = "HTTP-8"

    async def answer(self, request: Request) -> Response:
        return refusal(500, "no body") if request.method == "HEAD" else await self.gateway(request)


class PreflightsNeedAKey(Mutant):
    """Requires a key in a preflight, which has none."""

    breaks = "HTTP-9"

    async def answer(self, request: Request) -> Response:
        return refusal(401, "no key") if request.method == "OPTIONS" else await self.gateway(request)


class AllowsPagesNoConversations(Mutant):
    """Allows pages to send a key, but no conversation header."""

    breaks = "HTTP-9"

    def returned(self, request: Request, response: Response) -> Response:
        if request.method != "OPTIONS" or "access-control-allow-headers" not in response.headers:
            return response
        return response.with_header("Access-Control-Allow-Headers", "Authorization, Content-Type")


class HidesTheConversationFromPages(Mutant):
    """Exposes no headers of an answer to pages, as released servers do."""

    breaks = "HTTP-10"

    async def answer(self, request: Request) -> Response:
        return (await self.gateway(request)).with_header("Access-Control-Expose-Headers", None)


class HidesRefusalsFromPages(Mutant):
    """Leaves the CORS headers out of refusals."""

    breaks = "HTTP-11"

    def returned(self, request: Request, response: Response) -> Response:
        return response.with_header("Access-Control-Allow-Origin", None) if response.status >= 400 else response


class KnowsNoPages(Mutant):
    """Sends no CORS headers, and refuses preflights."""

    breaks = "HTTP-9"
    gross = True

    def returned(self, request: Request, response: Response) -> Response:
        for name in [name for name in response.headers if name.startswith("access-control-")]:
            response = response.with_header(name, None)
        return replace(response, status=405) if request.method == "OPTIONS" else response


class LetsEveryPageIn(Mutant):
    """Allows every origin, with the browser's credentials."""

    breaks = "HTTP-12"

    def returned(self, request: Request, response: Response) -> Response:
        origin = request.headers.get("origin")
        if origin is None:
            return response
        response = response.with_header("Access-Control-Allow-Credentials", "true")
        return response.with_header("Access-Control-Allow-Origin", origin)


class LetsPagesInByTheirStart(Mutant):
    """Allows every origin that starts with `localhost`."""

    breaks = "HTTP-12"

    def returned(self, request: Request, response: Response) -> Response:
        origin = request.headers.get("origin", "")
        return response.with_header("Access-Control-Allow-Origin", origin) if "//localhost" in origin else response


class WantsToKnowTheLength(Mutant):
    """Ignores a body without `Content-Length`."""

    breaks = "HTTP-13"

    def forwarded(self, request: Request) -> Request:
        chunked = "transfer-encoding" in request.headers
        return replace(request, body=b"") if chunked else request


class _SpoilsWrongMethods(Mutant):
    """Changes 405 responses, or with `concerns` all of them."""

    where = ("http/other-methods-are-told*",)

    def concerns(self, request: Request) -> bool:
        return False

    def spoil(self, response: Response) -> Response:
        """The changed response."""
        raise NotImplementedError

    def returned(self, request: Request, response: Response) -> Response:
        return self.spoil(response) if response.status == 405 or self.concerns(request) else response


class SaysJsonOverAPage(_SpoilsWrongMethods):
    """Sends an HTML page with a 405, declared as JSON."""

    breaks = "HTTP-14"
    always = "Answers everything with an HTML page, declared as JSON."

    def spoil(self, response: Response) -> Response:
        return replace(response, body=b"<!doctype html><title>Sorry</title>")


class DeclaresDeletionsAsPages(Mutant):
    """Declares the JSON body of a successful DELETE as HTML."""

    breaks = "HTTP-14"
    always = "Declares every successful answer as HTML."
    where = ("profiles/*",)

    def concerns(self, request: Request) -> bool:
        return request.method == "DELETE"

    def returned(self, request: Request, response: Response) -> Response:
        page = self.concerns(request) and response.status == 200
        return response.with_header("content-type", "text/html") if page else response


class DeclaresRefusalsTwice(_SpoilsWrongMethods):
    """Sends `Content-Type` twice with a 405."""

    breaks = "HTTP-15"
    always = "Sends `Content-Type` twice with every answer."

    def spoil(self, response: Response) -> Response:
        return again(response, "content-type")


class AllowsPagesTwice(Mutant):
    """Sends `Access-Control-Allow-Origin` twice, which browsers reject."""

    breaks = "HTTP-15"
    where = ("http/*page*",)

    def returned(self, request: Request, response: Response) -> Response:
        return again(response, "access-control-allow-origin")


class SaysZippedAndIsNot(_SpoilsWrongMethods):
    """Sends `Content-Encoding: gzip` with a plain 405 body."""

    breaks = "HTTP-16"
    always = "Sends `Content-Encoding: gzip` with every body, which is plain."
    also = frozenset({"HTTP-17"})

    def spoil(self, response: Response) -> Response:
        return response.with_header("content-encoding", "gzip")


class ZipsAndSaysNothing(Mutant):
    """Compresses the body of a successful DELETE without `Content-Encoding`."""

    breaks = "HTTP-16"
    always = "Compresses every successful answer without `Content-Encoding`."
    also = frozenset({"HTTP-14"})
    where = ("profiles/*",)

    def concerns(self, request: Request) -> bool:
        return request.method == "DELETE"

    def returned(self, request: Request, response: Response) -> Response:
        zips = self.concerns(request) and response.status == 200
        return replace(response, body=gzip.compress(response.body)) if zips else response


class ZipsUnasked(_SpoilsWrongMethods):
    """Sends 405 bodies with gzip to clients that accept only `identity`."""

    breaks = "HTTP-17"
    always = "Sends every body with gzip, to clients that accept only `identity` too."

    def spoil(self, response: Response) -> Response:
        return replace(response, body=gzip.compress(response.body)).with_header("content-encoding", "gzip")


class NamesTheModelTwice(Mutant):
    """Repeats the member `model` in a chat completion."""

    breaks = "HTTP-18"

    def returned(self, request: Request, response: Response) -> Response:
        if request.chat is None or response.status != 200 or (body := response.json) is None:
            return response
        again = f', "model": {json.dumps(body["model"])}}}'
        return replace(response, body=response.body.rstrip().removesuffix(b"}") + again.encode())
