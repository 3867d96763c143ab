"""A file stays on raw-files until nobody needs it: no longer, and no shorter."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import time

import pymupdf
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import NewTopic, RecordsToDelete
from pydantic import SecretStr

from models.options import ReadOptions
from streams.broker.embedded import EmbeddedKafka
from streams.errors import SourceGone
from streams.kafka.clients import open_admin
from streams.kafka.file_trimmer import FileTrimmer
from streams.kafka.lag import LagReader
from streams.kafka.record_reader import kafka_reference
from streams.kafka.replay import Replayer, stored_letters
from streams.kafka.topic_retention import own_settings
from streams.kafka.topics import TopicNames, consumer_group, create_topics
from streams.messages.codec import encode
from streams.messages.dead_letters import dead_letter
from streams.messages.incoming import Incoming
from streams.messages.records import PageTask, now
from streams.settings import Settings
from streams.sources.producer import FileProducer
from tests.integration.harness import Topics, WorkerProcess, eventually, produce, text_pdf
from tests.integration.test_trimming import commit, first_offsets
from tests.integration.test_trimming import produce as produce_numbers

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings by which a file that is read is not kept."""
    return settings.model_copy(update={"raw_files_retention_h": 0})


@asynccontextmanager
async def trimmer(settings: Settings) -> AsyncIterator[FileTrimmer]:
    async with LagReader(settings) as lags:
        yield FileTrimmer(settings, lags)


def task(settings: Settings, partition: int, offset: int) -> PageTask:
    return PageTask(
        document_id="d", pagenum=0, total_pages=1, path="p", sha256="0" * 64, options=ReadOptions(), started=now(),
        reference=kafka_reference(TopicNames.of(settings).raw_files, partition, offset),
    )  # fmt: skip


async def files(settings: Settings, *, committed: dict[int, int]) -> TopicNames:
    """Put ten files on each of the two partitions of raw-files, split up to the given offsets."""
    names = TopicNames.of(settings)
    for partition in (0, 1):
        await produce_numbers(settings, names.raw_files, partition, 10)
    if committed:
        where = {TopicPartition(names.raw_files, partition): offset for partition, offset in committed.items()}
        await commit(settings, consumer_group(settings, "split"), where)
    return names


async def test_files_that_nobody_has_split_stay(settings: Settings) -> None:
    names = await files(settings, committed={})
    async with trimmer(settings) as files_trimmer:
        assert [found.deleted for found in await files_trimmer.trim({0, 1})] == [0, 0]
    assert await first_offsets(settings, names.raw_files, 2) == [0, 0]


async def test_files_are_deleted_up_to_what_is_split_where_that_is_asked_for(
    settings: Settings,
) -> None:
    names = await files(settings, committed={0: 4, 1: 10})
    async with trimmer(settings) as files_trimmer:
        assert [(t.log_start, t.end, t.deleted) for t in await files_trimmer.trim({0})] == [(4, 10, 4)]
        assert await first_offsets(settings, names.raw_files, 2) == [4, 0]
        assert [(t.log_start, t.end, t.deleted) for t in await files_trimmer.trim({0, 1})] == [
            (4, 10, 0),
            (10, 10, 10),
        ]


async def test_a_page_that_waits_keeps_its_file_and_all_later_ones(settings: Settings) -> None:
    names = await files(settings, committed={0: 10, 1: 10})
    for offset in (3, 7):
        await produce(settings, names.pages, encode(task(settings, 0, offset)), key=b"a")
    for forged in (b"no JSON", b"[]", b'{"reference": 7}', b'{"reference": "kafka://raw-files/0/0"}'):
        await produce(settings, names.pages, forged, key=b"a")
    async with LagReader(settings) as lags:
        ends = await lags.end_offsets(names.pages)
    pages = TopicPartition(names.pages, max(ends, key=lambda number: ends[number]))
    async with trimmer(settings) as files_trimmer:
        await files_trimmer.trim({0, 1})
        assert await first_offsets(settings, names.raw_files, 2) == [3, 10]
        for read, kept_from in ((1, 7), (2, 10)):
            await commit(settings, consumer_group(settings, "read"), {pages: read})
            await files_trimmer.trim({0, 1})
            assert await first_offsets(settings, names.raw_files, 2) == [kept_from, 10]


