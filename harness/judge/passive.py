"""Passive checks: rules that every exchange of a run is held against, whatever scenario it belongs to.

Each is a pure function of an answer and of what is known of the run. For all that it looks at, it yields None where
that holds and the difference where it doesn't; of an answer that it has nothing to say about, it yields nothing.
"""

from __future__ import annotations

import re
import zlib
from functools import partial
from typing import TYPE_CHECKING

from harness.json_value import shorten
from harness.judge.answer import ENDPOINTS, EVENTS, JSON
from harness.judge.delivery import date, endings, pages, redirects
from harness.judge.inside import shown
from harness.judge.rule import MINUTES, Context, Difference
from harness.scenarios.body import BodyError, UnreadError
from harness.scenarios.model import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.judge.answer import Answer
    from harness.judge.rule import Look, Rule
    from harness.trace import Response

CONVERSATION_HEADER = "X-OpenHands-ServerConversation-ID"

_ONE_VALUE = (
    "content-type",
    "content-length",
    "location",
    "retry-after",
    "etag",
    "last-modified",
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-max-age",
)
"""Headers that are no lists, and that clients read. Servers and proxies both write `Date` and `Server`."""

_UUID = re.compile(r"(urn:uuid:)?\{?[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\}?", re.IGNORECASE)
"""In any usual spelling."""

_TIME = re.compile(r"\d+|[A-Z][a-z]+, \d\d[ -][A-Z][a-z]{2}[ -]\d{2,4} \d\d:\d\d:\d\d GMT")
"""Seconds, or a date of HTTP (RFC 9110, 5.6.7)."""

_GZIP = b"\x1f\x8b"
_PLAIN = (b"{", b"[", b"data:", b"event:", b"<")
"""How no coding begins, and the texts that are told apart do."""

_LOOKED_AT = 64 * 1024
"""Bytes that are decoded to see whether a coding is what it is called."""

_MESSAGE = {"role", "content", "refusal", "annotations", "audio", "function_call", "tool_calls", "name"}
_CHOICE = {"index", "message", "delta", "finish_reason", "logprobs"}
"""Members that OpenAI's API has."""

_INNER = {
    "reasoning", "thinking", "thought", "thoughts", "think", "scratchpad", "tool", "tools", "action", "actions",
    "observation", "observations", "event", "events", "step", "steps", "trajectory",
}  # fmt: skip
"""Words in the name of a member that tells what the agent thought or did."""

_FINISH_REASONS = {"stop", "length", "content_filter", "tool_calls", "function_call"}

_REFUSALS = range(400, 500)
_NO_SUCH_METHOD, _NO_KEY, _TOO_MANY_REQUESTS = 405, {401, 403}, 429


def media_type(answer: Answer, _: Context) -> Iterator[Look]:
    """Clients read a body by its declared type, and take it for something else, or for nothing, when that is wrong."""
    if not answer.has_body or isinstance(answer.body, UnreadError):
        return
    text = answer.response.body.lstrip()
    if answer.is_json:
        error = answer.body if isinstance(answer.body, BodyError) else None
        yield Difference("body", f"JSON, declared as {answer.media_type}", str(error)) if error else None
    elif answer.media_type == EVENTS:
        wrong = isinstance(answer.body, BodyError) or (not answer.body and not text.startswith(b":"))
        yield Difference("body", f"events, declared as {EVENTS}", _shown(text)) if wrong else None
    elif answer.succeeded and text.startswith((b"{", b"[", b"data:")):
        declared = answer.media_type or "nothing"
        yield Difference("headers.Content-Type", EVENTS if text.startswith(b"data:") else JSON, declared)


def single_headers(answer: Answer, _: Context) -> Iterator[Look]:
    """RFC 9110, 5.3: only lists come in several lines; clients join those of others to a value that means nothing."""
    for name in _ONE_VALUE:
        if values := answer.headers.get(name):
            yield Difference(f"headers.{name}", "one line", shorten([*values])) if len(values) > 1 else None


