"""What the contract allows beside chats: the list of models, and the native API of profiles and conversations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.contract.course import Conversation, Forbidden
from harness.contract.request import (
    CONVERSATION,
    CONVERSATIONS,
    MODELS,
    PREFIX,
    PROFILES,
    Key,
    body_of,
    key_of,
    path_of,
    uuid_of,
)
from harness.contract.response import read_answer
from harness.contract.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.contract.course import Course
    from harness.contract.response import Said
    from harness.json_value import Json
    from harness.trace import Exchange

_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_REFUSED_FOR_ITS_KEY = 401


def see(course: Course, exchange: Exchange, at_once: Sequence[Exchange]) -> list[Forbidden]:
    """Judge an exchange that is no chat, and add it to the course.

    Args:
        course: of the run so far.
        exchange: the one to judge.
        at_once: the chats that were under way at the same time; what it says of their conversations is not judged.
    """
    request = exchange.request
    path, method = path_of(request), request.method
    said = read_answer(exchange.response) if exchange.response else None
    key = key_of(request, course.given)
    if path == MODELS and method == "GET":
        return list(_models(course, exchange, said, key))
    if path.startswith(f"{PROFILES}/"):
        return list(_profile(course, exchange, said, key))
    if path == CONVERSATIONS and method == "POST":
        return list(_begin(course, exchange, said))
    rest = path.removeprefix(f"{CONVERSATIONS}/").split("/")
    identifier = uuid_of(rest[0]) if path.startswith(f"{CONVERSATIONS}/") else None
    if identifier is not None:
        if at_once:
            course.lose_sight(identifier)
            return []
        return list(_conversation(course, exchange, said, key, identifier, "/".join(rest[1:])))
    named = next((value for name, value in request.headers if name.lower() == CONVERSATION), "")
    if method not in {"GET", "HEAD", "OPTIONS"}:
        course.lose_sight(uuid_of(named), said.conversation if said else None)
    return []


def _models(course: Course, exchange: Exchange, said: Said | None, key: Key) -> Iterator[Forbidden]:
    """A profile is a model as long as it is there; one that others made may be there too."""
    if said is None or key is Key.ODD:
        return
    if key is not Key.RIGHT:
        if said.status != _REFUSED_FOR_ITS_KEY:
            requirement = "AUTH-3" if key is Key.NONE else "AUTH-4"
            yield Forbidden(requirement, "status", "401", str(said.status), exchange)
        return
    if said.status != 200:
        if said.status != 429:
            yield Forbidden("MODEL-1", "status", "200", str(said.status), exchange)
        return
    listed = _names(said.body)
    for model in course.models:
        if model in listed:
            if listed.count(model) > 1:
                yield Forbidden("MODEL-9", "body", f"{model} once", f"{listed.count(model)} times", exchange)
        elif model not in course.given.models:
            requirement = {"overwritten": "PROFILE-7", "renamed": "PROFILE-14", "spared": "PROFILE-21"}.get(
                course.fate.get(model, ""), "PROFILE-2"
            )
            yield Forbidden(requirement, "body", f"{model} in the list", "it is missing", exchange)
    for model in sorted(course.gone & set(listed)):
        requirement = "PROFILE-14" if course.fate.get(model) == "renamed" else "PROFILE-3"
        yield Forbidden(requirement, "body", f"no {model} in the list", "it is there", exchange)
    for model in listed:
        if not model.startswith(PREFIX):
            yield Forbidden("MODEL-3", "body", f"the prefix {PREFIX}", model, exchange)


def _profile(course: Course, exchange: Exchange, said: Said | None, key: Key) -> Iterator[Forbidden]:
    """What saving, renaming and deleting a profile does to the models."""
    name, _, action = path_of(exchange.request).removeprefix(f"{PROFILES}/").partition("/")
    model = f"{PREFIX}{name}"
    if exchange.request.method == "GET" or (said is None and key is not Key.RIGHT):
        return
    body = body_of(exchange.request)
    if key in {Key.NONE, Key.WRONG}:
        if said is not None and said.status != _REFUSED_FOR_ITS_KEY:
            yield Forbidden("PROFILE-5", "status", "401", str(said.status), exchange)
        return
    if said is None or said.status >= 500 or not _PLAIN_NAME.fullmatch(name) or key is Key.ODD:
        course.forget_model(model)
        return
    match exchange.request.method, action:
        case "POST", "":
            yield from _save(course, exchange, said, model, body.get("llm"))
        case "POST", "rename":
            renamed = body.get("new_name")
            if not isinstance(renamed, str) or not _PLAIN_NAME.fullmatch(renamed):
                course.forget_model(model)
            elif said.succeeded and model in course.models:
                course.rename(model, f"{PREFIX}{renamed}")
        case "DELETE", "":
            if said.succeeded:
                course.remove(model)
            elif model in course.models and said.status != 429:
                yield Forbidden("PROFILE-18", "status", "success (2xx)", str(said.status), exchange)
        case _:
            course.forget_model(model)


def _save(course: Course, exchange: Exchange, said: Said, model: str, llm: Json) -> Iterator[Forbidden]:
    named = llm.get("model") if isinstance(llm, dict) else None
    if not isinstance(named, str):
        if said.succeeded:
            course.forget_model(model)
        return
    if said.succeeded:
        keyed = body_of(exchange.request).get("include_secrets") is True
        provider, _, plain = named.partition("/")
        course.save(model, plain or provider)
        if not keyed:  # the profile is listed, and its chats fail
            course.unknown.add(model)
    elif said.status not in {409, 429}:  # released servers keep fifty profiles
        requirement = "PROFILE-7" if model in course.models else "PROFILE-1"
        yield Forbidden(requirement, "status", "201", str(said.status), exchange)


def _conversation(
    course: Course, exchange: Exchange, said: Said | None, key: Key, identifier: str, rest: str
) -> Iterator[Forbidden]:
    """What the native API knows of a conversation, what deleting it does, and what is added to it."""
    known = course.conversations.get(identifier)
    if key in {Key.NONE, Key.WRONG}:
        if said is not None and said.status != _REFUSED_FOR_ITS_KEY:
            yield Forbidden("AUTH-16", "status", "401", str(said.status), exchange)
        return
    if known is None:
        return
    match exchange.request.method, rest:
        case "GET", "":
            yield from _read(known, exchange, said)
        case "DELETE", "":
            yield from _delete(course, known, exchange, said)
        case "POST", "events" if said is not None and said.succeeded:
            known.past.add("added-natively")
            text = _native_text(body_of(exchange.request))
            known.worlds = (
                frozenset(world.answering(text) for world in known.worlds) if text is not None else frozenset()
            )
        case "GET", _:
            pass
        case _:
            course.lose_sight(identifier)


def _read(known: Conversation, exchange: Exchange, said: Said | None) -> Iterator[Forbidden]:
    if said is None or known.exists is None:
        return
    if known.exists and not said.succeeded and said.status != 429:
        requirement = "CONV-25" if "restart" in known.past else "CONV-7"
        requirement = "CONV-34" if "conversation-deleted" in known.past else requirement
        yield Forbidden(requirement, "status", "200", str(said.status), exchange)
    if not known.exists and said.succeeded:
        yield Forbidden(known.leaves, "status", "404", str(said.status), exchange, "there is such a conversation")


def _delete(course: Course, known: Conversation, exchange: Exchange, said: Said | None) -> Iterator[Forbidden]:
    if said is None or said.status >= 500:
        course.lose_sight(known.id)
        return
    if not said.succeeded:
        if known.exists and said.status not in {409, 429}:
            yield Forbidden("CONV-9", "status", "success (2xx)", str(said.status), exchange)
        return
    course.note("conversation-deleted")
    gone = Conversation(known.id, exists=False, leaves="CONV-9", past={"deleted"})
    # What it was told must not come back, should its id be used again.
    gone.refused = [(text, "CONV-9") for world in known.worlds for text in world.heard]
    course.conversations[known.id] = gone


def _begin(course: Course, exchange: Exchange, said: Said | None) -> Iterator[Forbidden]:
    """A conversation that the native API begins, with a message."""
    body = body_of(exchange.request)
    named = body.get("conversation_id")
    answered = said.body.get("id") if said is not None and isinstance(said.body, dict) else None
    identifier = uuid_of(str(answered or named))
    if identifier is None or said is None or said.status != 201:
        if said is None or said.succeeded:
            course.lose_sight(identifier)
        return
    if isinstance(named, str) and uuid_of(named) not in {None, identifier}:
        yield Forbidden("CONV-28", "body", named, str(answered), exchange)
    message, additions = body.get("initial_message"), body.get("agent_launch_additions")
    text = _native_text(message) if isinstance(message, dict) else None
    additions = additions if isinstance(additions, dict) else {}
    model = f"{PREFIX}{additions.get('llm_profile_ref')}"
    begun = Conversation(identifier, exists=True, past={"begun-natively"}, model=model, touched=course.count())
    if text is not None and model in course.models:
        instructions = str(additions.get("system_message_suffix_append") or "")
        begun.worlds = frozenset({World(instructions, (text,), course.models[model])})
    course.conversations[identifier] = begun


def _native_text(message: Mapping[str, Json]) -> str | None:
    """The text of a message of the native API."""
    match message.get("content"):
        case [{"type": "text", "text": str(text)}]:
            return text
    return None


def _names(body: Json) -> list[str]:
    listed = body.get("data") if isinstance(body, dict) else None
    names = [each.get("id") for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return [each for each in names if isinstance(each, str)]
