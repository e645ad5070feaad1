"""Puts variables of the scenario language in the place of placeholders on paper, and shortens long texts."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from uuid import UUID

from harness.explore.transcript import AGENT, BASE_URL, LLM, MODEL, PROFILE, WORD
from harness.targets.names import CONVERSATION_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.explore.transcript import Sent, Transcript
    from harness.json_value import Json

_CHOSEN = re.compile(rf"{CONVERSATION_PREFIX}[0-9a-f]{{3}}-[0-9a-f]{{4}}-[0-9a-f]{{12}}")
_RUN = re.compile(r"(.{1,200}?)\1{19,}", re.DOTALL)
_LONG = 300
"""Characters, from which on a text is looked through for what repeats itself."""


class Naming:
    """The names in one scenario.

    Args:
        transcript: the walk on paper.
        kept: further texts in which a conversation's id counts as used.

    Attributes:
        long: texts that stand in others, as variables of a case.
        saved: the variable that each conversation's id is saved as, by id.
    """

    def __init__(self, transcript: Transcript, kept: str) -> None:
        self.long: dict[str, Json] = {}
        self.saved: dict[str, str] = {}
        self._names: dict[str, str] = {
            transcript.scratch: "${scratch}",
            MODEL: "${model}",
            PROFILE: "${profile}",
            LLM: "${llm}",
            AGENT: "${agent}",
            BASE_URL: "${base_url}",
        }
        chosen_ids: dict[str, None] = {}
        requests = [[_texts(each) for each in group] for group in transcript.groups]
        for number, group in enumerate(transcript.groups):
            later = "".join(text for texts in requests[number + 1 :] for text in texts) + kept
            for sent, texts in zip(group, requests[number], strict=True):
                for chosen in _CHOSEN.findall(texts):
                    if chosen not in chosen_ids:
                        chosen_ids[chosen] = None
                        self._name(chosen, f"uuid_{len(chosen_ids)}")
                if sent.begins and any(spelled in later for spelled in _spellings(sent.begins)):
                    self.saved[sent.begins] = _numbered("conversation", len(self.saved) + 1)
                    self._name(sent.begins, self.saved[sent.begins])

    def _name(self, identifier: str, name: str) -> None:
        self._names |= {text: f"${{{name}{how}}}" for text, how in _spellings(identifier).items()}

    def knows(self, identifier: str) -> bool:
        """Whether a conversation's id has a variable."""
        return identifier in self._names

    def in_text(self, text: str, *, times: int = 1) -> str:
        """A text with variables.

        Args:
            text: with placeholders.
            times: how often it is sent, so that its word is another one each time.
        """
        pieces: list[str] = []
        for start, run, times_run in _runs(text):
            pieces.append(self._filled(start, times))
            if run:
                pieces.append(f"${{{self._long({'repeat': times_run, 'of': self._filled(run, times)})}}}")
        return "".join(pieces)

    def _long(self, repetition: Json) -> str:
        """The variable that holds a repetition."""
        name = next((name for name, known in self.long.items() if known == repetition), f"long_{len(self.long) + 1}")
        self.long[name] = repetition
        return name

    def in_body(self, value: Json, *, times: int = 1) -> Json:
        """JSON with variables, in which a text that repeats itself as a whole is a repetition."""
        match value:
            case str():
                runs = _runs(value)
                if len(runs) == 2 and runs[0][0] == runs[1][0] == "":
                    return {"repeat": runs[0][2], "of": self._filled(runs[0][1], times)}
                return self.in_text(value, times=times)
            case list():
                return [self.in_body(each, times=times) for each in value]
            case dict():
                return {self._filled(key, times): self.in_body(each, times=times) for key, each in value.items()}
            case _:
                return value

    def _filled(self, text: str, times: int) -> str:
        number = "x${n}" if times > 1 else ""
        names = sorted(self._names, key=len, reverse=True)
        pattern = "|".join([re.escape("${"), *map(re.escape, names), rf"{WORD}(\d+)"])
        return re.sub(pattern, lambda found: self._name_of(found, number), text)

    def _name_of(self, found: re.Match[str], number: str) -> str:
        if found[0] == "${":
            return "$${"
        return f"${{word}}{found[1]}{number}" if found[1] else self._names[found[0]]


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}_{number}"


def _texts(sent: Sent) -> str:
    arguments: Mapping[str, Json] = getattr(sent.action, "arguments", {})
    rest = [getattr(sent.action, "path", ""), getattr(sent.action, "json", None)]
    return json.dumps([*rest, dict(arguments), dict(sent.headers)], ensure_ascii=False)


def _spellings(identifier: str) -> dict[str, str]:
    """The spellings of an id, and the filters that make them."""
    plain = UUID(identifier).hex
    return {
        identifier: "",
        identifier.upper(): "|upper",
        plain: "|plain",
        f"urn:uuid:{identifier}": "|urn",
        f"{{{identifier}}}": "|braces",
    }


def _runs(text: str) -> list[tuple[str, str, int]]:
    """A text as pieces: what stands before a run, what the run repeats and how often; the last has no run."""
    pieces: list[tuple[str, str, int]] = []
    position = 0
    if len(text) > _LONG:
        for found in _RUN.finditer(text):
            if len(found[0]) > _LONG:
                pieces.append((text[position : found.start()], found[1], len(found[0]) // len(found[1])))
                position = found.end()
    return [*pieces, (text[position:], "", 0)]
