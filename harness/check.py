"""The main job, end to end: start a target, play the suite on it, judge, clean up, report."""

from __future__ import annotations

import asyncio
import platform
import signal
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import harness
from harness.judge.scenario import judge
from harness.plan import make_plan, select
from harness.redact import Redactor
from harness.report.build import Results, build_report
from harness.report.record import Run, TargetRecord, Tool
from harness.run.cleanup import clean_up, created
from harness.run.client import Client
from harness.run.smoke import Smoke, UnfitError, wait_until_reachable
from harness.run.suite import Player
from harness.scenarios.model import Contract
from harness.verdict import ScenarioVerdict, State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.plan import Selection
    from harness.report.record import Report
    from harness.run.cleanup import Cleanup
    from harness.run.smoke import Fitness
    from harness.run.suite import Limits
    from harness.scenarios.model import Json, Scenario, Suite
    from harness.targets import Endpoint, Target
    from harness.trace import Exchange, Trace

CLEANUP_SECONDS = 60.0
"""For all deletions together; a released server answers one in some ten milliseconds."""


class Watcher(Protocol):
    """Who wants to know how a run goes."""

    def say(self, what: str) -> None:
        """Something is being waited for."""

    def begin(self, scenarios: int) -> None:
        """The suite begins."""

    def judged(self, verdict: ScenarioVerdict) -> None:
        """One scenario is done."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person chose for a run.

    Attributes:
        contract: the contract that the exit status speaks of; None lets the target's /server_info decide.
        request_timeout: seconds for one request in all; an agent's turn takes as long as its model does.
        wait: seconds that a target which doesn't answer yet is given.
        scripted_model: the user says that the model behind the target is the scripted one.
        secrets: what must appear nowhere, beside the session key, by the placeholder that stands for it.
    """

    contract: Contract | None
    selection: Selection
    limits: Limits
    request_timeout: float
    wait: float
    scripted_model: bool
    seed: str
    arguments: tuple[str, ...]
    secrets: Mapping[str, str]


def check(target: Target, suite: Suite, settings: Settings, watcher: Watcher) -> Report:
    """Check a target. It is stopped in the end, whatever happens.

    Ctrl-C (or SIGTERM) ends the run early: the report then says what was done, and what wasn't.

    Raises:
        NothingSelectedError: the selection takes no scenario.
        TargetError: the target can't be started, or nothing answers there.
    """
    scenarios = select(suite, settings.selection)
    try:
        endpoint = target.start(watcher.say)
        return asyncio.run(_Check(endpoint, target, suite, settings, watcher).run(scenarios))
    finally:
        watcher.say("stopping the target")
        target.stop()


def contract_of(server_info: Mapping[str, Json]) -> Contract:
    """The contract that a server claims: the reference gateway says which, a released agent server is known as such."""
    claimed = server_info.get("contract")
    if claimed in set(Contract):
        return Contract(str(claimed))
    return Contract.AGENT_SERVER if _released_version(server_info) else Contract.DOCUMENTED


def _released_version(server_info: Mapping[str, Json]) -> str | None:
    """The version of a released agent server; None for the reference gateway and for anything else."""
    version = server_info.get("version")
    ours = "contract" in server_info
    return version if isinstance(version, str) and not ours and "OpenHands" in str(server_info.get("title")) else None


