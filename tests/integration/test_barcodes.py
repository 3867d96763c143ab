"""Barcodes on their way through Kafka: asked for in a header, read in a worker's process, in the page's record."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from streams.kafka.topics import TopicNames
from streams.settings import Settings
from tests.integration.harness import Topics, WorkerProcess, eventually, produce

pytestmark = pytest.mark.timeout(180)


def scan_with_code(text: str) -> bytes:
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode).to_image(scale=4)
    page = Image.new("L", (1200, 1600), 255)
    page.paste(Image.fromarray(np.array(code)), (200, 300))
    file = io.BytesIO()
    page.save(file, "PNG", dpi=(150, 150))
    return file.getvalue()


async def test_the_record_of_a_page_has_the_barcodes_that_its_sender_asked_for(
    settings: Settings, topics: Topics
) -> None:
    raw_files, scan = TopicNames.of(settings).raw_files, scan_with_code("INV-2026-17")
    asked = {"with": {"reader": "tesseract", "barcodes": True}, "without": {"reader": "tesseract"}}
    with WorkerProcess(settings) as worker:
        for document, options in asked.items():
            headers = {"path": b"a", "document-id": document.encode(), "options": json.dumps(options).encode()}
            await produce(settings, raw_files, scan, headers=headers)

        async def both_read() -> bool:
            return await topics.page_count() == 2

        await eventually(both_read, 60, worker.log)
    pages = await topics.pages()
    assert [(code.text, code.format) for code in pages["with", 0].barcodes] == [("INV-2026-17", "QRCode")]
    assert pages["without", 0].barcodes == []
