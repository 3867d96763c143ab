"""Lists of documents, their texts in every format, and their files, as a client sees them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from streams.table.memory_table import MemoryTable
from streams.web.documents import FORMS
from tests.unit.test_api import DOCUMENT, PAGE, PDF, FilledTable, Outbox, client_of, refusal, settings_in


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """An API that knows a document of eleven pages, one of which ten are read, and four others."""
    settings = settings_in(tmp_path, content_ref_folders=(str(tmp_path),))
    table = FilledTable(settings)
    documents = [
        DOCUMENT.model_copy(update={"document_id": "long", "path": "scan://a/größe.pdf", "total_pages": 11}),
        DOCUMENT.model_copy(update={"document_id": "begun", "total_pages": 11, "status": "reading"}),
        *(
            DOCUMENT.model_copy(
                update={"document_id": f"{n}", "started": f"2026-11-2{n // 2}", "status": "failed", "path": f"p{n}"}
            )
            for n in range(4)
        ),
    ]
    pages = [
        PAGE.model_copy(update={"document_id": of, "pagenum": n, "total_pages": 11, "text": f"page {n}"})
        for of, count in (("long", 11), ("begun", 10))
        for n in reversed(range(count))
    ]
    await table.ask(
        lambda t: t.apply(
            [(f"{page.document_id}/{page.pagenum}", page) for page in pages],
            [(document.document_id, document) for document in documents],
        )
    )
    async with client_of(settings, table, Outbox(settings)) as made:
        yield made


async def test_documents_are_listed_in_parts_newest_first(client: httpx.AsyncClient) -> None:
    found: list[str] = []
    after: str | None = None
    while True:
        asked: dict[str, str | int] = {"status": "failed", "limit": 2}
        if after is not None:
            asked["after"] = after
        part = (await client.get("/documents", params=asked)).json()
        found += [one["document_id"] for one in part["documents"]]
        if (after := part["next"]) is None:
            break
    assert found == ["3", "2", "1", "0"]
    every = (await client.get("/documents")).json()
    assert {one["document_id"] for one in every["documents"]} == {"long", "begun", "0", "1", "2", "3"}
    assert every["next"] is None
    of_a_folder = (await client.get("/documents", params={"path": "scan://a/"})).json()["documents"]
    assert [one["document_id"] for one in of_a_folder] == ["long"]


@pytest.mark.parametrize(
    "asked", ["after=x", "after=%FF", "after=AAAA", "status=none", "limit=0", "limit=501", f"after={'A' * 30_000}"]
)
async def test_a_list_that_cannot_be_is_refused(client: httpx.AsyncClient, asked: str) -> None:
    assert refusal(await client.get(f"/documents?{asked}")) == (422, "malformed-request")


async def test_a_document_is_written_with_all_of_its_pages_in_order(client: httpx.AsyncClient) -> None:
    text = await client.get("/documents/long/text")
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert text.headers["content-disposition"] == f"inline; filename*=UTF-8''{quote('größe')}.txt"
    assert text.text.split("\n\f") == [f"page {n}" for n in range(10)] + ["page 10\n"]
    lines = await client.get("/documents/long/jsonl")
    assert lines.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line)["pagenum"] for line in lines.text.splitlines()] == list(range(11))


async def test_a_page_is_written_alone(client: httpx.AsyncClient) -> None:
    assert (await client.get("/documents/long/pages/3")).json()["text"] == "page 3"
    assert (await client.get("/documents/long/pages/3/text")).text == "page 3\n"


@pytest.mark.parametrize("form", FORMS)
async def test_every_format_of_the_registry_has_its_routes(client: httpx.AsyncClient, form: str) -> None:
    for path in (f"/documents/long/{form}", f"/documents/long/pages/0/{form}"):
        found = await client.get(path)
        assert found.status_code == 200 or refusal(found) == (409, "no-words")
        if found.status_code == 200:  # some are HTML, of what anybody may have written
            assert "sandbox" in found.headers["content-security-policy"]
            assert found.headers["x-content-type-options"] == "nosniff"
    for path in (f"/documents/none/{form}", f"/documents/none/pages/0/{form}", f"/documents/long/pages/11/{form}"):
        assert refusal(await client.get(path)) == (404, "not-found")


async def test_a_document_that_is_not_read_whole_is_not_taken_for_one(client: httpx.AsyncClient) -> None:
    found = await client.get("/documents/begun/text")
    assert refusal(found) == (409, "not-finished")
    assert found.json()["detail"].startswith("10 of 11 pages are read")
    assert (await client.get("/documents/begun/text?partial=true")).text.count("page") == 10


@pytest.mark.parametrize(
    "path", ["long/docx", "long/pages/-1", "long/pages/x", "long/pages/1.gif", "../etc/passwd"]
)
async def test_what_is_no_format_or_page_is_not_there(client: httpx.AsyncClient, path: str) -> None:
    assert refusal(await client.get(f"/documents/{path}")) == (404, "not-found")


async def test_a_file_is_given_back_as_it_was_delivered(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, content_ref_folders=(str(tmp_path),))
    table = FilledTable(settings)
    here = tmp_path / "ä b.pdf"
    here.write_bytes(PDF)
    of = {"here": here.as_uri(), "gone": (tmp_path / "c.pdf").as_uri(), "outside": "file:///etc/passwd"}
    for name, reference in of.items():
        document = DOCUMENT.model_copy(update={"document_id": name, "reference": reference, "path": "x/ä b.pdf"})
        await table.ask(partial(MemoryTable.apply, pages=[], documents=[(name, document)]))
    async with client_of(settings, table, Outbox(settings)) as client:
        found = await client.get("/documents/here/file")
        assert (found.status_code, found.content) == (200, PDF)
        assert found.headers["content-type"] == "application/pdf"
        assert found.headers["content-disposition"] == f"attachment; filename*=UTF-8''{quote('ä b.pdf')}"
        assert found.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in found.headers["content-security-policy"]
        part = await client.get("/documents/here/file", headers={"range": "bytes=1-3"})
        assert (part.status_code, part.content) == (206, PDF[1:4])
        here.unlink()
        assert (await client.get("/documents/here/file")).content == PDF
        assert refusal(await client.get("/documents/gone/file")) == (410, "source-gone")
        assert refusal(await client.get("/documents/outside/file")) == (403, "source-forbidden")
        assert refusal(await client.get("/documents/none/file")) == (404, "not-found")
        for width in ("0", "5001", "-1", "x"):
            found = await client.get(f"/documents/here/pages/0.png?width={width}")
            assert refusal(found) == (422, "malformed-request")


@pytest.mark.parametrize(
    "asked", ["regions=columns", "regions=lines&kinds=typed", "regions=lines&color.printed=red", "line_width=0",
              "regions=lines&label=1", "regions=lines&font_size=5000"],
)  # fmt: skip
async def test_a_drawing_that_cannot_be_is_refused(client: httpx.AsyncClient, asked: str) -> None:
    assert refusal(await client.get(f"/documents/long/pages/0.png?{asked}")) == (422, "malformed-request")


async def test_regions_alone_need_no_document_and_words_need_words(client: httpx.AsyncClient) -> None:
    asked = "picture=0&regions=lines&labels=1&color.printed=%23aa0000&kinds=printed,signature&width=20"
    found = await client.get(f"/documents/long/pages/0.svg?{asked}")
    assert (found.status_code, found.headers["content-type"]) == (200, "image/svg+xml")
    assert "script" not in found.headers["content-security-policy"]
    assert 'points="0.0,0.0 18.0,0.0 18.0,10.0 0.0,10.0"' in found.text
    assert "an invoice" in found.text and "#aa0000" in found.text and "<image" not in found.text
    again = {"if-none-match": found.headers["etag"]}
    assert (await client.get(f"/documents/long/pages/0.svg?{asked}", headers=again)).status_code == 304
    assert (await client.get(f"/documents/long/pages/0.svg?{asked}&filled=1", headers=again)).status_code == 200
    assert refusal(await client.get("/documents/long/pages/0.svg?picture=0&regions=words")) == (409, "no-words")
