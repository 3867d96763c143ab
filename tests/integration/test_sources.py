"""Files on their way to a real Kafka: what is on the topic afterwards."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import pymupdf
import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from streams.errors import FileUnreadable, RecordTooLarge
from streams.kafka.clients import open_admin, open_producer
from streams.kafka.security import client_options
from streams.kafka.topics import TopicNames
from streams.messages.codec import decode_headers
from streams.settings import Settings
from streams.sources.folder import FolderSource
from streams.sources.producer import FileProducer
from streams.sources.watching import watching
from tests.integration.harness import Topics, WorkerProcess, eventually


def pdf(text: str = "hello") -> bytes:
    document = pymupdf.open()
    document.new_page().insert_text((72, 72), text)
    content: bytes = document.tobytes()
    return content


async def raw_files(settings: Settings) -> list[ConsumerRecord]:
    """Return all that is on raw-files."""
    # not a seek to the beginning: the reset to the end, which is the default, may come after it
    consumer = AIOKafkaConsumer(**client_options(settings), auto_offset_reset="earliest")
    topic, found = TopicNames.of(settings).raw_files, []
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, number) for number in range(settings.raw_files_partitions)])
        ends = await consumer.end_offsets(consumer.assignment())
        while any([await consumer.position(where) < end for where, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += records
    finally:
        await consumer.stop()
    return found


async def until_idle(source: FolderSource, timeout_s: float = 30) -> None:
    for _ in range(int(timeout_s / 0.05)):
        if source.idle:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the folder source never came to rest")


def inkstream(settings: Settings, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "streams", *map(str, arguments)],
        capture_output=True, text=True, timeout=60,
        env=os.environ | {
            "INKSTREAM_BROKER": str(settings.broker), "INKSTREAM_TOPIC_PREFIX": settings.topic_prefix,
            "INKSTREAM_DATA_DIR": str(settings.data_dir), "INKSTREAM_RAW_FILES_PARTITIONS": "2",
        },
    )  # fmt: skip


async def test_a_sent_file_is_on_the_topic_with_its_headers(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / os.fsdecode(b"caf\xe9 1.pdf")
    file.write_bytes(pdf())
    async with FileProducer(settings) as producer:
        sent = await producer.send(file, options={"languages": "deu"})
    (record,) = await raw_files(settings)
    headers = decode_headers(record.headers)
    assert record.value == file.read_bytes()
    assert (record.partition, record.offset) == (sent.partition, sent.offset)
    assert record.key.decode() == headers.document_id == sent.document_id
    assert sent.document_id == sha256(sent.path.encode() + b"\0" + file.read_bytes()).hexdigest()[:32]
    assert headers.path == sent.path == f"{tmp_path.as_uri()}/caf%E9%201.pdf"
    assert headers.options == {"languages": "deu"}
    assert (headers.content_ref, sent.inline) == (None, True)


async def test_a_large_file_is_on_the_topic_by_reference(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "large.pdf").write_bytes(pdf())
    async with FileProducer(settings.model_copy(update={"inline_limit": 100})) as producer:
        sent = await producer.send(tmp_path / "large.pdf", as_ref=tmp_path / "archive/large.pdf")
    (record,) = await raw_files(settings)
    assert (record.value, sent.inline) == (b"", False)
    assert decode_headers(record.headers).content_ref == (tmp_path / "archive/large.pdf").as_uri()


async def test_a_file_above_what_the_topic_takes_goes_by_reference(settings: Settings, tmp_path: Path) -> None:
    settings = settings.model_copy(update={"topic_prefix": f"small-{settings.topic_prefix}"})
    admin = AIOKafkaAdminClient(**client_options(settings))
    await admin.start()
    topic = TopicNames.of(settings).raw_files
    await admin.create_topics([NewTopic(topic, 1, 1, topic_configs={"max.message.bytes": "50000"})])
    await admin.close()
    (tmp_path / "a.pdf").write_bytes(os.urandom(100_000))
    async with FileProducer(settings) as producer:
        assert not (await producer.send(tmp_path / "a.pdf")).inline
        with pytest.raises(RecordTooLarge, match=r"max\.message\.bytes"):
            await producer.send_bytes(bytes(100_000), "upload://a.pdf")


async def test_files_are_taken_after_one_that_kafka_refused_and_after_the_producer_died(settings: Settings) -> None:
    topic = TopicNames.of(settings).raw_files
    async with open_admin(settings) as admin, FileProducer(settings) as producer:
        for number in range(8):  # on every partition
            await producer.send_bytes(b"first", f"{number}.pdf")
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {"max.message.bytes": "1000"})])

        async def refused() -> bool:
            try:
                await producer.send_bytes(b"x" * 2000, "large.pdf")
            except RecordTooLarge:
                return True
            return False

        await eventually(refused)
        for number in range(8):
            await producer.send_bytes(b"later", f"{number}.pdf")
        assert producer._producer is not None
        producer._producer._sender.sender_task.cancel()
        await asyncio.sleep(0)
        await producer.send_bytes(b"last", "last.pdf")


async def test_a_producer_whose_clock_is_wrong_loses_nothing(settings: Settings) -> None:
    async with open_producer(settings) as producer:
        for moment_s in (0, time.time() + 7200):
            await producer.send_and_wait(TopicNames.of(settings).raw_files, b"x", timestamp_ms=int(moment_s * 1000))
    stamped = [record.timestamp / 1000 for record in await raw_files(settings)]
    assert [abs(moment_s - time.time()) < 600 for moment_s in stamped] == [True, True]


async def test_what_is_no_file_is_a_typed_error_and_an_empty_file_is_sent(
    settings: Settings, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty.pdf").touch()
    async with FileProducer(settings) as producer:
        for wrong in ("nothing.pdf", ".", "pipe"):
            with pytest.raises(FileUnreadable):
                await producer.send(tmp_path / wrong)
        await producer.send(tmp_path / "empty.pdf")
    assert [record.value for record in await raw_files(settings)] == [b""]


async def test_kcat_and_inkstream_send_are_the_same_to_a_reader(settings: Settings, tmp_path: Path) -> None:
    file, topic = tmp_path / "a.pdf", TopicNames.of(settings).raw_files
    file.write_bytes(pdf())
    async with FileProducer(settings) as producer:
        sent = await producer.send(file, options={"dpi": 200})
    headers = {"path": sent.path, "document-id": sent.document_id, "options": json.dumps({"dpi": 200})}
    flags = [part for name, value in headers.items() for part in ("-H", f"{name}={value}")]
    command = ["kcat", "-P", "-b", str(settings.broker), "-t", topic, "-k", sent.document_id, *flags, str(file)]
    await asyncio.to_thread(subprocess.run, command, check=True, timeout=30)
    ours, theirs = await raw_files(settings)
    assert (ours.key, ours.value) == (theirs.key, theirs.value)  # librdkafka has a partitioner of its own
    assert decode_headers(ours.headers) == decode_headers(theirs.headers)


async def test_a_watched_folder_is_delivered_once_to_each_kafka_topic(settings: Settings) -> None:
    for number in range(30):
        (settings.inbox / f"{number}.pdf").write_bytes(pdf(str(number)))
    settings = settings.model_copy(update={"stable_s": 0.1})
    for _ in range(2):  # the second life finds nothing to do
        async with watching(settings) as (source, _):
            await until_idle(source)
    assert len(await raw_files(settings)) == 30
    other = settings.model_copy(update={"topic_prefix": f"other-{settings.topic_prefix}"})
    admin = AIOKafkaAdminClient(**client_options(settings))
    await admin.start()
    await admin.create_topics([NewTopic(TopicNames.of(other).raw_files, 2, 1)])
    await admin.close()
    async with watching(other) as (source, _):
        await until_idle(source)
    assert len(await raw_files(other)) == 30


async def test_a_file_that_failed_is_not_deleted(settings: Settings) -> None:
    locked = pymupdf.open()
    locked.new_page()
    content = locked.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="unknown")
    (settings.inbox / "good.pdf").write_bytes(pdf())
    (settings.inbox / "locked.pdf").write_bytes(content)
    topics = Topics(settings)

    async def ended() -> bool:
        states = {record.status for record in (await topics.documents()).values()}
        return states == {"done", "failed"} and not (settings.inbox / "good.pdf").exists()

    deleting = settings.model_copy(update={"clean": "delete", "stable_s": 0.1})
    async with watching(deleting):
        with WorkerProcess(settings) as worker:
            await eventually(ended, 60, worker.log)
    assert [file.name for file in settings.inbox.iterdir()] == ["locked.pdf"]


async def test_send_takes_folders_and_reports_what_it_could_not_send(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "scans/deep").mkdir(parents=True)
    (tmp_path / "scans/deep" / os.fsdecode(b"caf\xe9.pdf")).write_bytes(pdf())
    (tmp_path / "scans/.DS_Store").write_bytes(b"not a document")
    result = await asyncio.to_thread(inkstream, settings, "send", tmp_path / "scans", tmp_path / "nothing.pdf")
    assert result.returncode == 1
    assert "nothing.pdf cannot be read" in result.stderr
    assert "Traceback" not in result.stderr
    (line,) = result.stdout.splitlines()
    (record,) = await raw_files(settings)
    assert f"→ {record.topic}/{record.partition}/{record.offset}  document {record.key.decode()}" in line


async def test_watch_goes_on_after_sigkill_and_ends_cleanly_on_sigterm(settings: Settings) -> None:
    environment = os.environ | {
        "INKSTREAM_BROKER": str(settings.broker), "INKSTREAM_TOPIC_PREFIX": settings.topic_prefix,
        "INKSTREAM_DATA_DIR": str(settings.data_dir), "INKSTREAM_STABLE_S": "0.1", "PYTHONUNBUFFERED": "1",
    }  # fmt: skip
    command = [sys.executable, "-m", "streams", "watch", str(settings.inbox)]
    names = sorted(f"{number}.pdf" for number in range(6))
    seen: set[str] = set()
    for there, end in ((names[:3], "kill"), (names, "terminate")):
        for name in set(there) - seen:
            (settings.inbox / name).write_bytes(pdf(name))
        process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, env=environment)
        assert process.stdout is not None
        async with asyncio.timeout(40):
            while not seen.issuperset(there):  # the last before the kill may come a second time: at least once
                seen.add(Path((await process.stdout.readline()).decode().split(" → ")[0]).name)
            getattr(process, end)()
            code = await process.wait()
    assert code == 0
    delivered = [Path(str(decode_headers(record.headers).path)).name for record in await raw_files(settings)]
    assert set(delivered) == set(names)
    assert len(delivered) <= len(names) + 1
