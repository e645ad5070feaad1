"""The requirement that a forbidden answer breaks: the most telling one, by what the conversation has been through.

What a walk holds after it was shrunk is what it takes to show the fault. So what is there tells what is broken: an
answer that forgets after a restart is about restarts, and one that forgets without one is not.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from harness.contract.world import World

STATUS = (
    ("after-failure", "ERROR-14"),
    ("after-giving-up", "CONV-24"),
    ("at-once-first", "CONV-22"),
    ("at-once", "CONV-23"),
    ("restart", "CONV-25"),
    ("begun-natively", "CONV-28"),
    ("added-natively", "CONV-29"),
    ("profile-renamed", "PROFILE-14"),
    ("profile-deleted", "PROFILE-17"),
    ("conversation-deleted", "CONV-34"),
    ("refused", "CONV-20"),
    ("other-model", "CONV-27"),
    ("other-key", "AUTH-19"),
    ("other-form", "AUTH-11"),
    ("respelled", "CONV-13"),
    ("empty-header", "CONV-12"),
    ("deleted-id", "CONV-10"),
    ("chosen-id", "CONV-10"),
    ("image", "CHAT-8"),
    ("parts", "CHAT-7"),
    ("big", "HTTP-19"),
    ("late-instructions", "CONV-19"),
    ("instructions", "CHAT-5"),
    ("fields", "FIELD-3"),
    ("stream", "STREAM-6"),
    ("stream-false", "STREAM-4"),
    ("stream-null", "STREAM-5"),
    ("fresh-profile", "PROFILE-2"),
    ("third-turn", "CONV-17"),
    ("history", "CHAT-9"),
    ("follow-up", "CONV-3"),
)
"""Of a turn that is refused, or fails without a reason: what is there, and the requirement."""

FORGOTTEN = (
    ("restart", "CONV-25"),
    ("after-failure", "CONV-21"),
    ("after-giving-up", "CONV-24"),
    ("at-once", "CONV-23"),
    ("begun-natively", "CONV-28"),
    ("added-natively", "CONV-29"),
    ("profile-deleted", "PROFILE-17"),
    ("conversation-deleted", "CONV-34"),
    ("refused", "CONV-20"),
    ("other-model", "CONV-27"),
    ("other-key", "AUTH-19"),
    ("other-form", "AUTH-11"),
    ("respelled", "CONV-13"),
    ("others-meanwhile", "CONV-16"),
    ("third-turn", "CONV-17"),
)
"""Of an answer that lacks something that the conversation was told."""

ANSWERS = (
    ("after-failure", "ERROR-14"),
    ("after-giving-up", "CONV-24"),
    ("at-once-first", "CONV-22"),
    ("at-once", "CONV-23"),
    ("others-at-once", "CONV-16"),
)
"""Of an answer that is to another message, or to none."""


def first(table: Iterable[tuple[str, str]], features: frozenset[str], otherwise: str) -> str:
    """The requirement of the first feature that is there."""
    return next((requirement for feature, requirement in table if feature in features), otherwise)


def blame_status(features: frozenset[str]) -> str:
    """Of a turn that should have been answered and was not."""
    return first(STATUS, features, "CHAT-1")


def blame_text(
    said: str | None,
    text: str,
    world: World,
    features: frozenset[str],
    *,
    earlier: Sequence[str],
    own: str,
    refused: Sequence[tuple[str, str]],
    strangers: Callable[[str], bool],
    llms: Iterable[str],
) -> tuple[str, str]:
    """Of an answer with a text that was not to be expected: the requirement, and what seems to have happened.

    Args:
        said: the answer.
        text: the user's message.
        world: the conversation as it should be.
        features: what was there.
        earlier: the user's messages that the request resent.
        own: the system messages of the request.
        refused: messages of refused requests, with the requirement by which they leave nothing behind.
        strangers: whether a text holds what only another conversation was told.
        llms: the language models that there are.
    """
    if said is None:
        return "CHAT-2", "there is no text"
    for requirement, what, other in _hypotheses(text, world, features, earlier, own, refused, llms):
        if other.predict(text).text == said:
            return requirement, what
    expected = world.predict(text).text or ""
    if strangers(said):
        alone = not features & {"follow-up", "others-at-once"}
        return ("CONV-2" if alone else "CONV-16"), "it knows what another conversation was told"
    if said and expected.startswith(said):
        return ("STREAM-15" if "stream" in features else "CHAT-16"), "it breaks off"
    if "".join(said.split()).casefold() == "".join(expected.split()).casefold():
        return ("STREAM-14" if "stream" in features else "CHAT-15"), "characters have changed"
    if expected and expected in said:
        return "CHAT-3", "more was added"
    if said in {
        predicted.predict(each).text for each in world.heard for predicted in (world, replace(world, heard=()))
    }:
        return first(ANSWERS, features, "CHAT-2"), "it answers an earlier message"
    return first(ANSWERS, features, "STREAM-7" if "stream" in features else "CHAT-2"), "it answers something else"


def _hypotheses(
    text: str,
    world: World,
    features: frozenset[str],
    earlier: Sequence[str],
    own: str,
    refused: Sequence[tuple[str, str]],
    llms: Iterable[str],
) -> Iterator[tuple[str, str, World]]:
    """Worlds as a fault would make them: the requirement, what it would be, and the world."""
    heard = world.heard
    if heard:
        missing = first(FORGOTTEN, features, "CONV-3")
        yield missing, "the conversation has forgotten everything", replace(world, heard=())
        yield missing, "the conversation has forgotten everything", replace(world, heard=(), instructions=own)
        for kept in range(len(heard) - 1, 0, -1):
            yield missing, "the conversation has forgotten its beginning", replace(world, heard=heard[-kept:])
            yield missing, "the conversation has forgotten what came last", replace(world, heard=heard[:kept])
        for index in range(1, len(heard) - 1):
            left = (*heard[:index], *heard[index + 1 :])
            yield missing, "the conversation has forgotten a message", replace(world, heard=left)
        for index in range(len(heard)):
            doubled = (*heard[: index + 1], *heard[index:])
            yield "PROXY-2", "a message was heard twice", replace(world, heard=doubled)
        yield "PROXY-2", "the message was heard twice", replace(world, heard=(*heard, text))
    else:
        yield "PROXY-2", "the message was heard twice", replace(world, heard=(text,))
    if earlier:
        replayed = replace(world, heard=(*heard, *earlier))
        instead = replace(world, heard=tuple(earlier))
        requirement = "CONV-5" if "follow-up" in features else "CONV-6"
        yield requirement, "the history in `messages` was replayed", replayed
        yield requirement, "the history in `messages` took the conversation's place", instead
    if world.instructions:
        told = "CONV-25" if "restart" in features else "CONV-18"
        requirement = told if "follow-up" in features else "CHAT-5"
        yield requirement, "the instructions were not followed", replace(world, instructions="")
    if own and own != world.instructions:
        yield "CONV-19", "instructions of the follow-up were followed", replace(world, instructions=own)
        both = f"{world.instructions}\n\n{own}"
        yield "CONV-19", "instructions of the follow-up were followed", replace(world, instructions=both)
    for message, requirement in refused:
        yield requirement, "a refused request left its message behind", replace(world, heard=(*heard, message))
    model = "PROFILE-15" if "profile-saved" in features else "CONV-27" if "other-model" in features else "PROFILE-11"
    for llm in llms:
        if llm != world.llm:
            yield model, f"the language model is {llm}", replace(world, llm=llm)
