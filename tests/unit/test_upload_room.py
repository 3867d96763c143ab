"""Uploads at the same time are bounded, in number and in bytes: one too many is refused, and is to come again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from streams.web.api import create_api
from streams.web.upload_room import UploadRoom
from tests.unit.test_api import PDF, FilledTable, refusal, settings_in
from tests.unit.test_api import parts_of as api_parts
from tests.unit.test_http_source import serving, status
from tests.unit.test_sending import ManyOutbox

FORM = {"content-type": "multipart/form-data; boundary=b"}
HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-1.7 long enough to be one'


@asynccontextmanager
async def api(folder: Path, room: UploadRoom) -> AsyncIterator[tuple[httpx.AsyncClient, ManyOutbox]]:
    settings = settings_in(folder, content_ref_private_hosts=("127.0.0.1",))
    outbox = ManyOutbox(settings)
    async with api_parts(settings, FilledTable(settings), outbox) as parts:
        transport = httpx.ASGITransport(create_api(replace(parts, room=room)))
        async with httpx.AsyncClient(transport=transport, base_url="http://inkstream") as client:
            yield client, outbox


class Body:
    """A form that comes as far as it is let: its head, and its end once `rest` is set."""

    def __init__(self, *, size: int = 0) -> None:
        self.begun, self.rest = asyncio.Event(), asyncio.Event()
        self._size = size

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield HEAD + b"x" * self._size
        self.begun.set()
        await self.rest.wait()
        yield b"\r\n--b--\r\n"


async def begun(client: httpx.AsyncClient, body: Body) -> asyncio.Task[httpx.Response]:
    """Return an upload of which a part is there."""
    task = asyncio.create_task(client.post("/files", content=body, headers=FORM))
    await body.begun.wait()
    return task


async def test_one_upload_more_than_there_is_room_for_is_to_come_again(tmp_path: Path) -> None:
    room = UploadRoom(2, 10_000)
    async with api(tmp_path, room) as (client, outbox):
        bodies = [Body(), Body()]
        uploads = [await begun(client, body) for body in bodies]
        for path, sent in (("/files", PDF), ("/drawings", PDF), ("/urls", b'{"urls": ["http://a/"]}')):
            refused = await client.post(path, content=sent, headers=FORM)
            assert refusal(refused) == (503, "too-many-uploads")
            assert refused.headers["retry-after"] == "5"
        assert (await client.post("/query", json={"sql": "SELECT 1"})).status_code == 200
        bodies[0].rest.set()
        assert (await uploads[0]).status_code == 202
        assert (await client.post("/files", files={"file": ("b.pdf", PDF)})).status_code == 202
        bodies[1].rest.set()
        assert (await uploads[1]).status_code == 202
    assert (room.uploads, room.bytes, len(outbox.sent)) == (0, 0, 3)


async def test_uploads_hold_no_more_bytes_than_there_is_room_for(tmp_path: Path) -> None:
    room = UploadRoom(9, 10_000)
    async with api(tmp_path, room) as (client, outbox):
        large = Body(size=8_000)
        first = await begun(client, large)
        assert room.bytes > 8_000
        refused = await client.post("/files", files={"file": ("b.pdf", PDF + b"x" * 3_000)})
        assert refusal(refused) == (503, "too-many-uploads") and refused.headers["retry-after"] == "5"
        assert (await client.post("/files", files={"file": ("c.pdf", PDF)})).status_code == 202
        large.rest.set()
        assert (await first).status_code == 202
        assert (await client.post("/files", files={"file": ("b.pdf", PDF + b"x" * 3_000)})).status_code == 202
    assert (room.uploads, room.bytes, len(outbox.sent)) == (0, 0, 3)


async def test_what_is_fetched_takes_room_as_well(tmp_path: Path) -> None:
    room = UploadRoom(9, 10_000)
    async with api(tmp_path, room) as (client, outbox), serving(status("200 OK", body=PDF * 900)) as url:
        with room.share() as share:
            share.take(9_000)
            assert refusal(await client.post("/urls", json={"urls": [url]})) == (503, "too-many-uploads")
        assert (await client.post("/urls", json={"urls": [url]})).status_code == 202
    assert (room.uploads, room.bytes, len(outbox.sent)) == (0, 0, 1)


async def test_a_request_that_breaks_off_gives_its_room_back(tmp_path: Path) -> None:
    room = UploadRoom(1, 10_000)
    async with api(tmp_path, room) as (client, _):
        upload = await begun(client, Body())
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upload
        assert (room.uploads, room.bytes) == (0, 0)
