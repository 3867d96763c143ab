"""Documents and pages in the formats of the registry: written in parts, a few pages at a time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from itertools import islice
from urllib.parse import quote

from models.export.registry import FORMATS, export
from models.export.types import Export, ExportedDocument
from streams.errors import WordsMissing
from streams.messages.records import DocumentRecord, PageText
from streams.table.memory_table import MemoryTable
from streams.table.table_follower import TableFollower

_PIECES_AT_A_TIME = 8  # in memory, and in one turn at the table; at least one a page


async def exported(table: TableFollower, document: DocumentRecord, pages: Sequence[int], form: str) -> Export:
    """Return pages of a document in a format; `pieces` takes its bytes."""

    def begun(table: MemoryTable) -> Export:
        records = _records(table, document.document_id, pages, form)
        return export(form, ExportedDocument(document.path, pages, records))

    return await table.ask(begun)


async def pieces(table: TableFollower, made: Export) -> AsyncGenerator[bytes]:
    """Yield the bytes of an export, piece by piece, each made when it is asked for.

    Raises:
        WordsMissing: The format needs words, and a page has none.
    """
    more = True
    while more:
        some = await table.ask(lambda _: list(islice(made.pieces, _PIECES_AT_A_TIME)))
        more = len(some) == _PIECES_AT_A_TIME
        yield b"".join(some)


def _records(table: MemoryTable, document_id: str, pages: Sequence[int], form: str) -> Iterator[PageText]:
    for pagenum in _stored(table, document_id, pages):
        if (record := table.page(document_id, pagenum)) is not None:
            if FORMATS[form].needs_words:
                check_page_words(form, record)
            yield record


def check_words(table: MemoryTable, document_id: str, pages: Sequence[int], form: str) -> None:
    """Raise WordsMissing where the format needs words, and the first page that has text has none."""
    for record in _records(table, document_id, pages, form):
        if record.text:
            return


def _stored(table: MemoryTable, document_id: str, pages: Sequence[int]) -> list[int]:
    """Return those of the pages that have a record: how many there are in all, anybody may have written."""
    if len(pages) == 1:
        return list(pages)
    return [number for number in table.page_numbers(document_id) if number in pages]


def disposition(document: DocumentRecord, suffix: str) -> str:
    """Return the header by which a browser saves a document under its own name."""
    name = document.path.rpartition("/")[2].rpartition(".")[0] or "document"
    return f"inline; filename*=UTF-8''{quote(name + suffix, safe='')}"


def check_page_words(what: str, record: PageText) -> None:
    """Raise WordsMissing where a page has text without words; `what` needs them."""
    if any(region.words is None and region.text for region in record.regions):
        raise WordsMissing(
            f"{what} needs the place of each word, which page {record.pagenum} does not have: send the document "
            'again with the option {"words": true}',
        )
