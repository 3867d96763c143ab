"""What must survive: after each fault the keys on page-text are those of the pages sent, and no text differs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from streams.broker.embedded import EmbeddedKafka
from streams.kafka.topics import create_topics
from streams.settings import Settings
from streams.sources.producer import FileProducer
from tests.integration.harness import (
    Topics,
    WorkerProcess,
    eventually,
    long_text_pdf,
    scanned_pdf,
    text_pdf,
    undisturbed,
)

pytestmark = pytest.mark.timeout(240)

LONG = 1000
SCANNED = ["alpha one", "bravo two", "charlie three", "delta four", "echo five", "foxtrot six", "golf seven"]


async def send(settings: Settings, content: bytes, name: str = "a.pdf") -> str:
    async with FileProducer(settings) as producer:
        return (await producer.send_bytes(content, f"test:///{name}")).document_id


async def assert_complete(topics: Topics, expected: dict[str, list[str]], worker: WorkerProcess) -> None:
    """Wait for all pages, then hold every text against the undisturbed run."""
    wanted = {(document, number) for document, texts in expected.items() for number in range(len(texts))}

    async def all_there() -> bool:
        return set(await topics.pages()) >= wanted

    await eventually(all_there, 120, worker.log)
    pages = await topics.pages()
    assert set(pages) == wanted
    assert {key: page.text for key, page in pages.items()} == {
        (document, number): text for document, texts in expected.items() for number, text in enumerate(texts)
    }
    assert await topics.dead_letters() == []


async def test_killed_while_splitting_a_long_document(settings: Settings, topics: Topics, tmp_path: Path) -> None:
    content = long_text_pdf(LONG)
    document = await send(settings, content)
    with WorkerProcess(settings, roles=("split",)) as worker:

        async def some_sent() -> bool:
            return await topics.tasks_sent() > 0

        await eventually(some_sent, 60, worker.log)
        worker.kill()
    with WorkerProcess(settings) as worker:
        await assert_complete(topics, {document: undisturbed(content, tmp_path)}, worker)


async def test_killed_in_mid_batch_again_and_again(settings: Settings, topics: Topics, tmp_path: Path) -> None:
    content = scanned_pdf(SCANNED)
    document = await send(settings, content)
    for wanted in (1, 3):
        with WorkerProcess(settings) as worker:

            async def some_read(wanted: int = wanted) -> bool:
                return await topics.page_count() >= wanted

            await eventually(some_read, 60, worker.log)
            worker.kill()
    with WorkerProcess(settings) as worker:
        await assert_complete(topics, {document: undisturbed(content, tmp_path)}, worker)


async def test_killed_between_send_and_commit(settings: Settings, topics: Topics, tmp_path: Path) -> None:
    content = scanned_pdf(SCANNED)
    document = await send(settings, content)
    with WorkerProcess(settings, module="tests.integration.faults.die_before_ack") as worker:
        assert await asyncio.to_thread(worker.wait, 60) == -9
    with WorkerProcess(settings) as worker:
        await assert_complete(topics, {document: undisturbed(content, tmp_path)}, worker)


async def test_one_of_two_workers_killed_while_a_third_joins(
    settings: Settings, topics: Topics, tmp_path: Path
) -> None:
    texts = {}
    for name in ("x", "y", "z"):
        content = scanned_pdf([f"{name} {line}" for line in SCANNED])
        texts[await send(settings, content, f"{name}.pdf")] = undisturbed(content, tmp_path)
    with WorkerProcess(settings) as first, WorkerProcess(settings, roles=("read",)) as second:

        async def some_read() -> bool:
            return await topics.page_count() >= 4

        await eventually(some_read, 60, first.log)
        second.kill()
        with WorkerProcess(settings, roles=("read", "split")) as third:
            await assert_complete(topics, texts, third)
            assert first.alive
            assert third.alive


async def test_broker_restarted_under_a_working_service(tmp_path: Path) -> None:
    with EmbeddedKafka(tmp_path / "own") as kafka:
        settings = Settings(
            broker=kafka.bootstrap, data_dir=tmp_path / "data", processes=1, session_timeout_s=3, api_port=0
        )
        settings.data_dir.mkdir()
        await create_topics(settings)
        topics = Topics(settings)
        content = scanned_pdf(SCANNED * 3)
        document = await send(settings, content)
        with WorkerProcess(settings) as worker:

            async def some_read() -> bool:
                return await topics.page_count() >= 3

            await eventually(some_read, 60, worker.log)
            await asyncio.to_thread(kafka.stop)
            await asyncio.to_thread(kafka.launch)
            await asyncio.to_thread(kafka.wait_ready)
            late = text_pdf(5, "late")
            other = await send(settings, late, "late.pdf")
            expected = {document: undisturbed(content, tmp_path), other: undisturbed(late, tmp_path)}
            await assert_complete(topics, expected, worker)
            assert worker.alive


async def test_pages_that_crash_hang_or_raise_cost_only_themselves(settings: Settings, topics: Topics) -> None:
    settings = settings.model_copy(update={"page_timeout_s": 4.0})
    document = await send(settings, text_pdf(6))
    with WorkerProcess(settings, module="tests.integration.faults.worker_with_bad_pages") as worker:

        async def all_there() -> bool:
            return await topics.page_count() == 6

        await eventually(all_there, 90, worker.log)
        assert worker.alive
        pages = await topics.pages()
        assert {n for (_, n), page in pages.items() if page.exception is None} == {0, 4, 5}
        assert pages[(document, 1)].exception == (
            "read_pages: WorkerDied: the reader process died each of 2 times (exit code -11)"
        )
        letters = {letter.pagenum: letter.reason for letter in await topics.dead_letters()}
        assert letters == {1: "worker-died", 2: "recognition-timeout", 3: "reader-failed"}

        async def counted() -> bool:
            record = (await topics.documents())[document]
            return (record.status, record.pages_read, record.pages_failed, record.failed) == (
                "partial",
                3,
                3,
                "1-3",
            )

        await eventually(counted, 20, worker.log)


async def test_a_worker_that_is_stopped_in_the_middle_of_a_page_ends_and_the_page_is_read_later(
    settings: Settings, topics: Topics, tmp_path: Path
) -> None:
    content = text_pdf(6)
    document = await send(settings, content)
    settings = settings.model_copy(
        update={"processes": 2}
    )  # page 2 hangs in one of them, whichever page comes first
    with WorkerProcess(settings, module="tests.integration.faults.worker_with_bad_pages") as worker:

        async def others_read() -> bool:
            return await topics.page_count() == 5

        await eventually(others_read, 60, worker.log)
        assert await asyncio.to_thread(worker.stop, 20) == 0
        assert "did not stop" not in worker.log.read_text()
    with WorkerProcess(settings) as worker:
        await eventually(lambda: page_is_read(topics, document, 2), 60, worker.log)
    assert (await topics.pages())[(document, 2)].text == undisturbed(content, tmp_path)[2]


async def page_is_read(topics: Topics, document: str, pagenum: int) -> bool:
    return (document, pagenum) in await topics.pages()


async def test_message_that_kills_the_worker_each_time_becomes_a_dead_letter(
    settings: Settings, topics: Topics
) -> None:
    settings = settings.model_copy(update={"max_attempts": 2})
    document = await send(settings, text_pdf(3))
    for _ in range(2):
        with WorkerProcess(settings, module="tests.integration.faults.worker_dies_of_a_page") as worker:
            assert await asyncio.to_thread(worker.wait, 60) == 9
    with WorkerProcess(settings, module="tests.integration.faults.worker_dies_of_a_page") as worker:

        async def all_there() -> bool:
            return await topics.page_count() == 3

        await eventually(all_there, 60, worker.log)
        # a letter may come twice, as any output: the group may move its partition before the page is acknowledged
        assert {(le.reason, le.pagenum) for le in await topics.dead_letters()} == {("repeat-killer", 1)}
        assert (await topics.pages())[(document, 0)].text == "This is page number 0."
        assert worker.stop() == 0
