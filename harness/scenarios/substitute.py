"""Variables in scenarios: `${name}` alone keeps the value's type, inside a longer text it becomes text.

`$${` is a literal `${`. A value that was put in is not looked at again, so nothing that a server sends can name a
variable.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harness.reading.shape import REFERENCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.json_value import Json

BUILT_IN = {
    "model": "the model under test, `openhands_<profile>`",
    "profile": "its profile: the model's name without `openhands_`",
    "word": "a random lower-case word",
    "other_word": "another one",
    "uuid": "a random UUID",
    "other_uuid": "another one",
    "scratch": "a fresh profile name that is recognisably ours, `harness-<word>`",
}
"""The variables that every scenario has, made afresh for each, and what they hold."""

KEY_VARIABLES = {
    "key": "the session key",
    "wrong_key": "a key that is not the right one",
    "key_prefix": "the key without its last character",
    "key_suffix": "the key without its first character",
    "longer_key": "the key with one character more",
    "swapped_key": "the key with its letters in the other case",
    "basic_key": "the key as the password of HTTP Basic",
}
"""The variables that `auth` alone has, and what they hold."""

NUMBER = "n"
"""Which repetition of a step it is, from 1; it is put in when the file is loaded."""


class UnknownVariableError(LookupError):
    """A `${name}` that has no value. `name` is what stands between the braces."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no variable is named {name!r}")
        self.name = name


def substitute(value: Json, variables: Mapping[str, Json]) -> Json:
    """Put variables into every text of a value, keys of mappings included (as text, always).

    Args:
        value: JSON; it is not changed.
        variables: values by name.

    Returns:
        A new value. Inside a longer text a value that is no text is written as compact JSON (`true`, `null`, `[1]`).

    Raises:
        UnknownVariableError: a name that `variables` does not hold.
    """
    match value:
        case str():
            whole = REFERENCE.fullmatch(value)
            if whole and not whole[1]:
                return _look_up(whole[2], variables)
            return substitute_text(value, variables)
        case list():
            return [substitute(item, variables) for item in value]
        case dict():
            return {substitute_text(key, variables): substitute(item, variables) for key, item in value.items()}
        case _:
            return value


def substitute_text(text: str, variables: Mapping[str, Json]) -> str:
    """Like `substitute`, for what has to stay text: a path, a header, a key."""
    if "${" not in text:
        return text
    return REFERENCE.sub(lambda found: "${" if found[1] else as_text(_look_up(found[2], variables)), text)


def bind(case: Mapping[str, Json], built_in: Mapping[str, Json]) -> dict[str, Json]:
    """The variables that a scenario starts with: the built-in ones and its case's, which may refer to the former.

    What a case says of a key for `auth` stays as it is written: no variable holds a key, so no report can show it.

    Raises:
        UnknownVariableError: the case refers to something that is not built in.
    """
    known = {**{name: f"${{{name}}}" for name in KEY_VARIABLES}, **built_in}
    return {**built_in, **{name: substitute(value, known) for name, value in case.items()}}


def references(text: str) -> Iterator[str]:
    """The names that a text refers to, in order, repetitions included."""
    return (found[2] for found in REFERENCE.finditer(text) if not found[1])


def _look_up(name: str, variables: Mapping[str, Json]) -> Json:
    try:
        return variables[name]
    except KeyError:
        raise UnknownVariableError(name) from None


def as_text(value: Json) -> str:
    """A value as it reads inside a longer text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
