"""A worker that is killed when two pages are acknowledged and the third is delivered."""

from __future__ import annotations

import os
import signal

from streams.agents.faust_types import App, Event, Stream
from streams.agents.hooks import Hooks
from streams.agents.ordered_window import Check, OrderedWindow, Work
from tests.integration.faults.worker import run


class DyingWindow(OrderedWindow):
    """Kills the process instead of acknowledging its third page."""

    def __init__(self, app: App, size: int, work: Work, check: Check) -> None:
        super().__init__(app, size, work, check)
        self._pages = 0

    async def acknowledge(self, stream: Stream, event: Event) -> None:
        self._pages += event.message.topic.endswith("pages")
        if self._pages == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        await super().acknowledge(stream, event)


if __name__ == "__main__":
    run(Hooks(window=DyingWindow))
