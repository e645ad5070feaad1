"""What can be checked of the mutants without playing on them.

That the suite catches each of them is what `gateway-harness selftest` shows: `--mutant NAME` for one, `--fast` in CI.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.mutants.registry import every_mutant
from harness.scenarios.corpus import corpus_folder
from harness.scenarios.load import load_suite
from harness.scenarios.model import Contract

if TYPE_CHECKING:
    from harness.mutants.mutant import Mutant

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
