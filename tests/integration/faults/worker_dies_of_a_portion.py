"""A worker that is killed when the fourth task of a rest is delivered and not acknowledged."""

from __future__ import annotations

import os
import signal

from streams.agents.faust_types import App, Event, Stream
from streams.agents.hooks import Hooks
from streams.agents.ordered_window import Check, OrderedWindow, Work
from tests.integration.faults.worker import run


class DyingWindow(OrderedWindow):
    """Kills the process instead of acknowledging its fourth rest."""

    def __init__(self, app: App, size: int, work: Work, check: Check) -> None:
        super().__init__(app, size, work, check)
        self._rests = 0

    async def acknowledge(self, stream: Stream, event: Event) -> None:
        self._rests += event.message.topic.endswith("pages") and (event.message.key or b"").endswith(b"-")
        if self._rests == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        await super().acknowledge(stream, event)


if __name__ == "__main__":
    run(Hooks(window=DyingWindow))
