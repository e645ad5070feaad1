"""The main job, end to end: start a target, play the suite on it, judge, clean up, report."""

from __future__ import annotations

import asyncio
import signal
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from harness.judge.repeats import combine, telling
from harness.judge.scenario import judge
from harness.plan import make_plan, select
from harness.records import this_tool
from harness.redact import Redactor
from harness.report.build import Results, build_report
from harness.report.record import Run, ShardRecord, TargetRecord
from harness.run.cleanup import clean_up, created
from harness.run.client import Client, StepError
from harness.run.created import CreatedLog
from harness.run.smoke import Smoke, UnfitError, wait_until_reachable
from harness.run.suite import Player
from harness.scenarios.model import Capability, ClientKind, Contract
from harness.shard import everything
from harness.targets.errors import TargetError
from harness.targets.names import NO_RUN
from harness.trace import Cleanup
from harness.verdict import ScenarioVerdict, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from harness.json_value import Json
    from harness.known import Deviation
    from harness.plan import Selection
    from harness.report.record import Report
    from harness.run.smoke import Fitness
    from harness.run.suite import Limits
    from harness.scenarios.model import Scenario, Suite
    from harness.shard import Shard
    from harness.targets import Endpoint, Target
    from harness.trace import Exchange, Trace

CLEANUP_SECONDS = 60.0
"""For all deletions together; a released server answers one in some ten milliseconds."""


class CheckError(Exception):
    """The harness failed: the traceback, without secrets."""


class Watcher(Protocol):
    """Who wants to know how a run goes."""

    def say(self, what: str) -> None:
        """Something is being waited for."""

    def begin(self, scenarios: int) -> None:
        """The suite begins."""

    def judged(self, verdict: ScenarioVerdict) -> None:
        """One scenario is done; the verdict holds no secrets."""


