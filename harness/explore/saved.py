"""Writes a finding as a scenario, which anyone can play without exploring."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING

import yaml

from harness.explore.message import CONVERSATION
from harness.explore.naming import Naming
from harness.explore.step import Kind
from harness.scenarios.model import SLOW, Auth, Call, Capability, ClientKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from harness.contract.course import Forbidden
    from harness.explore.confirm import Confirmed
    from harness.explore.ideal import Allowed
    from harness.explore.transcript import Sent, Transcript
    from harness.json_value import Json
    from harness.scenarios.model import Requirement

_WIDTH = 116
_LONGEST_TITLE, _LONGEST_SLUG = 100, 50
_SLOW_PAUSES = 10.0
"""Seconds, beyond which a scenario is tagged `slow`."""

_MODAL_VERB = re.compile(r"\b(must|should|may|shall)\b", re.IGNORECASE)
_NEEDS = {
    Kind.READ: Capability.CONVERSATIONS,
    Kind.DELETE: Capability.CONVERSATIONS,
    Kind.BEGIN: Capability.NATIVE_TURNS,
    Kind.ADD: Capability.NATIVE_TURNS,
    Kind.SAVE: Capability.PROFILES,
    Kind.RENAME: Capability.PROFILES,
    Kind.REMOVE: Capability.PROFILES,
    Kind.RESTART: Capability.RESTART,
}
_OTHER_KEYS = ("${other_key}", "${last_key}")
_TITLES = {
    "status": "The last request of an explored walk is answered with the right status",
    "header": "The last answer of an explored walk names the right conversation",
    "text": "The last answer of an explored walk is what its conversation leads to",
    "usage": "The last answer of an explored walk tells what its turn cost",
    "model": "The last answer of an explored walk names the model that was asked",
    "body": "The last answer of an explored walk holds what it has to",
}
_WHICH: dict[str, Json] = {
    "call": "chat.completions.create",
    "with": {"model": "${model}", "messages": [{"role": "user", "content": "Which language model are you?"}]},
    "expect": {"status": 200},
}
_AGENT: Json = {
    "http": "GET /api/agent-profiles",
    "expect": {"status": 200},
    "save": {"agent": "$.active_agent_profile_id"},
}
_BASE_URL: Json = {
    "http": "GET /api/profiles/${profile}",
    "expect": {"status": 200},
    "save": {"base_url": "$.config.base_url"},
}
_PREPARATIONS: dict[str, Json] = {
    "${llm}": _WHICH | {"save": {"llm": "$.choices[0].message.content"}},
    "${agent}": _AGENT,
    "${base_url}": _BASE_URL,
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a finding comes from.

    Attributes:
        seed: of the exploration.
        target: its name, without secrets.
        contract: which it was held against.
    """

    seed: str
    target: str
    contract: str


def scenario_file(
    confirmed: Confirmed,
    transcript: Transcript,
    requirement: Requirement,
    origin: Origin,
    *,
    area: str,
    scripted: bool,
    control: str,
) -> tuple[str, Json]:
    """The text of a scenario file for a finding, and what it says.

    Args:
        confirmed: the finding.
        transcript: its walk on paper.
        requirement: the one that is violated.
        origin: where it comes from.
        area: of the file.
        scripted: whether the model is the scripted one.
        control: the scenario that shows that a request like a refused one succeeds otherwise.
    """
    forbidden, groups = confirmed.forbidden, transcript.groups
    culprit = _group_of(forbidden.exchange.step, transcript)
    compared = [each.allowed.header for each in groups[culprit] if each.number == forbidden.exchange.step]
    naming = Naming(transcript, json.dumps(compared) if forbidden.check == "header" else "")
    steps = [list(_steps(group, naming, forbidden if at == culprit else None)) for at, group in enumerate(groups)]
    before = [each for group in steps[:culprit] for each in _beside(group)]
    proof = _beside(steps[culprit])
    words = json.dumps([before, proof, naming.long])
    asking = [_WHICH] if '"explained"' in words and "${llm}" not in words else []
    setup = [*asking, *(step for name, step in _PREPARATIONS.items() if name in words), *before]
    pauses = sum(each.pause for group in groups for each in group)
    scenario: dict[str, Json] = {
        "id": f"{area}/{_slug(forbidden)}",
        "title": _title(forbidden, requirement),
        "requirement": requirement.id,
        "needs": [*sorted(_needs(confirmed, words, scripted=scripted))],
        "tags": [SLOW] if pauses > _SLOW_PAUSES else [],
        "control": control if all(_is_refused(each.allowed) for each in groups[culprit]) else None,
        "cases": {"walk": dict(naming.long)} if naming.long else {},
        "setup": setup,
        "steps": proof,
    }
    document: Json = {"area": area, "scenarios": [{key: value for key, value in scenario.items() if value}]}
    body = yaml.dump(document, Dumper=_Dumper, width=_WIDTH, sort_keys=False, allow_unicode=True)
    return _comment(confirmed, origin) + body, document


