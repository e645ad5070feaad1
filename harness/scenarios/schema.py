"""The JSON Schemas (draft 2020-12) of scenario files and of the requirements file, made from the tables in one place.

The files beside the scenarios give editors completion and help; the loader (`harness.scenarios.shape`) reads the same
schema. Alternatives are told apart by `if`, never by `anyOf`, so that a complaint names the mistake and not all
the ways out of it. `errorMessage` and `patternErrorMessage` are what VS Code's and YAML's language servers
show in place of their own words; the loader does too.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from harness.scenarios.calls import ERRORS, RETURN_TYPES, RETURNS
from harness.scenarios.model import Auth, Capability, Contract, Level
from harness.scenarios.substitute import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Iterable

type Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
JSON_TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
FORMATS = ("date", "email", "ipv4", "ipv6", "regex", "uuid")
"""The formats that are asserted everywhere; jsonschema has more only where optional packages are installed."""

NOT_OFFERED = frozenset({
    "$anchor", "$defs", "$dynamicAnchor", "$dynamicRef", "$id", "$ref", "$schema", "$vocabulary",  # one-screen schemas
    "contentEncoding", "contentMediaType", "contentSchema", "default", "deprecated", "examples", "readOnly",
    "writeOnly",  # annotations: they assert nothing
    "unevaluatedItems", "unevaluatedProperties",  # for schemas that are put together from others
})  # fmt: skip
"""Keywords of draft 2020-12 that an expectation has no use for. Everything else of it is offered."""

VARIABLE = r"^\$\{[A-Za-z_][A-Za-z0-9_]*\}$"
NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
_FIELD_NAME = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_REQUIREMENT_ID = r"^[A-Z]+-[1-9][0-9]*$"
_SCENARIO_ID = r"^[a-z0-9]+(-[a-z0-9]+)*/[a-z0-9]+(-[a-z0-9]+)*$"
_SPECIFIER = r"(~=|===?|!=|<=?|>=?)\s*[0-9][A-Za-z0-9.*+!_-]*"


def _text(description: str, pattern: str | None = None, hint: str | None = None) -> Schema:
    schema: Schema = {"description": description, "type": "string", "minLength": 1}
    if pattern:
        schema |= {"pattern": pattern, "patternErrorMessage": hint}
    return schema


def _choice(description: str, options: Iterable[str]) -> Schema:
    return {"description": description, "type": "string", "enum": list(options)}


def _choice_or_variable(description: str, options: Iterable[str]) -> Schema:
    """One of the options, or a variable that a scenario's cases give one of them."""
    return {
        "description": f"{description} Or a variable of the cases that holds one: `${{name}}`.",
        "type": "string",
        "if": {"pattern": VARIABLE},
        "else": {"enum": list(options)},
    }


def _mapping(description: str, values: Schema, keys: Schema | None = None) -> Schema:
    schema: Schema = {"description": description, "type": "object", "additionalProperties": values}
    return schema | ({"propertyNames": keys} if keys else {})


