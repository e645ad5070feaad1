"""The mutants that break a requirement, read from their source: importing them would import the web server."""

from __future__ import annotations

import ast
from pathlib import Path

import harness


def mutants(requirement: str) -> dict[str, str]:
    """The violation of each mutant in a sentence, by the mutant's name."""
    found: dict[str, str] = {}
    for file in sorted((Path(harness.__file__).parent / "mutants").glob("*.py")):
        text = file.read_text("utf-8")
        if f'breaks = "{requirement}"' not in text:
            continue
        for node in ast.parse(text).body:
            if isinstance(node, ast.ClassDef) and _constants(node, "breaks") == [requirement]:
                found[node.name] = (ast.get_docstring(node) or "").partition("\n")[0]
                # The gross twin, which the registry derives.
                found.update({f"{node.name}Always": sentence for sentence in _constants(node, "always")})
    return found


def _constants(mutant: ast.ClassDef, attribute: str) -> list[str]:
    """The texts that a class assigns to an attribute."""
    return [
        each.value.value
        for each in mutant.body
        if isinstance(each, ast.Assign) and [ast.unparse(name) for name in each.targets] == [attribute]
        if isinstance(each.value, ast.Constant) and isinstance(each.value.value, str)
    ]