def coding_as_told(answer: Answer, _: Context) -> Iterator[Look]:
    """RFC 9110, 8.4: clients decode what they are told."""
    if not answer.has_body or answer.response.truncated:
        return
    body, told = answer.response.body, _codings(answer)
    if answer.response.unpacked:
        yield None
    elif told:
        yield None if _may_be(told[-1], body) else Difference("body", f"a body encoded as {told[-1]}", _shown(body))
    else:
        zipped = body.startswith(_GZIP)
        yield Difference("headers.Content-Encoding", "gzip, which the body is", "nothing") if zipped else None


def coding_as_asked(answer: Answer, _: Context) -> Iterator[Look]:
    """RFC 9110, 12.5.3: what a client does not accept it may be unable to read."""
    asked = [value for name, value in answer.exchange.request.headers if name.lower() == "accept-encoding"]
    if asked and answer.has_body:
        accepted = re.findall(r"[a-z-]+", ",".join(asked).lower())
        other = next((each for each in _codings(answer) if each.removeprefix("x-") not in accepted), None)
        expected = f"nothing but {asked[0]}, which is accepted"
        yield Difference("headers.Content-Encoding", expected, other) if other else None


def members_once(answer: Answer, _: Context) -> Iterator[Look]:
    """RFC 8259, 4: which of two members of one name counts, each reader decides for itself."""
    if answer.has_body and (answer.is_json or answer.media_type == EVENTS) and not isinstance(answer.body, BodyError):
        names = ", ".join(answer.repeated)
        yield Difference("body", "each member once", f"{names} more than once") if names else None


def keys(answer: Answer, context: Context) -> Iterator[Look]:
    """Answers end in logs and on screens. What a refusal for a key repeats is AUTH-15's."""
    if answer.response.status in _NO_KEY:
        return
    for spelled in context.keys:
        found = "body" if any(each in answer.response.body for each in spelled) else None
        for name, value in answer.response.headers:
            if any(each in f"{name}: {value}".encode("latin-1", "replace") for each in spelled):
                found = f"headers.{name}"
        yield Difference(found, "no key", "a key that the harness knows") if found else None


def conversation(answer: Answer, _: Context, *, of: str) -> Iterator[Look]:
    """Clients send the header back as it came: two lines as one value that is no UUID."""
    if getattr(answer, of):
        values = answer.headers.get(CONVERSATION_HEADER.lower(), ())
        held = len(values) == 1 and _UUID.fullmatch(values[0]) is not None
        yield None if held else Difference(f"headers.{CONVERSATION_HEADER}", "one UUID", shorten([*values]))


def tool_calls(answer: Answer, _: Context, *, of: str, offered: bool | None = None) -> Iterator[Look]:
    """A client that gets a tool call runs it, or stops there."""
    if not getattr(answer, of) or not answer.choices:
        return
    if offered is not None and offered is not bool(answer.asked.get("tools") or answer.asked.get("functions")):
        return
    called = [name for each in answer.messages() for name in ("tool_calls", "function_call") if each.get(name)]
    if not offered:  # what ends a chat with tools may be the agent's own, which is CHAT-4's
        called += [str(reason) for each in answer.choices if (reason := each.get("finish_reason")) in _CALLS]
    yield Difference("body", "no tool calls", called[0]) if called else None


_CALLS = ("tool_calls", "function_call")


def message_members(answer: Answer, _: Context) -> Iterator[Look]:
    """Only the final text is exposed, and what the agent does under no other name than OpenAI's either."""
    if answer.is_response or not answer.choices:
        return
    held = [(each, _MESSAGE) for each in answer.messages()] + [(each, _CHOICE) for each in answer.choices]
    told = (name for members, known in held for name in members if name not in known and members[name])
    inner = next((name for name in told if _INNER.intersection(re.findall("[a-z]+", _snake(name)))), None)
    yield Difference("body", "the final text alone", f"a member `{inner}`") if inner else None


