from __future__ import annotations

import asyncio
import io
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from PIL import Image

from streams.documents.cache import digest_of
from streams.messages.records import DocumentRecord
from streams.settings import Settings
from streams.sources.deletion import delete_if_read
from streams.sources.folder import FolderSource
from streams.sources.ledger import Ledger, Version
from streams.sources.producer import SentFile
from streams.sources.readiness import is_whole


def whole_pdf(text: str = "hello") -> bytes:
    document = pymupdf.open()
    document.new_page().insert_text((72, 72), text)
    content: bytes = document.tobytes()
    return content


def picture(kind: str) -> bytes:
    buffer = io.BytesIO()
    frames = [Image.effect_noise((60, 50), 60) for _ in range(2)]
    extra: dict[str, Any] = {"save_all": True, "append_images": frames[1:]} if kind == "TIFF" else {}
    frames[0].save(buffer, kind, **extra)
    return buffer.getvalue()


WHOLE = {
    "pdf": whole_pdf(),
    **{kind.lower(): picture(kind) for kind in ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP")},
}


class Deliveries:
    """Takes what is delivered and notes its content at that moment."""

    def __init__(self) -> None:
        self.contents: list[tuple[str, bytes]] = []
        self.supersedes: list[list[str]] = []
        self.ids: list[str] = []
        self.inline = True

    async def __call__(
        self, file: Path, as_ref: Path, version: Version, supersedes: Sequence[str] = ()
    ) -> SentFile:
        self.contents.append((file.name, file.read_bytes()))
        self.supersedes.append(list(supersedes))
        document_id = digest_of(file, file.as_uri()).document_id
        self.ids.append(document_id)
        return SentFile(document_id, file.as_uri(), "raw-files", 0, len(self.contents), self.inline)

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.contents]


@asynccontextmanager
async def watched(
    tmp_path: Path, deliveries: Deliveries | None = None, **values: Any
) -> AsyncIterator[tuple[Path, Deliveries, FolderSource]]:
    inbox = tmp_path / "inbox"
    inbox.mkdir(exist_ok=True)
    chosen = Settings(**{"stable_s": 0.3, "broken_after_s": 0.6, "data_dir": tmp_path, "inbox": inbox, **values})
    deliveries, ledger = deliveries or Deliveries(), Ledger(tmp_path / "ledger.db")
    source = FolderSource(chosen, inbox, ledger, deliveries)
    task = asyncio.create_task(source.run())
    try:
        await scans(source, 1)
        yield inbox, deliveries, source
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        ledger.close()


