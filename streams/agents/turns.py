"""A message's turn: what it holds while it is in work, and lends to others while it waits for somebody's server.

A server that does not answer may keep a message waiting for minutes. Meanwhile the message is not in work: its slot
goes to the next one, /healthz does not count its time, and if the worker dies, it is not among those to blame.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from streams.agents.attempts import Attempts
from streams.errors import DiskFull
from streams.monitoring.health import Health

logger = logging.getLogger(__name__)

RETRY_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)  # the last again and again


class Slot:
    """A place among the messages that a window works on at a time. Held when it is made."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places = places
        self._held = True

    def give_back(self) -> None:
        """Let another message have it; nothing happens where it is not held."""
        if self._held:
            self._held = False
            self._places.release()

    async def take(self) -> None:
        """Wait for a place, and hold it."""
        await self._places.acquire()
        self._held = True


class Turn:
    """One message's turn. Lives on the event loop of its agent."""

    def __init__(
        self, identity: str, slot: Slot, suspects: asyncio.Lock, attempts: Attempts, health: Health
    ) -> None:
        """Create a turn that has not begun, of a message that holds a slot.

        Args:
            suspects: Held by whoever was in work when the worker died. One at a time: if the worker dies again,
                only one of them can be to blame.
        """
        self._identity = identity
        self._slot = slot
        self._suspects = suspects
        self._attempts = attempts
        self._health = health
        self._alone = False
        self._begun = False

    async def begin(self) -> int:
        """Put the message in work and return the number of this attempt, counted where a crash cannot undo it.

        A full disk is waited for.
        """
        if self._attempts.is_suspect(self._identity):
            await self._suspects.acquire()
            self._alone = True
        try:
            attempt = await self._counted()
            self._begun = True
        finally:
            if not self._begun:
                self._let_suspects_go()
        self._health.begin(self._identity)
        return attempt

    def end(self) -> None:
        """Take the message out of work. Its attempt stays counted until `Attempts.finish`."""
        if self._begun:
            self._begun = False
            self._health.end(self._identity)
            self._let_suspects_go()

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[None]:
        """Have others work for the length of the block; then wait for a place again."""
        self.end()
        self._attempts.take_back(self._identity)
        self._slot.give_back()
        try:
            yield
        finally:
            task = asyncio.current_task()
            if task is None or not task.cancelling():  # else it is over, and takes nobody's place
                await self._slot.take()
                await self.begin()

    async def _counted(self) -> int:
        tries = 0
        while True:
            try:
                return self._attempts.begin(self._identity)
            except DiskFull as error:
                wait_s = RETRY_S[min(tries, len(RETRY_S) - 1)]
                logger.warning("trying again in %g s: %s", wait_s, error.summary)
            tries += 1
            await asyncio.sleep(wait_s)

    def _let_suspects_go(self) -> None:
        if self._alone:
            self._alone = False
            self._suspects.release()