def choices(answer: Answer, _: Context) -> Iterator[Look]:
    """What else a client asks for is FIELD-6's."""
    if not (answer.is_chat or answer.is_stream) or answer.asked.get("n") not in (None, 1):
        return
    counts = [len(each) for it in answer.objects if isinstance(each := it.get("choices"), list)]
    if counts:
        held = max(counts) == 1 and (answer.is_stream or counts == [1])
        yield None if held else Difference("body $.choices", "one", str(max(counts)))


def finish_reason(answer: Answer, _: Context) -> Iterator[Look]:
    """Clients of strict languages read no answer with a reason that they don't know."""
    if answer.is_response:
        return
    for choice in answer.choices:
        reason = choice.get("finish_reason")
        held = reason in _FINISH_REASONS if isinstance(reason, str) else reason is None and answer.is_stream
        yield None if held else Difference("body $.choices[*].finish_reason", "one of OpenAI's API", shorten(reason))


def created(answer: Answer, context: Context) -> Iterator[Look]:
    """Clients sort and expire by it."""
    if answer.is_response or _is_replay(answer):
        return
    first = context.began + answer.exchange.started - MINUTES
    last = first + answer.exchange.elapsed + 2 * MINUTES
    for each in answer.objects:
        time = each.get("created")
        if isinstance(time, int | float) and not isinstance(time, bool):
            expected = f"about {context.began + answer.exchange.started:.0f}, the time of the exchange"
            yield None if first <= time <= last else Difference("body $.created", expected, str(time))
            return  # that chunks of one answer agree is STREAM-12's


def usage(answer: Answer, _: Context, *, of: str, parts: tuple[str, str]) -> Iterator[Look]:
    """Clients bill by one or by the other."""
    for each in answer.objects if getattr(answer, of) else ():
        told = each.get("usage")
        counts = [told.get(name) for name in (*parts, "total_tokens")] if isinstance(told, dict) else []
        whole = [count for count in counts if isinstance(count, int) and not isinstance(count, bool)]
        if len(whole) == 3:
            held = whole[0] + whole[1] == whole[2] and min(whole) >= 0
            expected = f"{parts[0]} + {parts[1]}, {whole[0]} + {whole[1]}"
            yield None if held else Difference("body $.usage.total_tokens", expected, str(whole[2]))


def ids(answer: Answer, context: Context) -> Iterator[Look]:
    """Logs and UIs find an answer by its id."""
    if (answer_id := id_of(answer)) is not None:
        other = context.ids.get(answer_id)
        yield Difference("body $.id", f"another one than in {other}", answer_id) if other else None


def refusals(answer: Answer, _: Context) -> Iterator[Look]:
    """Several clients show what a refusal says only when it is declared as JSON."""
    if answer.method not in {"GET", "POST"} or not answer.path.endswith(ENDPOINTS):
        return
    for response in _answers(answer):
        if response.status in _REFUSALS and response.status != _NO_SUCH_METHOD:
            declared = response.header("content-type") or "nothing"
            media = declared.partition(";")[0].strip().lower()
            held = media == JSON or media.endswith("+json")
            yield None if held else Difference("headers.Content-Type", JSON, f"{declared} with {response.status}")


def inside(answer: Answer, _: Context) -> Iterator[Look]:
    """An error is shown to users and sent to logs; what it says of the server's code helps whoever attacks it."""
    if answer.response.status >= _REFUSALS.start and answer.has_body:
        found = shown(_text(answer) if isinstance(answer.body, BodyError) else answer.body)
        yield Difference("body", "nothing of the server's inside", found) if found else None


def retry_after(answer: Answer, _: Context) -> Iterator[Look]:
    """Without it, clients guess, and come back together."""
    for response in _answers(answer):
        if response.status == _TOO_MANY_REQUESTS:
            told = response.header("retry-after")
            held = told is not None and _TIME.fullmatch(told.strip()) is not None
            yield None if held else Difference("headers.Retry-After", "seconds, or a date", shorten(told))


