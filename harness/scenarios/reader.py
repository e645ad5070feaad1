"""An entry of a file, its shape being right, becomes frozen values: a requirement, or a scenario for each case."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from harness.scenarios.calls import ERRORS, RETURN_TYPES, STATUS_ERRORS, error_of, returned_by
from harness.scenarios.model import (
    Auth,
    Call,
    Capability,
    Contract,
    Expectation,
    Http,
    Level,
    Requirement,
    Scenario,
    Step,
)
from harness.scenarios.problems import Problem, did_you_mean, unknown_value
from harness.scenarios.schema import VARIABLE
from harness.scenarios.statuses import admitted
from harness.scenarios.yaml_nodes import Node

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from harness.scenarios.model import Json

_VARIABLE = re.compile(VARIABLE)
_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")


def read_requirement(node: Node, problems: list[Problem]) -> Requirement:
    """A requirement from its entry; `problems` gets what is wrong with it."""
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
    )


def read_scenario(node: Node, area: str, problems: list[Problem]) -> list[Scenario]:
    """The scenarios of one entry, one for each case; `problems` gets what is wrong with them."""
    fields: Any = node.plain()
    if not (cases := dict(node.child("cases").items())):
        return [_read_case(node, fields, fields["id"], area, _Case({}, problems))]
    return [
        _read_case(node, fields, f"{fields['id']}[{name}]", area, _Case(dict(variables.items()), problems))
        for name, variables in cases.items()
    ]


def _read_case(node: Node, fields: Any, full_id: str, area: str, case: _Case) -> Scenario:
    setup = zip(node.child("setup").elements(), fields.get("setup", ()), strict=True)
    steps = zip(node.child("steps").elements(), fields["steps"], strict=True)
    return Scenario(
        id=full_id,
        title=fields["title"],
        requirement=fields["requirement"],
        area=area,
        setup=tuple(case.step(*step) for step in setup),
        steps=tuple(case.step(*step) for step in steps),
        location=node.location,
        needs=frozenset(map(Capability, fields.get("needs", ()))),
        tags=frozenset(fields.get("tags", ())),
        control=fields.get("control"),
        variables=case.variables,
    )


class _Case:
    """Reads steps for one case: its variables are put in where a value has to be known before anything is run."""

    def __init__(self, nodes: Mapping[str, Node], problems: list[Problem]) -> None:
        self.nodes = nodes
        self.variables: dict[str, Json] = {name: node.plain() for name, node in nodes.items()}
        self.problems = problems

    def step(self, node: Node, fields: Any) -> Step:
        action = self.action(node, fields)
        expect = node.child("expect")
        expected = fields["expect"]
        status = self.resolve(expect.child("status"))
        step = Step(
            action=action,
            auth=self.word(node.child("auth"), list(Auth)) or Auth.BOTH,
            expect=Expectation(
                status=status.plain() if status else None,
                headers=expected.get("headers", {}),
                body=expected.get("body", {}),
                returns=self.word(expect.child("returns"), RETURN_TYPES),
                raises=self.word(expect.child("raises"), ERRORS),
            ),
            location=node.location,
            headers=fields.get("headers", {}),
            save=fields.get("save", {}),
        )
        if status:
            self.check_outcome(node, status, step)
        return step

    def action(self, node: Node, fields: Any) -> Call | Http:
        if "call" in fields:
            return Call(fields["call"], fields.get("with", {}))
        word, path = fields["http"].split(" ", 1)
        method = self.word(Node(word, node.child("http").location), _METHODS)
        return Http(method or word, path, fields.get("json"), fields.get("content"))

    def check_outcome(self, node: Node, status: Node, step: Step) -> None:
        """The status can be had, and what the client returns or raises agrees with it and with the call."""
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
        if raises in STATUS_ERRORS and raises not in errors:
            known = " or ".join(sorted(filter(None, errors)))
            instead = f"raises {known}" if known else "raises nothing: it is below 400"
            self.complain(node.child("expect").child("raises"), f"not {raises}: on this status the client {instead}")

    def word(self, node: Node, options: Collection[str]) -> str | None:
        """One of the options; None when there is none, or a problem."""
        resolved = self.resolve(node)
        if resolved is None or resolved.value is None:
            return None
        word = str(resolved.value)
        if word not in options:
            self.complain(resolved, unknown_value(word, options))
            return None
        return word

    def resolve(self, node: Node) -> Node | None:
        """The node itself, or the case's value when it is a `${name}` alone; None when no case gives it one."""
        if not isinstance(node.value, str) or not _VARIABLE.match(node.value):
            return node
        name = node.value[2:-1]
        if name not in self.nodes:
            self.complain(node, f"`{node.value}` here has to be a variable of `cases`{did_you_mean(name, self.nodes)}")
        return self.nodes.get(name)

    def complain(self, node: Node, message: str) -> None:
        self.problems.append(Problem(node.location, message))
