"""A worker that stalls for longer than its session, while its partitions have no committed offset yet."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from streams.settings import Settings
from streams.sources.producer import FileProducer
from tests.integration.harness import Topics, WorkerProcess, eventually, text_pdf

pytestmark = pytest.mark.timeout(240)

DOCUMENTS = 40


@pytest.mark.parametrize("after_s", [0.0, 0.4, 0.8])
async def test_a_worker_that_stalls_past_its_session_on_fresh_topics_loses_nothing(
    settings: Settings, topics: Topics, after_s: float
) -> None:
    with WorkerProcess(settings) as worker:

        async def ready() -> bool:
            return "worker ready" in worker.log.read_text()

        await eventually(ready, 60, worker.log)
        async with FileProducer(settings) as producer:
            for number in range(DOCUMENTS):
                await producer.send_bytes(text_pdf(1, f"document{number}"), f"test:///{number}.pdf")
        await asyncio.sleep(after_s)  # before, in the middle of, and after splitting
        os.kill(worker.pid, signal.SIGSTOP)
        await asyncio.sleep(settings.session_timeout_s + 2)
        os.kill(worker.pid, signal.SIGCONT)

        async def all_done() -> bool:
            records = (await topics.documents()).values()
            return len(records) == DOCUMENTS and all(record.status == "done" for record in records)

        await eventually(all_done, 60, worker.log)
        assert await topics.page_count() == DOCUMENTS
        assert await topics.dead_letters() == []
