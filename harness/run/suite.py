"""Playing a plan: scenarios side by side, the steps of each in order, every exchange recorded."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.judge.capture import CaptureError, capture
from harness.run.client import StepError
from harness.run.variables import built_in
from harness.scenarios.model import Auth, Call, Http
from harness.scenarios.substitute import UnknownVariableError, bind, substitute, substitute_text
from harness.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.run.client import Client
    from harness.scenarios.model import Json, Scenario, Step
    from harness.trace import Exchange


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the run may take.

    Attributes:
        jobs: scenarios at once.
        requests: in all, smoke test included; None for no limit.
        seconds: the whole run, after which no further request is sent.
    """

    jobs: int = 8
    requests: int | None = None
    seconds: float = 1800


class Player:
    """Plays scenarios on one target until it is done, out of budget, interrupted, or the target is lost.

    Args:
        client: the recorded client.
        model: the model under test.
        seed: makes the scenarios' variables.
        limits: the budget.
        on_trace: called with each scenario's trace as soon as it is whole.
    """

    def __init__(
        self, client: Client, model: str, seed: str, limits: Limits, on_trace: Callable[[Trace], None]
    ) -> None:
        self._client = client
        self._model = model
        self._seed = seed
        self._limits = limits
        self._on_trace = on_trace
        self._under_way: set[asyncio.Task[Exchange]] = set()
        self.ended: str | None = None
        """Why nothing more is sent, once that is so."""

    def interrupt(self, reason: str) -> None:
        """Send nothing more, and wait for nothing that was sent; `play` then returns at once."""
        self.ended = self.ended or reason
        for task in self._under_way:
            task.cancel()

    async def play(self, scenarios: Sequence[Scenario]) -> None:
        """Play all scenarios, `jobs` at a time; each gets its trace, whatever ends the run."""
        queue = iter(scenarios)

        async def work() -> None:
            for scenario in queue:
                self._on_trace(await self._play_one(scenario))

        over = f"the run's {self._limits.seconds:g} s are over"
        alarm = asyncio.get_running_loop().call_later(self._limits.seconds, self.interrupt, over)
        await asyncio.gather(*(work() for _ in range(min(self._limits.jobs, len(scenarios)))))
        alarm.cancel()

    async def _play_one(self, scenario: Scenario) -> Trace:
        exchanges: list[Exchange] = []
        variables: Mapping[str, Json] = {}
        stopped = harness_error = None
        try:
            variables = bind(scenario.variables, built_in(self._seed, scenario.id, self._model))
            stopped = await self._play_steps(scenario, variables, exchanges)
        except UnknownVariableError as error:
            # A value that an earlier step should have saved is missing, and that step's finding says so.
            stopped = str(error)
        except StepError as error:
            harness_error = str(error)
        except Exception as error:  # noqa: BLE001 - a fault of ours in one scenario must not lose the others
            harness_error = f"{type(error).__name__}: {error}"
        lost = self.ended if exchanges and exchanges[-1].response is None else None
        return Trace(scenario.id, variables, tuple(exchanges), stopped, lost, harness_error)

    async def _play_steps(
        self, scenario: Scenario, initial: Mapping[str, Json], exchanges: list[Exchange]
    ) -> str | None:
        """Play the steps, add their exchanges to the list, and return why not all were played."""
        variables = dict(initial)
        for number, step in enumerate((*scenario.setup, *scenario.steps)):
            if ended := self._over():
                return ended
            exchange = await self._send(number, step, variables)
            exchanges.append(exchange)
            if exchange.response is None:
                await self._look_whether_alive()
                return f"step {number + 1} brought no answer"
            try:
                variables |= capture(step.save, exchange.response)
            except CaptureError as error:
                return f"step {number + 1} has nothing to save as {error.name}"
        return None

    async def _send(self, number: int, step: Step, variables: Mapping[str, Json]) -> Exchange:
        headers = {
            name: None if value is None else substitute_text(value, variables) for name, value in step.headers.items()
        }
        auth = Auth(substitute_text(step.auth, variables))
        action = filled(step.action, variables)
        return await self._interruptible(self._client.play(number, action, auth, headers))

    async def _interruptible(self, task: asyncio.Task[Exchange]) -> Exchange:
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await task

    def _over(self) -> str | None:
        """Why no further request may be sent; None while one may."""
        if self._limits.requests is not None and self._client.requests >= self._limits.requests:
            self.ended = self.ended or f"the run's {self._limits.requests} requests are spent"
        return self.ended

    async def _look_whether_alive(self) -> None:
        """After a request without an answer: was it this request, or is the target gone? Its list of models tells."""
        if self._over() is None:
            exchange = await self._interruptible(self._client.play(0, Http("GET", "/v1/models"), Auth.BOTH, {}))
            if exchange.response is None:
                self.interrupt(f"the target stopped answering: {exchange.failure}")


def filled(action: Call | Http, variables: Mapping[str, Json]) -> Call | Http:
    """The action with its variables put in.

    Raises:
        UnknownVariableError: one has no value.
    """
    if isinstance(action, Call):
        arguments = substitute(dict(action.arguments), variables)
        return Call(action.method, arguments if isinstance(arguments, dict) else {})
    return Http(
        action.method,
        substitute_text(action.path, variables),
        json=substitute(action.json, variables),
        content=None if action.content is None else substitute_text(action.content, variables),
    )