_PARTS_OF_CHAT, _PARTS_OF_RESPONSE = ("prompt_tokens", "completion_tokens"), ("input_tokens", "output_tokens")


def usage_of_chats(answer: Answer, context: Context) -> Iterator[Look]:
    """As a whole or in a stream."""
    for of in ("is_chat", "is_stream"):
        yield from usage(answer, context, of=of, parts=_PARTS_OF_CHAT)


RULES: Mapping[Watch, Rule] = {
    Watch.MEDIA_TYPE: media_type,
    Watch.SINGLE_HEADERS: single_headers,
    Watch.CODING_AS_TOLD: coding_as_told,
    Watch.CODING_AS_ASKED: coding_as_asked,
    Watch.MEMBERS_ONCE: members_once,
    Watch.KEYS: keys,
    Watch.CONVERSATION: partial(conversation, of="is_chat"),
    Watch.CONVERSATION_OF_STREAMS: partial(conversation, of="is_stream"),
    Watch.CONVERSATION_OF_RESPONSES: partial(conversation, of="is_response"),
    Watch.TOOL_CALLS: partial(tool_calls, of="is_chat", offered=False),
    Watch.TOOL_CALLS_OF_CLIENTS: partial(tool_calls, of="is_chat", offered=True),
    Watch.TOOL_CALLS_OF_STREAMS: partial(tool_calls, of="is_stream"),
    Watch.MESSAGE_MEMBERS: message_members,
    Watch.CHOICES: choices,
    Watch.FINISH_REASON: finish_reason,
    Watch.CREATED: created,
    Watch.USAGE: usage_of_chats,
    Watch.USAGE_OF_RESPONSES: partial(usage, of="is_response", parts=_PARTS_OF_RESPONSE),
    Watch.IDS: ids,
    Watch.REFUSALS: refusals,
    Watch.INSIDE: inside,
    Watch.RETRY_AFTER: retry_after,
    Watch.DATE: date,
    Watch.REDIRECTS: redirects,
    Watch.PAGES: pages,
    Watch.ENDINGS: endings,
}
"""What each `watch` of a scenario file looks at."""


def id_of(answer: Answer) -> str | None:
    """The id of a chat's answer that has to be its own; None where there is none."""
    if answer.is_response or _is_replay(answer):
        return None
    return next((found for each in answer.objects if isinstance(found := each.get("id"), str)), None)


def _is_replay(answer: Answer) -> bool:
    """Whether an earlier answer may be given again: the client has said which request this is."""
    return any(name.lower() == "idempotency-key" for name, _ in answer.exchange.request.headers)


def _answers(answer: Answer) -> Iterator[Response]:
    """The refusals before an answer, as far as they were kept, and the answer."""
    yield from (each.response for each in answer.exchange.refusals if each.response is not None)
    yield answer.response


def _codings(answer: Answer) -> list[str]:
    values = ",".join(answer.headers.get("content-encoding", ())).lower().split(",")
    return [coding for value in values if (coding := value.strip()) not in {"", "identity"}]


def _may_be(coding: str, body: bytes) -> bool:
    """Whether a body may be so encoded; of codings that Python can't read, whether it is no plain text."""
    windows = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}.get(coding)
    return any(_inflates(body, window) for window in windows) if windows else not body.startswith(_PLAIN)


def _inflates(body: bytes, window: int) -> bool:
    try:
        zlib.decompressobj(window).decompress(body, _LOOKED_AT)
    except zlib.error:
        return False
    return True


def _snake(name: str) -> str:
    return re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _text(answer: Answer) -> str:
    return answer.response.body.decode("utf-8", "replace")


def _shown(body: bytes) -> str:
    return shorten(body[:200].decode("utf-8", "replace"))
