"""The rules of the model, by requirement: all that judge are listed, and each names a requirement that there is."""

from __future__ import annotations

import re
from pathlib import Path

from harness import contract
from harness.contract.index import RULES
from harness.contract.rule import CIRCUMSTANCES
from harness.scenarios.corpus import corpus_folder
from harness.scenarios.load import load_suite

SOURCES = {path.name: path.read_text("utf-8") for path in Path(contract.__file__).parent.glob("*.py")}
REQUIREMENT = re.compile(r'"([A-Z]+-\d+)"')


def test_every_requirement_in_the_model_is_one_of_the_suite() -> None:
    assert RULES.keys() <= load_suite(corpus_folder()).requirements.keys()


def test_every_requirement_that_the_model_can_name_is_listed_with_its_rules() -> None:
    assert {name for text in SOURCES.values() for name in REQUIREMENT.findall(text)} == RULES.keys()


def test_a_rule_is_a_sentence() -> None:
    for sentences in RULES.values():
        assert sentences
        assert all(re.fullmatch(r"[A-Z].*\.", sentence) for sentence in sentences)
        assert len(set(sentences)) == len(sentences)


def test_every_circumstance_is_noticed_somewhere() -> None:
    others = "".join(text for name, text in SOURCES.items() if name != "rule.py")
    noted = {"restart"}  # by whoever restarts the target
    assert [name for name in CIRCUMSTANCES.keys() - noted if f'"{name}"' not in others] == []