class _Check:
    """One run of the suite on one endpoint."""

    def __init__(self, endpoint: Endpoint, target: Target, suite: Suite, settings: Settings, watcher: Watcher) -> None:
        self._endpoint = endpoint
        self._target = target
        self._suite = suite
        self._settings = settings
        self._watcher = watcher
        self._verdicts: list[ScenarioVerdict] = []
        self._traces: dict[str, Trace] = {}
        self._smoke: Sequence[Exchange] = ()
        self._ended: str | None = None
        self._interrupt: Callable[[], None] = lambda: None

    async def run(self, scenarios: Sequence[Scenario]) -> Report:
        settings, endpoint = self._settings, self._endpoint
        started = datetime.now(UTC)
        redactor = Redactor(endpoint.key, settings.secrets)
        client = Client(
            endpoint.base_url,
            endpoint.key,
            timeout=settings.request_timeout,
            connections=settings.limits.jobs + 1,  # one more, to look whether the target is alive
            redactor=redactor,
        )
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._on_signal)
        async with client:
            fitness = await self._find_out(client)
            if fitness is None:
                reason = self._ended or "the target was not assessed"
                self._verdicts += [_could_not_run(scenario, reason) for scenario in scenarios]
            else:
                await self._play(client, fitness, scenarios)
            cleanup = await self._clean_up(client, fitness)
        return build_report(
            self._suite,
            Results(self._verdicts, self._traces, self._smoke, cleanup),
            settings.contract or contract_of(endpoint.server_info),
            tool=_tool(),
            run=Run(
                started=started,
                seconds=round(client.clock(), 3),
                seed=settings.seed,
                arguments=settings.arguments,
                selection=str(settings.selection) or None,
                ended_early=self._ended,
                requests=client.requests,
            ),
            target=TargetRecord(
                name=self._target.name,
                argument=self._target.argument,
                url=endpoint.base_url,
                model=fitness.model if fitness else endpoint.model,
                capabilities=tuple(sorted(fitness.capabilities)) if fitness else (),
                server={
                    name: redactor.text(value) if isinstance(value, str) else value
                    for name, value in endpoint.server_info.items()
                    if isinstance(value, str | int | float)
                },
            ),
        )

    def _on_signal(self) -> None:
        self._ended = self._ended or "interrupted"
        self._interrupt()

    async def _find_out(self, client: Client) -> Fitness | None:
        """Wait for the target and play the smoke test; None when it can't be assessed, or was interrupted."""
        endpoint, settings = self._endpoint, self._settings
        smoke = Smoke(
            client,
            key=endpoint.key is not None,
            model=endpoint.model,
            known=endpoint.capabilities,
            scripted_model=settings.scripted_model,
            seed=settings.seed,
        )

        async def test() -> Fitness:
            self._watcher.say("waiting for the target")
            await wait_until_reachable(client, settings.wait)
            self._watcher.say("smoke test")
            return await smoke.test()

        task = asyncio.create_task(test())

        def cancel() -> None:
            task.cancel()

        self._interrupt = cancel
        try:
            return await task
        except UnfitError as error:
            self._ended = self._ended or str(error)
        except asyncio.CancelledError:
            pass  # the signal has said why
        finally:
            self._smoke = smoke.exchanges
        return None

    async def _play(self, client: Client, fitness: Fitness, scenarios: Sequence[Scenario]) -> None:
        plan = make_plan(
            scenarios, self._suite.requirements, fitness.capabilities, _released_version(self._endpoint.server_info)
        )
        self._verdicts += plan.not_assessed
        self._watcher.begin(len(plan.scenarios))

        def judge_trace(trace: Trace) -> None:
            scenario = self._suite.scenarios[trace.scenario]
            verdict = judge(scenario, self._suite.requirements[scenario.requirement], trace)
            self._traces[trace.scenario] = trace
            self._verdicts.append(verdict)
            self._watcher.judged(verdict)

        player = Player(client, fitness.model, self._settings.seed, self._settings.limits, judge_trace)
        self._interrupt = lambda: player.interrupt("interrupted")
        await player.play(plan.scenarios)
        self._ended = self._ended or player.ended

    async def _clean_up(self, client: Client, fitness: Fitness | None) -> Cleanup:
        exchanges = [*self._smoke, *(exchange for trace in self._traces.values() for exchange in trace.exchanges)]
        paths = created(exchanges)
        capabilities = fitness.capabilities if fitness else frozenset()
        self._watcher.say("cleaning up")
        return await clean_up(client, paths, capabilities, seconds=CLEANUP_SECONDS)


def _could_not_run(scenario: Scenario, reason: str) -> ScenarioVerdict:
    return ScenarioVerdict(scenario.id, scenario.requirement, State.COULD_NOT_RUN, reason)


def _tool() -> Tool:
    import openai

    return Tool(
        version=harness.__version__,
        python=platform.python_version(),
        openai=openai.__version__,
        platform=platform.platform(terse=True),
    )
