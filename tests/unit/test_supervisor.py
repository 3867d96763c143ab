"""What `inkstream up` does when a part of it ends."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest

from streams.errors import BrokerError, PartEnded
from streams.service.supervisor import _first_of


async def test_a_part_that_ends_by_an_unexpected_error_is_named_in_one_sentence_and_ends_the_others() -> None:
    ended = asyncio.Event()

    async def watch() -> None:
        raise sqlite3.OperationalError("disk I/O error")

    async def print_records() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with pytest.raises(PartEnded, match=r"the folder watcher ended: OperationalError\('disk I/O error'\)"):
        await _first_of({"the folder watcher": watch(), "the console": print_records()})
    assert ended.is_set()


async def test_an_error_of_ours_is_raised_as_it_is() -> None:
    async def run() -> None:
        raise BrokerError("Kafka does not stay up")

    with pytest.raises(BrokerError, match="does not stay up"):
        await _first_of({"Kafka": run()})
