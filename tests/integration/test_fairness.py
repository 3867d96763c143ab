"""A long document does not make others wait, and is read whole all the same."""

from __future__ import annotations

import pytest

from streams.kafka.topics import TopicNames
from streams.settings import Settings
from streams.sources.producer import FileProducer
from tests.integration.harness import Topics, WorkerProcess, eventually, long_text_pdf, produce, text_pdf

pytestmark = pytest.mark.timeout(180)

_LONG = 1000


async def test_a_page_that_comes_behind_a_long_document_is_read_among_its_first(
    settings: Settings, topics: Topics
) -> None:
    content = long_text_pdf(_LONG)
    async with FileProducer(settings) as producer:
        long = await producer.send_bytes(content, "long.pdf")
        with WorkerProcess(settings, module="tests.integration.faults.worker_dies_of_a_portion") as worker:

            async def begun() -> bool:
                return await topics.page_count() > 0

            await eventually(begun, 60, worker.log)
            short = await producer.send_bytes(text_pdf(1, "short"), "short.pdf")
            assert worker.wait(60) == -9, "it died over the task of the rest, once"
        with WorkerProcess(settings) as worker:

            async def all_read() -> bool:
                return await topics.page_count() == _LONG + 1

            await eventually(all_read, 120, worker.log)
    pages = await topics.pages()
    assert {number for document, number in pages if document == long.document_id} == set(range(_LONG))
    assert all(page.text.endswith(f"number {page.pagenum}.") for page in pages.values())
    read_at = pages[short.document_id, 0].timestamp
    assert sum(page.timestamp < read_at for page in pages.values()) < _LONG / 2
    assert await topics.dead_letters() == []
    assert await topics.tasks_sent() < 1.3 * _LONG, "a rest that comes twice is sent once"


async def test_a_document_with_too_many_pages_is_a_letter(settings: Settings, topics: Topics) -> None:
    await produce(settings, TopicNames.of(settings).raw_files, text_pdf(4), headers={"document-id": b"long"})
    with WorkerProcess(settings.model_copy(update={"max_pages": 3})) as worker:

        async def failed() -> bool:
            return [letter.reason for letter in await topics.dead_letters()] == ["too-many-pages"]

        await eventually(failed, 60, worker.log)
    assert (await topics.documents())["long"].status == "failed"
