"""Ctrl-C and SIGTERM, while something is under way that they must not tear apart."""

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
    """Whether this is the thread that receives signals and may say what becomes of them."""
    return threading.current_thread() is threading.main_thread()


@contextmanager
def on_signal(loop: asyncio.AbstractEventLoop, act: Callable[[], object]) -> Iterator[None]:
    """Meanwhile a signal calls `act` in the event loop; in another thread than the main one signals stay as they are.

    To be entered outside of the loop's run: asyncio then leaves SIGINT alone.
    """
    with _handled(lambda *_: loop.call_soon_threadsafe(act)):
        yield


@contextmanager
def undisturbed() -> Iterator[None]:
    """Meanwhile no signal interrupts what is bounded in time anyway, and would leave processes behind."""
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
