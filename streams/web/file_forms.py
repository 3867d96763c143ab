"""Documents in the formats that are made from their files: written by a reader process, into a file."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import Response

from models.export.registry import FORMATS
from streams.messages.records import DocumentRecord
from streams.processes import reader_process
from streams.web.export import GUARDED
from streams.web.files_out import HeldFile
from streams.web.forms import check_words, disposition, exported, pieces
from streams.web.parts import ApiParts


async def written_from_file(parts: ApiParts, document: DocumentRecord, pages: Sequence[int], form: str) -> Response:
    """Return pages of a document, whose file is fetched for it.

    Raises:
        WordsMissing: The format needs words, and a page has none.
        SourceGone, SourceForbidden, SourceUnavailable, …: The file cannot be fetched.
        DocumentError, ModelError: The file cannot be opened, or not be written in time.
    """
    await parts.table.ask(lambda t: check_words(t, document.document_id, pages, form))
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="inkstream-export-")))
        records, target = folder / "pages.jsonl", folder / "document"
        with records.open("wb") as lines:
            async for piece in pieces(parts.table, await exported(parts.table, document, pages, "jsonl")):
                await asyncio.to_thread(lines.write, piece)
        async with parts.originals.file(document) as file:
            passwords = [secret.get_secret_value() for secret in parts.settings.passwords]
            await parts.originals.run(
                reader_process.export_file, form, document.path, pages, records, file, passwords, target,
                timeout_s=parts.settings.export_timeout_s,
            )  # fmt: skip
        headers = {**GUARDED, "Content-Disposition": disposition(document, FORMATS[form].suffix)}
        held = stack.pop_all()
        return HeldFile(str(target), media_type=FORMATS[form].media_type, headers=headers, held=held)
