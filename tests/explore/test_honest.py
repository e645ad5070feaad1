"""A bounded walk with a fixed seed finds nothing on the reference gateway, in either contract."""

from __future__ import annotations

import asyncio

import pytest

from harness.explore.explore import Budget, Exploration, Explorer
from harness.gateway.settings import Dialect
from harness.mutants.mutant import Front
from harness.mutants.target import MutantTarget
from harness.run.session import Session
from harness.run.settings import SessionSettings
from harness.scenarios.corpus import corpus_folder
from harness.scenarios.load import load_suite
from harness.scenarios.model import Contract
from harness.targets.names import NO_RUN

WALKS = 24


def explored(dialect: Dialect) -> Exploration:
    target = MutantTarget(type("Reference", (Front,), {"dialect": dialect}))
    endpoint = target.start(lambda _: None)
    settings = SessionSettings(seed="1", run=NO_RUN, request_timeout=60, wait=0, cleanup=0)
    budget = Budget(seconds=120, shrinking=10, walks=WALKS)

    async def walk() -> Exploration:
        session = Session(target, endpoint, settings)
        async with session.client:
            assert await session.find_out(lambda _: None) is not None, session.ended
            suite, contract = load_suite(corpus_folder()), Contract(dialect)
            explorer = Explorer(session, target, suite, contract, seed="1", run=NO_RUN, budget=budget)
            result = await explorer.explore(settings.jobs)
            assert explorer.ended is None
            return result

    try:
        return asyncio.run(walk())
    finally:
        target.stop()


@pytest.mark.parametrize("dialect", list(Dialect))
def test_nothing_is_found_where_nothing_is_wrong(dialect: Dialect) -> None:
    result = explored(dialect)
    assert [(each.forbidden.requirement, each.forbidden.message) for each in result.confirmed] == []
    assert result.found == []
    assert result.walks == WALKS
    assert result.requests > 5 * WALKS
