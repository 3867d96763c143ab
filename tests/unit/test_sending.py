"""Documents in over HTTP, several at a time, fetched and drawn: what is accepted, and what is refused at once."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from models.documents.strokes import Stroke, strokes_picture
from streams.sources.producer import SentFile
from tests.unit.test_api import PDF, FilledTable, Outbox, client_of, refusal, settings_in
from tests.unit.test_http_source import OK, endless, sends, serving, silent, status

POINTS = [{"x": 10, "y": 10}, {"x": 90, "y": 50, "time": 7}]
STROKES = {"width": 300, "height": 100, "strokes": [{"points": POINTS}]}


class ManyOutbox(Outbox):
    """Gives each document an id of its own."""

    async def send_bytes(
        self, content: bytes, path: str, options: Mapping[str, object] | None = None, *, again: bool = False
    ) -> SentFile:
        sent = await super().send_bytes(content, path, options, again=again)
        return SentFile(f"id of {path}", path, sent.topic, 0, len(self.sent), True)


@asynccontextmanager
async def api(folder: Path, **more: Any) -> AsyncIterator[tuple[httpx.AsyncClient, ManyOutbox]]:
    settings = settings_in(folder, content_ref_private_hosts=("127.0.0.1",), **more)
    outbox = ManyOutbox(settings)
    async with client_of(settings, FilledTable(settings), outbox) as client:
        yield client, outbox


async def test_each_file_of_a_request_is_accepted_or_refused_by_itself(tmp_path: Path) -> None:
    async with api(tmp_path) as (client, outbox):
        files = [("file", ("a.pdf", PDF)), ("file", ("b.txt", b"plain text")), ("file", ("c.pdf", PDF))]
        answer = await client.post("/files", files=files, data={"options": '{"dpi": 200}'})
    assert (answer.status_code, "location" in answer.headers) == (202, False)
    first, second, third = answer.json()["documents"]
    assert (first["status"], first["document_id"]) == ("accepted", "id of upload://a.pdf")
    assert first["url"] == "/documents/id%20of%20upload%3A%2F%2Fa.pdf"
    assert (second["status"], second["path"]) == ("refused", "upload://b.txt")
    assert (second["problem"]["type"], second["problem"]["status"]) == ("/problems/unsupported-file", 415)
    assert third["path"] == "upload://c.pdf"
    assert [path for _, path, _ in outbox.sent] == ["upload://a.pdf", "upload://c.pdf"]


async def test_a_request_of_which_nothing_is_accepted_is_a_problem(tmp_path: Path) -> None:
    async with api(tmp_path) as (client, _):
        answer = await client.post(
            "/files",
            files=[
                ("file", ("a", b"text")),
                ("file", ("b", b"")),
            ],
        )
    assert refusal(answer) == (422, "nothing-accepted")
    assert "upload://a: this is plain text" in answer.json()["detail"]
    assert "upload://b: the file is empty" in answer.json()["detail"]


@pytest.mark.parametrize("wait", ["-1", "61", "x"])
async def test_nobody_waits_for_ever(tmp_path: Path, wait: str) -> None:
    async with api(tmp_path) as (client, _):
        answer = await client.post(f"/files?wait={wait}", files={"file": ("a.pdf", PDF)})
    assert refusal(answer) == (422, "malformed-request")


async def test_a_document_that_is_not_read_in_time_is_accepted_all_the_same(tmp_path: Path) -> None:
    async with api(tmp_path) as (client, _):
        answer = await client.post("/files?wait=0.1", files={"file": ("a.pdf", PDF)})
    assert (answer.status_code, answer.json()["documents"][0]["status"]) == (202, "accepted")


async def test_addresses_are_fetched_and_what_they_have_is_sent(tmp_path: Path) -> None:
    async with (
        api(tmp_path) as (client, outbox),
        serving(sends(OK + b"\r\n" + PDF)) as good,
        serving(status("404 Not Found")) as gone,
    ):
        asked = {"urls": [f"{good}?token=secret", gone], "options": {"dpi": 200}, "again": True}
        answer = await client.post("/urls", json=asked)
    assert answer.status_code == 202
    found, missing = answer.json()["documents"]
    assert outbox.sent == [(PDF, good, {"dpi": 200})] and outbox.again
    assert found["path"] == good and "secret" not in answer.text
    assert missing["problem"]["type"] == "/problems/source-gone"


async def test_bodies_without_an_end_are_not_waited_for(tmp_path: Path) -> None:
    async with api(tmp_path) as (client, outbox), serving(endless) as url:
        assert refusal(await client.post("/urls", json={"urls": [url]})) == (413, "source-too-large")
    async with api(tmp_path, content_ref_timeout_s=0.3) as (client, outbox), serving(silent) as url:
        assert refusal(await client.post("/urls", json={"urls": [url]})) == (503, "source-unavailable")
    assert outbox.sent == []


@pytest.mark.parametrize(
    "body",
    [{}, {"urls": []}, {"urls": ["http://a/"] * 21}, {"urls": "http://a/"}, {"urls": ["http://a/"], "option": {}},
     {"urls": ["http://a/"], "options": {"dpy": 1}}, {"urls": ["http://a/"], "options": {"languages": "klingon"}}],
)  # fmt: skip
async def test_a_request_for_addresses_is_checked_before_any_is_fetched(
    tmp_path: Path, body: dict[str, object]
) -> None:
    async with api(tmp_path) as (client, _):
        assert (await client.post("/urls", json=body)).status_code == 422


async def test_a_png_is_sent_as_handwriting(tmp_path: Path) -> None:
    png = io.BytesIO()
    Image.new("RGBA", (30, 20)).save(png, "PNG")
    headers = {"content-type": "image/png"}
    async with api(tmp_path) as (client, outbox):
        answer = await client.post("/drawings?name=note", content=png.getvalue(), headers=headers)
        assert answer.headers["location"].startswith("/documents/")
        given = {"options": json.dumps({"kind_threshold": 0.7, "words": True})}
        await client.post("/drawings", params=given, content=png.getvalue(), headers=headers)
    assert outbox.sent == [
        (png.getvalue(), "drawing://note", {"kind_threshold": 0.0}),
        (png.getvalue(), "drawing://drawing", {"kind_threshold": 0.7, "words": True}),
    ]


NO_DRAWINGS: list[dict[str, object]] = [
    {"width": 0}, {"width": 4001}, {"strokes": []}, {"strokes": [{"points": []}]}, {"colour": "red"},
    {"strokes": [{"points": [{"x": 1e9, "y": 0}]}]}, {"strokes": [{"points": [{"x": "NaN", "y": 0}]}]},
    {"strokes": [{"points": [{"x": 1, "y": 1, "pressure": 2}]}]},
    {"strokes": [{"points": [{"x": 1, "y": 1}] * 26_000}] * 2},
]  # fmt: skip


def changed(change: dict[str, object]) -> bytes:
    return json.dumps({**STROKES, **change}, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("image/png", PDF, (415, "unsupported-media-type")), ("text/plain", PDF, (415, "unsupported-media-type")),
        ("application/json", b"{", (422, "malformed-request")),
        ("application/json", b"\x89PNG\r\n\x1a\n", (422, "malformed-request")),
        *(("application/json", changed(change), (422, "malformed-request")) for change in NO_DRAWINGS),
        ("application/json", b" " * 900_000, (422, "malformed-request")),
        ("application/json", b" " * 1_200_000, (413, "too-large")),
    ],
)  # fmt: skip
async def test_what_is_no_drawing_is_refused(
    tmp_path: Path, kind: str, body: bytes, expected: tuple[int, str]
) -> None:
    async with api(tmp_path) as (client, outbox):
        assert refusal(await client.post("/drawings", content=body, headers={"content-type": kind})) == expected
    assert outbox.sent == []


def drawn(*strokes: Stroke) -> np.ndarray[Any, Any]:
    picture = Image.open(io.BytesIO(strokes_picture(300, 100, strokes)))
    assert picture.info["dpi"][0] == pytest.approx(192, abs=1)
    return np.asarray(picture)


def test_strokes_are_drawn_where_they_were_twice_as_large_and_as_wide_as_the_pen_was_pressed() -> None:
    assert drawn().shape == (200, 600) and drawn().min() == 255
    line = drawn(Stroke([(50, 30, 0.5), (250, 30, 0.5)], 4))
    assert line[60, 100:500].max() == 0 and line[60, 520:].min() == 255
    thin, wide = (
        (drawn(Stroke([(50, 30, pressure), (250, 30, pressure)], 4))[:, 300] < 128).sum() for pressure in (0.0, 1.0)
    )
    assert (thin, wide) == (pytest.approx(4, abs=1), pytest.approx(12, abs=1))
    dot = drawn(Stroke([(50, 30, 0.5)], 6))
    assert dot[60, 100] == 0 and (dot < 128).sum() == pytest.approx(113, abs=40)


def test_a_quick_curve_has_no_corners_and_what_lies_outside_is_cut() -> None:
    corner = drawn(Stroke([(50, 80, 0.5), (150, 20, 0.5), (250, 80, 0.5)], 3))
    assert corner[40, 300] == 0
    assert drawn(Stroke([(-4000, 50, 0.5), (8000, 50, 0.5)], 3))[100].max() == 0
