"""The API on the real service: what was sent, what was read of it, and what it looks like."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from typing import Any, NamedTuple

import httpx
import pymupdf
import pytest
from PIL import Image

from tests.integration.harness import Service, Topics, eventually, everything_on, scanned_pdf, text_pdf
from tests.unit.test_http_source import serving, status

pytestmark = pytest.mark.timeout(120)


class Event(NamedTuple):
    id: str
    kind: str
    data: dict[str, Any]


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


def pages_of(events: list[Event]) -> dict[int, str]:
    """Return the texts of the pages in events."""
    return {one.data["pagenum"]: one.data["text"] for one in events if one.kind == "page"}


def is_whole(events: list[Event]) -> bool:
    """Return whether they have a document that is done, and all of its pages: these come in any order."""
    done = [one.data for one in events if one.data.get("status") == "done"]
    return bool(done) and len(pages_of(events)) == done[0]["total_pages"]


async def events_until_done(
    client: httpx.AsyncClient, begun: asyncio.Event | None = None, **asked: str
) -> list[Event]:
    """Return the events of a listener up to the first document that is done."""
    headers = {"last-event-id": asked.pop("last")} if "last" in asked else {}
    found: list[Event] = []
    async with client.stream("GET", "/events", params=asked, headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        async for line in answer.aiter_lines():
            if begun is not None:
                begun.set()
            name, _, value = line.partition(": ")
            if line:
                fields[name] = value
                continue
            if "data" in fields:
                found.append(Event(fields["id"], fields["event"], json.loads(fields["data"])))
                if is_whole(found):
                    break
            fields = {}
    return found


async def test_events_come_live_and_again_from_where_a_listener_stopped(service: Service) -> None:
    async with service.client() as client:
        begun = asyncio.Event()
        listening = asyncio.create_task(events_until_done(client, begun, path="upload://live"))
        await begun.wait()
        document = await service.read(client, text_pdf(3, "live"), "live.pdf")
        live = await listening
        texts = {number: f"This is live number {number}." for number in range(3)}
        assert pages_of(live) == texts
        assert {one.data["document_id"] for one in live} == {document}
        assert pages_of(await events_until_done(client, document=document, after="beginning")) == texts
        first = next(one for one in live if one.kind == "page")
        missed = [one.data for one in live[live.index(first) + 1 :]]
        rest: list[dict[str, Any]] = []
        async with client.stream("GET", "/events", headers={"last-event-id": first.id}) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    rest.append(json.loads(line[6:]))
                if len(rest) == len(missed):
                    break
        assert [one for one in rest if one not in missed] == []
        assert (await client.get("/events", headers={"last-event-id": "x"})).status_code == 422


async def test_texts_are_waited_for(service: Service) -> None:
    async with service.client() as client:
        files = [("file", ("w1.pdf", text_pdf(2, "waiting"))), ("file", ("w2.pdf", b"%PDF-1.7 broken"))]
        answer = await client.post("/files?wait=30", files=files)
        first, second = answer.json()["documents"]
        assert (answer.status_code, first["status"]) == (200, "done")
        assert first["text"] == "This is waiting number 0.\n\fThis is waiting number 1.\n"
        assert second["status"] == "failed" and "CorruptFile" in second["exception"]
        again = (await client.post("/files?wait=30", files=files[:1])).json()["documents"][0]
        assert (again["document_id"], again["status"]) == (first["document_id"], "done")
        assert (await client.get(first["url"])).json()["repeats"] == 1


async def test_what_an_address_has_is_read(service: Service) -> None:
    async with service.client() as client, serving(status("200 OK", body=text_pdf(1, "fetched"))) as url:
        answer = await client.post("/urls?wait=30", json={"urls": [f"{url}?signature=secret"]})
        found = answer.json()["documents"][0]
        assert (found["status"], found["path"], found["text"]) == ("done", url, "This is fetched number 0.\n")
        redirecting = status("302 Found", "location: http://127.0.0.2/")
        async with serving(redirecting) as other:
            refused = await client.post("/urls", json={"urls": [other]})
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/source-forbidden")


# block letters of 60 by 100 pixels, as strokes through x, y
LETTERS = {
    "H": ["0,0 0,100", "60,0 60,100", "0,50 60,50"], "E": ["60,0 0,0 0,100 60,100", "0,50 45,50"],
    "L": ["0,0 0,100 60,100"], "O": ["30,0 0,20 0,80 30,100 60,80 60,20 30,0"],
}  # fmt: skip


async def test_strokes_are_read_as_handwriting(service: Service) -> None:
    strokes = [
        {
            "width": 6,
            "points": [
                {"x": 100 + 100 * place + int(x), "y": 80 + int(y), "pressure": 0.5}
                for x, y in (point.split(",") for point in stroke.split())
            ],
        }
        for place, letter in enumerate("HELLO")
        for stroke in LETTERS[letter]
    ]
    async with service.client() as client:
        answer = await client.post("/drawings?wait=60", json={"width": 700, "height": 260, "strokes": strokes})
        found = answer.json()["documents"][0]
        assert (answer.status_code, found["status"]) == (200, "done")
        assert found["text"].strip().upper() == "HELLO"
        page = (await client.get(f"{found['url']}/pages/0")).json()
        assert {region["kind"] for region in page["regions"]} == {"handwritten"}
        assert (page["width"], page["dpi"]) == (1400, 192)


async def test_a_deleted_document_is_forgotten_and_may_come_again(service: Service) -> None:
    content, topics = text_pdf(3, "secret"), Topics(service.settings)
    async with service.client() as client:
        document = await service.read(client, content, "forget.pdf")
        begun = asyncio.Event()
        listening = asyncio.create_task(deleted_pages(client, document, begun))
        await begun.wait()
        answer = await client.delete(f"/documents/{document}")
        assert answer.json()["documents"] == [{"document_id": document, "pages": 3}]
        assert "168 hours" in " ".join(answer.json()["remains"])
        for path in ("", "/text", "/file", "/pages/0"):
            assert (await client.get(f"/documents/{document}{path}")).status_code == 404
        sql = {"sql": "SELECT count(*) FROM result WHERE result MATCH 'secret'"}
        assert (await client.post("/query", json=sql)).json()["rows"] == [[0]]
        assert await listening == {0, 1, 2, None}
        assert {page for page in await topics.pages() if page[0] == document} == set()
        assert not list((service.settings.data_dir / "documents").glob(hashlib.sha256(content).hexdigest()))
        assert (await client.delete(f"/documents/{document}")).status_code == 404
        assert await service.read(client, content, "forget.pdf") == document
        assert (await client.get(f"/documents/{document}/pages/2/text")).text == "This is secret number 2.\n"


async def deleted_pages(client: httpx.AsyncClient, document: str, begun: asyncio.Event) -> set[int | None]:
    """Return the pages of a document that are deleted, up to the deletion of its own record (None)."""
    found: set[int | None] = set()
    asked = {"document": document, "kind": "deleted"}
    async with client.stream("GET", "/events", params=asked) as answer:
        async for line in answer.aiter_lines():
            begun.set()
            if line.startswith("data: "):
                found.add(json.loads(line[6:])["pagenum"])
            if len(found) == 4:
                break
    return found


async def test_a_finished_document_is_called_out(service: Service) -> None:
    requests: list[bytes] = []
    async with (
        service.client() as client,
        serving(status("200 OK"), requests) as good,
        serving(status("410 Gone")) as gone,
    ):
        for name, url in (
            ("called.pdf", f"{good}?token=hidden"),
            ("gone.pdf", gone),
            ("inside.pdf", "http://127.0.0.2/"),
        ):
            form = {"options": json.dumps({"webhook": url})}
            await service.read(client, text_pdf(1, name), name, **form)
        topics = Topics(service.settings)

        async def given_up() -> bool:
            letters = [letter for letter in await topics.dead_letters() if letter.stage == "webhooks"]
            reasons = {letter.path: letter.reason for letter in letters}
            return reasons == {"upload://gone.pdf": "webhook-refused", "upload://inside.pdf": "source-forbidden"}

        await eventually(given_up, 30, service.worker.log)

        async def counted() -> bool:
            metrics = (await client.get("/metrics")).text.splitlines()
            calls = 'inkstream_webhook_calls_total{outcome="%s"} %s'
            return {calls % ("sent", 1.0), calls % ("dead-lettered", 2.0)} <= set(metrics)

        await eventually(counted, 30, service.worker.log)
        assert len(requests) == 1
        head, _, _ = requests[0].partition(b"\r\n\r\n")
        assert b"webhook-signature: v1," in head
        everything = await everything_on(service.settings)
        assert [topic for topic, content in everything.items() if b"hidden" in content] == []


async def test_a_scan_becomes_a_searchable_pdf(service: Service) -> None:
    content = scanned_pdf(["Invoice number 4711", "Nothing to pay"])
    async with service.client() as client:
        document = await service.read(client, content, "scan.pdf", options='{"words": true}')
        answer = await client.get(f"/documents/{document}/pdf")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
        texts = [page.get_text().strip() for page in pymupdf.open(stream=answer.content)]
        assert texts == ["Invoice number 4711", "Nothing to pay"]
        one = pymupdf.open(stream=(await client.get(f"/documents/{document}/pages/1/pdf")).content)
        assert [page.get_text().strip() for page in one] == ["Nothing to pay"]
        plain = await service.read(client, content, "plain.pdf")
        refused = await client.get(f"/documents/{plain}/pdf")
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/no-words")
