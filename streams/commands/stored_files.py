"""Whether a file that came by reference is still where it was, and the same: before anything is sent for it."""

from __future__ import annotations

import asyncio
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

from streams.documents.cache import digest_of
from streams.documents.references import SourceFetcher
from streams.errors import SourceGone
from streams.settings import Settings


async def check_file(settings: Settings, reference: str, sha256: str | None) -> None:
    """Fetch a file, and return where it has the content that was read; None: any.

    A worker that could not fetch it would write that its document failed.

    Raises:
        SourceGone: It is another file by now.
        SourceGone, SourceForbidden, SourceUnavailable, …: As SourceFetcher.fetch.
    """
    if reference.startswith("file://"):  # which folders are open is for the workers to check
        folder = str(PurePath(unquote(urlsplit(reference).path)).parent)
        settings = settings.model_copy(update={"content_ref_folders": (folder,)})
    sources = SourceFetcher(settings)
    try:
        with TemporaryDirectory(prefix="inkstream-") as made:
            target = Path(made) / "file"
            await sources.fetch(reference, target)
            digest = await asyncio.to_thread(digest_of, target, "")
    finally:
        await sources.stop()
    if sha256 not in (None, digest.sha256):
        raise SourceGone("the file has changed since it was read; send it again")
