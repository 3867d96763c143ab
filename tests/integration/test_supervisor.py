"""The worker that `inkstream up` keeps running, on a real Kafka."""

from __future__ import annotations

import asyncio
import socket

import psutil
import pytest

from streams.errors import BrokerError
from streams.service.worker_process import keep_running, supervised
from streams.settings import Settings
from streams.sources.producer import FileProducer
from tests.integration.harness import Topics, eventually, text_pdf

pytestmark = pytest.mark.timeout(180)


def workers() -> list[psutil.Process]:
    """Return the worker processes that this process started."""
    children = psutil.Process().children()
    return [child for child in children if _is_worker(child)]


def _is_worker(child: psutil.Process) -> bool:
    try:
        return any("worker_main" in word for word in child.cmdline())
    except (psutil.ZombieProcess, psutil.NoSuchProcess):  # it has ended, and may not have been waited for yet
        return False


async def test_a_worker_that_is_killed_starts_again_and_ends_with_its_supervisor(
    settings: Settings, topics: Topics
) -> None:
    keeping = asyncio.create_task(keep_running(supervised(settings)))

    async def started() -> bool:
        return len(workers()) == 1

    await eventually(started)
    (first,) = workers()
    assert first.cmdline()[1:] == ["-m", "streams.service.worker_main"]  # no setting, and no secret
    first.kill()

    async def started_again() -> bool:
        return [worker.pid for worker in workers()] not in ([], [first.pid])

    await eventually(started_again)
    async with FileProducer(settings) as producer:
        await producer.send_bytes(text_pdf(2), "two.pdf")

    async def all_read() -> bool:
        return await topics.page_count() == 2

    await eventually(all_read, 90)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    assert workers() == []


async def test_a_worker_that_is_configured_wrongly_is_not_tried_again(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        wrong = settings.model_copy(update={"api_port": port})
        with pytest.raises(BrokerError, match=r"does not stay up \(exit code 2\)"):
            await keep_running(supervised(wrong))
    assert workers() == []
