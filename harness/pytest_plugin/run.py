"""One target for a whole pytest session: started when it is first needed, scenarios played one by one, cleaned up."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from harness.check import CLEANUP_SECONDS, contract_of, released_version
from harness.judge.contract import apply_controls
from harness.judge.scenario import judge
from harness.known import apply_known
from harness.plan import make_plan
from harness.redact import Redactor
from harness.run.cleanup import clean_up, created
from harness.run.client import Client, StepError
from harness.run.smoke import Smoke, UnfitError, wait_until_reachable
from harness.run.suite import Limits, Player
from harness.scenarios.model import Capability
from harness.targets.errors import TargetError
from harness.trace import Cleanup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from harness.known import Deviation
    from harness.run.smoke import Fitness
    from harness.scenarios.model import Contract, Scenario, Suite
    from harness.targets import Endpoint, Target
    from harness.trace import Exchange, Trace
    from harness.verdict import ScenarioVerdict

_MOST_SECONDS = 10_000_000
"""For one scenario: its requests have their own limits."""


class UnavailableError(Exception):
    """The target can't be assessed; the text says why, without secrets."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to play.

    Attributes:
        contract: the one that counts; None lets the target's /server_info decide.
        request_timeout: seconds for one request in all.
        wait: seconds that a target which doesn't answer yet is given.
        known: what the target is known to do otherwise.
    """

    contract: Contract | None
    request_timeout: float
    wait: float
    known: tuple[Deviation, ...] = ()


@dataclass(frozen=True, slots=True)
class Ready:
    """A target that answers, and what it offers."""

    endpoint: Endpoint
    fitness: Fitness
    contract: Contract


class Run:
    """What happens on one target.

    Args:
        target: where; it is started and stopped here.
        settings: how.
    """

    def __init__(self, target: Target, settings: Settings) -> None:
        self._target = target
        self._settings = settings
        self._id = secrets.token_hex(4)
        self._seed = secrets.token_hex(4)
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)  # none that others take for theirs
        self._client: Client | None = None
        self._player: Player | None = None
        self._ready: Ready | None = None
        self._unavailable: str | None = None
        self._played: list[Trace] = []
        self._traces: dict[tuple[str, str], Trace] = {}
        self._verdicts: dict[tuple[str, str], ScenarioVerdict] = {}
        self._created: dict[str, None] = {}
        self._terminate = signal.getsignal(signal.SIGTERM)
        self.redactor = Redactor(None)
        """Knows the target's secrets as soon as there is a target."""

    def ready(self) -> Ready:
        """Start the target and play the smoke test, if that was not done yet.

        Raises:
            UnavailableError: it can't be started, or assessed; the second time for the same reason.
        """
        if self._ready is None and self._unavailable is None:
            if _in_main_thread():
                signal.signal(signal.SIGTERM, signal.default_int_handler)  # like Ctrl-C: leave nothing behind
            try:
                self._ready = self._start()
            except (TargetError, UnfitError, StepError) as error:
                self._unavailable = self.redactor.text(str(error))
        if self._ready is None:
            raise UnavailableError(self._unavailable)
        return self._ready

    def verdict(self, suite: Suite, scenario: Scenario) -> ScenarioVerdict:
        """Play a scenario, after the positive controls that it leans on; what was played before is not played again.

        Raises:
            UnavailableError: there is no target to play on.
            KeyboardInterrupt: Ctrl-C, when it is safe.
        """
        chain = [scenario]
        while (control := chain[-1].control) is not None:
            chain.append(suite.scenarios[control])
        verdicts = [self._judged(suite, each) for each in reversed(chain)]
        verdict = self.redactor.verdict(apply_controls(verdicts, suite.scenarios)[-1])
        return apply_known([verdict], self._settings.known, suite, datetime.now(UTC).date()).verdicts[0]

    def exchanges(self, scenario: Scenario) -> tuple[Exchange, ...]:
        """What a scenario sent and got, without secrets."""
        trace = self._traces.get(_key(scenario))
        return self.redactor.trace(trace).exchanges if trace else ()

    def remember(self, exchanges: Iterable[Exchange]) -> None:
        """Take note of what these created on the target, to delete it in the end."""
        self._created.update(dict.fromkeys(created(exchanges)))

    def clean_up(self) -> Cleanup:
        """Delete what was created; Ctrl-C ends it early."""
        client, fitness = self._client, self._ready.fitness if self._ready else None
        if client is None:
            return Cleanup()
        # What is not made use of may be there all the same; a guest takes away what it brought.
        capabilities = fitness.capabilities if fitness and not fitness.withheld else None

        async def delete() -> Cleanup:
            async with client:
                deleting = asyncio.create_task(clean_up(client, self._created, capabilities, seconds=CLEANUP_SECONDS))
                with self._on_signal(deleting.cancel):
                    return await deleting

        left = self._runner.run(delete())
        self._created.clear()
        self._client = None
        return Cleanup(*(tuple(map(self.redactor.text, paths)) for paths in (left.deleted, left.left)))

    def stop(self) -> None:
        """Stop the target."""
        self._runner.close()
        self._target.stop()
        if _in_main_thread():
            signal.signal(signal.SIGTERM, self._terminate)

    def _start(self) -> Ready:
        endpoint = self._target.start(lambda _: None)
        connection = endpoint.connection
        others = {"$LLM_API_KEY": os.environ.get("LLM_API_KEY", ""), **dict(connection.secrets if connection else ())}
        self.redactor = Redactor(endpoint.key, others)
        client = self._client = Client(
            endpoint.base_url,
            endpoint.key,
            timeout=self._settings.request_timeout,
            connections=1,
            model_log=endpoint.model_log,
            connection=connection,
        )
        smoke = Smoke(
            client,
            key=endpoint.key is not None,
            model=endpoint.model,
            known=endpoint.capabilities,
            native_api=endpoint.native_api,
            seed=self._seed,
        )

        async def find_out() -> Fitness:
            await wait_until_reachable(client, self._settings.wait)
            return await smoke.test()

        try:
            fitness = self._runner.run(find_out())
        finally:
            self.remember(smoke.exchanges)
        self._player = Player(
            client,
            fitness.model,
            self._seed,
            Limits(jobs=1, seconds=_MOST_SECONDS),
            self._played.append,
            run=self._id,
            restart=self._target.restart if Capability.RESTART in fitness.capabilities else None,
        )
        return Ready(endpoint, fitness, self._settings.contract or contract_of(endpoint.server_info))

    def _judged(self, suite: Suite, scenario: Scenario) -> ScenarioVerdict:
        key = _key(scenario)
        if key not in self._verdicts:
            self._verdicts[key] = self._judge(suite, scenario)
        return self._verdicts[key]

    def _judge(self, suite: Suite, scenario: Scenario) -> ScenarioVerdict:
        ready = self.ready()
        plan = make_plan(
            [scenario],
            suite.requirements,
            ready.fitness.capabilities,
            released_version(ready.endpoint.server_info),
            ready.fitness.withheld,
        )
        if plan.not_assessed:
            return plan.not_assessed[0]
        return judge(scenario, suite.requirements[scenario.requirement], self._play(scenario))

    def _play(self, scenario: Scenario) -> Trace:
        player = self._player
        assert player is not None
        with self._on_signal(lambda: player.interrupt("interrupted")):
            self._runner.run(player.play([scenario]))
        trace = self._traces[_key(scenario)] = self._played.pop()
        self.remember(trace.exchanges)
        if player.ended == "interrupted":
            raise KeyboardInterrupt
        return trace

    @contextmanager
    def _on_signal(self, interrupt: Callable[[], object]) -> Iterator[None]:
        """While something is under way, a signal ends it in good order, so that what it created is known."""
        if not _in_main_thread():
            yield
            return
        loop = self._runner.get_loop()
        signals = (signal.SIGINT, signal.SIGTERM)
        previous = {each: signal.signal(each, lambda *_: loop.call_soon_threadsafe(interrupt)) for each in signals}
        try:
            yield
        finally:
            for each, handler in previous.items():
                signal.signal(each, handler)


def _key(scenario: Scenario) -> tuple[str, str]:
    """Two suites may have scenarios of one name; a control that both borrow is the same."""
    return str(scenario.location.file), scenario.id


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
