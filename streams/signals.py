"""Signals: how a process of ours is asked to stop, and how it ends when its parent is killed."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def stop_on_signals() -> asyncio.Event:
    """Return an event of the running loop that SIGTERM and SIGINT set, instead of ending the process."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


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
