"""Records as other clients write them: in every compression, and with header names that are not UTF-8."""

from __future__ import annotations

import asyncio
import subprocess
import time
from pathlib import Path

import pytest
from aiokafka import TopicPartition

from streams.documents.references import SourceFetcher
from streams.kafka.clients import open_consumer
from streams.kafka.follower import topic_consumer
from streams.kafka.record_reader import RecordReader, kafka_reference
from streams.kafka.topics import TopicNames
from streams.settings import Settings
from tests.integration.harness import Topics, WorkerProcess, eventually, text_pdf

pytestmark = pytest.mark.timeout(180)

NOT_UTF8 = b"\xff\xfe=1"


async def kcat(settings: Settings, topic: str, file: Path, *arguments: str | bytes) -> None:
    command = ["kcat", "-P", "-b", str(settings.broker), "-t", topic, *arguments, str(file)]
    await asyncio.to_thread(subprocess.run, command, check=True, timeout=30)


async def test_files_arrive_in_every_compression_and_with_any_header_name(
    settings: Settings, topics: Topics, tmp_path: Path
) -> None:
    file, codecs = tmp_path / "a.pdf", ["none", "gzip", "snappy", "lz4", "zstd"]
    file.write_bytes(text_pdf(1))
    for codec in codecs:
        for name in (f"plain=1 {codec}".encode(), NOT_UTF8):
            path = f"path={codec}/{'odd' if name is NOT_UTF8 else 'plain'}.pdf"
            await kcat(settings, TopicNames.of(settings).raw_files, file, "-z", codec, "-H", name, "-H", path)
    with WorkerProcess(settings) as worker:

        async def all_read() -> bool:
            return await topics.page_count() == 2 * len(codecs)

        await eventually(all_read, 60, worker.log)
        assert worker.alive
    read = {page.path: page.text for page in (await topics.pages()).values()}
    assert set(read) == {f"{codec}/{name}.pdf" for codec in codecs for name in ("odd", "plain")}
    assert set(read.values()) == {"This is page number 0."}
    assert await topics.dead_letters() == []


async def test_a_header_name_that_is_not_utf8_stops_no_consumer_of_any_topic(
    settings: Settings, topics: Topics, tmp_path: Path
) -> None:
    junk, document, names = tmp_path / "junk", tmp_path / "a.pdf", TopicNames.of(settings)
    junk.write_bytes(b"junk")
    document.write_bytes(text_pdf(2))
    for topic in (names.raw_files, names.pages, names.page_text, names.documents, names.dead_letters):
        await kcat(settings, topic, junk, "-k", "junk", "-H", NOT_UTF8)
    await kcat(settings, names.raw_files, document, "-H", "document-id=good")
    with WorkerProcess(settings) as worker:

        async def finished() -> bool:
            async with topic_consumer(settings, [names.documents], from_beginning=True) as consumer:
                ends = await consumer.end_offsets(consumer.assignment())
                values = []
                while any([await consumer.position(where) < end for where, end in ends.items()]):
                    for records in (await consumer.getmany(timeout_ms=200)).values():
                        values += [record.value for record in records if record.key == b"good"]
            return any(b'"done"' in value for value in values)

        await eventually(finished, 60, worker.log)
        assert worker.alive
        assert worker.stop() == 0
    async with topic_consumer(settings, [names.dead_letters], from_beginning=True) as consumer:
        found = [await asyncio.wait_for(anext(consumer), 10) for _ in range(3)]
    assert sorted(b"unsupported-file" in record.value for record in found) == [False, False, True]


async def test_a_batch_is_read_in_order_around_such_a_name(settings: Settings, tmp_path: Path) -> None:
    lines, topic = tmp_path / "lines", TopicNames.of(settings).raw_files
    lines.write_bytes(b"\n".join(b"line %d" % number for number in range(50)))
    linger = ("-X", "linger.ms=500", "-p", "0")
    command: list[str | bytes] = ["kcat", "-P", "-b", str(settings.broker), "-t", topic, "-z", "zstd", *linger]
    command += ["-k", "key", "-H", NOT_UTF8, "-H", "empty", "-l", str(lines)]
    await asyncio.to_thread(subprocess.run, command, check=True, timeout=30)
    async with open_consumer(settings, auto_offset_reset="earliest") as consumer:
        consumer.assign([TopicPartition(topic, 0)])
        records = [await asyncio.wait_for(consumer.getone(), 10) for _ in range(50)]
    assert [record.value for record in records] == lines.read_bytes().split(b"\n")
    assert [record.offset for record in records] == list(range(50))
    assert {record.key for record in records} == {b"key"}
    assert {record.headers for record in records} == {(("\\xff\\xfe", b"1"), ("empty", None))}
    assert all(abs(record.timestamp / 1000 - time.time()) < 60 for record in records)
    reader, fetcher = RecordReader(settings), SourceFetcher(settings)
    try:
        assert (await reader.read(topic, 0, 37)).value == b"line 37"
        await fetcher.fetch(kafka_reference(topic, 0, 49), tmp_path / "fetched")
    finally:
        await reader.close()
        await fetcher.stop()
    assert (tmp_path / "fetched").read_bytes() == b"line 49"
