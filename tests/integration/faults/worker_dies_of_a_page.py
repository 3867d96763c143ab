"""A worker process that dies each time it takes up page 1 of a document: the loop itself, not a reader process."""

from __future__ import annotations

import os

from streams.agents.hooks import Hooks
from streams.messages.incoming import Incoming
from tests.integration.faults.worker import run


def die_of_page_1(message: Incoming) -> None:
    if message.topic.endswith("pages") and (message.key or b"").endswith(b"/1"):
        os._exit(9)


if __name__ == "__main__":
    run(Hooks(before_step=die_of_page_1))
