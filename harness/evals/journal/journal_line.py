"""A line of the journal: one JSON object that starts with the CRC-32 of its own text.

    {"crc":"3610a686","type":"start","index":0,...}

The checksum covers the bytes after it, so a line is verified before it is parsed as JSON.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from harness.evals.outcome import Failure, FailureKind, Outcome, Usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.json_value import Json

BEGINNING = b'{"crc":"'
_LENGTH = 18  # bytes up to and including the checksum's comma
# ASCII, because an agent can answer with a lone surrogate, which UTF-8 can't encode.
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True, check_circular=False).encode


def to_line(members: Mapping[str, Json]) -> bytes:
    """Encode an object with at least one member, including the line break."""
    rest = _encode(members)[1:].encode()
    return b'%b%08x",%b\n' % (BEGINNING, zlib.crc32(rest), rest)


def from_line(line: bytes) -> dict[str, Json]:
    """Decode a line; the result leaves out the checksum.

    Raises:
        ValueError: the line is damaged or incomplete.
    """
    rest = line[_LENGTH:-1]
    if not line.endswith(b"\n") or line[:_LENGTH] != b'%b%08x",' % (BEGINNING, zlib.crc32(rest)):
        raise ValueError("the checksum is not that of the line")
    text = b"{" + rest
    try:
        members = from_json(text, cache_strings="keys")  # three times as fast as Python's
    except ValueError:  # a lone surrogate, which only Python's accepts
        members = json.loads(text)
    assert isinstance(members, dict), "what begins with a brace is an object"
    return members


def outcome_to_json(outcome: Outcome) -> dict[str, Json]:
    """The members of an `end` line; scores have lines of their own."""
    return {
        "conversation": outcome.conversation,
        "server": outcome.server,
        "seconds": outcome.seconds,
        "adopted": outcome.adopted,
        "sends": outcome.sends,
        "usage": None if outcome.usage is None else asdict(outcome.usage),
        "failure": None if outcome.failure is None else asdict(outcome.failure),
        "answers": list(outcome.answers),
    }


def outcome_from_json(members: Mapping[str, Any]) -> Outcome:
    """The outcome of an `end` line."""
    usage = members["usage"]
    return Outcome(
        index=members["index"],
        sample=members["sample"],
        epoch=members["epoch"],
        conversation=members["conversation"],
        server=members["server"],
        answers=tuple(members["answers"]),
        usage=None if usage is None else Usage(**usage),
        seconds=members["seconds"],
        adopted=members["adopted"],
        sends=members["sends"],
        failure=failure_from_json(members["failure"]),
    )


def failure_from_json(value: Mapping[str, str] | None) -> Failure | None:
    """A failure, or None."""
    return None if value is None else Failure(FailureKind(value["kind"]), value["message"])
