"""Where tests and benchmarks put parts of their own into a worker; in service it runs with the defaults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from streams.agents.faust_types import App
from streams.agents.ordered_window import Check, OrderedWindow, Window, Work
from streams.messages.incoming import Incoming
from streams.processes import reader_process
from streams.processes.pool import ReadPage


def _nothing(_: Incoming) -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """The parts of a worker that can be replaced.

    Attributes:
        window: Makes the loop over a stream, from its app, the messages in work at once, the work, and the
            check before it.
        before_step: Called on the event loop before each message's step, once its attempt is counted.
        read_page: What a reader process runs for a page; it is imported there by its name.
    """

    window: Callable[[App, int, Work, Check], Window] = OrderedWindow
    before_step: Callable[[Incoming], None] = _nothing
    read_page: ReadPage = reader_process.read_page
