"""One entry of a data file, and where it stands: its values are taken by name and type, or complained about."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from harness.evals.sample import BenchmarkError
from harness.reading.problems import did_you_mean, listed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from harness.json_value import Json


class Place(NamedTuple):
    """A line of a file, from 1, and a column in it where that says more; line 0 is the file as a whole."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join([self.file, *(str(number) for number in self[1:] if number)])

    def problem(self, message: str) -> BenchmarkError:
        """What is wrong here, to be raised."""
        return BenchmarkError(f"{self}: {message}")


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as it was read.

    Attributes:
        fields: its values by name.
        place: where it begins.
        keys: where its names stand, if the file's parser knows.
    """

    fields: Mapping[str, Json]
    place: Place
    keys: Mapping[str, Place] = field(default_factory=dict)

    def problem(self, key: str, message: str) -> BenchmarkError:
        """What is wrong with the value of a name."""
        return self.keys.get(key, self.place).problem(f"`{key}`: {message}")

    def text(self, key: str) -> str:
        """A text that is there and isn't empty. Raises BenchmarkError."""
        value = self.fields.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.problem(key, f"a text is expected here, not {seen(value)}")
        return value

    def optional_text(self, key: str) -> str | None:
        """A text, or nothing; a number is its digits. Raises BenchmarkError."""
        value = self.fields.get(key)
        return None if value is None else self._word(key, value)

    def texts(self, key: str) -> tuple[str, ...]:
        """A text or a list of them; none when there is nothing. Raises BenchmarkError."""
        match self.fields.get(key):
            case None:
                return ()
            case list() as values:
                return tuple([self._word(key, value) for value in values])
            case value:
                return (self._word(key, value),)

    def mapping(self, key: str) -> Mapping[str, Json]:
        """A mapping, empty when there is nothing. Raises BenchmarkError."""
        value = self.fields.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.problem(key, f"a mapping is expected here, not {seen(value)}")
        return value

    def only(self, known: Collection[str], title: str) -> None:
        """Raise BenchmarkError when there is a name that isn't known."""
        if unknown := [key for key in self.fields if key not in known]:
            hint = did_you_mean(unknown[0], known) or f": it has {listed(known)}"
            raise self.keys.get(unknown[0], self.place).problem(f"unknown key `{unknown[0]}` in {title}{hint}")

    def others(self, known: Collection[str]) -> dict[str, Json]:
        """What there is beside the known names. Raises BenchmarkError for what looks like a slip in one of them."""
        others = {key: value for key, value in self.fields.items() if key not in known}
        if not others:
            return others
        missing = tuple([key for key in known if key not in self.fields])
        for key in others:
            if hint := _slip(key, missing):
                raise self.keys.get(key, self.place).problem(f"unknown key `{key}`{hint}")
        return others

    def _word(self, key: str, value: Json) -> str:
        match value:
            case str():
                return value
            case bool() | list() | dict() | None:
                raise self.problem(key, f"a text is expected here, not {seen(value)}")
            case number:
                return str(number)


@lru_cache
def _slip(key: str, names: tuple[str, ...]) -> str:
    """`; did you mean x?` for what can only be a slip, since other tools' files have names of their own."""
    from difflib import get_close_matches  # 9 ms, and most files have no mistake

    close = get_close_matches(key, names, n=1, cutoff=0.8) if len(key) > 3 else ()
    return f"; did you mean `{close[0]}`?" if close else ""


def seen(value: Json) -> str:
    """What stands there, in a few words."""
    match value:
        case None:
            return "nothing"
        case str():
            return "an empty one" if not value.strip() else f"`{value[:60]}`"
        case bool():
            return "true" if value else "false"
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case number:
            return str(number)[:60]
