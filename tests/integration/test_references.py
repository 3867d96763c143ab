"""Servers that do not answer, or misbehave, cost the documents that are on them, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.options import ReadOptions
from streams.kafka.topics import TopicNames
from streams.messages.codec import encode
from streams.messages.records import PageTask
from streams.settings import Settings
from streams.sources.producer import FileProducer
from tests.integration.harness import Topics, WorkerProcess, eventually, produce, text_pdf
from tests.unit.test_http_source import serving, silent, status

pytestmark = pytest.mark.timeout(180)

LOCAL = {"content_ref_private_hosts": ("127.0.0.1",)}


async def test_servers_that_do_not_answer_hold_up_neither_files_nor_pages(
    settings: Settings, topics: Topics
) -> None:
    names = TopicNames.of(settings)
    settings = settings.model_copy(update={**LOCAL, "content_ref_timeout_s": 120.0})
    async with serving(silent) as url, FileProducer(settings) as producer:
        for number in range(30):
            await produce(settings, names.raw_files, b"", headers={"content-ref": f"{url}?{number}".encode()})
            task = PageTask(
                document_id="away", pagenum=number, total_pages=30, path="away", reference=f"{url}?{number}",
                sha256=f"{number:064d}", options=ReadOptions(), started="",
            )  # fmt: skip
            await produce(settings, names.pages, encode(task), key=f"away/{number}".encode())
        with WorkerProcess(settings) as worker:
            for number in range(5):
                await producer.send_bytes(text_pdf(2, f"file {number} page"), f"{number}.pdf")

            async def all_read() -> bool:
                return await topics.page_count() == 10

            await eventually(all_read, 60, worker.log)
            assert await topics.dead_letters() == []
            assert worker.stop() == 0


async def test_a_reference_that_fails_is_a_letter_that_names_what_to_do(
    settings: Settings, topics: Topics, tmp_path: Path
) -> None:
    names = TopicNames.of(settings)
    settings = settings.model_copy(update={**LOCAL, "source_retry_s": 2.0})
    body = text_pdf(1)
    async with (
        serving(status("403 Forbidden")) as forbidden,
        serving(status("404 Not Found")) as missing,
        serving(status("500 Internal Server Error")) as failing,
        serving(status("200 OK", body=body)) as good,
    ):
        for reference in (forbidden, missing, failing, good, "s3://bucket/a.pdf"):
            await produce(
                settings, names.raw_files, b"", headers={"content-ref": f"{reference}?sig=5ecret".encode()}
            )
        with WorkerProcess(settings) as worker:

            async def finished() -> bool:
                return len(await topics.dead_letters()) == 4 and await topics.page_count() == 1

            await eventually(finished, 60, worker.log)
            assert worker.alive
            log = worker.log.read_text()
    letters = {letter.reason: letter.exception for letter in await topics.dead_letters()}
    assert set(letters) == {"source-forbidden", "source-gone", "source-unavailable", "source-unsupported"}
    assert "valid signature" in letters["source-forbidden"]
    assert "send the document again" in letters["source-gone"]
    assert "5ecret" not in log + "".join(letters.values())
