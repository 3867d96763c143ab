"""Documents and pages in the formats of the registry: written in parts, a few pages at a time."""

from __future__ import annotations

import io
from collections.abc import AsyncGenerator, Sequence
from functools import partial
from urllib.parse import quote

from streams.errors import WordsMissing
from streams.formats.registry import FORMATS, create_writer
from streams.messages.records import DocumentRecord, PageText
from streams.table.memory_table import MemoryTable
from streams.table.table_follower import TableFollower

_PAGES_AT_A_TIME = 8  # in memory, and in one turn at the table


async def written(
    table: TableFollower, document: DocumentRecord, pages: Sequence[int], form: str
) -> AsyncGenerator[bytes]:
    """Yield pages of a document in a format, piece by piece, each made when it is asked for.

    Raises:
        WordsMissing: The format needs words, and a page has none.
    """
    stream = io.BytesIO()
    writer = create_writer(form, stream, several=False)

    def write(numbers: Sequence[int], table: MemoryTable) -> bytes:
        for pagenum in numbers:
            if (record := table.page(document.document_id, pagenum)) is not None:
                _check(record, form)
                writer.page(record)
        return _taken(stream)

    writer.begin(document.path)
    for first in range(0, len(pages), _PAGES_AT_A_TIME):
        numbers = pages[first : first + _PAGES_AT_A_TIME]
        if piece := await table.ask(partial(write, numbers)):
            yield piece
    writer.end()
    yield _taken(stream)


def media_type(form: str) -> str:
    """Return the media type of a format."""
    return {"text": "text/plain; charset=utf-8", "jsonl": "application/x-ndjson"}[form]


def disposition(document: DocumentRecord, form: str) -> str:
    """Return the header by which a browser saves a document under its own name."""
    name = document.path.rpartition("/")[2].rpartition(".")[0] or "document"
    ending = {"text": "txt"}.get(form, form)
    return f"inline; filename*=UTF-8''{quote(f'{name}.{ending}', safe='')}"


def _check(record: PageText, form: str) -> None:
    if not FORMATS[form].needs_words or record.exception is not None:
        return
    if any(region.words is None and region.text for region in record.regions):
        raise WordsMissing(
            f"{form} needs the place of each word, which page {record.pagenum} does not have: send the document "
            'again with the option {"words": true}',
        )


def _taken(stream: io.BytesIO) -> bytes:
    content = stream.getvalue()
    stream.seek(0)
    stream.truncate()
    return content
