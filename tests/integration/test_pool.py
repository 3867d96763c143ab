from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pymupdf
import pytest

from models.errors import PageTooLarge, ReaderFailed, RecognitionTimeout, UnsupportedFile, WorkerDied
from models.options import ReadOptions
from streams.processes.pool import ReaderPool
from streams.settings import Settings


@pytest.fixture
async def pool(tmp_path: Path) -> AsyncIterator[ReaderPool]:
    made = ReaderPool(Settings(data_dir=tmp_path, page_timeout_s=20, process_memory_mb=600), 1)
    yield made
    await made.stop()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def hang() -> None:
    time.sleep(3600)


def raise_a_defect() -> None:
    raise ZeroDivisionError("a defect")


def take_memory() -> int:
    return len(bytearray(900 * 2**20))


def process_id() -> int:
    return os.getpid()


async def test_a_page_is_read_in_another_process(pool: ReaderPool, tmp_path: Path) -> None:
    document = pymupdf.open()
    document.new_page().insert_text((72, 72), "Read elsewhere")
    document.save(tmp_path / "a.pdf")
    assert (await pool.inspect(tmp_path / "a.pdf", [])).total_pages == 1
    assert (await pool.read(tmp_path / "a.pdf", 0, ReadOptions())).text == "Read elsewhere"


async def test_reading_leaves_the_processor_to_whoever_waits_for_an_answer(pool: ReaderPool) -> None:
    priority = await pool.run(os.getpriority, os.PRIO_PROCESS, 0, timeout_s=20)
    assert priority > os.getpriority(os.PRIO_PROCESS, 0)


async def test_a_document_error_comes_back_as_it_was_raised(pool: ReaderPool, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(UnsupportedFile, match="plain text"):
        await pool.inspect(tmp_path / "a.txt", [])


async def test_each_way_to_end_is_a_typed_error_and_the_pool_goes_on(pool: ReaderPool) -> None:
    with pytest.raises(WorkerDied, match="2 times"):
        await pool.run(die, timeout_s=20)
    with pytest.raises(RecognitionTimeout, match=r"0\.3 s"):
        await pool.run(hang, timeout_s=0.3)
    with pytest.raises(ReaderFailed, match="ZeroDivisionError"):
        await pool.run(raise_a_defect, timeout_s=20)
    with pytest.raises(PageTooLarge, match="process_memory_mb"):
        await pool.run(take_memory, timeout_s=20)
    assert await pool.run(process_id, timeout_s=20) != os.getpid()


async def test_each_death_is_reported(tmp_path: Path) -> None:
    deaths: list[None] = []
    pool = ReaderPool(Settings(data_dir=tmp_path), 1, on_death=lambda: deaths.append(None))
    try:
        with pytest.raises(WorkerDied):
            await pool.run(die, timeout_s=20)
    finally:
        await pool.stop()
    assert len(deaths) == 2


async def test_an_idle_process_that_is_killed_is_replaced(pool: ReaderPool) -> None:
    os.kill(await pool.run(process_id, timeout_s=20), signal.SIGKILL)
    await asyncio.sleep(0.5)  # pebble notices, and breaks, before the next task
    assert await pool.run(process_id, timeout_s=20) != os.getpid()
