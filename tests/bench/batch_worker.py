"""A worker whose read_pages takes batches (`take_events`): what the sliding window is held against."""

from __future__ import annotations

import asyncio

from streams.agents.faust_types import App, Stream
from streams.agents.hooks import Hooks
from streams.agents.ordered_window import Check, OrderedWindow, Window, Work
from streams.agents.turns import Slot
from tests.integration.faults.worker import run

_WITHIN_S = 0.05


class BatchWindow:
    """Works on up to `size` messages at a time; acks them all once the last is done, and only then takes more."""

    def __init__(self, size: int, work: Work) -> None:
        self._size = size
        self._work = work

    async def run(self, stream: Stream) -> None:
        async for batch in stream.take_events(self._size, within=_WITHIN_S):
            slots = [Slot(asyncio.Semaphore(0)) for _ in batch]
            await asyncio.gather(*map(self._work, batch, slots))  # acked when the body ends


def window(app: App, size: int, work: Work, check: Check) -> Window:
    """Return a batch window for the pages, and for files the one that is always used."""
    return BatchWindow(size, work) if app.conf.id.endswith("-read") else OrderedWindow(app, size, work, check)


if __name__ == "__main__":
    run(Hooks(window=window))
