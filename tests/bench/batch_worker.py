"""A worker whose read_pages takes batches (`take_events`): what the sliding window is held against."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from unittest.mock import patch

from streams.cli import main

_WITHIN_S = 0.05


class BatchWindow:
    """Works on up to `size` messages at a time; acks them all once the last is done, and only then takes more."""

    def __init__(self, app: Any, size: int, work: Callable[[Any], Awaitable[None]]) -> None:
        self._size = size
        self._work = work

    async def run(self, stream: Any) -> None:
        async for batch in stream.take_events(self._size, within=_WITHIN_S):
            await asyncio.gather(*map(self._work, batch))  # acked when the body ends


if __name__ == "__main__":
    with patch("streams.agents.read_pages.OrderedWindow", BatchWindow):
        main()
