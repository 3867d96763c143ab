"""Documents in, records and SQL out, on a real Kafka, with clients that are not ours where it matters."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pymupdf
import pytest
from pydantic import SecretStr

from streams.agents.attachments import attachment_id
from streams.kafka.lag import LagReader
from streams.kafka.replay import Replayer, stored_letters
from streams.kafka.topics import TopicNames
from streams.messages.codec import encode
from streams.messages.records import FileHeaders, PageTask, page_key
from streams.settings import Settings
from streams.sources.producer import FileProducer
from tests.integration.harness import (
    ROOT,
    Topics,
    WorkerProcess,
    eventually,
    everything_on,
    produce,
    scanned_pdf,
    text_pdf,
)

pytestmark = pytest.mark.timeout(180)


async def run(command: list[str]) -> str:
    done = await asyncio.to_thread(subprocess.run, command, check=True, timeout=30, capture_output=True, text=True)
    return str(done.stdout)


async def read_all(topics: Topics, pages: int, worker: WorkerProcess, timeout_s: float = 60) -> None:
    async def all_there() -> bool:
        return await topics.page_count() >= pages

    await eventually(all_there, timeout_s, worker.log)


async def letters(topics: Topics, count: int, worker: WorkerProcess) -> None:
    async def all_there() -> bool:
        return len(await topics.dead_letters()) >= count

    await eventually(all_there, 60, worker.log)


async def test_kcat_produces_a_pdf_and_consumes_json(settings: Settings, topics: Topics, tmp_path: Path) -> None:
    names = TopicNames.of(settings)
    file = tmp_path / "letter.pdf"
    file.write_bytes(text_pdf(2))
    with WorkerProcess(settings) as worker:
        kcat = ["kcat", "-b", str(settings.broker), "-q"]
        send = [*kcat, "-P", "-t", names.raw_files, "-H", "path=scanner://lobby/letter.pdf", "-k", "letter-1",
                "-H", 'options={"dpi": 150}', "-X", "message.max.bytes=16000000", str(file)]  # fmt: skip
        await run(send)
        await read_all(topics, 2, worker)
        consume = [*kcat, "-C", "-t", names.page_text, "-e", "-o", "beginning", "-f", "%k %s\n"]
        printed = await run(consume)
    records = dict(line.split(" ", 1) for line in printed.splitlines())
    found = {key: json.loads(value) for key, value in records.items()}
    document = next(iter(found)).split("/")[0]
    assert set(found) == {f"{document}/0", f"{document}/1"}
    record = found[f"{document}/1"]
    assert (record["text"], record["path"], record["pagenum"], record["dpi"]) == (
        "This is page number 1.", "scanner://lobby/letter.pdf", 1, 150,
    )  # fmt: skip
    assert list(record)[:4] == ["timestamp", "pagenum", "path", "text"]
    schema = json.loads((ROOT / "streams/messages/page_text.schema.json").read_text())
    for value in found.values():
        jsonschema.validate(value, schema)


async def test_a_producer_may_name_the_document(settings: Settings, topics: Topics) -> None:
    with WorkerProcess(settings) as worker:
        headers = {"path": b"a", "document-id": b"case-4711"}
        await produce(settings, TopicNames.of(settings).raw_files, text_pdf(1), headers=headers)
        await read_all(topics, 1, worker)
    assert set(await topics.pages()) == {("case-4711", 0)}


async def test_a_later_file_of_the_same_id_takes_the_place_of_the_earlier_one(
    settings: Settings, topics: Topics
) -> None:
    raw_files, headers = TopicNames.of(settings).raw_files, {"path": b"a", "document-id": b"case-4711"}
    with WorkerProcess(settings) as worker:
        await produce(settings, raw_files, text_pdf(3, "draft"), headers=headers)
        await eventually(lambda: document_is(topics, "case-4711", "done"), 60, worker.log)
        await produce(settings, raw_files, text_pdf(1, "final"), headers={**headers, "path": b"b"})

        async def replaced() -> bool:
            found = (await topics.documents())["case-4711"]
            return (found.path, found.total_pages, found.status) == ("b", 1, "done")

        await eventually(replaced, 60, worker.log)
    texts = {number: page.text for (_, number), page in (await topics.pages()).items()}
    assert texts == {0: "This is final number 0."}


async def test_a_page_of_an_earlier_file_that_is_read_late_does_not_stay(
    settings: Settings, topics: Topics
) -> None:
    page_text, key = TopicNames.of(settings).page_text, ("case-4711", 0)
    with WorkerProcess(settings) as worker:
        headers = {"document-id": b"case-4711"}
        await produce(settings, TopicNames.of(settings).raw_files, text_pdf(1, "final"), headers=headers)
        await eventually(lambda: document_is(topics, "case-4711", "done"), 60, worker.log)
        current = (await topics.pages())[key]
        partition = await topics.partition_of(page_text, page_key(*key))
        for pagenum in (0, 1):  # of two pages that an earlier file had
            late = current.model_copy(
                update={"pagenum": pagenum, "total_pages": 2, "text": "draft", "sent": "2020-01-01T00:00:00.000Z"}
            )
            name = page_key("case-4711", pagenum).encode()
            await produce(settings, page_text, encode(late), key=name, partition=partition)

        async def is_as_before() -> bool:
            return await topics.pages() == {key: current}

        await eventually(is_as_before, 60, worker.log)


async def test_a_document_that_takes_its_successors_place_is_read_again(settings: Settings, topics: Topics) -> None:
    raw_files, first, headers = TopicNames.of(settings).raw_files, text_pdf(1), {"document-id": b"a"}
    with WorkerProcess(settings) as worker:
        await produce(settings, raw_files, first, headers=headers)
        await eventually(lambda: document_is(topics, "a", "done"), 60, worker.log)
        sent = (await topics.documents())["a"].sent
        await produce(settings, raw_files, first, headers={**headers, "supersedes": b"b"})

        async def is_current() -> bool:
            found = (await topics.documents())["a"]
            return found.supersedes == ["b"] and found.status == "done" and found.sent != sent

        await eventually(is_current, 60, worker.log)


async def test_documents_of_a_portfolio_become_documents_of_their_own(settings: Settings, topics: Topics) -> None:
    document = pymupdf.open(stream=text_pdf(1, "cover"))
    document.embfile_add("1", text_pdf(2, "part"), filename="part one.pdf")
    document.embfile_add("2", b"<data/>", filename="data.xml")
    document.xref_set_key(document.pdf_catalog(), "Collection", "<</Type/Collection>>")
    headers = {"path": b"scanner://portfolio.pdf", "document-id": b"case"}
    with WorkerProcess(settings) as worker:
        await produce(settings, TopicNames.of(settings).raw_files, document.tobytes(), headers=headers)
        await read_all(topics, 3, worker)
    child = attachment_id("case", "part one.pdf")
    pages = await topics.pages()
    assert {key: page.text for key, page in pages.items()} == {
        ("case", 0): "This is cover number 0.",
        (child, 0): "This is part number 0.",
        (child, 1): "This is part number 1.",
    }
    assert pages[child, 1].path == "scanner://portfolio.pdf#attachment=part%20one.pdf"
    (warning,) = pages["case", 0].warnings
    assert warning.startswith("attachments: ") and "data.xml" in warning
    assert not await topics.dead_letters()


async def test_a_portfolio_that_comes_again_is_not_read_again_but_what_failed_in_it(
    settings: Settings, topics: Topics
) -> None:
    locked = pymupdf.open(stream=text_pdf(1, "secret"))
    document = pymupdf.open(stream=text_pdf(1, "cover"))
    document.embfile_add("1", text_pdf(1, "part"), filename="part.pdf")
    document.embfile_add(
        "2", locked.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="pw"), filename="s.pdf"
    )
    document.xref_set_key(document.pdf_catalog(), "Collection", "<</Type/Collection>>")
    raw_files, content = TopicNames.of(settings).raw_files, document.tobytes()
    part, secret = attachment_id("case", "part.pdf"), attachment_id("case", "s.pdf")
    headers = {"path": b"scanner://portfolio.pdf", "document-id": b"case"}

    async def failed_once() -> bool:
        found = {name: record.status for name, record in (await topics.documents()).items()}
        return found == {"case": "done", part: "done", secret: "failed"}

    with WorkerProcess(settings) as worker:
        await produce(settings, raw_files, content, headers=headers)
        await eventually(failed_once, log=worker.log)
    before = {key: page.sent for key, page in (await topics.pages()).items()}
    with WorkerProcess(settings.model_copy(update={"passwords": (SecretStr("pw"),)})) as worker:
        await produce(settings, raw_files, content, headers=headers)
        await eventually(lambda: document_is(topics, secret, "done"), log=worker.log)
    pages = await topics.pages()
    assert pages.pop((secret, 0)).text == "This is secret number 0."
    assert {key: page.sent for key, page in pages.items()} == before


async def test_a_file_that_comes_again_is_read_once_unless_it_is_to_be_read_again(
    settings: Settings, topics: Topics
) -> None:
    """Twice before anybody reads, after it is done, after a restart, and by clients that give no key."""
    content = text_pdf(2)
    raw_files, headers = TopicNames.of(settings).raw_files, {"path": b"scan://a.pdf"}

    async def has_repeats(document_id: str, count: int) -> bool:
        found = (await topics.documents()).get(document_id)
        if found is None or found.status != "done":
            return False
        return (
            found.repeats >= count if count else found.repeats == 0
        )  # what comes again after a kill may count twice

    async with FileProducer(settings) as producer:
        first = await producer.send_bytes(content, "scan://a.pdf")
        await producer.send_bytes(content, "scan://a.pdf")  # as of two watchers of one folder
        with WorkerProcess(settings) as worker:
            await eventually(lambda: has_repeats(first.document_id, 1), 60, worker.log)
            assert await topics.tasks_sent() == 2
            last = await producer.send_bytes(content, "scan://a.pdf")
            await eventually(lambda: has_repeats(first.document_id, 2), 60, worker.log)
            assert (await topics.documents())[first.document_id].reference == last.reference
        with WorkerProcess(settings) as worker:
            await produce(settings, raw_files, content, headers=headers)
            await eventually(lambda: has_repeats(first.document_id, 3), 60, worker.log)
            assert await topics.tasks_sent() == 2
            await producer.send_bytes(content, "scan://a.pdf", {"dpi": 150})  # another reading
            await eventually(lambda: tasks_are(topics, 4), 60, worker.log)
            await eventually(lambda: has_repeats(first.document_id, 0), 60, worker.log)
            await producer.send_bytes(content, "scan://a.pdf", {"dpi": 150}, again=True)
            await eventually(lambda: tasks_are(topics, 6), 60, worker.log)
            await producer.send_bytes(content, "scan://b.pdf")  # another document
            await eventually(lambda: tasks_are(topics, 8), 60, worker.log)


async def test_a_file_whose_first_delivery_failed_is_read_when_it_comes_again(
    settings: Settings, topics: Topics
) -> None:
    small = settings.model_copy(update={"max_pages": 1})
    async with FileProducer(settings) as producer:
        sent = await producer.send_bytes(content := text_pdf(2), "scan://a.pdf")
        with WorkerProcess(small) as worker:
            await eventually(lambda: document_is(topics, sent.document_id, "failed"), 60, worker.log)
        with WorkerProcess(settings) as worker:
            await producer.send_bytes(content, "scan://a.pdf")
            await eventually(lambda: document_is(topics, sent.document_id, "done"), 60, worker.log)


async def tasks_are(topics: Topics, count: int) -> bool:
    return await topics.tasks_sent() == count


async def test_large_files_travel_by_reference(settings: Settings, topics: Topics, tmp_path: Path) -> None:
    file = tmp_path / "large.pdf"
    file.write_bytes(text_pdf(3))
    small = settings.model_copy(update={"inline_limit": 100})
    async with FileProducer(small) as producer:
        sent = await producer.send(file)
    assert not sent.inline
    with WorkerProcess(settings) as worker:
        await read_all(topics, 3, worker)
    pages = await topics.pages()
    assert pages[(sent.document_id, 2)].text == "This is page number 2."
    assert pages[(sent.document_id, 2)].reference == file.as_uri()


async def test_a_file_that_changed_or_went_is_source_gone(
    settings: Settings, topics: Topics, tmp_path: Path
) -> None:
    file = tmp_path / "large.pdf"
    file.write_bytes(text_pdf(1))
    small = settings.model_copy(update={"inline_limit": 100})
    async with FileProducer(small) as producer:
        await producer.send(file)
        file.unlink()
    raw_files = TopicNames.of(settings).raw_files
    await produce(settings, raw_files, b"", headers={"content-ref": b"ftp://elsewhere/x.pdf"})
    with WorkerProcess(settings) as worker:
        await letters(topics, 2, worker)
    assert {letter.reason for letter in await topics.dead_letters()} == {"source-gone", "undecodable-message"}


async def test_every_malformed_message_becomes_a_typed_dead_letter(settings: Settings, topics: Topics) -> None:
    names = TopicNames.of(settings)
    for value, headers in (
        (b"", {}),
        (b"not a document", {}),
        (text_pdf(1), {"options": b"{"}),
        (text_pdf(1), {"options": b'{"dpi": 1}'}),
        (text_pdf(1), {"path": b"\xff\xfe"}),
        (text_pdf(1)[:60], {"path": b"half.pdf"}),
    ):
        await produce(settings, names.raw_files, value, headers=headers)
    for value in (b"", b"{}", b"\xff", b"[" * 50_000, b'{"document_id": 5}'):
        await produce(settings, names.pages, value, key=b"junk")
    await produce(settings, names.page_text, b"nobody's record", key=b"junk")
    async with FileProducer(settings) as producer:
        good = await producer.send_bytes(text_pdf(1), "good.pdf")
    with WorkerProcess(settings) as worker:
        await letters(topics, 11, worker)
        await eventually(lambda: document_is(topics, good.document_id, "done"), 30, worker.log)
        assert worker.alive
        assert worker.stop() == 0
    found = await topics.dead_letters()
    reasons = sorted(letter.reason for letter in found)
    assert reasons == sorted(
        ["empty-document", "unsupported-file", "bad-options", "corrupt-file"] + ["undecodable-message"] * 7
    )
    assert all(letter.exception and letter.traceback and letter.topic for letter in found)


async def test_neither_text_nor_secrets_are_logged(settings: Settings, topics: Topics) -> None:
    names = TopicNames.of(settings)
    secrets = ("quicksilver", "sesame4711", "987654321", "hunter2", "s1gnature")
    locked = pymupdf.open()
    locked.new_page().insert_text((72, 72), "quicksilver")
    await produce(
        settings, names.raw_files, locked.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="sesame4711")
    )
    await produce(settings, names.raw_files, text_pdf(1), headers={"options": b'{"password": 987654321}'})
    for scheme in ("http", "ftp", "s3"):
        reference = f"{scheme}://me:hunter2@192.0.2.1/x.pdf?X-Amz-Signature=s1gnature".encode()
        foreign = {"content-ref": reference, "authorization": b"Bearer hunter2"}
        await produce(settings, names.raw_files, b"", headers=foreign)
    forged = b'{"document_id": 5, "text": "quicksilver", "options": {"password": 987654321}}'
    for topic in (names.pages, names.page_text, names.documents):
        await produce(settings, topic, forged, key=b"forged")
    settings = Settings(
        **{
            **settings.model_dump(),
            "passwords": ("sesame4711",),
            "source_retry_s": 0,
            "log_format": "json",
            "log_records": True,
        }
    )
    with WorkerProcess(settings) as worker:
        await letters(topics, 5, worker)
        async with httpx.AsyncClient(base_url=(settings.data_dir / "api").read_text().strip()) as client:

            async def read() -> bool:
                answer = await ask(client, "SELECT text FROM result")
                return bool(answer.get("rows") == [["quicksilver"]])

            await eventually(read, 30, worker.log)
            wrong = await ask(client, "SELECT * FROM result WHERE text = 'quicksilver' AND hunter2")
            assert wrong["type"] == "/problems/query"
        log = worker.log.read_text()
    assert "page-text/" in log
    lines = [json.loads(line) for line in log.splitlines()]
    (read_page,) = (line for line in lines if line["message"].startswith("read page 0 of"))
    assert (read_page["logger"], read_page["pagenum"]) == ("streams.agents.read_pages", 0)
    assert read_page["document_id"] in read_page["message"]
    assert [secret for secret in secrets if secret in log] == []
    written = await everything_on(settings)
    of_references = (b"hunter2", b"s1gnature")
    assert {topic for topic, content in written.items() if any(s in content for s in of_references)} == {
        names.raw_files
    }


async def document_is(topics: Topics, document: str, status: str) -> bool:
    record = (await topics.documents()).get(document)
    return record is not None and record.status == status


async def test_an_encrypted_document_is_replayed_once_its_password_is_known(
    settings: Settings, topics: Topics
) -> None:
    document = pymupdf.open()
    document.new_page().insert_text((72, 72), "For your eyes only")
    content = document.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="hush", owner_pw="o")
    async with FileProducer(settings) as producer:
        sent = await producer.send_bytes(content, "secret.pdf")
        with WorkerProcess(settings) as worker:
            await letters(topics, 1, worker)
        assert [letter.reason for letter in await topics.dead_letters()] == ["encrypted-file"]
        assert await document_is(topics, sent.document_id, "failed")
    knowing = Settings(**{**settings.model_dump(), "passwords": ("wrong", "hush")})
    stored = [letter async for letter in stored_letters(settings)]
    async with Replayer(settings) as replayer:
        await replayer.replay(stored[0].letter)
    with WorkerProcess(knowing) as worker:
        await read_all(topics, 1, worker)
        await eventually(lambda: document_is(topics, sent.document_id, "done"), 30, worker.log)
    assert (await topics.pages())[(sent.document_id, 0)].text == "For your eyes only"


async def test_a_failed_page_is_replayed_from_its_letter(settings: Settings, topics: Topics) -> None:
    names = TopicNames.of(settings)
    async with FileProducer(settings) as producer:
        sent = await producer.send_bytes(text_pdf(2), "two.pdf")
    with WorkerProcess(settings, module="tests.integration.faults.worker_with_bad_pages") as worker:
        await letters(topics, 1, worker)
    stored = [letter async for letter in stored_letters(settings)]
    assert base64.b64decode(stored[0].letter.payload_base64 or "").startswith(b"{")
    async with Replayer(settings) as replayer:
        assert (await replayer.replay(stored[0].letter)).startswith(names.pages)

    async def mended() -> bool:
        return (await topics.pages())[(sent.document_id, 1)].exception is None

    with WorkerProcess(settings) as worker:
        await eventually(mended, 60, worker.log)

        async def counted() -> bool:
            record = (await topics.documents())[sent.document_id]
            return (record.status, record.read, record.failed) == ("done", "0-1", "")

        await eventually(counted, 30, worker.log)


async def test_sql_upload_health_and_metrics_of_a_running_worker(settings: Settings, topics: Topics) -> None:
    content = scanned_pdf(["Invoice number 4711", "Nothing to pay"])
    with WorkerProcess(settings) as worker:
        address = settings.data_dir / "api"

        async def serving() -> bool:
            return address.exists()

        await eventually(serving, 60, worker.log)
        async with httpx.AsyncClient(base_url=address.read_text().strip(), timeout=30) as client:
            wrong = await client.post("/files", files={"file": ("a.pdf", content)}, data={"options": '{"dpy": 1}'})
            assert (wrong.status_code, wrong.json()["type"]) == (422, "/problems/bad-options")
            sent = (await client.post("/files", files={"file": ("a.pdf", content)})).json()["documents"][0]
            await read_all(topics, 2, worker)

            async def found() -> bool:
                return (
                    len((await ask(client, "SELECT pagenum FROM result WHERE result MATCH 'invoice'"))["rows"]) == 1
                )

            await eventually(found, 20, worker.log)
            answer = await ask(client, "SELECT path, pagenum, text FROM result WHERE result MATCH 'invoice'")
            assert answer["rows"] == [["upload://a.pdf", 0, "Invoice number 4711"]]
            # a lone short line may be taken for handwriting, which PP-OCR reads as well
            regions = await ask(client, "SELECT confidence > 0.5, x1 > x0 FROM regions ORDER BY pagenum")
            assert regions["rows"] == [[1, 1]] * 2
            known = await ask(client, "SELECT DISTINCT kind IN ('printed', 'handwritten') FROM regions")
            assert known["rows"] == [[1]]
            assert (await client.post("/query", json={"sql": "DROP TABLE result"})).status_code == 400
            assert (await client.get(f"/pages/{sent['document_id']}/1")).json()["text"] == "Nothing to pay"
            assert (await client.get("/pages/none/0")).status_code == 404
            assert (await client.get("/healthz")).json()["healthy"] is True
            assert (await client.get("/readyz")).status_code == 200
            metrics = (await client.get("/metrics")).text
            assert 'inkstream_pages_read_total{method="ocr"} 2.0' in metrics
            assert 'inkstream_document_cache_lookups_total{outcome="hit"} ' in metrics
            assert 'inkstream_page_step_seconds_total{step="recognise"} ' in metrics
            assert 'inkstream_lag{stage="read_pages"} ' in metrics
            # a process that reads and one that opens files
            assert "inkstream_model_load_seconds_count 2.0" in metrics


async def ask(client: httpx.AsyncClient, sql: str) -> Any:
    return (await client.post("/query", json={"sql": sql})).json()


async def test_what_was_read_is_queryable_after_a_restart(
    settings: Settings, topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FileProducer(settings) as producer:
        await producer.send_bytes(text_pdf(30), "thirty.pdf")
    with WorkerProcess(settings) as worker:
        await read_all(topics, 30, worker)
    monkeypatch.setenv("INKSTREAM_API_TOKEN", "schlüssel")
    with WorkerProcess(settings, roles=("web",)) as worker:

        async def ready() -> bool:
            address = settings.data_dir / "api"
            if not address.exists():
                return False
            async with httpx.AsyncClient(base_url=address.read_text().strip()) as client:
                try:
                    return (await client.get("/readyz")).status_code == 200
                except httpx.TransportError:
                    return False

        await eventually(ready, 60, worker.log)
        query = [sys.executable, "-m", "streams", "query", "SELECT count(*) AS n FROM result", "--format", "csv"]
        query += ["--url", (settings.data_dir / "api").read_text().strip()]
        done = await asyncio.to_thread(subprocess.run, query, capture_output=True, text=True, cwd=ROOT)
        assert (done.stdout, done.stderr) == ("n\n30\n", "")
        query += ["--token", "wrong"]
        done = await asyncio.to_thread(subprocess.run, query, capture_output=True, text=True, cwd=ROOT)
        wrong = "error: a bearer token is needed: give --token, or set INKSTREAM_API_TOKEN\n"
        assert (done.returncode, done.stdout, done.stderr) == (2, "", wrong)


async def test_lag_is_counted_per_stage_and_returns_to_nothing(settings: Settings, topics: Topics) -> None:
    async with FileProducer(settings) as producer:
        for number in range(3):
            await producer.send_bytes(text_pdf(4), f"{number}.pdf")
    async with LagReader(settings) as reader:
        assert [stage.lag for stage in await reader.stages()] == [3, 0, 0]
        with WorkerProcess(settings) as worker:

            async def nothing_left() -> bool:
                stages = await reader.stages()
                return [stage.processed for stage in stages] == [3, 12, 12] and not any(s.lag for s in stages)

            await eventually(nothing_left, 60, worker.log)


def test_the_header_contract_is_published() -> None:
    assert {field.alias or name for name, field in FileHeaders.model_fields.items()} == {
        "path", "document-id", "content-ref", "options", "supersedes", "again",
    }  # fmt: skip


async def test_a_task_whose_file_expired_is_source_gone(settings: Settings, topics: Topics) -> None:
    names = TopicNames.of(settings)
    task = PageTask.model_validate(
        {
            "document_id": "d", "pagenum": 0, "total_pages": 1, "path": "p", "sha256": "0" * 64, "size": 1,
            "reference": f"kafka://{names.raw_files}/0/99", "content_type": "application/pdf", "options": {},
            "started": "s",
        }
    )  # fmt: skip
    await produce(settings, names.pages, encode(task), key=b"d/0")
    with WorkerProcess(settings, roles=("read",)) as worker:
        await letters(topics, 1, worker)
    assert [letter.reason for letter in await topics.dead_letters()] == ["source-gone"]
    assert (await topics.pages())[("d", 0)].exception == (
        f"read_pages: SourceGone: kafka://{names.raw_files}/0/99 is no longer there: its retention has passed; "
        "send the file again"
    )


async def test_up_reads_the_samples_and_ends_by_itself(kafka: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "streams", "up", "--samples", "--until-idle", "--api-port", "0"]

    async def run() -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(
            subprocess.run,
            command,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "INKSTREAM_KAFKA_PORT": "0"},
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )

    done = await run()
    assert done.returncode == 4, done.stderr
    assert done.stderr.endswith(
        "error: 1 of 6 documents failed: broken.pdf; `inkstream dead-letters list` has why\n"
    )
    assert "6 documents, 11 pages" in done.stdout
    assert "1 documents and 0 pages failed" in done.stdout
    assert "broken.pdf: split_files: CorruptFile" in done.stdout
    assert "RESIDENTIAL LEASE AGREEMENT" in done.stdout
    assert not (tmp_path / ".inkstream/broker").exists()
    again = await run()
    assert again.returncode == 0, again.stderr
    assert "the samples were read at an earlier start" in again.stdout
    assert "0 documents, 0 pages" in again.stdout