async def test_a_file_is_kept_for_as_long_as_the_setting_has_it(settings: Settings) -> None:
    settings = settings.model_copy(update={"raw_files_retention_h": 1})
    names = await files(settings, committed={0: 10, 1: 10})
    async with trimmer(settings) as files_trimmer:
        await files_trimmer.trim({0, 1})
    assert await first_offsets(settings, names.raw_files, 2) == [0, 0]


async def test_a_failed_document_can_be_replayed_for_as_long_as_the_setting_has_it(settings: Settings) -> None:
    settings = settings.model_copy(update={"raw_files_retention_h": 1})
    names = await files(settings, committed={0: 10, 1: 10})
    await asyncio.sleep(0.1)
    failed = time()  # the files had waited for longer than the setting has
    gone = SourceGone("g")
    page = Incoming(names.pages, 0, 0, b"d/0", encode(task(settings, 0, 6)), ())
    for letter in (
        dead_letter("split_files", gone, Incoming(names.raw_files, 1, 8, None, b"", ()), attempts=1),
        dead_letter("read_pages", gone, page, attempts=1),
    ):
        await produce(settings, names.dead_letters, encode(letter))
    async with LagReader(settings) as lags:
        await FileTrimmer(settings, lags, clock=lambda: failed + 3600).trim({0, 1})
        assert await first_offsets(settings, names.raw_files, 2) == [6, 8]
        await FileTrimmer(settings, lags, clock=lambda: failed + 3660).trim({0, 1})
        assert await first_offsets(settings, names.raw_files, 2) == [10, 10]


async def test_a_locked_document_is_replayed_after_a_trim_and_not_once_its_time_is_over(
    settings: Settings, topics: Topics
) -> None:
    settings = settings.model_copy(update={"raw_files_retention_h": 1})
    locked = pymupdf.open(stream=text_pdf(1), filetype="pdf")
    content = locked.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="open sesame")
    async with FileProducer(settings) as producer:
        document = (await producer.send_bytes(content, "locked.pdf")).document_id

    async def is_(status: str) -> bool:
        found = (await topics.documents()).get(document)
        return found is not None and found.status == status

    with WorkerProcess(settings) as worker:
        await eventually(lambda: is_("failed"), 60, worker.log)
        assert worker.stop() == 0
    (stored,) = [letter async for letter in stored_letters(settings)]
    async with LagReader(settings) as lags, Replayer(settings) as replayer:
        await FileTrimmer(settings, lags, clock=lambda: time() + 1800).trim({0, 1})
        await replayer.replay(stored.letter)
        with WorkerProcess(settings.model_copy(update={"passwords": (SecretStr("open sesame"),)})) as worker:
            await eventually(lambda: is_("done"), 60, worker.log)
            assert worker.stop() == 0
        await FileTrimmer(settings, lags, clock=lambda: time() + 7200).trim({0, 1})
        with pytest.raises(SourceGone, match="send the file again"):
            await replayer.replay(stored.letter)


async def test_a_worker_deletes_the_files_that_it_has_read(settings: Settings, topics: Topics) -> None:
    names = TopicNames.of(settings)
    async with FileProducer(settings) as producer:
        for number in range(6):
            await producer.send_bytes(text_pdf(2, f"document{number}"), f"test:///{number}.pdf")
    with WorkerProcess(settings) as worker:

        async def deleted() -> bool:
            return sum(await first_offsets(settings, names.raw_files, 2)) == 6

        await eventually(deleted, 90, worker.log)
    assert await topics.page_count() == 12
    assert await topics.dead_letters() == []


