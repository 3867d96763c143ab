"""Whatever anybody writes onto a topic costs itself alone: documents before and after it are read."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256

import httpx
import pytest

from models.errors import CorruptFile, InkstreamError
from models.options import ReadOptions
from streams.kafka.clients import open_producer
from streams.kafka.record_reader import kafka_reference
from streams.kafka.replay import Replayer, stored_letters
from streams.kafka.topics import TopicNames
from streams.messages.codec import encode
from streams.messages.dead_letters import dead_letter
from streams.messages.incoming import Incoming
from streams.messages.records import PageTask, now
from streams.settings import Settings
from streams.sources.producer import FileProducer, SentFile
from tests.integration.forgeries import RECORDS, Forger, Forgery
from tests.integration.harness import ROOT, Topics, WorkerProcess, eventually, produce, text_pdf

pytestmark = pytest.mark.timeout(60 + RECORDS)

_OPTIONS = {"languages": "eng", "dpi": 300, "password": "hush", "craft": {"canvas_size": 64}, "psm": 3}


@pytest.fixture(autouse=True)
def _no_second_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INKSTREAM_SOURCE_RETRY_S", "0")


async def send(
    settings: Settings, topic: str, partitions: int, forgeries: Iterable[Forgery], forger: Forger
) -> None:
    async with open_producer(settings) as producer:
        for forged in forgeries:
            key = (
                b"" if forged.key is None and forged.value is None else forged.key
            )  # aiokafka sends no pair of nulls
            where = forger.partition(partitions)
            await producer.send(topic, forged.value, key=key, headers=forged.headers, partition=where)
        await producer.flush()


async def send_good(settings: Settings, name: str) -> SentFile:
    async with FileProducer(settings) as producer:
        return await producer.send_bytes(text_pdf(1, name), f"{name}.pdf")


async def counted(settings: Settings, *names: str) -> int:
    """Return the sum of some of the worker's counters, over all their labels."""
    async with httpx.AsyncClient() as client:
        text = (await client.get((settings.data_dir / "api").read_text().strip() + "/metrics")).text
    samples = (line.rsplit(" ", 1) for line in text.splitlines() if line.startswith(names))
    return sum(int(float(value)) for _, value in samples)


async def until_read(topics: Topics, documents: Iterable[SentFile], worker: WorkerProcess) -> None:
    async def all_done() -> bool:
        assert worker.alive, worker.log.read_text()[-4000:]
        found = await topics.documents()
        return all(sent.document_id in found and found[sent.document_id].status == "done" for sent in documents)

    await eventually(all_done, 60 + RECORDS, worker.log)


async def test_references_to_no_partition_hold_up_nobody(settings: Settings, topics: Topics) -> None:
    names = TopicNames.of(settings)
    forged = [
        Forgery(b"", headers=[("content-ref", f"kafka://{names.raw_files}/{partition}/0".encode())])
        for partition in (7, 2**31, 10**30)
    ]
    await send(settings, names.raw_files, settings.raw_files_partitions, forged, Forger(4))
    with WorkerProcess(settings) as worker:

        async def refused() -> bool:
            assert worker.alive, worker.log.read_text()[-4000:]
            return len(await topics.dead_letters()) == len(forged)

        await eventually(refused, 25, worker.log)
    reasons = sorted(letter.reason for letter in await topics.dead_letters())
    assert reasons == ["source-gone", "source-gone", "undecodable-message"]  # Kafka numbers no partition 10^30


async def test_forged_files_cost_themselves_alone(settings: Settings, topics: Topics) -> None:
    forger = Forger(1)
    good = [await send_good(settings, "before")]
    forged = forger.files(text_pdf(1), _OPTIONS, RECORDS)
    await send(settings, TopicNames.of(settings).raw_files, settings.raw_files_partitions, forged, forger)
    good.append(await send_good(settings, "after"))
    with WorkerProcess(settings) as worker:
        await until_read(topics, good, worker)

        async def all_counted() -> bool:
            return await counted(settings, "inkstream_documents_split_total") + await failed(
                settings, "split_files"
            ) == RECORDS + len(good)

        await eventually(all_counted, 60 + RECORDS, worker.log)
        assert worker.alive


