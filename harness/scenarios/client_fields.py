"""`cases_from: client-fields`: a case for each parameter of the installed client that the suite doesn't cover.

The parameters are read from the client's source, since importing it takes half a second. A new release of the client
brings new cases by itself.
"""

from __future__ import annotations

import ast
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.json_value import Json
    from harness.reading.yaml_nodes import Node

CLIENT_FIELDS = "client-fields"
"""What `cases_from` says to get these cases; any other word is the name of a dimension."""

GENERATED = "field"
"""The only variable of a generated case."""

_ALWAYS_SENT = {"model", "messages", "stream"}
_SOURCE = "types/chat/completion_create_params.py"
_CLASS = "CompletionCreateParams"
"""Prefix of the typed dictionaries of the request's body; the others are parts of it."""

_WRAPPERS = {"Annotated", "Optional", "Required", "Union"}
_PLAIN: dict[str, Json] = {"bool": True, "float": 1, "int": 1, "str": "harness"}


def undecided(document: Node) -> dict[str, Json]:
    """The client's parameters, each with a value, whose names are not a key in the cases of a scenario file."""
    cases = (scenario.child("cases") for scenario in document.child("scenarios").elements())
    decided = _ALWAYS_SENT.union(*map(_keys, cases))
    return {name: value for name, value in _client_fields().items() if name not in decided}


def _keys(node: Node) -> Iterator[str]:
    yield from node.keys
    for inner in (*node.values(), *node.elements()):
        yield from _keys(inner)


@cache
def _client_fields() -> Mapping[str, Json]:
    """The parameters of `chat.completions.create`, each with a value of its type; empty without the client."""
    package = find_spec("openai")
    if package is None or package.origin is None:
        return {}
    try:
        module = ast.parse((Path(package.origin).parent / _SOURCE).read_bytes())
    except (OSError, SyntaxError):
        return {}
    return {
        field.target.id: _value(field.annotation)
        for body in module.body
        if isinstance(body, ast.ClassDef) and body.name.startswith(_CLASS)
        for field in body.body
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
    }


def _value(annotation: ast.expr) -> Json:
    """A value of an annotated type if the annotation alone defines it; else an empty object."""
    match annotation:
        case ast.Name(id=name):
            return _PLAIN.get(name, {})
        case ast.Subscript(value=ast.Name(id=name), slice=inner):
            first = inner.elts[0] if isinstance(inner, ast.Tuple) and inner.elts else inner
            if name in _WRAPPERS:
                return _value(first)
            if name == "Literal" and isinstance(first, ast.Constant) and isinstance(first.value, str | int):
                return first.value
    return {}