async def test_kills_lose_nothing_while_everything_that_is_read_is_deleted_at_once(
    settings: Settings, topics: Topics
) -> None:
    long_pages, short = 600, 12
    stop = asyncio.Event()

    async def trim_always() -> None:
        async with trimmer(settings) as files_trimmer:
            while not stop.is_set():
                await files_trimmer.trim({0, 1})

    async with FileProducer(settings) as producer:
        await producer.send_bytes(text_pdf(long_pages), "long.pdf")
        for number in range(short):
            await producer.send_bytes(text_pdf(1, f"short{number}"), f"{number}.pdf")
    trimming = asyncio.create_task(trim_always())
    for wanted in (1, 100, 300):
        with WorkerProcess(settings) as worker:

            async def some_read(wanted: int = wanted) -> bool:
                return await topics.page_count() >= wanted

            await eventually(some_read, 90, worker.log)
            worker.kill()
        for cached in (settings.data_dir / "documents").iterdir():  # as on another machine
            if cached.is_file():
                cached.unlink()
    with WorkerProcess(settings) as worker:

        async def all_done() -> bool:
            documents = (await topics.documents()).values()
            return len(documents) == short + 1 and all(document.status == "done" for document in documents)

        async def all_deleted() -> bool:
            return sum(await first_offsets(settings, TopicNames.of(settings).raw_files, 2)) == short + 1

        await eventually(all_done, 120, worker.log)
        await eventually(all_deleted, 30, worker.log)
    stop.set()
    await trimming
    assert await topics.page_count() == long_pages + short
    assert await topics.dead_letters() == []


async def test_files_that_are_deleted_unread_with_none_behind_them_are_one_letter(
    settings: Settings, topics: Topics
) -> None:
    names = TopicNames.of(settings)
    with WorkerProcess(settings) as worker:  # commits where it starts

        async def committed() -> bool:
            async with open_admin(settings) as admin:
                return len(await admin.list_consumer_group_offsets(consumer_group(settings, "split"))) == 2

        await eventually(committed, 60, worker.log)
    await produce_numbers(settings, names.raw_files, 1, 3)
    async with open_admin(settings) as admin:
        await admin.delete_records({TopicPartition(names.raw_files, 1): RecordsToDelete(before_offset=3)})

    async def reported() -> bool:
        return [(le.reason, le.partition, le.offset) for le in await topics.dead_letters()] == [
            ("expired-unread", 1, 0)
        ]

    with WorkerProcess(settings) as worker:
        await eventually(reported, 60, worker.log)
        assert "offsets 0 to 2 were deleted before they were read" in (await topics.dead_letters())[0].exception
        assert worker.stop() == 0
    with WorkerProcess(settings) as worker:  # it is committed: the next worker does not report it again
        await produce(settings, names.raw_files, text_pdf(1), headers={"document-id": b"next"})

        async def read() -> bool:
            return await topics.page_count() == 1

        await eventually(read, 60, worker.log)
        assert await reported()


async def test_files_on_a_topic_of_an_earlier_version_outlive_its_retention(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    overrides = {"log.retention.check.interval.ms": "200", "log.initial.task.delay.ms": "200"}
    with EmbeddedKafka(tmp_path / "own", overrides=overrides) as kafka:
        settings = Settings(broker=kafka.bootstrap, data_dir=tmp_path)
        before = {"retention.ms": "1000", "max.message.bytes": "33554432", "segment.ms": "3600000"}
        async with open_admin(settings) as admin:
            await admin.create_topics([NewTopic("raw-files", 2, 1, topic_configs=before)])
            await create_topics(settings)
            await create_topics(settings)
            assert await own_settings(admin, "raw-files") == {**before, "retention.ms": "-1"}
        assert [r.getMessage() for r in caplog.records if r.name == "streams.kafka.topic_retention"] == [
            "raw-files: retention.ms is -1 now (was 1000): files stay until read"
        ]
        await produce_numbers(settings, "raw-files", 0, 3)
        await asyncio.sleep(4)
        assert await first_offsets(settings, "raw-files", 2) == [0, 0]
