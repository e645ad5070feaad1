"""What the JSON Schemas of scenario files, requirements and dimensions are put together from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.scenarios.substitute import NUMBER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.json_value import Schema

NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
NUMBERED_NAME = rf"[A-Za-z_]([A-Za-z0-9_]|\$\{{{NUMBER}\}})*"
REFERENCE = rf"\$\{{{NUMBERED_NAME}\}}"
VARIABLE = f"^{REFERENCE}$"
REQUIREMENT_ID = r"^[A-Z]+-[1-9][0-9]*$"
DIMENSION_ID = r"^[a-z0-9]+(-[a-z0-9]+)*$"
REPETITION = "`{repeat: 3, of: ab}` is the text `ababab`, and of a list, inside a list, its items so many times."
CELL = "^[A-Za-z0-9][A-Za-z0-9_.-]*$"


def text(description: str, pattern: str | None = None, hint: str | None = None) -> Schema:
    """A text, which a pattern may restrict; `hint` is said in its place."""
    schema: Schema = {"description": description, "type": "string", "minLength": 1}
    if pattern:
        schema |= {"pattern": pattern, "patternErrorMessage": hint}
    return schema


def choice(description: str, options: Iterable[str]) -> Schema:
    """One of the options."""
    return {"description": description, "type": "string", "enum": list(options)}


def choice_or_variable(description: str, options: Iterable[str]) -> Schema:
    """One of the options, or a variable of the cases that holds one."""
    return {
        "description": f"{description} Or a variable of the cases that holds one: `${{name}}`.",
        "type": "string",
        "if": {"pattern": VARIABLE},
        "else": {"enum": list(options)},
    }


def mapping(description: str, values: Schema, keys: Schema | None = None) -> Schema:
    """A mapping with keys of one's own, all of whose values are alike."""
    schema: Schema = {"description": description, "type": "object", "additionalProperties": values}
    return schema | ({"propertyNames": keys} if keys else {})


def record(title: str, properties: dict[str, Schema], required: Iterable[str] = ()) -> Schema:
    """A mapping with a fixed set of keys."""
    return {
        "title": title,
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def ref(name: str, description: str | None = None) -> Schema:
    """A definition of the schema, by its name; a description of its own comes first."""
    return ({"description": description} if description else {}) | {"$ref": f"#/$defs/{name}"}


def forbidden(message: str) -> Schema:
    """A key that has no place here; the message says why."""
    return {"not": {}, "errorMessage": message}


def dimension_name() -> Schema:
    """The name of a dimension."""
    return text("A dimension's name, such as body-size.", DIMENSION_ID, "a dimension is lower-case words with dashes")


def cell() -> Schema:
    """The name of a cell of a dimension."""
    return text("A cell's name.", CELL, "a cell's name is letters, digits, `-`, `_` and `.`")


def variables() -> Schema:
    """The variables of a case, or of a cell."""
    return mapping(f"The variables of this case; they may use the built-in ones. {REPETITION}", {},
                    text("A variable's name.", NAME, "a variable is letters, digits and _"))  # fmt: skip