class _Dumper(yaml.SafeDumper):
    """One that writes what is short on one line, and repeats what is there twice."""

    def __init__(self, stream: object, **options: object) -> None:
        super().__init__(stream, **(options | {"default_flow_style": None}))  # type: ignore[arg-type]  # yaml's stubs know no options

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - yaml's own
        return True


def _group_of(number: int, transcript: Transcript) -> int:
    return next(at for at, group in enumerate(transcript.groups) if any(each.number == number for each in group))


def _beside(steps: list[Json]) -> list[Json]:
    return steps if len(steps) == 1 else [{"at_once": steps}]


def _steps(group: list[Sent], naming: Naming, forbidden: Forbidden | None) -> Iterator[Json]:
    for sent in group:
        yield _step(sent, naming, forbidden if forbidden and forbidden.exchange.step == sent.number else None)


def _step(sent: Sent, naming: Naming, forbidden: Forbidden | None) -> dict[str, Json]:
    action, times = sent.action, sent.times
    if isinstance(action, Call):
        what: dict[str, Json] = {"call": action.method, "with": naming.in_body(dict(action.arguments), times=times)}
        usual = Auth.BEARER if sent.client is ClientKind.AS_IT_COMES else Auth.BOTH
    else:
        path = naming.in_text(action.path)
        what = {"http": f"{action.method} {path}", "json": naming.in_body(action.json, times=times)}
        usual = Auth.SESSION_HEADER
    auth: Json = sent.auth.value if isinstance(sent.auth, Auth) else dict(sent.auth)
    step: dict[str, Json] = {
        "repeat": times if times > 1 else None,
        **what,
        "headers": {name: naming.in_text(str(value)) for name, value in sent.headers.items()},
        "auth": auth if auth != usual.value else None,
        "client": sent.client.value if sent.client is not ClientKind.ASYNC else None,
        "timeout": sent.timeout,
        "pause": sent.pause,
        "restart": sent.restart,
        "expect": _expectation(sent, naming, forbidden),
        "save": {naming.saved[sent.begins]: f"headers.{CONVERSATION}"} if sent.begins in naming.saved else None,
    }
    return {key: value for key, value in step.items() if value not in (None, {}, 0, False)}


def _expectation(sent: Sent, naming: Naming, forbidden: Forbidden | None) -> dict[str, Json]:
    """What is allowed; headers and bodies only where they are wrong."""
    allowed = sent.allowed
    expect: dict[str, Json] = {"status": allowed.status}
    match forbidden.check if forbidden else None:
        case "header" if forbidden and "x-should-retry" in forbidden.expected:
            expect["headers"] = {"x-should-retry": "false"}
        case "header":
            expect["headers"] = {CONVERSATION: _header(allowed.header, naming)}
        case "usage" if allowed.tokens:
            parts = zip(("prompt_tokens", "completion_tokens"), allowed.tokens, strict=True)
            expect["body"] = {f"{_place(sent)}.usage.{name}": count for name, count in parts}
        case "model" if allowed.model:
            expect["body"] = {f"{_place(sent)}.model": naming.in_text(allowed.model)}
        case "body" if allowed.listed:
            expect["body"] = dict(_listed(*allowed.listed, naming))
        case "body" if not isinstance(sent.action, Call) and isinstance(sent.action.json, dict):
            expect["body"] = {"$.id": naming.in_text(str(sent.action.json.get("conversation_id")))}
    if allowed.text is not None:
        expect["text"] = naming.in_text(allowed.text, times=sent.times)
    if allowed.explained:
        expect["explained"] = "one-order"
    return expect


