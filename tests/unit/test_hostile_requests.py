"""Requests that were made to do harm: archives, forged ids and names. Each is refused, or is just a name."""

from __future__ import annotations

import io
import zipfile
from functools import partial
from itertools import product
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from streams.table.memory_table import MemoryTable
from tests.unit.test_api import DOCUMENT, PAGE, PDF, FilledTable, Outbox, client_of, refusal, settings_in

IDS = (
    "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "/etc/passwd", "d/../../x", "d%00",
    "d%0d%0aset-cookie: a=b", "d' OR '1'='1", 'd"; DROP TABLE result; --', "%ff%fe", "%ed%a0%80", "x" * 4096,
    "~root", "file:%2f%2f%2fetc%2fpasswd", "kafka:%2f%2fraw-files%2f0%2f0", "{{7*7}}", "<script>", "*", "%", "_",
)  # fmt: skip
PLACES = (
    "/documents/{}", "/documents/{}/text", "/documents/{}/file", "/documents/{}/pages/0",
    "/documents/{}/pages/0.png", "/pages/{}/0", "/view/{}", "/problems/{}",
)  # fmt: skip
NAMES = (
    "../../../etc/cron.d/x.pdf", "/etc/passwd", "..\\..\\x.pdf", "a\u202efdp.exe", "a\x1b[31m.pdf",
    "<img src=x onerror=alert(1)>.pdf", "'; DROP TABLE result; --.pdf", "file:///etc/passwd", ".",
)  # fmt: skip


async def test_a_forged_id_is_the_id_of_nothing(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    table = FilledTable(settings)
    await table.fill()
    async with client_of(settings, table, Outbox(settings)) as client:
        for given, where in product(IDS, PLACES):
            answer = await client.get(where.format(given))
            assert answer.status_code in (404, 405, 422), (given, answer.text)
            assert "set-cookie" not in answer.headers and "root:" not in answer.text
        for given in IDS:
            assert (await client.delete(f"/documents/{given}")).status_code in (404, 405, 422), given
        rows = {"sql": "SELECT count(*) FROM result"}
        assert (await client.post("/query", json=rows)).json()["rows"] == [[1]]


async def test_a_file_name_is_a_name_and_no_place(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    outbox = Outbox(settings)
    async with client_of(settings, FilledTable(settings), outbox) as client:
        for name in NAMES:
            assert (await client.post("/files", files={"file": (name, PDF)})).status_code == 202, name
        for name in ("a" * 5000, "é" * 4090):
            assert refusal(await client.post("/files", files={"file": (name, PDF)}))[0] in (400, 413, 422)
    assert len(outbox.sent) == len(NAMES)
    assert all(path.startswith("upload://") for _, path, _ in outbox.sent)
    assert {file.name for file in tmp_path.rglob("*") if file.is_file()} == set()


async def test_the_name_of_a_file_that_is_given_back_adds_no_header(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, content_ref_folders=(str(tmp_path),))
    table, file = FilledTable(settings), tmp_path / "a.pdf"
    file.write_bytes(PDF)
    names = ("a\r\nset-cookie: a=b", 'a"; filename="b.html', "a\0b", "ä\u202e", "..")
    for number, name in enumerate(names):
        changed = {"document_id": f"n{number}", "reference": file.as_uri(), "path": f"upload://{name}"}
        document = DOCUMENT.model_copy(update=changed)
        await table.ask(partial(MemoryTable.apply, pages=[], documents=[(document.document_id, document)]))
    async with client_of(settings, table, Outbox(settings)) as client:
        for number, name in enumerate(names):
            answer = await client.get(f"/documents/n{number}/file")
            expected = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
            assert (answer.status_code, answer.headers["content-disposition"]) == (200, expected)
            assert "set-cookie" not in answer.headers


async def test_an_archive_of_a_thousand_files_is_one_file_that_nobody_unpacks(tmp_path: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as made:
        for number in range(1000):
            made.writestr(f"../{number}.pdf", PDF)
    settings = settings_in(tmp_path)
    outbox = Outbox(settings)
    async with client_of(settings, FilledTable(settings), outbox) as client:
        answer = await client.post("/files", files={"file": ("thousand.pdf", archive.getvalue())})
        assert refusal(answer) == (415, "unsupported-file")
        assert "unpack it" in answer.json()["detail"]
    assert outbox.sent == []


@pytest.mark.parametrize("files", [101, 1001])
async def test_a_thousand_files_in_one_request_are_refused_together(tmp_path: Path, files: int) -> None:
    settings = settings_in(tmp_path)
    outbox = Outbox(settings)
    async with client_of(settings, FilledTable(settings), outbox) as client:
        answer = await client.post("/files", files=[("file", (f"{n}.pdf", PDF)) for n in range(files)])
    assert refusal(answer)[0] in (400, 422)
    assert "1" in answer.json()["detail"] and outbox.sent == []


async def test_a_page_of_any_id_is_written_as_text_and_as_no_markup(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>"
    settings = settings_in(tmp_path)
    table = FilledTable(settings)
    changed = {"document_id": hostile, "path": f"x://{hostile}"}
    page, document = PAGE.model_copy(update={**changed, "text": hostile}), DOCUMENT.model_copy(update=changed)
    await table.ask(partial(MemoryTable.apply, pages=[(f"{hostile}/0", page)], documents=[(hostile, document)]))
    async with client_of(settings, table, Outbox(settings)) as client:
        answers: list[httpx.Response] = [
            await client.get(f"/documents/{quote(hostile, safe='')}{form}")
            for form in ("", "/text", "/markdown", "/csv", "/pages/0.svg?picture=0&regions=lines&labels=1")
        ]
    for answer in answers:
        assert answer.status_code == 200, answer.text
        kind = answer.headers["content-type"]
        assert not kind.startswith("text/html") and (hostile not in answer.text or not kind.startswith("image/"))
        assert answer.headers.get("x-content-type-options") == "nosniff" or kind == "application/json"
