"""Documents are read again from what is stored: with other options, behind what comes, corrections kept."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete
from typer.testing import CliRunner, Result

from streams.cli import app
from streams.commands.reprocess import is_idle
from streams.errors import SourceGone
from streams.kafka.clients import open_admin
from streams.kafka.lag import LagReader
from streams.kafka.record_reader import address_in
from streams.kafka.topics import TopicNames
from streams.settings import Settings
from streams.sources.producer import FileProducer
from tests.integration.harness import Service, Topics, eventually, produce, scanned_pdf, text_pdf


async def reprocess(service: Service, client: httpx.AsyncClient, where: str, *more: str) -> Result:
    """Return what the command did."""
    settings = service.settings
    command = ["reprocess", "--where", where, "--url", str(client.base_url), "--broker", str(settings.broker)]
    return await asyncio.to_thread(CliRunner().invoke, app, [*command, "--prefix", settings.topic_prefix, *more])


async def shown_diff(service: Service, document: str, *more: str) -> Result:
    """Return what `inkstream diff` did."""
    settings = service.settings
    command = ["diff", document, "--broker", str(settings.broker), "--prefix", settings.topic_prefix, *more]
    return await asyncio.to_thread(CliRunner().invoke, app, command)


async def test_both_readings_of_a_document_are_compared(service: Service) -> None:
    async with service.client() as client:
        document = await service.read(client, scanned_pdf(["Ledger <b> of the pier", "Second"]), "ledger.pdf")
        once = await shown_diff(service, document)
        assert isinstance(once.exception, SourceGone)
        assert "read once" in once.exception.message
        where = f"document_id = '{document}'"
        again = await reprocess(service, client, where, "--option", "reader=tesseract")
        assert again.exit_code == 0, (again.output, again.exception)
        found = json.loads((await shown_diff(service, document, "--format", "json")).stdout)
        assert [page["pagenum"] for page in found] == [0, 1]
        assert found[0]["before"]["timestamp"] < found[0]["after"]["timestamp"]
        assert found[0]["before"]["models"] != found[0]["after"]["models"]
        assert any("Ledger" in line["after"] for line in found[0]["lines"])
        assert "page 1 of 2" in (await shown_diff(service, document)).stdout
        markup = (await shown_diff(service, document, "--format", "html")).stdout
        assert "Ledger" in markup
        assert "<b>" not in markup


async def test_a_document_is_read_again_with_other_options_and_its_correction_stays(service: Service) -> None:
    async with service.client() as client:
        document = await service.read(client, scanned_pdf(["Invoice of the harbour"]), "scan.pdf")
        where = f"document_id = '{document}'"
        dry = await reprocess(service, client, where, "--dry-run")
        assert "would be read again" in dry.stdout
        before = (await Topics(service.settings).pages())[document, 0]
        made = await client.post(
            f"/documents/{document}/pages/0/corrections", json={"line": 0, "text": "Invoice of the pier"}
        )
        assert made.is_success, made.text
        result = await reprocess(service, client, where, "--options", '{"reader": "tesseract"}')
        assert result.exit_code == 0, (result.output, result.exception)
        assert "is read again: 1 pages" in result.stdout
        after = (await Topics(service.settings).pages())[document, 0]
        assert after.timestamp > before.timestamp
        assert after.models != before.models
        assert after.path == before.path
        page = (await client.get(f"/documents/{document}/pages/0")).json()
        assert page["corrected"] is True
        assert "pier" in page["text"]


async def test_what_arrives_goes_first(settings: Settings) -> None:
    names = TopicNames.of(settings)
    async with LagReader(settings) as lags:
        assert await is_idle(lags, 0)
        await produce(settings, names.pages, b"{}")
        assert not await is_idle(lags, 0)
        assert await is_idle(lags, 1)  # its own page
        await produce(settings, names.raw_files, b"a new file")
        assert not await is_idle(lags, 1)


async def test_a_message_that_is_deleted_is_named_and_the_others_are_read(service: Service) -> None:
    async with service.client() as client:
        gone = await service.read(client, text_pdf(1, "gone"), "gone.pdf")
        reference = (await Topics(service.settings).documents())[gone].reference
        address = address_in(reference)
        assert address is not None
        async with open_admin(service.settings) as admin:
            where = TopicPartition(address.topic, address.partition)
            await admin.delete_records({where: RecordsToDelete(before_offset=address.offset + 1)})
        there = await service.read(client, text_pdf(1, "there"), "there.pdf")
        result = await reprocess(service, client, f"document_id IN ('{gone}', '{there}')")
        assert result.exit_code == 1, (result.output, result.exception)
        assert gone in result.stderr
        assert "no longer there" in result.stderr
        assert "2 documents selected, 1 read again" in result.stdout
        pages = await Topics(service.settings).pages()
        assert "gone" in pages[gone, 0].text


async def test_a_file_that_is_gone_is_named_and_its_record_stays(service: Service, tmp_path: Path) -> None:
    folder = Path(service.settings.content_ref_folders[0])
    file = folder / "large.pdf"
    file.write_bytes(text_pdf(1))
    small = service.settings.model_copy(update={"inline_limit": 10})
    async with service.client() as client, FileProducer(small) as producer:
        sent = await producer.send(file, options={"languages": "deu"})

        async def done() -> bool:
            found = await client.get(f"/documents/{sent.document_id}")
            return found.is_success and found.json()["status"] == "done"

        await eventually(done, 60, service.worker.log)
        where = f"document_id = '{sent.document_id}'"
        again = await reprocess(service, client, where, "--option", "dpi=200")
        assert again.exit_code == 0, (again.output, again.exception)
        assert (await Topics(service.settings).pages())[sent.document_id, 0].language == "deu"
        assert "no longer stored" not in again.output
        async with open_admin(service.settings) as admin:
            await admin.delete_records(
                {
                    TopicPartition(sent.topic, number): RecordsToDelete(before_offset=-1)  # all there are
                    for number in range(service.settings.raw_files_partitions)
                }
            )
        rebuilt = await reprocess(service, client, where, "--option", "languages=fra")
        assert rebuilt.exit_code == 0, (rebuilt.output, rebuilt.exception)
        assert "its own are no longer stored" in rebuilt.stdout
        assert (await Topics(service.settings).pages())[sent.document_id, 0].language == "fra"
        file.unlink()
        gone = await reprocess(service, client, where)
        assert gone.exit_code == 1
        assert file.name in gone.stderr
        assert await done()
