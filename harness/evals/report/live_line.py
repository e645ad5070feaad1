"""The progress line of an evaluation: score, speed, time left, cost and errors so far."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from harness.evals.report.sentences import duration, percent
from harness.evals.runner.events import Begin, Finished, Lost, SentAgain, SetAside, Waiting
from harness.presentation.plain import printable
from harness.presentation.progress import LiveProgress

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.evals.outcome import Outcome
    from harness.evals.runner.events import Event


class EvaluationProgress:
    """A progress line, shown on a terminal only.

    Args:
        quiet: show nothing on a terminal either.
        clock: monotonic, in seconds.
    """

    def __init__(self, *, quiet: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._progress, self._clock = LiveProgress(quiet=quiet), clock
        self._began = self._clock()
        self._left = self._done = self._scored = self._failed = 0
        self._value = self._cost = 0.0

    def say(self, what: str) -> None:
        """Show what the command is waiting for."""
        self._progress.say(what)

    def watch(self, event: Event) -> None:
        """Show an event of the run."""
        match event:
            case Begin():
                self._began, self._left = self._clock(), event.planned - event.done
                self._progress.begin(event.planned, "asking", done=event.done)
            case Finished():
                self._count(event.outcome)
                self._progress.advance(self.line())
            case Lost():
                self._progress.say(f"{self.line()}; looking for a lost answer")
            case SentAgain():
                self._progress.say(f"{self.line()}; sent one again that its server knew nothing of")
            case Waiting():
                self._progress.say(f"{self.line()}; the server has no room")
            case SetAside():
                self._progress.say(f"{self.line()}; {printable(event.server)} can't be reached")

    def close(self) -> None:
        """Remove the line."""
        self._progress.close()

    def line(self) -> str:
        """The line, such as `81.3 % right, 12.0 a minute, 3 min 5 s left, $0.12, 2 errors`."""
        parts = [f"{percent(self._value / self._scored)} right"] if self._scored else ["asking"]
        if self._done:
            seconds = (self._clock() - self._began) / self._done
            parts += [f"{60 / max(seconds, 0.001):.1f} a minute", f"{duration(seconds * self._left)} left"]
        parts += [f"${self._cost:.2f}"] if self._cost else []
        parts += [f"{self._failed} errors"] if self._failed else []
        return ", ".join(parts)

    def _count(self, outcome: Outcome) -> None:
        self._done += 1
        self._left -= 1
        self._failed += outcome.failure is not None
        if outcome.scores:
            self._scored += 1
            self._value += outcome.scores[0].value
        if outcome.usage is not None:
            self._cost += outcome.usage.cost or 0
