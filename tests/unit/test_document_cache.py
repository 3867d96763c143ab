from __future__ import annotations

import asyncio
import hashlib
import io
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PIL import Image

from models.documents.open_documents import OpenDocuments
from streams.documents.cache import DocumentCache
from streams.errors import SourceGone


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Fetch:
    """Writes a content, slowly, and counts how often."""

    def __init__(self, content: bytes) -> None:
        self.content, self.times = content, 0

    async def __call__(self, target: Path) -> None:
        self.times += 1
        await asyncio.sleep(0.01)
        target.write_bytes(self.content)


async def test_a_document_is_fetched_once_for_all_its_readers(tmp_path: Path) -> None:
    cache, fetch = DocumentCache(tmp_path, 1000), Fetch(b"abc")

    async def read() -> bytes:
        async with cache.document(sha(b"abc"), fetch) as path:
            return path.read_bytes()

    assert await asyncio.gather(*(read() for _ in range(20))) == [b"abc"] * 20
    assert fetch.times == 1


async def test_only_who_waits_for_a_fetch_lends_its_slot(tmp_path: Path) -> None:
    cache, fetch = DocumentCache(tmp_path, 1000), Fetch(b"abc")
    waited = 0

    @asynccontextmanager
    async def waiting() -> AsyncIterator[None]:
        nonlocal waited
        waited += 1
        yield

    async def read() -> bytes:
        async with cache.document(sha(b"abc"), fetch, waiting) as path:
            return path.read_bytes()

    await asyncio.gather(read(), read())
    assert waited == 2
    await asyncio.gather(read(), read())
    assert waited == 2


async def test_content_that_changed_is_source_gone_and_leaves_nothing(tmp_path: Path) -> None:
    cache = DocumentCache(tmp_path, 1000)
    with pytest.raises(SourceGone, match="changed"):
        async with cache.document(sha(b"what was announced"), Fetch(b"what is there now")):
            pass
    assert list(tmp_path.iterdir()) == []


async def test_the_bound_holds_and_the_longest_unused_go_first(tmp_path: Path) -> None:
    cache = DocumentCache(tmp_path, 25)
    contents = [bytes([n]) * 10 for n in range(4)]
    for number, content in enumerate(contents):
        async with cache.document(sha(content), Fetch(content)) as path:
            os.utime(path, (number, number))
    assert {file.name for file in tmp_path.iterdir()} == {sha(content) for content in contents[2:]}


async def test_what_is_in_use_is_not_evicted_even_by_another_process(tmp_path: Path) -> None:
    mine, other = DocumentCache(tmp_path, 15), DocumentCache(tmp_path, 15)
    async with mine.document(sha(b"a" * 10), Fetch(b"a" * 10)) as held:
        async with other.document(sha(b"b" * 10), Fetch(b"b" * 10)):
            pass
        assert held.read_bytes() == b"a" * 10
    async with other.document(sha(b"c" * 10), Fetch(b"c" * 10)):
        assert not held.exists()


async def test_a_failed_fetch_is_tried_anew_by_the_next_reader(tmp_path: Path) -> None:
    cache = DocumentCache(tmp_path, 1000)

    async def fails(target: Path) -> None:
        raise SourceGone("not there")

    with pytest.raises(SourceGone):
        async with cache.document(sha(b"x"), fails):
            pass
    async with cache.document(sha(b"x"), Fetch(b"x")) as path:
        assert path.read_bytes() == b"x"


async def test_what_a_killed_process_left_is_removed_and_what_is_being_fetched_stays(tmp_path: Path) -> None:
    cache = DocumentCache(tmp_path, 1000)
    (tmp_path / "left.partial").write_bytes(b"half of a document")
    async with cache.incoming() as partial:
        partial.write_bytes(b"half")
        DocumentCache(tmp_path, 1000)
        assert [file for file in tmp_path.iterdir()] == [partial]
    assert list(tmp_path.iterdir()) == []


async def test_what_is_being_fetched_counts_as_well(tmp_path: Path) -> None:
    cache = DocumentCache(tmp_path, 25)
    async with cache.document(sha(b"a" * 10), Fetch(b"a" * 10)):
        pass
    async with cache.incoming() as partial:
        partial.write_bytes(b"b" * 20)
        async with cache.document(sha(b"c"), Fetch(b"c")):
            pass
        assert {file.name for file in tmp_path.iterdir()} == {sha(b"c"), partial.name}


async def test_a_document_stays_open_from_page_to_page(tmp_path: Path) -> None:
    page = io.BytesIO()
    Image.new("L", (20, 20)).save(page, "PNG")
    cache, documents, fetch = DocumentCache(tmp_path, 1000), OpenDocuments(), Fetch(page.getvalue())
    opened = []
    for _ in range(2):
        async with cache.document(sha(fetch.content), fetch) as path:
            opened.append(documents.get(path, None))
    documents.close()
    assert opened[0] is opened[1]
