"""The loop that loses nothing: many messages in work at once, acknowledged strictly in order.

Faust's `take_events` makes the ack wait for a whole batch, and with it the cores wait for the batch's slowest
page. This window has no batches: a message starts as soon as a slot is free, so an idle reader starts at once
and a busy one never waits. What makes it safe is the order of the acks:

1. A message is worked on; its outputs are delivered to Kafka; only then is it finished.
2. A finished message is acked only when every earlier message of its partition is finished, so Faust never
   sees a gap and never commits past a message in flight (faust-streaming #606).
3. A message of an earlier group generation is never acked: its partition may be another worker's by now, and
   Faust's `_new_offset` accepts an ack one past the committed offset, which would lose the one between.
4. Work that raises what it should not ends the process, so that nothing unfinished is acked; the messages
   are delivered again, and the attempts counted outside the process stop a poison message.
5. A message that waits for somebody else's server lends its slot to the next (`turns`).
6. A message is taken up only where none before it is missing (`offset_guard`): an ack past a message that was
   never delivered would lose it.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import NoReturn, Protocol

from streams.agents.faust_types import Event, HasGeneration, Stream, drop_value
from streams.agents.offset_guard import SkippedMessages
from streams.agents.turns import Slot
from streams.errors import DeliveryRefused

logger = logging.getLogger(__name__)

EXIT_UNEXPECTED = 70  # EX_SOFTWARE of sysexits.h; a supervisor restarts the worker

# A page that takes minutes, or waits for a server as long, holds back the acks of its partition, not the work.
# Finished and unacked messages cost a few hundred bytes each, and are worked on again if the process dies: bounded
# for the latter's sake, at what 16 reader processes read in source_retry_s.
_MAX_UNACKED = 10_000

Work = Callable[[Event, Slot], Awaitable[None]]
Check = Callable[[Event], Awaitable[None]]


class Window(Protocol):
    """A loop over a stream that works on several messages at a time."""

    async def run(self, stream: Stream) -> None:
        """Work on the stream's events until it ends; ack an event only after its work is done."""


@dataclass(slots=True)
class _Entry:
    event: Event
    finished: bool = False


class OrderedWindow:
    """Works on up to `size` messages of one stream at a time. Lives on the event loop of its agent."""

    def __init__(self, app: HasGeneration, size: int, work: Work, check: Check) -> None:
        """Create a window.

        Args:
            app: The app of the stream.
            size: Messages in work at once.
            work: Processes one event, which holds a slot, and delivers its outputs. Must raise nothing but
                CancelledError.
            check: Raises SkippedMessages where messages before an event were not delivered.
        """
        self._app = app
        self._work = work
        self._check = check
        self._slots = asyncio.Semaphore(size)
        self._unacked = asyncio.Semaphore(_MAX_UNACKED)
        self._queues: dict[Hashable, deque[_Entry]] = defaultdict(deque)
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, stream: Stream) -> None:
        """Work on the stream's events until it ends; what is in work then is cancelled, unacked."""
        stream.enable_acks = False  # acks are ours
        try:
            async for event in stream.events():
                await self._check_or_end(event)  # 6
                await self._unacked.acquire()  # first: who waits for it holds no slot, which may have to come back
                await self._slots.acquire()
                entry = _Entry(event)
                self._queues[event.message.tp].append(entry)  # in the order of the partition
                task = asyncio.create_task(self._work_then_ack(stream, entry))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _check_or_end(self, event: Event) -> None:
        try:
            await self._check(event)
        except SkippedMessages as error:
            logger.critical("%s; the worker ends, nothing in flight is acked", error)
            end_process_unacked()

    async def _work_then_ack(self, stream: Stream, entry: _Entry) -> None:
        slot = Slot(self._slots)
        try:
            await self._work(entry.event, slot)  # 1, 5
        except asyncio.CancelledError:
            raise
        except DeliveryRefused as error:
            logger.critical("%s", error.message)
            end_process_unacked()
        except BaseException:
            logger.critical("unexpected; the worker ends, nothing in flight is acked", exc_info=True)
            end_process_unacked()  # 4
        finally:
            slot.give_back()
        entry.finished = True
        drop_value(entry.event)
        queue = self._queues[entry.event.message.tp]
        while queue and queue[0].finished:  # 2
            event = queue.popleft().event
            self._unacked.release()
            await self.acknowledge(stream, event)

    async def acknowledge(self, stream: Stream, event: Event) -> None:
        """Ack an event that is finished, as are all before it in its partition."""
        if event.message.generation_id == self._app.consumer_generation_id:  # 3
            await stream.ack(event)


def end_process_unacked() -> NoReturn:
    """End the process on the spot: whatever is not acked yet is delivered again, to whoever comes next."""
    logging.shutdown()
    os._exit(EXIT_UNEXPECTED)
