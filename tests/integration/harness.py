"""What the tests on a real Kafka share: worker processes that can be killed, and documents with known text."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import chain
from pathlib import Path
from typing import Self, TypeVar

import httpx
import pymupdf
from aiokafka import AIOKafkaProducer

from models.options import ReadOptions
from models.pipeline import PagePipeline
from streams.kafka.follower import topic_consumer
from streams.kafka.security import client_options
from streams.kafka.topics import TopicNames
from streams.messages.codec import decode
from streams.messages.record import Record
from streams.messages.records import DeadLetter, DocumentRecord, PageText, page_key
from streams.settings import Settings

R = TypeVar("R", bound=Record)

ROOT = Path(__file__).resolve().parents[2]


class WorkerProcess:
    """`inkstream worker` as a process of its own. Start it, kill it, start it again on the same data."""

    def __init__(self, settings: Settings, *, module: str = "streams", roles: tuple[str, ...] = ("all",)) -> None:
        self._command = [sys.executable, "-m", module, "worker", "--broker", str(settings.broker)]
        for role in roles:
            self._command += ["--role", role]
        self._environment = {
            **os.environ,
            "INKSTREAM_BROKER": str(settings.broker),
            "INKSTREAM_TOPIC_PREFIX": settings.topic_prefix,
            "INKSTREAM_DATA_DIR": str(settings.data_dir),
            "INKSTREAM_PROCESSES": str(settings.processes),
            "INKSTREAM_SESSION_TIMEOUT_S": str(settings.session_timeout_s),
            "INKSTREAM_PAGE_TIMEOUT_S": str(settings.page_timeout_s),
            "INKSTREAM_MAX_ATTEMPTS": str(settings.max_attempts),
            "INKSTREAM_MAX_PAGES": str(settings.max_pages),
            "INKSTREAM_READER": settings.reader,
            "INKSTREAM_PASSWORDS": json.dumps([secret.get_secret_value() for secret in settings.passwords]),
            "INKSTREAM_CONTENT_REF_FOLDERS": json.dumps(settings.content_ref_folders),
            "INKSTREAM_CONTENT_REF_PRIVATE_HOSTS": json.dumps(settings.content_ref_private_hosts),
            "INKSTREAM_CONTENT_REF_TIMEOUT_S": str(settings.content_ref_timeout_s),
            "INKSTREAM_SOURCE_RETRY_S": str(settings.source_retry_s),
            "INKSTREAM_RAW_FILES_RETENTION_H": str(settings.raw_files_retention_h),
            "INKSTREAM_API_PORT": "0",
            "INKSTREAM_LOG_LEVEL": settings.log_level,
            "INKSTREAM_TRACING": str(settings.tracing),
            "INKSTREAM_LOG_FORMAT": settings.log_format,
            "INKSTREAM_LOG_RECORDS": str(settings.log_records),
        }
        if settings.probe_port is not None:
            self._environment["INKSTREAM_PROBE_PORT"] = str(settings.probe_port)
        if settings.webhook_secret is not None:
            self._environment["INKSTREAM_WEBHOOK_SECRET"] = settings.webhook_secret.get_secret_value()
        if settings.sasl_password is not None:
            self._environment |= {
                "INKSTREAM_SECURITY_PROTOCOL": settings.security_protocol,
                "INKSTREAM_SASL_USERNAME": str(settings.sasl_username),
                "INKSTREAM_SASL_PASSWORD": settings.sasl_password.get_secret_value(),
                "INKSTREAM_SSL_CAFILE": str(settings.ssl_cafile),
            }
        self.log = settings.data_dir.parent / f"worker-{id(self)}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, env=self._environment, stdout=log, stderr=subprocess.STDOUT
            )
        return self

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """kill -9: no goodbye to anybody."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(10)

    def stop(self, timeout_s: float = 30) -> int:
        """SIGTERM, and the exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(timeout_s)

    def wait(self, timeout_s: float) -> int:
        assert self._process is not None
        return self._process.wait(timeout_s)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self.alive:
            self.kill()


class Service:
    """A worker that is reached by its API."""

    def __init__(self, settings: Settings, worker: WorkerProcess) -> None:
        self.settings = settings
        self.worker = worker

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        """Yield a client of the API, once it answers from its topics."""
        address = self.settings.data_dir / "api"

        async def listening() -> bool:
            return address.exists()

        await eventually(listening, 60, self.worker.log)
        async with httpx.AsyncClient(base_url=address.read_text().strip(), timeout=30) as client:

            async def ready() -> bool:
                return (await client.get("/readyz")).status_code == 200

            await eventually(ready, 60, self.worker.log)
            yield client

    async def read(self, client: httpx.AsyncClient, content: bytes, name: str, **form: str) -> str:
        """Upload a document and return its id once it is read."""
        sent = await client.post("/files", files={"file": (name, content)}, data=form)
        document = str(sent.json()["documents"][0]["document_id"])

        async def done() -> bool:
            state = (await client.get(f"/documents/{document}")).json()
            return state["status"] == "done" and (await client.get(f"/documents/{document}/text")).is_success

        await eventually(done, 60, self.worker.log)
        return document


class Topics:
    """Reads what stands on the topics of one test."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._names = TopicNames.of(settings)

    async def pages(self) -> dict[tuple[str, int], PageText]:
        """The last page-text record of every key, without those that were deleted."""
        deleted: set[bytes] = set()
        records = await self._all(self._names.page_text, PageText, deleted)
        found = {(record.document_id, record.pagenum): record for record in records}
        return {where: record for where, record in found.items() if page_key(*where).encode() not in deleted}

    async def page_count(self) -> int:
        return len(await self.pages())

    async def tasks_sent(self) -> int:
        async with topic_consumer(self._settings, [self._names.pages], from_beginning=True) as consumer:
            return sum((await consumer.end_offsets(consumer.assignment())).values())

    async def partition_of(self, topic: str, key: str) -> int:
        """The partition on which a key stands."""
        async with topic_consumer(self._settings, [topic], from_beginning=True) as consumer:
            while True:
                record = await consumer.getone()
                if record.key == key.encode():
                    return int(record.partition)

    async def documents(self) -> dict[str, DocumentRecord]:
        return {r.document_id: r for r in await self._all(self._names.documents, DocumentRecord)}

    async def dead_letters(self) -> list[DeadLetter]:
        return await self._all(self._names.dead_letters, DeadLetter)

    async def _all(self, topic: str, kind: type[R], deleted: set[bytes] | None = None) -> list[R]:
        """Return what stands on a topic; `deleted` gets the keys whose last record is a tombstone."""
        found: list[R] = []
        gone = set() if deleted is None else deleted
        async with topic_consumer(self._settings, [topic], from_beginning=True) as consumer:
            ends = await consumer.end_offsets(consumer.assignment())
            while any([await consumer.position(where) < end for where, end in ends.items()]):
                for record in chain.from_iterable((await consumer.getmany(timeout_ms=200)).values()):
                    if record.value is None and deleted is not None:
                        gone.add(record.key)
                    else:
                        found.append(decode(kind, record.value))
                        gone.discard(record.key)
        return found


