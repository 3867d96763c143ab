"""Waiting until a writer is done with a file: it rests, and its structure is complete."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from time import monotonic

from streams.sources.ledger import Version
from streams.sources.readiness import is_whole

logger = logging.getLogger(__name__)

_POLL_S = 0.25
# between checks of the structure: doubled each time, from the first to the longest
_FIRST_WAIT_S = 0.1
_MAX_WAIT_S = 2.0


async def until_whole(
    file: Path, version: Version, written: asyncio.Event, stable_s: float, broken_after_s: float
) -> tuple[Version, bool]:
    """Return the version that has come to rest and whether its structure is complete; a change starts over.

    Args:
        version: What the file is now.
        written: Set when a writer closes the file, or moves it there: it is looked at at once.
        stable_s: How long size and time of change must rest.
        broken_after_s: How long an incomplete file that rests is waited for.

    Raises:
        FileNotFoundError: It is no longer there.
        OSError: It cannot be read; for `broken_after_s`, where it may not be.
    """
    version = await _at_rest(file, version, stable_s)
    deadline, wait_s = monotonic() + broken_after_s, _FIRST_WAIT_S
    while True:
        late = monotonic() >= deadline
        written.clear()
        try:
            if await asyncio.to_thread(is_whole, file):
                return version, True
        except PermissionError:
            if late:
                raise
        if late:
            logger.warning("%s is delivered as it is: it stayed incomplete", file)
            return version, False
        await event_or(written, min(wait_s, max(0.01, deadline - monotonic())))
        wait_s = min(2 * wait_s, _MAX_WAIT_S)
        current = Version.of(file)
        if current != version:
            version = await _at_rest(file, current, stable_s)
            deadline, wait_s = monotonic() + broken_after_s, _FIRST_WAIT_S


async def _at_rest(file: Path, version: Version, stable_s: float) -> Version:
    """Return the file's version once it has not changed for so long."""
    since = monotonic()
    while (left := since + stable_s - monotonic()) > 0:
        await asyncio.sleep(min(left, _POLL_S))
        current = Version.of(file)
        if current != version:
            version, since = current, monotonic()
    return version


async def event_or(event: asyncio.Event, timeout_s: float) -> None:
    """Return when the event is set, or after so long."""
    try:
        await asyncio.wait_for(event.wait(), timeout_s)
    except TimeoutError:
        return
