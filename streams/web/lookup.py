"""Documents and pages by their ids, and the refusals where there are none."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from streams.messages.records import DocumentRecord, PageText
from streams.table.table_follower import TableFollower
from streams.web.problems import Refusal

# with slashes: ids of messages that an older version took may have some
DocumentId = Annotated[str, Path(description="the document's id, as its records have it", max_length=4096)]
PageNumber = Annotated[int, Path(ge=0, lt=10_000_000, description="counted from 0, as in records")]


async def document_of(table: TableFollower, document_id: str) -> DocumentRecord:
    """Return a document's record. Raises Refusal where none is known."""
    found = await table.ask(lambda t: t.document(document_id))
    if found is None:
        raise Refusal("not-found", f"no document {document_id[:200]} is known: none with this id was split")
    return found


async def page_of(table: TableFollower, document_id: str, pagenum: int) -> PageText:
    """Return a page's record. Raises Refusal where it was not read."""
    found = await table.ask(lambda t: t.page(document_id, pagenum))
    if found is None:
        raise no_page(document_id, pagenum)
    return found


def no_page(document_id: str, pagenum: int) -> Refusal:
    """Return the refusal for a page that has no record."""
    return Refusal(
        "not-found",
        f"no page {pagenum} of a document {document_id[:200]} has been read; pages are counted from 0, and "
        f"/documents/{document_id[:200]} has how far it is",
    )
