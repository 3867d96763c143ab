"""Signals: how a process of ours is asked to stop, and how it ends when its parent is killed."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

STOP_WITHIN_S = 10.0
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


@contextmanager
def stop_on_signals(within_s: float = STOP_WITHIN_S) -> Iterator[asyncio.Event]:
    """Yield an event of the running loop that SIGTERM and SIGINT set, instead of ending the process.

    Whoever asked once can rely on an end: the process ends by force `within_s` seconds later, whatever still holds
    it then, and at once where the same signal comes a second time. Nothing is acked by that, and on Linux its
    children end with it (`die_with`).

    The handlers are Python's own, not the loop's, which would not run while something blocks the loop.
    """
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    received: set[int] = set()

    def request(number: int, _: FrameType | None) -> None:
        if number in received:
            _end_by_force(number, "ended at once")
        received.add(number)
        timer = threading.Timer(within_s, _end_by_force, (number, f"did not stop within {within_s:g} s"))
        timer.daemon = True  # it outlives the block: the loop's own end may hang as well
        timer.start()
        loop.call_soon_threadsafe(stop.set)

    before = {number: signal.signal(number, request) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_by_force(number: int, why: str) -> None:
    os.write(2, f"{why}; what was in work is read again at the next start\n".encode())
    os._exit(128 + number)


def die_with(parent_pid: int) -> None:
    """Have Linux kill this process when its parent ends: a kill -9 of the parent leaves no orphans.

    Linux sends the signal when the thread that started this process ends, not only the whole parent.
    Other systems have no such request; there it does nothing.
    """
    if request := dying_with(parent_pid):
        request()


def dying_with(parent_pid: int) -> Callable[[], None] | None:
    """Return the request of `die_with` as a `preexec_fn` for Popen; None where the system has none."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up here: between fork and exec only the call itself is safe

    def request() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent_pid:  # the parent ended before the request was made
            os._exit(1)

    return request
