"""The API on the real service: what was sent, what was read of it, and what it looks like."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.integration.harness import Service, text_pdf

pytestmark = pytest.mark.timeout(120)


async def test_a_document_is_listed_written_drawn_and_given_back(service: Service) -> None:
    content = text_pdf(3, "lease")
    async with service.client() as client:
        document = await service.read(client, content, "lease.pdf")
        listed = (await client.get("/documents", params={"status": "done", "path": "upload://lease"})).json()
        assert [one["document_id"] for one in listed["documents"]] == [document]
        assert (await client.get(f"/documents/{document}/text")).text == "\f".join(
            f"This is lease number {n}.\n" for n in range(3)
        )
        assert (await client.get(f"/documents/{document}/pages/2/text")).text == "This is lease number 2.\n"
        given = await client.get(f"/documents/{document}/file")
        assert (given.content, given.headers["content-type"]) == (content, "application/pdf")
        record = (await client.get(f"/documents/{document}/pages/1")).json()
        for query, size in (
            ("", (record["width"], record["height"])), ("?width=150", (150, 100)), ("?width=2000", (2000, 1334)),
        ):  # fmt: skip
            drawn = await client.get(f"/documents/{document}/pages/1.png{query}")
            assert Image.open(io.BytesIO(drawn.content)).size == size
        photo = await client.get(f"/documents/{document}/pages/1.jpg?width=150")
        assert Image.open(io.BytesIO(photo.content)).format == "JPEG"
        tag = photo.headers["etag"]
        again = await client.get(f"/documents/{document}/pages/1.jpg?width=150", headers={"if-none-match": tag})
        assert (again.status_code, again.content) == (304, b"")
        assert (await client.get(f"/documents/{document}/pages/3.png")).status_code == 422
