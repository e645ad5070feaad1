"""Handles Ctrl-C and SIGTERM during work that must not be cut short."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def in_main_thread() -> bool:
    """Whether this is the main thread, which alone receives and handles signals."""
    return threading.current_thread() is threading.main_thread()


@contextmanager
def on_signal(loop: asyncio.AbstractEventLoop, act: Callable[[], object]) -> Iterator[None]:
    """Within the block, a signal calls `act` in the event loop; outside the main thread, signals stay as they are.

    Enter it before the loop runs, so that asyncio leaves SIGINT alone.
    """
    with _handled(lambda *_: loop.call_soon_threadsafe(act)):
        yield


@contextmanager
def undisturbed() -> Iterator[None]:
    """Within the block, ignore signals: its work is bounded in time, and if cut short would leave processes behind."""
    with _handled(signal.SIG_IGN):
        yield


@contextmanager
def _handled(handler: Callable[..., Any] | signal.Handlers) -> Iterator[None]:
    if not in_main_thread():
        yield
        return
    previous = {number: signal.signal(number, handler) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, before in previous.items():
            signal.signal(number, before)