async def failed(settings: Settings, stage: str) -> int:
    async with httpx.AsyncClient() as client:
        text = (await client.get((settings.data_dir / "api").read_text().strip() + "/metrics")).text
    lines = (line for line in text.splitlines() if line.startswith("inkstream_failed_total") and stage in line)
    return sum(int(float(line.rsplit(" ", 1)[1])) for line in lines)


async def test_forged_page_tasks_cost_themselves_alone(settings: Settings, topics: Topics) -> None:
    forger = Forger(2)
    good = [await send_good(settings, "before")]
    task = PageTask.model_validate(
        {
            "document_id": "forged", "pagenum": 0, "total_pages": 1, "path": "forged.pdf", "options": _OPTIONS,
            "reference": good[0].reference, "sha256": sha256(text_pdf(1, "before")).hexdigest(), "started": "s",
        }
    ).model_dump()  # fmt: skip
    task["options"] = _OPTIONS
    forged = forger.records(task, RECORDS)
    await send(settings, TopicNames.of(settings).pages, settings.pages_partitions, forged, forger)
    good.append(await send_good(settings, "after"))
    with WorkerProcess(settings) as worker:
        await until_read(topics, good, worker)

        async def all_counted() -> bool:
            read = await counted(settings, "inkstream_pages_read_total")
            return read + await failed(settings, "read_pages") == RECORDS + len(good)

        await eventually(all_counted, 60 + RECORDS, worker.log)
        assert worker.alive


async def test_forged_letters_cost_themselves_alone(settings: Settings) -> None:
    forger, names = Forger(3), TopicNames.of(settings)
    sent = await send_good(settings, "file")
    message = Incoming(sent.topic, sent.partition, sent.offset, b"k", b"")
    valid = dead_letter("split_files", CorruptFile("damaged"), message, attempts=1).model_dump()
    task = dead_letter("read_pages", CorruptFile("damaged"), Incoming(names.pages, 0, 0, b"k", b"{}"), attempts=1)
    elsewhere = [
        {**task.model_dump(), "topic": names.page_text, "payload_base64": "e30="},
        {**valid, "topic": names.documents},
        {**valid, "partition": 99},
        {**task.model_dump(), "payload_base64": "no base64!"},
    ]
    await send(settings, names.dead_letters, 1, [Forgery(json.dumps(one).encode()) for one in elsewhere], forger)
    for letter in (valid, task.model_dump()):
        await send(settings, names.dead_letters, 1, forger.records(letter, RECORDS // 2), forger)
    await send(settings, names.dead_letters, 1, [Forgery(task.model_dump_json().encode())], forger)
    stored = [letter async for letter in stored_letters(settings)]
    assert stored[-1].letter == task
    replayed: list[str] = []
    async with Replayer(settings) as replayer:
        for one in stored:
            with suppress(InkstreamError):
                replayed.append(await replayer.replay(one.letter))
    assert replayed[-1].startswith(names.pages)
    assert {place.split("/")[0] for place in replayed} <= {names.raw_files, names.pages}
    command = [sys.executable, "-m", "streams", "dead-letters", "list", "--broker", str(settings.broker)]
    command += ["--prefix", settings.topic_prefix]
    listed = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, cwd=ROOT)
    assert (listed.returncode, listed.stderr) == (0, "")
    assert f"{len(stored)} dead letters" in listed.stdout


async def test_messages_that_one_field_fills_cost_themselves_alone(settings: Settings, topics: Topics) -> None:
    names, full = TopicNames.of(settings), "x" * (settings.max_message_bytes - 2000)
    task = PageTask(
        document_id="d", pagenum=0, total_pages=1, path=full, sha256="0" * 64, options=ReadOptions(), started=now(),
        reference=kafka_reference(names.raw_files, 0, 99),
    )  # fmt: skip
    await produce(settings, names.raw_files, b"", headers={"path": full.encode()})
    await produce(settings, names.pages, b"x", key=b"x" * (settings.max_message_bytes - 300))
    await produce(settings, names.pages, encode(task), key=b"d/0")
    with WorkerProcess(settings) as worker:

        async def reported() -> bool:
            assert worker.alive, worker.log.read_text()[-4000:]
            return len(await topics.dead_letters()) == 3

        await eventually(reported, 90, worker.log)
    letters = sorted((letter.stage, letter.reason) for letter in await topics.dead_letters())
    assert letters == [
        ("read_pages", "record-too-large"),
        ("read_pages", "record-too-large"),
        ("split_files", "undecodable-message"),
    ]