def _record(title: str, properties: dict[str, Schema], required: Iterable[str] = ()) -> Schema:
    """A mapping whose keys are all known."""
    return {
        "title": title,
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _ref(name: str, description: str | None = None) -> Schema:
    return ({"description": description} if description else {}) | {"$ref": f"#/$defs/{name}"}


def _forbidden(message: str) -> Schema:
    return {"not": {}, "errorMessage": message}


@cache
def requirements_schema() -> Schema:
    """The schema of `requirements.yaml`."""
    return {
        "$schema": DIALECT,
        **_record(
            "the requirements",
            {"requirements": {"description": "The sentences of the contracts.", "type": "array", "minItems": 1,
                              "items": _ref("requirement")}},
            ["requirements"],
        ),
        "$defs": {
            "requirement": _record(
                "a requirement",
                {
                    "id": _text("Area and number, such as AUTH-1; never given to another sentence.", _REQUIREMENT_ID,
                                "an id is capitals, a dash and a number, such as AUTH-1"),
                    "level": _choice("How binding it is (RFC 2119).", Level),
                    "text": _text("The requirement, one sentence."),
                    "source": _text("The section of the documentation, or the observation, that it comes from."),
                    "contracts": {"description": "The contracts that it belongs to; all when left out.",
                                  "type": "array", "minItems": 1, "uniqueItems": True,
                                  "items": {"enum": list(Contract)}},
                    "versions": _text("The released servers that it is true of, such as `>=1.28` (PEP 440).",
                                      rf"^{_SPECIFIER}(\s*,\s*{_SPECIFIER})*$",
                                      "a version specifier reads like `>=1.28` or `>=1.28,<2` (PEP 440)"),
                },
                ["id", "level", "text", "source"],
            )
        },
    }  # fmt: skip


@cache
def scenario_schema() -> Schema:
    """The schema of a scenario file."""
    return {
        "$schema": DIALECT,
        **_record(
            "a scenario file",
            {"area": _text("What these scenarios are about; the file's name without `.yaml`.",
                           "^[a-z0-9]+(-[a-z0-9]+)*$", "an area is lower-case words with dashes"),
             "scenarios": {"description": "The proofs, one after the other.", "type": "array", "minItems": 1,
                           "items": _ref("scenario")}},
            ["area", "scenarios"],
        ),
        "$defs": {
            "scenario": _scenario(),
            "steps": {"type": "array", "minItems": 1, "items": _ref("step")},
            "step": _step(),
            "expectation": _expectation(),
            "header-name": _text("A header's name.", f"^{_FIELD_NAME}$", "not a header's name"),
            "value": {"if": {"type": "object"}, "then": _ref("json-schema")},
            "json-schema": _json_schema(),
        },
    }  # fmt: skip


def render(file: str) -> str:
    """The schema of the `scenario` files or of the `requirements` file, as the text that stands beside them."""
    schema = {"scenario": scenario_schema, "requirements": requirements_schema}[file]()
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _scenario() -> Schema:
    return _record(
        "a scenario",
        {
            "id": _text("`area/what-it-proves`, unique.", _SCENARIO_ID, "an id reads like `area/words-with-dashes`"),
            "title": _text("What is so when it passes: a plain statement, no must or should, at most 100 characters."),
            "requirement": _text("The one requirement that it proves, such as CONV-3.", _REQUIREMENT_ID,
                                 "a requirement's id reads like CONV-3"),
            "needs": {"description": "What the target has to offer; without it the scenario is not assessed.",
                      "type": "array", "uniqueItems": True, "items": {"enum": list(Capability)}},
            "tags": {"description": "Names to select scenarios by.", "type": "array", "uniqueItems": True,
                     "items": _text("A tag.", "^[a-z0-9]+(-[a-z0-9]+)*$", "a tag is lower-case words with dashes")},
            "control": _text("The scenario that has to pass for this one's refusal to mean anything: its full id, with "
                             "`[case]` if it has cases."),
            "cases": {"type": "object", "minProperties": 1,
                      **_mapping("A table: name -> variables. It becomes one scenario a row, `id[name]`.",
                                 _mapping("The variables of this case; they may use the built-in ones.", {},
                                          _text("A variable's name.", NAME, "a variable is letters, digits and _")),
                                 _text("A case's name.", "^[A-Za-z0-9][A-Za-z0-9_.-]*$",
                                       "a case's name is letters, digits, `-`, `_` and `.`"))},
            "setup": _ref("steps", "What has to be so first. When it can't be had, the scenario could not run; the "
                                   "requirement is not indicted."),
            "steps": _ref("steps", "What proves the requirement, in order."),
        },
        ["id", "title", "requirement", "steps"],
    )  # fmt: skip


def _step() -> Schema:
    built_in = "\n".join(f"- `${{{name}}}`: {meaning}" for name, meaning in BUILT_IN.items())
    raw_only = _forbidden("belongs to `http`; a call's body is made from `with`")
    record = _record(
        "a step",
        {
            "call": _choice("A method of the official client.", RETURNS),
            "with": {"description": f"The call's keyword arguments. Variables:\n{built_in}", "type": "object"},
            "http": _text("A raw request over the client's own transport: METHOD PATH.",
                          r"^([A-Z]+|\$\{[A-Za-z_][A-Za-z0-9_]*\}) (/|\$\{)\S*$",
                          "a raw request reads `METHOD /path`, such as `GET /v1/models`"),
            "json": {"description": "The raw request's body, any JSON but null, which is `content: 'null'`.",
                     "type": [name for name in JSON_TYPES if name != "null"]},
            "content": {"description": "The raw request's body as text, sent as it is, in UTF-8.", "type": "string"},
            "headers": _mapping("Headers beside the client's own; null removes one.", {"type": ["string", "null"]},
                                _ref("header-name")),
            "auth": _choice_or_variable("How the key is presented. Left out: `both`, so that a target which refuses "
                                        "one form is found out by the scenarios about keys, and by no other.", Auth),
            "expect": _ref("expectation", "What must come back."),
            "save": _mapping("Variables for later steps: name -> `headers.NAME`, or a JSONPath of the body.",
                             _text("Where it is taken from.", rf"^(headers\.{_FIELD_NAME}|\$(?!\{{)((?!\$\{{).)*)$",
                                   "saved is `headers.NAME` or a JSONPath of the body, such as `$.id`; no variables"),
                             _text("A variable's name.", NAME, "a variable is letters, digits and _")),
        },
        ["expect"],
    )  # fmt: skip
    return record | {
        "if": {"required": ["http"]},
        "then": {
            "properties": {
                "call": _forbidden("a step has `call` or `http`, not both"),
                "with": _forbidden("belongs to `call`; a raw request has `json` or `content`"),
                "expect": {
                    "properties": {
                        "returns": _forbidden("belongs to `call`: nothing is returned by a raw request"),
                        "raises": _forbidden("belongs to `call`: nothing is raised by a raw request"),
                    }
                },
            },
            "if": {"required": ["json"]},
            "then": {"properties": {"content": _forbidden("a body is `json` or `content`, not both")}},
        },
        "else": {
            "required": ["call"],
            "properties": {"json": raw_only, "content": raw_only},
            "errorMessage": "a step needs `call` (a method of the client) or `http` (a raw request)",
        },
    }


def _expectation() -> Schema:
    record = _record(
        "an expectation",
        {
            "status": {"description": "The status: a number, a JSON Schema such as {enum: [400, 422]}, or a variable "
                                      "of the cases that holds either.",
                       "type": ["integer", "object", "string"],
                       "if": {"type": "object"}, "then": {"minProperties": 1, "$ref": "#/$defs/json-schema"},
                       "else": {"pattern": VARIABLE, "minimum": 100, "maximum": 599,
                                "patternErrorMessage": "a status is a number, a JSON Schema or a `${variable}`"}},
            "headers": _mapping("Headers of the answer: text is compared, a mapping is a JSON Schema, null: the header "
                                "is absent.", {"type": ["string", "null", "object"], "$ref": "#/$defs/value"},
                                _ref("header-name")),
            "body": _mapping("JSONPath -> what every node that it selects has to be: a literal is compared, a mapping "
                             "is a JSON Schema. A path that selects nothing is a violation.", _ref("value"),
                             _text("A JSONPath (RFC 9535).", r"^\$", "a path into the body starts with `$`")),
            "returns": _choice_or_variable("The type that the client returns; the body is valid for it, strictly.",
                                           RETURN_TYPES),
            "raises": _choice_or_variable("The exact class of the exception that the client raises.", ERRORS),
        },
        ["status"],
    )  # fmt: skip
    return record | {
        "if": {"required": ["returns"]},
        "then": {"properties": {"raises": _forbidden("a call returns or raises, not both")}},
    }


def _json_schema() -> Schema:
    """Draft 2020-12, closed: the draft ignores a keyword that it doesn't know; a misspelt one would assert nothing."""
    schema = {"type": ["object", "boolean"], "$ref": "#/$defs/json-schema"}
    several = {"type": "array", "minItems": 1, "items": schema}
    by_name = _mapping("Schemas by name.", schema)
    names = {"type": "array", "uniqueItems": True, "items": {"type": "string"}}
    amount = {"type": ["integer", "string"], "minimum": 0, "pattern": VARIABLE,
              "patternErrorMessage": "a number, or a `${variable}` that holds one"}  # fmt: skip
    number = {key: value for key, value in amount.items() if key != "minimum"} | {"type": ["number", "string"]}
    keywords: dict[str, Schema] = {
        "type": {"description": "JSON types that are allowed.", "type": ["string", "array"], "minItems": 1,
                 "uniqueItems": True, "if": {"type": "string"}, "then": {"enum": list(JSON_TYPES)},
                 "else": {"items": {"enum": list(JSON_TYPES)}}},
        "const": {"description": "Equal to this."},
        "enum": {"description": "Equal to one of these.", "type": "array", "minItems": 1},
        "pattern": {"description": "A regular expression that is found somewhere in the text.", "type": "string",
                    "format": "regex"},
        "format": _choice("The text is one of these; asserted.", FORMATS),
        "patternProperties": by_name | {"propertyNames": {"format": "regex"}},
        "dependentRequired": _mapping("Names that a name brings with it.", names),
        "uniqueItems": {"type": "boolean"},
        "required": {"description": "Names that are there."} | names,
        "multipleOf": number | {"exclusiveMinimum": 0},
    }  # fmt: skip
    keywords |= dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), number)
    keywords |= {
        f"{bound}{what}": amount
        for bound in ("min", "max")
        for what in ("Length", "Items", "Properties", "Contains")
    }  # fmt: skip
    keywords |= dict.fromkeys(("properties", "dependentSchemas"), by_name)
    keywords |= dict.fromkeys(
        ("additionalProperties", "propertyNames", "items", "contains", "not", "if", "then", "else"), schema
    )
    keywords |= dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), several)
    keywords |= {key: {"type": "string"} for key in ("title", "description", "$comment")}
    return {
        "title": "a JSON Schema",
        "properties": dict(sorted(keywords.items())),
        "additionalProperties": False,
        "errorMessage": "a mapping is a JSON Schema (draft 2020-12); to compare with a mapping, write {const: ...}",
    }