async def until(condition: Callable[[], bool], timeout_s: float = 10) -> None:
    for _ in range(int(timeout_s / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("never came true")


async def scans(source: FolderSource, more: int) -> None:
    """Wait until the folder has been looked through so often again."""
    wanted = source.scans + more
    await until(lambda: source.scans >= wanted)


async def test_a_file_that_is_written_slowly_is_delivered_once_and_whole(tmp_path: Path) -> None:
    content = whole_pdf("slowly " * 400)
    async with watched(tmp_path, watch_polling_s=0.05) as (inbox, deliveries, source):
        with (inbox / "slow.pdf").open("wb") as file:
            for start in range(0, len(content), 400):
                file.write(content[start : start + 400])
                file.flush()
                await asyncio.sleep(0.05)
        await until(lambda: deliveries.names == ["slow.pdf"] and source.idle)
        await scans(source, 3)
        await until(lambda: source.idle)
    assert deliveries.contents == [("slow.pdf", content)]


async def test_a_writer_that_pauses_longer_than_the_delay_is_waited_for(tmp_path: Path, looks: list[bool]) -> None:
    content = whole_pdf()
    async with watched(tmp_path, stable_s=0.1, broken_after_s=5) as (inbox, deliveries, _):
        with (inbox / "paused.pdf").open("wb") as file:
            file.write(content[:500])
            file.flush()
            await until(lambda: len(looks) > 2)
            assert deliveries.names == []
            file.write(content[500:])
        await until(lambda: bool(deliveries.names))
    assert deliveries.contents == [("paused.pdf", content)]


async def test_a_file_that_stays_broken_is_delivered_as_it_is(tmp_path: Path) -> None:
    async with watched(tmp_path) as (inbox, deliveries, source):
        (inbox / "broken.pdf").write_bytes(whole_pdf()[:300])
        await until(lambda: deliveries.names == ["broken.pdf"])
        await until(lambda: source.idle)
        assert source.broken == 1


async def test_partial_hidden_and_foreign_names_are_left_until_they_are_renamed(tmp_path: Path) -> None:
    async with watched(tmp_path, stable_s=0.05, watch_polling_s=0.05) as (inbox, deliveries, source):
        (inbox / "@eaDir").mkdir()
        for name in (
            ".hidden.pdf", "a.pdf.part", "b.FILEPART", "~$c.pdf", "@eaDir/d.pdf", "Thumbs.db", "e.pdf.1f3a.partial",
            "f.pd~", "g.pdf.opdownload", "h.pdf.download", "i.pdf.crdownload",
        ):  # fmt: skip
            (inbox / name).write_bytes(WHOLE["pdf"])
        await scans(source, 3)
        assert source.idle
        assert deliveries.names == []
        (inbox / "a.pdf.part").rename(inbox / "a.pdf")
        await until(lambda: deliveries.names == ["a.pdf"])


async def test_linked_folders_and_ignored_files_are_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/a.pdf").write_bytes(WHOLE["pdf"])
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox/linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "inbox/b.pdf.partial").write_bytes(WHOLE["pdf"])
    async with watched(tmp_path, stable_s=0.05, watch_polling_s=0.05) as (inbox, deliveries, source):
        (inbox / "c.pdf").write_bytes(WHOLE["pdf"])
        await until(lambda: deliveries.names == ["c.pdf"])
        await scans(source, 3)
    lines = [record.getMessage() for record in caplog.records]
    assert sum("linked is a link to a folder and is not followed" in line for line in lines) == 1
    assert sum("b.pdf.partial" in line for line in lines) == 1


async def test_a_folder_moved_in_with_files_is_searched(tmp_path: Path) -> None:
    (tmp_path / "elsewhere/deep").mkdir(parents=True)
    (tmp_path / "elsewhere/deep/a.pdf").write_bytes(WHOLE["pdf"])
    async with watched(tmp_path, stable_s=0.05) as (inbox, deliveries, _):
        (tmp_path / "elsewhere").rename(inbox / "moved")
        await until(lambda: deliveries.names == ["a.pdf"])


async def test_a_restart_rereads_nothing_and_loses_nothing(tmp_path: Path) -> None:
    async with watched(tmp_path, stable_s=0.05) as (inbox, deliveries, _):
        (inbox / "a.pdf").write_bytes(WHOLE["pdf"])
        await until(lambda: deliveries.names == ["a.pdf"])
    (inbox / "b.png").write_bytes(WHOLE["png"])
    async with watched(tmp_path, stable_s=0.05) as (_, deliveries, source):
        await until(lambda: deliveries.names == ["b.png"])
        await until(lambda: source.idle)
    assert deliveries.names == ["b.png"]


async def test_new_content_under_an_old_name_is_delivered_again(tmp_path: Path) -> None:
    async with watched(tmp_path, stable_s=0.05) as (inbox, deliveries, _):
        (inbox / "a.pdf").write_bytes(whole_pdf("one"))
        await until(lambda: len(deliveries.names) == 1)
        (inbox / "a.pdf").write_bytes(whole_pdf("two, longer"))
        await until(lambda: len(deliveries.names) == 2)
    assert deliveries.contents[0][1] != deliveries.contents[1][1]


async def test_a_file_that_was_replaced_by_one_of_the_same_size_and_time_is_delivered_again(tmp_path: Path) -> None:
    one, other = whole_pdf("one"), whole_pdf("two")
    other = other.ljust(len(one)) if len(other) < len(one) else other
    one = one.ljust(len(other))
    times = (10**18, 10**18)
    async with watched(tmp_path, stable_s=0.05, watch_polling_s=0.05) as (inbox, deliveries, source):
        (inbox / "a.pdf").write_bytes(one)
        os.utime(inbox / "a.pdf", ns=times)
        await until(lambda: len(deliveries.names) == 1 and source.idle)
        (tmp_path / "new").write_bytes(other)
        os.utime(tmp_path / "new", ns=times)
        (tmp_path / "new").rename(inbox / "a.pdf")
        await until(lambda: len(deliveries.names) == 2 and source.idle)
        (inbox / "a.pdf").write_bytes(one)  # in place: the same inode
        os.utime(inbox / "a.pdf", ns=times)
        await until(lambda: len(deliveries.names) == 3 and source.idle)
    assert [content for _, content in deliveries.contents] == [one, other, one]


async def test_a_file_whose_mode_or_links_change_is_not_delivered_again(tmp_path: Path) -> None:
    async with watched(tmp_path, stable_s=0.05, watch_polling_s=0.05) as (inbox, deliveries, source):
        (inbox / "a.pdf").write_bytes(WHOLE["pdf"])
        await until(lambda: len(deliveries.names) == 1 and source.idle)
        (inbox / "a.pdf").chmod(0o640)
        os.link(inbox / "a.pdf", tmp_path / "elsewhere")
        await scans(source, 3)
        await until(lambda: source.idle)
    assert deliveries.names == ["a.pdf"]


def test_a_ledger_of_an_earlier_version_delivers_nothing_again(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(WHOLE["pdf"])
    version = Version.of(tmp_path / "a.pdf")
    with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as db:
        db.execute(
            "CREATE TABLE delivered (path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,"
            " document_id TEXT NOT NULL) WITHOUT ROWID"
        )
        row = (bytes(tmp_path / "a.pdf"), version.size, version.mtime_ns, "an id")
        db.execute("INSERT INTO delivered VALUES (?, ?, ?, ?)", row)
    ledger = Ledger(tmp_path / "ledger.db")
    assert ledger.has(tmp_path / "a.pdf", version)
    ledger.close()


async def test_a_file_takes_the_place_of_what_it_replaces_and_of_what_it_was_before_it_was_moved(
    tmp_path: Path,
) -> None:
    async with watched(tmp_path, stable_s=0.05) as (inbox, deliveries, source):
        for number, (name, text) in enumerate((("a.pdf", "one"), ("a.pdf", "two, longer"), ("b.pdf", "three")), 1):
            (inbox / name).write_bytes(whole_pdf(text))
            await until(lambda number=number: len(deliveries.names) == number and source.idle)  # type: ignore[misc]
        (inbox / "a.pdf").rename(inbox / "b.pdf")  # over another
        await until(lambda: len(deliveries.names) == 4 and source.idle)
        os.link(inbox / "b.pdf", inbox / "c.pdf")  # a copy takes nobody's place
        await until(lambda: len(deliveries.names) == 5 and source.idle)
    one, two, three, _moved, _linked = deliveries.ids
    assert [sorted(ids) for ids in deliveries.supersedes] == [[], [one], [], sorted([two, three]), []]


@pytest.mark.parametrize(("latest_first", "order"), [(False, ["old", "mid", "new"]), (True, ["new", "mid", "old"])])
async def test_what_waits_is_delivered_in_order_of_age(
    tmp_path: Path, latest_first: bool, order: list[str]
) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for age, name in ((300, "old"), (200, "mid"), (100, "new")):
        (inbox / name).write_bytes(WHOLE["png"])
        os.utime(inbox / name, (1e9 - age, 1e9 - age))
    async with watched(tmp_path, stable_s=0, latest_first=latest_first) as (_, deliveries, _source):
        await until(lambda: len(deliveries.names) == 3)
    assert deliveries.names == order


async def test_polling_finds_files_too(tmp_path: Path) -> None:
    async with watched(tmp_path, stable_s=0.05, watch_polling_s=0.1) as (inbox, deliveries, _):
        (inbox / "a.pdf").write_bytes(WHOLE["pdf"])
        await until(lambda: deliveries.names == ["a.pdf"])


async def test_archived_files_keep_their_sub_path_and_never_overwrite(tmp_path: Path) -> None:
    async with watched(tmp_path, stable_s=0.05, clean="archive") as (inbox, deliveries, source):
        (inbox / "sub").mkdir()
        for number in (1, 2):
            (inbox / "sub/a.pdf").write_bytes(whole_pdf(f"number {number}"))
            await until(lambda number=number: len(deliveries.names) == number and source.idle)  # type: ignore[misc]
            await until(lambda: not (inbox / "sub/a.pdf").exists())
    assert sorted(file.name for file in (inbox / ".archive/sub").iterdir()) == ["a-1.pdf", "a.pdf"]


def of(offset: int, status: str) -> DocumentRecord:
    return DocumentRecord.model_validate(
        {"document_id": "d", "path": "p", "reference": f"kafka://raw-files/0/{offset}", "total_pages": 1,
         "pages_read": 1, "pages_failed": 0, "status": status, "started": "s", "finished": None}
    )  # fmt: skip


async def test_files_are_deleted_once_they_are_read_and_those_that_failed_stay(tmp_path: Path) -> None:
    names = ["0.pdf", "1.pdf", "2.pdf", "3.pdf"]
    async with watched(tmp_path, stable_s=0.05, clean="delete") as (inbox, deliveries, source):
        for number, name in enumerate(names, start=1):
            deliveries.inline = name != "3.pdf"
            (inbox / name).write_bytes(WHOLE["pdf"])
            await until(lambda number=number: len(deliveries.names) == number and source.idle)  # type: ignore[misc]
        assert sorted(file.name for file in inbox.iterdir()) == names
        for number, status in enumerate(("failed", "partial", "done", "done"), start=1):
            for moment in ("reading", status):
                delete_if_read(of(number, moment), source._ledger)
        assert sorted(file.name for file in inbox.iterdir()) == ["0.pdf", "1.pdf", "3.pdf"]
        delete_if_read(of(1, "done"), source._ledger)
        assert not (inbox / "0.pdf").exists(), "a page that failed was read later"


async def test_a_file_that_was_replaced_before_its_document_was_done_stays(tmp_path: Path) -> None:
    async with watched(tmp_path, stable_s=0.05, clean="delete") as (inbox, deliveries, source):
        (inbox / "a.pdf").write_bytes(WHOLE["pdf"])
        await until(lambda: bool(deliveries.names) and source.idle)
        (inbox / "a.pdf").write_bytes(whole_pdf("another"))
        delete_if_read(of(1, "done"), source._ledger)
        assert (inbox / "a.pdf").exists()


async def test_a_file_deleted_before_its_time_is_forgotten(tmp_path: Path) -> None:
    async with watched(tmp_path, stable_s=0.5) as (inbox, deliveries, source):
        (inbox / "a.pdf").write_bytes(WHOLE["pdf"])
        await until(lambda: not source.idle)
        (inbox / "a.pdf").unlink()
        await until(lambda: source.idle)
    assert deliveries.names == []


@pytest.mark.parametrize("kind", WHOLE)
def test_a_whole_file_is_whole(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(WHOLE[kind])
    assert is_whole(file)
