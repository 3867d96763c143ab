"""An event loop whose time passes only when it is asked to, and which can be run until nothing is left to do."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Sequence


class _Idle(selectors.SelectSelector):
    """Waits for nothing: a loop that would wait is stopped instead."""

    loop: VirtualLoop | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.loop is not None and (timeout is None or timeout > 0):
            self.loop.would_wait(timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs callbacks when `settle` is called; what sleeps wakes when `pass_time` is."""

    def __init__(self) -> None:
        selector = _Idle()
        self._now = 0.0
        self._next_timer_s: float | None = None
        super().__init__(selector)
        selector.loop = self

    def time(self) -> float:
        return self._now

    def would_wait(self, timeout_s: float | None) -> None:
        """Note how long the loop would wait for its next timer, and stop it."""
        self._next_timer_s = timeout_s
        self.stop()

    def settle(self) -> None:
        """Run whatever can run now."""
        self.run_forever()

    @property
    def sleeps(self) -> bool:
        """Whether something waits for time to pass."""
        return self._next_timer_s is not None

    def pass_time(self) -> None:
        """Let time pass until the next that sleeps wakes, and run whatever can run then."""
        if self._next_timer_s is not None:
            self._now += self._next_timer_s
            self.settle()

    def drop(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Cancel tasks, and run whatever that sets free."""
        for task in tasks:
            task.cancel()
        self.settle()
