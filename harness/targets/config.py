"""`gateway-harness.toml`: targets by name, with what a run against them needs; secrets by reference only.

    [targets.staging]
    url = "https://agents.staging.example.com"
    key = "env:STAGING_KEY"
    headers = {X-Team = "qa", X-Gate-Token = "file:~/gate-token"}
    jobs = 4

A name stands for its URL wherever a command takes a TARGET. The keys are the names of the flags of `check`, which beat
them.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.reading.problems import did_you_mean
from harness.scenarios.model import Contract
from harness.targets.access import Access
from harness.targets.secret import REFERENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FILE = Path("gateway-harness.toml")


class ConfigError(ValueError):
    """The file can't be used: `file:line: what, and what to do`. A usage error."""


@dataclass(frozen=True, slots=True)
class Named:
    """A `[targets.NAME]`.

    Attributes:
        url: of the server.
        access: how to get at it.
        run: how to run there, by the name of the flag with underscores; only what is said.
    """

    url: str
    access: Access
    run: Mapping[str, Any] = field(default_factory=dict)


def load_config(path: Path | None = None) -> dict[str, Named]:
    """The targets of a configuration file, by name; without a path that of this folder, if there is one.

    Raises:
        ConfigError: it can't be read, is no TOML, or says something that makes no sense.
    """
    if path is None:
        if not FILE.is_file():
            return {}
        path = FILE
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError(f"{path}: {getattr(problem, 'strerror', None) or 'it is no text'}") from None
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        what, _, place = str(problem).partition(" (at ")
        line = re.match(r"line (\d+)", place)
        raise ConfigError(f"{path}:{line[1] if line else len(text.splitlines())}: no TOML: {what}") from None
    return _File(path, text).targets(document)


class _File:
    """One file, so that each complaint can name its line."""

    def __init__(self, path: Path, text: str) -> None:
        self._path, self._lines = path, text.splitlines(keepends=True)

    def targets(self, document: dict[str, Any]) -> dict[str, Named]:
        self._no_others(document, {"targets"}, ())
        tables = document.get("targets", {})
        self._is(isinstance(tables, dict), ("targets",), "[targets.NAME] is a table")
        return {name: self._target(name, table) for name, table in tables.items()}

    def _target(self, name: str, table: Any) -> Named:
        where = ("targets", name)
        self._is(isinstance(table, dict), where, f"[targets.{name}] is a table")
        self._is(
            re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name), where, "a name is of letters, digits, `.`, `_`, `-`"
        )
        self._is(name not in {"reference", "agent-server"}, where, f"`{name}` is a target already; take another name")
        self._no_others(table, {"url", *_ACCESS, *_RUN}, where)
        self._is("url" in table, where, "a target has a `url`")
        values = {
            key: self._value(kind, table[key], (*where, key))
            for key, kind in ({"url": _URL} | _ACCESS | _RUN).items()
            if key in table
        }
        named = {key.replace("-", "_"): value for key, value in values.items()}
        access = Access(**{key.replace("-", "_"): named[key.replace("-", "_")] for key in _ACCESS if key in table})
        return Named(named["url"], access, {key: named[key] for key in named if key.replace("_", "-") in _RUN})

    def _value(self, kind: _Kind, value: Any, where: tuple[str, ...]) -> Any:
        self._is(kind.is_one(value), where, f"`{where[-1]}` is {kind.name}")
        return kind.read(value, self._path.parent) if kind.read else value

    def _no_others(self, table: dict[str, Any], known: set[str], where: tuple[str, ...]) -> None:
        for key in table:
            hint = did_you_mean(key, known) or f"; known are {', '.join(sorted(known))}"
            self._is(key in known, (*where, key), f"unknown key `{key}`{hint}")

    def _is(self, right: object, where: tuple[str, ...], complaint: str) -> None:
        if not right:
            raise ConfigError(f"{self._path}:{self._line(where)}: {complaint}")

    def _line(self, where: tuple[str, ...]) -> int:
        """The first line with which the file, read up to there, has that key."""
        for number in range(1, len(self._lines)):
            try:
                found: Any = tomllib.loads("".join(self._lines[:number]))
            except tomllib.TOMLDecodeError:  # it ends within a value
                continue
            for key in where:
                found = found.get(key) if isinstance(found, dict) else None
            if found is not None:
                return number
        return len(self._lines)


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a key may hold: its name in a complaint, the test, and how it is read, given the file's folder."""

    name: str
    is_one: Callable[[Any], object]
    read: Callable[[Any, Path], Any] | None = None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 10_000_000


def _is_path(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _below(folder: Path, path: str) -> Path:
    return folder / Path(path).expanduser()


def _reference(value: str, folder: Path) -> str:
    """A reference whose file, like every path in the file, is meant from the file's own folder."""
    kind, _, name = value.partition(":")
    return f"file:{_below(folder, name)}" if kind == "file" else value


def _header(value: str, folder: Path) -> str:
    return _reference(value, folder) if REFERENCE.fullmatch(value) else value


_TEXT = _Kind("a text", lambda value: isinstance(value, str) and value)
_URL = _Kind("an address such as https://agents.example.com", lambda value: isinstance(value, str) and "://" in value)
_YES_NO = _Kind("true or false", lambda value: isinstance(value, bool))
_FILE = _Kind("the path of a file", _is_path, lambda value, folder: _below(folder, value))
_COUNT = _Kind("a whole number above 0", lambda value: _is_number(value) and isinstance(value, int))
_SECONDS = _Kind("a number of seconds above 0", _is_number, lambda value, _: float(value))

_ACCESS: dict[str, _Kind] = {
    "key": _Kind(
        "a secret, so only a reference: env:NAME or file:PATH",
        lambda value: isinstance(value, str) and REFERENCE.fullmatch(value),
        _reference,
    ),
    "model": _TEXT,
    "native-api": _YES_NO,
    "scripted-model": _YES_NO,
    "ca-file": _FILE,
    "client-cert": _FILE,
    "client-key": _FILE,
    "proxy": _Kind("a URL, or env:NAME or file:PATH", lambda value: isinstance(value, str) and ":" in value, _header),
    "headers": _Kind(
        "a table of texts",
        lambda value: isinstance(value, dict) and all(isinstance(each, str) for each in value.values()),
        lambda value, folder: tuple(f"{name}={_header(text, folder)}" for name, text in value.items()),
    ),
}
_RUN: dict[str, _Kind] = {
    "contract": _Kind(f"one of {', '.join([*Contract, 'auto'])}", lambda value: value in {*Contract, "auto"}),
    "jobs": _COUNT,
    "request-timeout": _SECONDS,
    "max-seconds": _SECONDS,
    "max-requests": _COUNT,
    "wait": _SECONDS,
    "known": _FILE,
}