def _place(sent: Sent) -> str:
    """Where a chat's answer has its members: a stream's chunks are a list."""
    return "$[*]" if isinstance(sent.action, Call) and sent.action.arguments.get("stream") is True else "$"


def _header(allowed: Json, naming: Naming) -> Json:
    match allowed:
        case str():
            return naming.in_text(allowed)
        case {"not": {"enum": list(old)}, "format": form}:
            known: list[Json] = [naming.in_text(each) for each in old if isinstance(each, str) and naming.knows(each)]
            return {"format": form, **({"not": {"enum": known}} if known else {})}
    return allowed


def _listed(there: Collection[str], gone: Collection[str], naming: Naming) -> Iterator[tuple[str, Json]]:
    """What a list of models holds once, and what it doesn't hold."""
    once: list[Json] = [{"contains": _entry(model, naming), "maxContains": 1} for model in sorted(there)]
    never: list[Json] = [{"not": {"contains": _entry(model, naming)}} for model in sorted(gone)]
    if once or never:
        yield "$.data", {"allOf": [*once, *never]}
    yield "$.data[*].id", {"pattern": "^openhands_"}


def _entry(model: str, naming: Naming) -> Json:
    return {"properties": {"id": {"const": naming.in_text(model)}}, "required": ["id"]}


def _is_refused(allowed: Allowed) -> bool:
    match allowed.status:
        case int(status):
            return 400 <= status < 500
        case {"enum": list(statuses)}:
            return all(isinstance(each, int) and 400 <= each < 500 for each in statuses)
        case {"minimum": 400, "maximum": 499}:
            return True
    return False


def _needs(confirmed: Confirmed, words: str, *, scripted: bool) -> set[str]:
    needs = {_NEEDS[step.kind].value for step in confirmed.walk if step.kind in _NEEDS}
    if Capability.NATIVE_TURNS in needs:
        needs.add(Capability.CONVERSATIONS.value)
    if scripted:
        needs.add(Capability.SCRIPTED_MODEL.value)
    if '"auth"' in words:
        needs.add(Capability.AUTHENTICATION.value)
    if any(name in words for name in _OTHER_KEYS):
        needs.add(Capability.SEVERAL_KEYS.value)
    return needs


def _slug(forbidden: Forbidden) -> str:
    seems = forbidden.seems if forbidden.check != "status" else None  # of a refusal it is the whole rule
    words = re.findall("[a-z0-9]+", (seems or f"another {forbidden.check}").lower())
    slug = "-".join(words)
    return slug if len(slug) <= _LONGEST_SLUG else slug[:_LONGEST_SLUG].rpartition("-")[0]


def _title(forbidden: Forbidden, requirement: Requirement) -> str:
    sentence = requirement.text.removesuffix(".")
    fits = len(sentence) <= _LONGEST_TITLE and not _MODAL_VERB.search(sentence)
    return sentence if fits else _TITLES[forbidden.check]


def _comment(confirmed: Confirmed, origin: Origin) -> str:
    forbidden = confirmed.forbidden
    seems = f" ({forbidden.seems.removesuffix('.')})" if forbidden.seems else ""
    found = (
        f"Found by `gateway-harness explore --seed {origin.seed}` on {origin.target}, held against the contract "
        f"{origin.contract}: of the last answer the {forbidden.check} is wrong{seems}. The shortest walk that shows it "
        f"did so in {confirmed.times} of {confirmed.tries} tries: {'; '.join(map(str, confirmed.walk))}."
    )
    proven = "This scenario was seen to fail there, and to pass on the reference gateway."
    return "".join(f"# {line}\n" for paragraph in (found, proven) for line in wrap(paragraph, _WIDTH))