@dataclass(frozen=True, slots=True)
class Watchers:
    """Several who want to know."""

    watchers: Sequence[Watcher]

    def say(self, what: str) -> None:
        """Something is being waited for."""
        for watcher in self.watchers:
            watcher.say(what)

    def begin(self, scenarios: int) -> None:
        """The suite begins."""
        for watcher in self.watchers:
            watcher.begin(scenarios)

    def judged(self, verdict: ScenarioVerdict) -> None:
        """One scenario is done."""
        for watcher in self.watchers:
            watcher.judged(verdict)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person chose for a run.

    Attributes:
        contract: the contract that the exit status speaks of; None lets the target's /server_info decide.
        request_timeout: seconds for one request in all; an agent's turn takes as long as its model does.
        wait: seconds that a target which doesn't answer yet is given.
        again: the options, beside the target and its contract, that a run of one of the scenarios alone needs too.
        secrets: what must appear nowhere, beside the session key, by the placeholder that stands for it.
        client: the class of the official client, where a scenario doesn't say.
        run: the run's id, eight hexadecimal digits; in the names of what it creates.
        known: what the target is known to do otherwise.
        amend: given the report by what is known, gives what is known from now on, for the report to go by that instead.
        journal: where to write down what the run creates on someone else's server; None: nowhere.
        shard: the part of what is selected that this run plays; None: all of it.
        repeat: how often each scenario is played.
        cleanup: seconds for all deletions in the end together; 0 where the target goes with all that it holds.
    """

    contract: Contract | None
    selection: Selection
    limits: Limits
    request_timeout: float
    wait: float
    seed: str
    arguments: tuple[str, ...]
    again: tuple[str, ...]
    secrets: Mapping[str, str]
    client: ClientKind = ClientKind.ASYNC
    run: str = NO_RUN
    known: tuple[Deviation, ...] = ()
    amend: Callable[[Report], tuple[Deviation, ...]] | None = None
    journal: Path | None = None
    shard: Shard | None = None
    repeat: int = 1
    cleanup: float = CLEANUP_SECONDS


def check(target: Target, suite: Suite, settings: Settings, watcher: Watcher) -> Report:
    """Check a target. It is stopped in the end, whatever happens.

    Ctrl-C (or SIGTERM) ends the run early: the report then says what was done, and what wasn't. Another one ends the
    clean-up early.

    Raises:
        NothingSelectedError: the selection takes no scenario.
        TargetError: the target can't be started, or nothing answers there.
        CheckError: the harness is at fault.
    """
    selected = select(suite, settings.selection)
    scenarios = settings.shard.of(selected, suite.scenarios) if settings.shard else selected
    endpoint = None
    try:
        endpoint = target.start(watcher.say)
        return asyncio.run(_Check(endpoint, target, suite, settings, watcher).run(scenarios))
    except TargetError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, its traceback must be told without secrets
        redactor = _redactor(endpoint, settings)
        raise CheckError(redactor.text("".join(traceback.format_exception(error)))) from None
    finally:
        watcher.say("stopping the target")
        with _undisturbed():
            target.stop()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """No signal interrupts what is bounded in time anyway, and would leave processes behind."""
    previous = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _redactor(endpoint: Endpoint | None, settings: Settings) -> Redactor:
    connection = endpoint.connection if endpoint else None
    return Redactor(
        endpoint.key if endpoint else None, {**settings.secrets, **dict(connection.secrets if connection else ())}
    )


def contract_of(server_info: Mapping[str, Json]) -> Contract:
    """The contract that a server claims: the reference gateway says which, a released agent server is known as such."""
    claimed = server_info.get("contract")
    if isinstance(claimed, str) and claimed in set(Contract):
        return Contract(claimed)
    return Contract.AGENT_SERVER if released_version(server_info) else Contract.DOCUMENTED


def released_version(server_info: Mapping[str, Json]) -> str | None:
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
        self._redactor = _redactor(endpoint, settings)
        self._verdicts: list[ScenarioVerdict] = []
        self._traces: dict[str, Trace] = {}
        self._created: list[str] = []
        self._smoke: Sequence[Exchange] = ()
        self._ended: str | None = None
        self._interrupt: Callable[[], None] = lambda: None
        self._signals = 0

    async def run(self, scenarios: Sequence[Scenario]) -> Report:
        settings, endpoint = self._settings, self._endpoint
        started = datetime.now(UTC)
        redactor = self._redactor
        # A server of ours goes with all that is on it.
        guest = Capability.RESTART not in endpoint.capabilities
        journal = CreatedLog(settings.journal, endpoint.base_url, settings.run) if settings.journal and guest else None
        client = Client(
            endpoint.base_url,
            endpoint.key,
            timeout=settings.request_timeout,
            connections=settings.limits.jobs,
            model_log=endpoint.model_log,
            connection=endpoint.connection,
            watch=journal.note if journal else lambda _: None,
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
            trouble = await asyncio.to_thread(endpoint.trouble)
            self._ended = self._ended or (trouble and trouble.partition(";")[0])
            cleanup = await self._clean_up(client, fitness)
        if journal:
            journal.close(cleanup.left)
        results = self._results(cleanup, redactor)
        build = partial(
            build_report,
            self._suite,
            contract=settings.contract or contract_of(endpoint.server_info),
            tool=this_tool(),
            run=Run(
                started=started,
                seconds=round(client.clock(), 3),
                id=settings.run,
                seed=settings.seed,
                arguments=tuple(map(redactor.text, settings.arguments)),
                again=tuple(map(redactor.text, settings.again)),
                suite=_folder(self._suite),
                selection=redactor.text(str(settings.selection)) or None,
                shard=None if settings.shard is None else self._part(settings.shard),
                ended_early=self._ended and redactor.excerpt(self._ended),
                requests=client.requests,
            ),
            target=TargetRecord(
                name=self._target.name,
                argument=redactor.text(self._target.argument),
                url=redactor.text(endpoint.base_url),
                model=redactor.text((fitness.model if fitness else endpoint.model) or "") or None,
                capabilities=tuple(sorted(fitness.capabilities)) if fitness else (),
                server={
                    redactor.text(name): redactor.json(value)
                    for name, value in endpoint.server_info.items()
                    if isinstance(value, str | int | float)
                },
                packages=dict(endpoint.packages),
                trouble=trouble and redactor.text(trouble),
            ),
        )
        report = build(results)
        return build(replace(results, known=settings.amend(report))) if settings.amend else report

    def _part(self, shard: Shard) -> ShardRecord:
        selected = select(self._suite, self._settings.selection)
        return ShardRecord(
            number=shard.number, count=shard.count, scenarios=len(selected), everything=everything(selected)
        )

    def _on_signal(self) -> None:
        self._signals += 1
        self._interrupt()  # what that is depends on how far the run has come

    def _results(self, cleanup: Cleanup, redactor: Redactor) -> Results:
        """What the run brought, in the suite's order and without secrets."""
        verdicts = {verdict.scenario: verdict for verdict in self._verdicts}
        return Results(
            [redactor.verdict(verdicts[scenario]) for scenario in self._suite.scenarios if scenario in verdicts],
            {scenario: redactor.trace(trace) for scenario, trace in self._traces.items()},
            [redactor.exchange(exchange) for exchange in self._smoke],
            Cleanup(tuple(map(redactor.text, cleanup.deleted)), tuple(map(redactor.text, cleanup.left))),
            self._settings.known,
        )

    async def _find_out(self, client: Client) -> Fitness | None:
        """Wait for the target and play the smoke test; None when it can't be assessed, or was interrupted."""
        endpoint, settings = self._endpoint, self._settings
        smoke = Smoke(
            client,
            key=endpoint.key is not None,
            model=endpoint.model,
            known=endpoint.capabilities,
            native_api=endpoint.native_api,
            seed=settings.seed,
            budget=settings.limits.requests,
        )

        async def test() -> Fitness:
            self._watcher.say("waiting for the target")
            await wait_until_reachable(client, settings.wait)
            self._watcher.say("smoke test")
            return await smoke.test()

        task = asyncio.create_task(test())

        def interrupt() -> None:
            self._ended = self._ended or "interrupted"
            task.cancel()

        self._interrupt = interrupt
        try:
            return await task
        except (UnfitError, StepError) as error:
            self._ended = self._ended or str(error)
        except asyncio.CancelledError:
            self._ended = self._ended or "interrupted"  # before our handlers were there, asyncio's own cancelled us
        finally:
            self._smoke = smoke.exchanges
        return None

    async def _play(self, client: Client, fitness: Fitness, scenarios: Sequence[Scenario]) -> None:
        plan = make_plan(
            scenarios,
            self._suite.requirements,
            fitness.capabilities,
            released_version(self._endpoint.server_info),
            fitness.withheld,
        )
        self._verdicts += plan.not_assessed
        self._watcher.begin(len(plan.scenarios) * self._settings.repeat)
        runs: dict[str, list[ScenarioVerdict]] = {}

        def judge_trace(trace: Trace) -> None:
            scenario = self._suite.scenarios[trace.scenario]
            try:
                verdict = judge(scenario, self._suite.requirements[scenario.requirement], trace)
            except Exception as error:  # noqa: BLE001 - a fault of ours in one scenario must not lose the others
                reason = f"the judge failed: {type(error).__name__}: {error}"
                verdict = ScenarioVerdict(scenario.id, scenario.requirement, State.HARNESS_ERROR, reason)
            others = runs.setdefault(scenario.id, [])
            if not others or telling(verdict) > max(map(telling, others)):
                self._traces[scenario.id] = trace
            others.append(verdict)
            self._created += created(trace.exchanges)
            self._watcher.judged(self._redactor.verdict(verdict))

        settings = self._settings
        player = Player(
            client,
            fitness.model,
            settings.seed,
            settings.limits,
            judge_trace,
            kind=settings.client,
            run=settings.run,
            restart=self._target.restart if Capability.RESTART in fitness.capabilities else None,
            repeat=settings.repeat,
        )
        self._interrupt = lambda: player.interrupt("interrupted")
        if self._ended:
            player.interrupt(self._ended)
        await player.play(plan.scenarios)
        self._verdicts += map(combine, runs.values())
        self._ended = self._ended or player.ended

    async def _clean_up(self, client: Client, fitness: Fitness | None) -> Cleanup:
        paths = tuple(dict.fromkeys((*created(self._smoke), *self._created)))
        # What is not made use of may be there all the same; a guest takes away what it brought.
        capabilities = fitness.capabilities if fitness and not fitness.withheld else None
        self._watcher.say("cleaning up")
        task = asyncio.create_task(clean_up(client, paths, capabilities, seconds=self._settings.cleanup))

        def interrupt() -> None:
            if self._signals > 1:  # the first one, whenever it comes, ends the run but leaves nothing behind
                task.cancel()

        self._interrupt = interrupt
        return await task


def _folder(suite: Suite) -> str:
    """Where the scenarios lie, seen from here; `scenarios`, as in their own project, when they come from elsewhere."""
    folder = next(iter(suite.scenarios.values())).location.file.resolve().parent
    here = Path.cwd()
    return folder.relative_to(here).as_posix() if folder.is_relative_to(here) else "scenarios"


def _could_not_run(scenario: Scenario, reason: str) -> ScenarioVerdict:
    return ScenarioVerdict(scenario.id, scenario.requirement, State.COULD_NOT_RUN, reason)
