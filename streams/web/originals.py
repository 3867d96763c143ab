"""The bytes of documents and pictures of their pages, fetched by reference and drawn in a reader process."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from models.documents.pictures import PictureOptions
from streams.documents.cache import DocumentCache, digest_of
from streams.documents.references import SourceFetcher
from streams.messages.records import DocumentRecord
from streams.processes import reader_process
from streams.processes.pool import ReaderPool
from streams.settings import Settings

if TYPE_CHECKING:
    from models.export.drawing import Drawing
    from models.export.types import DrawnType

    Drawn = tuple[Drawing, DrawnType]

T = TypeVar("T")

_MAX_PICTURE_BYTES = 32 * 1024 * 1024  # some 1,500 thumbnails, or 30 whole pages
_MAX_KNOWN = 10_000  # documents of older records whose hash was computed here
_DRAWN_AT_A_TIME = 8  # pages: the others wait


class Originals:
    """Documents as they were delivered. Lives on one event loop; what computes runs in the pool."""

    def __init__(self, settings: Settings, cache: DocumentCache, sources: SourceFetcher, pool: ReaderPool) -> None:
        self._settings = settings
        self._cache = cache
        self._sources = sources
        self._pool = pool
        self._digests: OrderedDict[str, str] = OrderedDict()  # sha256 by reference
        self._pictures: OrderedDict[tuple[object, ...], bytes] = OrderedDict()
        self._turns = asyncio.Semaphore(_DRAWN_AT_A_TIME)

    @asynccontextmanager
    async def file(self, document: DocumentRecord) -> AsyncIterator[Path]:
        """Yield the file of a document, fetched if it is not here; it stays until the block ends.

        Raises:
            SourceGone, SourceForbidden, SourceUnavailable, …: As SourceFetcher.fetch.
        """
        sha256 = document.sha256 or self._digests.get(document.reference)
        if sha256 is None:
            sha256 = await self._fetched(document.reference)
        async with self._cache.document(sha256, self._sources.fetcher(document.reference)) as path:
            yield path

    async def picture(
        self, document: DocumentRecord, pagenum: int, options: PictureOptions, drawn: Drawn | None = None
    ) -> bytes:
        """Return a page as a picture, with regions drawn over it where these are given.

        Raises what `file` does, and DocumentError or ModelError.
        """
        key = (document.sha256 or document.reference, pagenum, options, drawn)
        if (known := self._pictures.get(key)) is not None:
            self._pictures.move_to_end(key)
            return known
        passwords = [secret.get_secret_value() for secret in self._settings.passwords]
        make, how = (reader_process.page_picture, ()) if drawn is None else (reader_process.drawn_page, drawn)
        async with self._turns, self.file(document) as path:
            picture: bytes = await self._pool.run(
                make, path, pagenum, options, passwords, *how, timeout_s=self._settings.split_timeout_s
            )
        self._pictures[key] = picture
        while sum(map(len, self._pictures.values())) > _MAX_PICTURE_BYTES:
            self._pictures.popitem(last=False)
        return picture

    async def run(self, function: Callable[..., T], *arguments: object, timeout_s: float) -> T:
        """Return what a function returns that runs in a reader process. Raises as ReaderPool.run."""
        async with self._turns:
            return await self._pool.run(function, *arguments, timeout_s=timeout_s)

    async def fetch_url(self, url: str, target: Path, *, max_bytes: int, timeout_s: float) -> None:
        """Write what an http or https URL has to a file. Raises as SourceFetcher.fetch_web."""
        await self._sources.fetch_web(url, target, max_bytes=max_bytes, timeout_s=timeout_s)

    def forget(self, document: DocumentRecord) -> None:
        """Drop what is kept of a document here: its pictures, and its bytes where nobody uses them now."""
        of = document.sha256 or document.reference
        for key in [key for key in self._pictures if key[0] == of]:
            del self._pictures[key]
        if (sha256 := document.sha256 or self._digests.pop(document.reference, None)) is not None:
            self._cache.forget(sha256)

    async def _fetched(self, reference: str) -> str:
        """Fetch a document whose record has no hash into the cache, and return its sha256."""
        async with self._cache.incoming() as partial:
            await self._sources.fetch(reference, partial)
            digest = await asyncio.to_thread(digest_of, partial, "")
            self._cache.release(self._cache.adopt(partial, digest.sha256))
        self._digests[reference] = digest.sha256
        if len(self._digests) > _MAX_KNOWN:
            self._digests.popitem(last=False)
        return digest.sha256