async def everything_on(settings: Settings) -> dict[str, bytes]:
    """Return all that stands on each topic: keys, values, headers, and payloads of dead letters decoded."""
    found: dict[str, bytes] = {}
    names = TopicNames.of(settings)
    for topic in (names.raw_files, names.pages, names.page_text, names.documents, names.dead_letters):
        async with topic_consumer(settings, [topic], from_beginning=True) as consumer:
            ends = await consumer.end_offsets(consumer.assignment())
            while any([await consumer.position(where) < end for where, end in ends.items()]):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    for record in records:
                        found[topic] = found.get(topic, b"") + repr(record).encode() + (record.value or b"")
                        if topic == names.dead_letters:
                            payload = json.loads(record.value or b"{}").get("payload_base64")
                            found[topic] += base64.b64decode(payload or "")
    return found


async def eventually(
    condition: Callable[[], Awaitable[bool]], timeout_s: float = 60, log: Path | None = None
) -> None:
    """Return once the condition holds; fail with the worker's log where it does not in time."""
    deadline = time.monotonic() + timeout_s
    while True:
        asked = time.monotonic()
        if await condition():
            return
        answered = time.monotonic()
        if answered > deadline:
            tail = log.read_text()[-4000:] if log else ""
            raise AssertionError(f"did not come true within {timeout_s:g} s\n{tail}")
        # topics are read whole for each answer: what waits leaves most of the machine to what it waits for
        await asyncio.sleep(max(0.1, 3 * (answered - asked)))


async def produce(
    settings: Settings,
    topic: str,
    value: bytes,
    key: bytes | None = None,
    headers: dict[str, bytes] | None = None,
    partition: int | None = None,
) -> None:
    """Send one message as any client would."""
    producer = AIOKafkaProducer(**client_options(settings), max_request_size=settings.max_message_bytes)
    await producer.start()
    try:
        await producer.send_and_wait(
            topic, value, key=key, headers=list((headers or {}).items()), partition=partition
        )
    finally:
        await producer.stop()


def text_pdf(pages: int, word: str = "page", *, above: str = "") -> bytes:
    """Return a PDF with a text layer, whose page n holds its number, in its last line."""
    document = pymupdf.open()
    for number in range(pages):
        page = document.new_page(width=300, height=200)
        page.insert_text((40, 30), above, fontsize=6)
        page.insert_text((40, 60), f"This is {word} number {number}.")
    content: bytes = document.tobytes(no_new_id=True)
    return content


def long_text_pdf(pages: int) -> bytes:
    """Return such a PDF with enough words on each page for its text layer not to be compared with its picture."""
    return text_pdf(pages, above="Whoever scans for a living has letters of many pages, and each of them counts.")


def scanned_pdf(lines: list[str]) -> bytes:
    """Return a PDF of one picture per line of text, without a text layer."""
    scan = pymupdf.open()
    for line in lines:
        page = pymupdf.open().new_page(width=300, height=120)
        page.insert_text((30, 60), line, fontsize=14)
        picture = page.get_pixmap(dpi=200).tobytes("png")
        scan.new_page(width=300, height=120).insert_image(pymupdf.Rect(0, 0, 300, 120), stream=picture)
    content: bytes = scan.tobytes(no_new_id=True)
    return content


def undisturbed(content: bytes, folder: Path) -> list[str]:
    """Return each page's text as the pipeline reads it with nothing in the way."""
    file = folder / "undisturbed.pdf"
    file.write_bytes(content)
    pipeline = PagePipeline()
    count = pymupdf.open(file).page_count
    return [pipeline.transcribe(file, number, ReadOptions()).text for number in range(count)]
