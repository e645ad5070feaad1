"""The JSON Schemas (draft 2020-12) of `requirements.yaml` and `dimensions.yaml`."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from harness.json_value import DIALECT
from harness.scenarios.model import Answer, Auth, Contract, Level
from harness.scenarios.schema_words import (
    REQUIREMENT_ID,
    cell,
    choice,
    dimension_name,
    mapping,
    record,
    ref,
    text,
    variables,
)

if TYPE_CHECKING:
    from harness.json_value import Schema

_SPECIFIER = r"(~=|===?|!=|<=?|>=?)\s*[0-9][A-Za-z0-9.*+!_-]*"


@cache
def requirements_schema() -> Schema:
    """The schema of `requirements.yaml`."""
    return {
        "$schema": DIALECT,
        **record(
            "the requirements",
            {"requirements": {"description": "The sentences of the contracts.", "type": "array", "minItems": 1,
                              "items": ref("requirement")},
             "promises": {"description": "What scenarios rely on in `setup`: when such an expectation does not hold, "
                                         "this requirement is violated. The first that matches counts; a step's own "
                                         "`promise` goes before.",
                          "type": "array", "items": ref("promise")}},
            ["requirements"],
        ),
        "$defs": {
            "requirement": record(
                "a requirement",
                {
                    "id": text("Area and number, such as AUTH-1; never given to another sentence.", REQUIREMENT_ID,
                                "an id is capitals, a dash and a number, such as AUTH-1"),
                    "level": choice("How binding it is (RFC 2119).", Level),
                    "text": text("The requirement, one sentence."),
                    "source": text("The section of the documentation, or the observation, that it comes from."),
                    "contracts": {"description": "The contracts that it belongs to; all when left out.",
                                  "type": "array", "minItems": 1, "uniqueItems": True,
                                  "items": {"enum": list(Contract)}},
                    "versions": text("The released servers that it is true of, such as `>=1.28` (PEP 440).",
                                      rf"^{_SPECIFIER}(\s*,\s*{_SPECIFIER})*$",
                                      "a version specifier reads like `>=1.28` or `>=1.28,<2` (PEP 440)"),
                    "dimensions": mapping(
                        "What the sentence ranges over: the name of a dimension -> the cells of it that no scenario "
                        "tries, each with the reason. Nothing, or {}, when all are tried.",
                        mapping("An untried cell -> why it is not tried.", text("Why it is not tried."), cell())
                        | {"type": ["object", "null"]},
                        dimension_name()),
                },
                ["id", "level", "text", "source"],
            ),
            "promise": record(
                "what a setup step relies on",
                {
                    "requirement": text("The requirement that promises it.", REQUIREMENT_ID,
                                        "a requirement's id reads like CONV-3"),
                    "action": text("A glob of the call, with ` stream` behind it if it streams, or of METHOD PATH."),
                    "answer": {"description": "The answer that the step expects: any 2xx, any 4xx, any 4xx or 5xx, or "
                                              "one status.",
                               "type": ["string", "integer"], "if": {"type": "string"},
                               "then": {"enum": list(Answer)}, "else": {"minimum": 100, "maximum": 599}},
                    "auth": {"description": "How the step presents the key; left out: in any way.", "type": "array",
                             "minItems": 1, "uniqueItems": True, "items": {"enum": list(Auth)}},
                    "header": text("A glob of a header that the step sends, `NAME: VALUE` as it is written."),
                    "part": text("A glob of what does not hold: `status`, `text`, `body PATH`, `headers.NAME`, "
                                 "`response`; left out: anything."),
                },
                ["requirement", "action", "answer"],
            ),
        },
    }  # fmt: skip


@cache
def dimensions_schema() -> Schema:
    """The schema of `dimensions.yaml`."""
    return {
        "$schema": DIALECT,
        **record(
            "the dimensions",
            {"dimensions": {"description": "What the sentences of the requirements range over.", "type": "array",
                            "minItems": 1, "items": ref("dimension")}},
            ["dimensions"],
        ),
        "$defs": {
            "dimension": record(
                "a dimension",
                {
                    "id": dimension_name(),
                    "text": text("What varies, and between what, in a sentence."),
                    "cells": mapping("Its values: name -> the variables of a scenario that tries it, the same for all "
                                      "cells; they may use the built-in ones. Nothing, or {}, when the name says it.",
                                      variables() | {"type": ["object", "null"]}, cell())
                             | {"minProperties": 1},
                },
                ["id", "text", "cells"],
            )
        },
    }  # fmt: skip
