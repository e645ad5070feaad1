"""What can be checked of the mutants without playing on them.

That the suite catches each of them is what `gateway-harness selftest` shows: `--mutant NAME` for one, `--fast` in CI.
"""

from __future__ import annotations

import pytest

from harness.mutants.mutant import Mutant
from harness.mutants.registry import every_mutant
from harness.mutants.strengths import HARMLESS, SAME, named
from harness.scenarios.corpus import corpus_folder
from harness.scenarios.load import load_suite
from harness.scenarios.model import Contract, Level

SUITE = load_suite(corpus_folder())
MUTANTS = every_mutant()

UNBREAKABLE: dict[str, str] = {}
"""Requirements that no mutant can break, and why."""


def test_every_requirement_has_a_mutant_that_breaks_it() -> None:
    without = {requirement for requirement in SUITE.requirements if requirement not in {m.breaks for m in MUTANTS}}
    assert without == set(UNBREAKABLE)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_mutant_speaks_a_contract_that_its_requirement_belongs_to_and_confesses_its_sin(mutant: type[Mutant]) -> None:
    assert Contract(mutant.dialect.value) in SUITE.requirements[mutant.breaks].contracts
    assert mutant.also <= SUITE.requirements.keys() - {mutant.breaks}
    confession = mutant.__doc__ or ""
    assert confession.endswith(".")
    assert "\n" not in confession
    assert [other.__name__ for other in MUTANTS if other.__doc__ == confession] == [mutant.__name__]
    assert [other for other in MUTANTS if other.__name__ == mutant.__name__] == [mutant]


def test_a_gross_twin_sins_whatever_is_asked_and_is_its_mutant_in_everything_else() -> None:
    twins = [mutant for mutant in MUTANTS if mutant.__name__.endswith("Always") and mutant.gross]
    assert len(twins) > 20
    by_name = {mutant.__name__: mutant for mutant in MUTANTS}
    for twin in twins:
        mild = by_name[twin.__name__.removesuffix("Always")]
        assert issubclass(twin, mild)
        assert not mild.gross
        assert twin.concerns is Mutant.concerns is not mild.concerns
        assert (twin.breaks, twin.dialect, twin.where) == (mild.breaks, mild.dialect, mild.where)


def test_a_gross_mutant_breaks_what_a_report_can_name() -> None:
    assert {SUITE.requirements[mutant.breaks].level for mutant in MUTANTS if mutant.gross} <= {Level.MUST, Level.SHOULD}


def test_a_mutant_whose_gross_form_is_told_has_none_of_its_own() -> None:
    by_name = {mutant.__name__: mutant for mutant in MUTANTS}
    with_one = {base.__name__ for mutant in MUTANTS if mutant.gross for base in mutant.__mro__[1:]}
    told = [name for names in (*SAME.values(), *HARMLESS.values()) for name in named(names)]
    assert len(told) == len(set(told))
    assert set(told) <= by_name.keys() - with_one - SAME.keys()
    assert not any(by_name[name].gross for name in told)
    assert SAME.keys() <= by_name.keys()
