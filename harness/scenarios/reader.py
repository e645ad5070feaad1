"""Turns an entry that is valid by the schema into a requirement, or into a scenario for each case."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from harness.reading.problems import Problem, did_you_mean, unknown_value
from harness.reading.shape import complaints
from harness.reading.yaml_nodes import Node, node_of
from harness.scenarios.calls import ERRORS, NO_ANSWER_ERROR, RETURN_TYPES, STATUS_ERRORS, error_of, returned_by
from harness.scenarios.client_fields import GENERATED, undecided
from harness.scenarios.dimensions import CASE
from harness.scenarios.groups import step_groups
from harness.scenarios.model import (
    Answer,
    AskModel,
    Auth,
    Call,
    Capability,
    ClientKind,
    Contract,
    Expectation,
    Explained,
    Http,
    Level,
    Promise,
    Requirement,
    Scenario,
    Step,
    Watch,
)
from harness.scenarios.promises import promises_of
from harness.scenarios.schema import auth_schema
from harness.scenarios.schema_words import VARIABLE
from harness.scenarios.statuses import admitted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from harness.json_value import Json
    from harness.reading.problems import Location
    from harness.scenarios.model import Action

_VARIABLE = re.compile(VARIABLE)
_FORMS, _KINDS = tuple(Auth), tuple(ClientKind)
_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")


def read_requirement(node: Node, problems: list[Problem]) -> Requirement:
    """Read a requirement from its entry; problems are appended to `problems`."""
    fields: Any = node.plain()
    contracts = frozenset(map(Contract, fields.get("contracts", Contract)))
    if "versions" in fields and Contract.AGENT_SERVER not in contracts:
        problems.append(Problem(node.keys["versions"], "`versions` are those of the `agent-server` contract"))
    return Requirement(
        id=fields["id"],
        level=Level(fields["level"]),
        text=fields["text"],
        source=fields["source"],
        contracts=contracts,
        location=node.location,
        versions=fields.get("versions"),
        dimensions={name: untried or {} for name, untried in fields.get("dimensions", {}).items()},
    )


def read_promise(node: Node) -> Promise:
    """Read an entry of `promises`, which is valid by the schema."""
    fields: Any = node.plain()
    answer = fields.pop("answer")
    auth = tuple(fields.pop("auth", ()))
    return Promise(**fields, answer=Answer(answer) if isinstance(answer, str) else answer, auth=auth)


def read_scenario(node: Node, document: Node, table: Sequence[Promise], problems: list[Problem]) -> list[Scenario]:
    """Read the scenarios of an entry, one for each case; problems are appended to `problems`.

    Args:
        node: the entry.
        document: the file that it is in.
        table: what the steps in `setup` rely on.
        problems: receives what is wrong.
    """
    fields = {key: value.plain() for key, value in node.items() if key not in {"cases", "setup", "steps", "tries"}}
    area, tries = str(document.child("area").value), node.child("tries")
    entry = _Entry(fields, area, node.location, tries, _steps(node, "setup"), _steps(node), table)
    cases = {name: _Case(dict(variables.items()), problems, name) for name, variables in node.child("cases").items()}
    if "cases_from" in node.keys:
        where = node.keys["cases_from"]
        for name, value in undecided(document).items():
            called = name.replace("_", "-")
            case = _Case({GENERATED: node_of({name: value}, where)}, problems, called, tags={"undecided"})
            cases.setdefault(called, case)
    elif not cases:
        return [entry.scenario(entry.fields["id"], _Case({}, problems))]
    return [entry.scenario(f"{entry.fields['id']}[{name}]", case) for name, case in cases.items()]


def _steps(node: Node, part: str = "steps") -> list[_WrittenStep]:
    return [
        _WrittenStep(step, step.plain(), index > 0)
        for group in step_groups(node.child(part))
        for index, step in enumerate(group)
    ]


@dataclass(frozen=True, slots=True)
class _WrittenStep:
    """A step as it is written in the file, with and without locations."""

    node: Node
    fields: Any
    joined: bool


@dataclass(frozen=True, slots=True)
class _Entry:
    """The part of an entry that all its cases share; `fields` are those beside the steps."""

    fields: Any
    area: str
    location: Location
    tries: Node
    setup: list[_WrittenStep]
    steps: list[_WrittenStep]
    promises: Sequence[Promise]

    def scenario(self, full_id: str, case: _Case) -> Scenario:
        setup = tuple(case.setup_step(written, self.promises) for written in self.setup)
        steps = tuple(map(case.step, self.steps))
        return Scenario(
            id=full_id,
            title=self.fields["title"],
            requirement=self.fields["requirement"],
            area=self.area,
            setup=setup,
            steps=steps,
            location=self.location,
            needs=frozenset(map(Capability, self.fields.get("needs", ()))),
            tags=frozenset(self.fields.get("tags", ())) | case.tags,
            control=self.fields.get("control"),
            variables=case.variables,
            watch=Watch(self.fields["watch"]) if "watch" in self.fields else None,
            alone=self.fields.get("alone", False) or any(step.restart for step in (*setup, *steps)),
            tries={dimension: tuple(case.cells(cells)) for dimension, cells in self.tries.items()},
        )


class _Case:
    """Reads the steps of one case; substitutes its variables where a value has to be known before the run."""

    def __init__(
        self, nodes: Mapping[str, Node], problems: list[Problem], name: str | None = None, tags: Collection[str] = ()
    ) -> None:
        self.nodes = nodes
        self.variables: dict[str, Json] = {name: node.plain() for name, node in nodes.items()}
        self.problems = problems
        self.name = name
        self.tags = frozenset(tags)

    def cells(self, node: Node) -> Iterator[str]:
        """The cells that this case tries of a dimension: one or several, or a variable that holds them."""
        if node.value == CASE and self.name is not None:
            yield self.name
        elif isinstance(node.value, list):
            for cell in node.elements():
                yield from self.cells(cell)
        elif (found := self.resolve(node)) is not None:
            yield from self.cells(found) if found is not node else [str(node.value)]

    def setup_step(self, written: _WrittenStep, table: Sequence[Promise]) -> Step:
        """A step in `setup`, with the requirements that it relies on."""
        step, own = self.step(written), self.resolve(written.node.child("promise"))
        return replace(step, promises={"*": str(own.value)} if own and own.value else promises_of(step, table))

    def step(self, written: _WrittenStep) -> Step:
        node, fields = written.node, written.fields
        expect = node.child("expect")
        expected = fields["expect"]
        status = self.resolve(expect.child("status"))
        client = self.word(node.child("client"), _KINDS)
        step = Step(
            action=self.action(node, fields),
            auth=self.auth(node.child("auth"), Auth.BEARER if client == ClientKind.AS_IT_COMES else Auth.BOTH),
            expect=Expectation(
                status=status.plain() if status else None,
                headers=expected.get("headers", {}),
                body=expected.get("body", {}),
                returns=self.word(expect.child("returns"), RETURN_TYPES),
                raises=self.word(expect.child("raises"), ERRORS),
                text=expected.get("text"),
                explained=Explained(expected["explained"]) if "explained" in expected else None,
                shape=expected.get("shape"),
                requests=expected.get("requests"),
            ),
            location=node.location,
            headers=fields.get("headers", {}),
            save=fields.get("save", {}),
            client=ClientKind(client) if client else None,
            timeout=fields.get("timeout"),
            pause=fields.get("pause", 0),
            restart=fields.get("restart", False),
            joined=written.joined,
        )
        if step.expect.requests is not None and client != ClientKind.AS_IT_COMES:
            self.complain(expect.child("requests"), f"only a client `{ClientKind.AS_IT_COMES}` sends more than one")
        if status and step.expect.status is None:
            self.check_no_answer(node, status, step)
        elif status:
            self.check_outcome(node, status, step)
        return step

    def action(self, node: Node, fields: Any) -> Action:
        if "call" in fields:
            return Call(fields["call"], fields.get("with", {}))
        if "model" in fields:
            return AskModel(*fields["model"].split(" ", 1))
        word, path = fields["http"].split(" ", 1)
        method = self.word(Node(word, node.child("http").location), _METHODS)
        content = None if "content" not in fields else str(fields["content"])  # `${n}` alone has become a number
        return Http(method or word, path, fields.get("json"), content)

    def auth(self, node: Node, default: Auth) -> str | Mapping[str, Json]:
        """A named form, or a mapping to send as written, whose texts may be variables of the cases."""
        given = self.resolve(node)
        if given is None or not isinstance(given.value, dict):
            return self.option(given, _FORMS) or default
        texts = {name: self.nodes.get(_variable(text) or "", text) for name, text in given.items()}
        lines = given._replace(value=texts)
        self.problems += complaints(lines, {**auth_schema(), "$defs": {}})
        return {name: text.plain() for name, text in texts.items()}

    def check_no_answer(self, node: Node, status: Node, step: Step) -> None:
        """The step has a timeout, and expects nothing of the answer."""
        expect = node.child("expect")
        if step.timeout is None:
            self.complain(status, "no answer comes once the client gives up: the step needs a `timeout`")
        if step.expect.raises not in {None, NO_ANSWER_ERROR}:
            self.complain(expect.child("raises"), f"when no answer comes, the client raises {NO_ANSWER_ERROR}")
        keys = {**node.keys, **expect.keys, "headers": expect.keys.get("headers")}
        for key in ("headers", "body", "returns", "text", "explained", "shape", "requests", "save"):
            if where := keys.get(key):
                self.problems.append(Problem(where, f"`{key}`: there is no answer to look at"))

    def check_outcome(self, node: Node, status: Node, step: Step) -> None:
        """The status is possible, and `returns` and `raises` agree with it and with the call."""
        statuses = admitted(step.expect.status)
        if not statuses:
            self.complain(status, "no status is like this: it is a number from 100 to 599, or a JSON Schema of one")
        if not statuses or not isinstance(step.action, Call):
            return
        errors = set(map(error_of, statuses))
        if returns := step.expect.returns:
            where = node.child("expect").child("returns")
            stream = self.resolve(node.child("with").child("stream"))
            possible = returned_by(step.action.method, stream=bool(stream and stream.value))
            if returns != possible:
                self.complain(where, f"`{step.action.method}` returns a {possible} here, never a {returns}")
            if None not in errors:
                self.complain(where, "the client raises, and returns nothing, on a status from 400 on")
        raises = step.expect.raises
        if raises == NO_ANSWER_ERROR:
            self.complain(node.child("expect").child("raises"), "raised when no answer comes: then `status: null`")
        if raises in STATUS_ERRORS and raises not in errors:
            known = " or ".join(sorted(filter(None, errors)))
            instead = f"raises {known}" if known else "raises nothing: it is below 400"
            self.complain(node.child("expect").child("raises"), f"not {raises}: on this status the client {instead}")

    def word(self, node: Node, options: Collection[str]) -> str | None:
        """One of the options, literally or from a case's variable; None if absent or invalid."""
        return self.option(self.resolve(node), options)

    def option(self, node: Node | None, options: Collection[str]) -> str | None:
        if node is None or node.value is None:
            return None
        word = str(node.value)
        if word not in options:
            self.complain(node, unknown_value(word, options))
            return None
        return word

    def resolve(self, node: Node) -> Node | None:
        """The node itself, or the case's value for a lone `${name}`; None if the case has none."""
        name = _variable(node)
        if name is None:
            return node
        if name not in self.nodes:
            self.complain(node, f"`{node.value}` here has to be a variable of `cases`{did_you_mean(name, self.nodes)}")
        return self.nodes.get(name)

    def complain(self, node: Node, message: str) -> None:
        self.problems.append(Problem(node.location, message))


def _variable(node: Node) -> str | None:
    """The name of a lone `${name}`."""
    return node.value[2:-1] if isinstance(node.value, str) and _VARIABLE.match(node.value) else None
