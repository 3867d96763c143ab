"""The API on the real service: what was sent, what was read of it, and what it looks like."""

from __future__ import annotations

import asyncio
import io
import json
from typing import Any, NamedTuple

import httpx
import pytest
from PIL import Image

from tests.integration.harness import Service, text_pdf

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
