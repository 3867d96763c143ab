from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from streams.documents.references import SourceFetcher
from streams.errors import SourceForbidden, SourceGone, UndecodableMessage
from streams.service.worker_process import supervised
from streams.settings import Settings


def fetcher_of(folder: Path) -> SourceFetcher:
    return SourceFetcher(Settings(content_ref_folders=(str(folder),)))


async def test_files_are_fetched_from_the_allowed_folders_only(tmp_path: Path) -> None:
    (tmp_path / "scans/deep").mkdir(parents=True)
    (tmp_path / "scans/deep/ä b.pdf").write_bytes(b"wanted")
    (tmp_path / "secret.pdf").write_bytes(b"secret")
    (tmp_path / "scans/link.pdf").symlink_to("../secret.pdf")
    fetcher = SourceFetcher(Settings(content_ref_folders=(str(tmp_path / "scans"),)))
    await fetcher.fetch((tmp_path / "scans/deep/ä b.pdf").as_uri(), tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"wanted"
    for outside in ("secret.pdf", "scans/../secret.pdf", "scans/link.pdf", "scansecret.pdf"):
        with pytest.raises(SourceForbidden, match="outside of content_ref_folders"):
            await fetcher.fetch(f"file://{tmp_path}/{outside}", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"wanted"


@pytest.mark.parametrize("name", ["ä b.pdf", "100%.pdf", "a#b?c.pdf", "%41.pdf", os.fsdecode(b"caf\xe9.pdf")])
async def test_files_of_any_name_are_fetched(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"wanted")
    fetcher = fetcher_of(tmp_path)
    await fetcher.fetch((tmp_path / name).as_uri(), tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"wanted"
    if name.isprintable() and "%4" not in name:  # as people write it
        await fetcher.fetch(f"file://{tmp_path}/{name}", tmp_path / "again")
        assert (tmp_path / "again").read_bytes() == b"wanted"


async def test_a_full_disk_is_no_fault_of_the_source(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(bytes(100_000))
    with pytest.raises(OSError, match="No space left") as caught:
        await fetcher_of(tmp_path).fetch((tmp_path / "a.pdf").as_uri(), Path("/dev/full"))
    assert caught.value.errno == errno.ENOSPC


async def test_a_pipe_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceGone, match="not a regular file"):
        await fetcher_of(tmp_path).fetch((tmp_path / "pipe").as_uri(), tmp_path / "copy")


async def test_no_file_is_fetched_where_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"wanted")
    with pytest.raises(SourceForbidden, match="INKSTREAM_CONTENT_REF_FOLDERS"):
        await SourceFetcher(Settings()).fetch((tmp_path / "a.pdf").as_uri(), tmp_path / "copy")
    with pytest.raises(SourceForbidden):
        await SourceFetcher(Settings()).fetch("file:///proc/self/environ", tmp_path / "copy")


async def test_up_lets_its_worker_fetch_from_the_inbox(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox/a.pdf").write_bytes(b"wanted")
    (tmp_path / "b.pdf").write_bytes(b"secret")
    fetcher = SourceFetcher(supervised(Settings(inbox=tmp_path / "inbox")).settings)
    await fetcher.fetch((tmp_path / "inbox/a.pdf").as_uri(), tmp_path / "copy")
    with pytest.raises(SourceForbidden):
        await fetcher.fetch((tmp_path / "b.pdf").as_uri(), tmp_path / "copy")


async def test_only_uris_of_allowed_schemes_are_fetched(tmp_path: Path) -> None:
    fetcher = fetcher_of(tmp_path)
    with pytest.raises(SourceGone):
        await fetcher.fetch((tmp_path / "nothing.pdf").as_uri(), tmp_path / "copy")
    for wrong in ("ftp://host/a.pdf", str(tmp_path / "a.pdf"), "chained::file:///etc/hostname"):
        with pytest.raises(UndecodableMessage, match="must be a URI of one of the schemes"):
            await fetcher.fetch(wrong, tmp_path / "copy")


@pytest.mark.parametrize("reference", ["kafka://raw-files/0/" + "9" * 5000, f"kafka://raw-files/{'9' * 5000}/0"])
async def test_numbers_that_kafka_does_not_have_are_no_reference(tmp_path: Path, reference: str) -> None:
    with pytest.raises(UndecodableMessage):
        await fetcher_of(tmp_path).fetch(reference, tmp_path / "copy")
