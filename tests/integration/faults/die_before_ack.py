"""A worker that is killed after its third page is delivered and before it is acknowledged."""

from __future__ import annotations

import os
import signal
from typing import Any

from streams.agents import ordered_window
from streams.cli import main

_acked = 0
_ack_finished = ordered_window.OrderedWindow._ack_finished


async def _die(self: Any, stream: Any, queue: Any) -> None:
    global _acked
    if queue and queue[0].event.message.topic.endswith("pages"):
        _acked += 1
        if _acked == 3:
            os.kill(os.getpid(), signal.SIGKILL)
    await _ack_finished(self, stream, queue)


if __name__ == "__main__":
    ordered_window.OrderedWindow._ack_finished = _die  # type: ignore[method-assign]
    main()
