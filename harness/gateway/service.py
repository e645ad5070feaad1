"""Plays the turns of requests: queue, turn, answer; once per idempotency key, within a time limit.

A turn belongs to its conversation, not to the connection: it goes on when the client disconnects or gets a 504, and the
next request on the conversation waits for it.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from harness.gateway.agents import ProfileNotFoundError, TurnFailedError
from harness.gateway.chat import ChatCompletion, CompletionUsage, unknown_model
from harness.gateway.conversations import ConversationDeletedError, QueueFullError
from harness.gateway.errors import CONVERSATION_HEADER, DO_NOT_RETRY, GatewayError
from harness.gateway.idempotency import Failure, IdempotencyStore, Outcome, Record
from harness.gateway.logs import log_exception

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from harness.gateway.agents import Runtime, Session
    from harness.gateway.chat import Ask
    from harness.gateway.conversations import Conversations
    from harness.gateway.metrics import Metrics
    from harness.gateway.settings import Settings


_STATUSES = {"paused": 409, "waiting_for_confirmation": 409}
"""Of turns that stopped without an answer; the others are 500."""


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A client's key on a route, and the digest of its request."""

    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn to play; without a `conversation` it starts one."""

    ask: Ask
    model: str
    conversation: UUID | None = None
    key: IdempotencyKey | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """A completion, its conversation, and whether it answered an earlier request."""

    completion: ChatCompletion
    conversation: UUID
    replayed: bool


@dataclass(eq=False, slots=True)
class _Run:
    """A queued or running turn.

    `started` once it has exclusive use of the conversation, `opened` once the conversation is stored.
    """

    turn: Turn
    conversation: UUID
    started: bool = False
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[Outcome] = field(init=False)


class Service:
    """Plays turns."""

    def __init__(self, settings: Settings, runtime: Runtime, conversations: Conversations, metrics: Metrics) -> None:
        self._settings = settings
        self._runtime = runtime
        self._conversations = conversations
        self._metrics = metrics
        self._kept = IdempotencyStore(settings.state / "idempotency")
        self._threads = ThreadPoolExecutor(settings.limits.running_turns, thread_name_prefix="turn")
        self._runs: set[_Run] = set()
        self._by_key: dict[str, _Run] = {}
        self._stopping = asyncio.Event()
        self._running = 0

    async def answer(self, turn: Turn) -> Answered:
        """Play a turn and wait for its answer, at most `turn_timeout` seconds. Raises GatewayError."""
        run, outcome = self._earlier(turn.key) if turn.key else (None, None)
        replayed = run is not None or outcome is not None
        if outcome is None:
            outcome = await self._wait(run or self._begin(turn))
        if outcome.completion is not None:
            return Answered(outcome.completion, outcome.conversation, replayed)
        assert outcome.failure is not None
        raise _after_start(outcome.failure, outcome.conversation)

    async def begin(self, turn: Turn) -> None:
        """Begin a turn, and wait until its conversation is stored, not for its answer. Raises GatewayError."""
        run = self._begin(turn)
        opened = asyncio.create_task(run.opened.wait())
        try:
            await asyncio.wait({run.task, opened}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            opened.cancel()
        if not run.opened.is_set():
            await run.task  # which says why

    async def stop(self, grace: float) -> bool:
        """Let running turns end for `grace` seconds, then answer 503. False if one did not end."""
        await self._drain(grace)
        self._stopping.set()
        self._conversations.interrupt()
        ended = await self._drain(5.0)
        await self._conversations.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        return ended

    async def _drain(self, seconds: float) -> bool:
        if self._runs:
            await asyncio.wait({run.task for run in self._runs}, timeout=seconds)
        return not self._runs

    def _earlier(self, key: IdempotencyKey) -> tuple[_Run | None, Outcome | None]:
        """The run or outcome of an earlier request with this key. Raises GatewayError if it was another request.

        The file is read on the event loop (0.05 ms), so that requests keep their order of arrival.
        """
        run = self._by_key.get(key.key)
        record = None if run else self._kept.read(key.key)
        known = run.turn.key.fingerprint if run and run.turn.key else record.fingerprint if record else None
        if known not in {None, key.fingerprint}:
            raise GatewayError(
                422, "This Idempotency-Key came with another request before.", code="idempotency_key_reused"
            )
        if record is None:
            return run, None
        broken = Failure(
            status=500, code="turn_interrupted", message="The server stopped while the agent worked on this request."
        )
        return None, record.outcome or Outcome(conversation=record.conversation, failure=broken)

    def _begin(self, turn: Turn) -> _Run:
        conversation = turn.conversation or uuid.uuid4()
        run = _Run(turn, conversation)
        run.task = asyncio.create_task(self._run(run))
        self._runs.add(run)
        if turn.key:
            self._by_key[turn.key.key] = run
        run.task.add_done_callback(lambda _: self._forget(run))
        return run

    def _forget(self, run: _Run) -> None:
        self._runs.discard(run)
        if run.turn.key:
            del self._by_key[run.turn.key.key]
        if not run.task.cancelled():
            run.task.exception()  # marks it as retrieved, in case no request waits for it

    async def _wait(self, run: _Run) -> Outcome:
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait(
                {run.task, stopping}, timeout=self._settings.turn_timeout, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            stopping.cancel()
        if run.task.done() and not run.task.cancelled():
            outcome = run.task.result()
            # A turn that `stop` interrupted may end before this wakes up.
            paused = outcome.failure is not None and outcome.failure.code == "agent_paused"
            if not (self._stopping.is_set() and paused):
                return outcome
        if not run.started:
            run.task.cancel()
            raise _stopping() if self._stopping.is_set() else _busy()
        if self._stopping.is_set():
            shut_down = Failure(
                status=503, code="shutting_down", message="The server shut down while the agent worked."
            )
            raise _after_start(shut_down, run.conversation)
        message = (
            f"The agent did not end its turn within {self._settings.turn_timeout:g} s. It goes on, and its answer "
            f"will be at GET /api/conversations/{run.conversation}/agent_final_response."
        )
        raise _after_start(Failure(status=504, code="turn_timeout", message=message), run.conversation)

    async def _run(self, run: _Run) -> Outcome:
        with self._metrics.running_turns.track_inprogress():
            try:
                async with self._conversations.turn(run.conversation) as entry:
                    run.started = True
                    with self._capacity():
                        in_thread = partial(asyncio.get_running_loop().run_in_executor, self._threads)
                        session = await entry.opened(lambda: in_thread(self._open, run))
                        run.opened.set()
                        return await in_thread(self._play, run, session)
            except QueueFullError:
                raise _busy() from None
            except ConversationDeletedError:
                raise GatewayError(
                    409,
                    "The conversation was deleted while this request waited. Nothing of it was stored.",
                    code="conversation_deleted",
                    headers=DO_NOT_RETRY,
                ) from None
            except ProfileNotFoundError:
                raise unknown_model(run.turn.model) from None

    @contextmanager
    def _capacity(self) -> Iterator[None]:
        """Count a turn as running. Raises GatewayError, before anything is stored."""
        if self._running == self._settings.limits.running_turns:
            raise GatewayError(
                429,
                "As many agents are at work as this server runs at once. Nothing was stored; send it again later.",
                code="no_capacity",
                headers={"Retry-After": "1"},
            )
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1

    def _play(self, run: _Run, session: Session) -> Outcome:
        """Play a turn, on a worker thread. Raises ProfileNotFoundError if the model no longer exists."""
        turn = run.turn
        if turn.ask.profile is not None and turn.ask.profile not in self._runtime.profiles.names():
            raise ProfileNotFoundError(turn.ask.profile)
        if turn.key:
            self._kept.write(turn.key.key, Record(fingerprint=turn.key.fingerprint, conversation=run.conversation))
        started = time.perf_counter()
        outcome = self._turn(run, session)
        self._metrics.turn_seconds.observe(time.perf_counter() - started)
        if turn.key:
            record = Record(fingerprint=turn.key.fingerprint, conversation=run.conversation, outcome=outcome)
            self._kept.write(turn.key.key, record)
        return outcome

    def _open(self, run: _Run) -> Session:
        if run.turn.conversation is not None:
            try:
                return self._runtime.restore(run.conversation)
            except KeyError:
                pass  # the client chose the id, to find the conversation again after a crash
        if run.turn.ask.profile is None:
            raise ConversationDeletedError
        return self._runtime.start(run.conversation, run.turn.ask.profile, run.turn.ask.instructions)

    def _turn(self, run: _Run, session: Session) -> Outcome:
        try:
            answer = session.turn(run.turn.ask.parts)
        except TurnFailedError as error:
            self._metrics.turns.labels(error.status).inc()
            message = f"Agent run ended with status: {error.status}. {error}"
            failure = Failure(status=_STATUSES.get(error.status, 500), code=f"agent_{error.status}", message=message)
            return Outcome(conversation=run.conversation, failure=failure)
        except Exception as error:  # noqa: BLE001 - any error ends the turn; its text isn't for clients
            log_exception("the agent raised", error)
            self._metrics.turns.labels("error").inc()
            failure = Failure(status=500, code="agent_error", message="Agent run ended with status: error.")
            return Outcome(conversation=run.conversation, failure=failure)
        self._metrics.turns.labels("finished").inc()
        self._metrics.tokens.labels("prompt").inc(answer.usage.prompt_tokens)
        self._metrics.tokens.labels("completion").inc(answer.usage.completion_tokens)
        usage = CompletionUsage(
            prompt_tokens=answer.usage.prompt_tokens,
            completion_tokens=answer.usage.completion_tokens,
            total_tokens=answer.usage.prompt_tokens + answer.usage.completion_tokens,
        )
        completion = ChatCompletion.of(
            id=f"chatcmpl-{uuid.uuid4().hex}",
            created=int(time.time()),
            model=run.turn.model,
            text=answer.text,
            usage=usage,
        )
        return Outcome(conversation=run.conversation, completion=completion)


def _after_start(failure: Failure, conversation: UUID) -> GatewayError:
    """A failure after the agent started: names the conversation and tells clients not to retry."""
    headers = {CONVERSATION_HEADER: str(conversation), **DO_NOT_RETRY}
    return GatewayError(failure.status, failure.message, code=failure.code, headers=headers)


def _busy() -> GatewayError:
    return GatewayError(
        429,
        "Too many requests wait on this conversation. Nothing of this one was stored; send it again later.",
        headers={"Retry-After": "5"},
    )


def _stopping() -> GatewayError:
    return GatewayError(503, "The server is shutting down.", code="shutting_down", headers={"Retry-After": "5"})
