"""The inbox: what was sent, newest first, with a picture of each page and how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, get_args

from fastapi import APIRouter, Query, Response

from streams.messages.records import DocumentRecord
from streams.table.document_lists import Listing
from streams.table.memory_table import MemoryTable
from streams.web.documents import cursor_behind, cursor_in
from streams.web.page.rendering import PageRoute, html
from streams.web.parts import ApiParts

Shown = Literal["", "reading", "done", "partial", "failed"]
_LISTED = 20
_THUMBNAILS = 8  # of a document
_THUMBNAIL_PX = 144  # wide: twice what is shown, for dense screens
_MIB = 1024 * 1024

_Pages = list[tuple[int, str]]


def inbox_routes(parts: ApiParts) -> APIRouter:
    """Return the routes of the inbox and of its list."""
    routes = APIRouter(route_class=PageRoute, include_in_schema=False)

    @routes.get("/")
    async def inbox(status: Shown = "") -> Response:
        fixed = {
            "view": "inbox", "shown": status, "statuses": [one for one in get_args(Shown) if one],
            "megabytes": parts.settings.max_message_bytes // _MIB,
        }  # fmt: skip
        return html("inbox.html", {**fixed, **await listed(status, "", None)})

    @routes.get("/inbox/documents")
    async def documents(
        status: Shown = "",
        path: Annotated[str, Query(max_length=4096)] = "",
        after: str | None = None,
    ) -> Response:
        return html("_documents.html", await listed(status, path, after))

    async def listed(status: str, path: str, after: str | None) -> dict[str, object]:
        listing = Listing(status or None, path, None if after is None else cursor_in(after), _LISTED)
        accepted = [] if status or path or after else parts.accepted.waiting()

        def answer(table: MemoryTable) -> tuple[Sequence[tuple[DocumentRecord, _Pages]], set[str]]:
            known = {one.document_id for one in accepted if table.document(one.document_id)}
            return [(one, _first_pages(table, one)) for one in table.documents(listing)], known

        found, known = await parts.table.ask(answer)
        for document_id in known:
            parts.accepted.forget(document_id)
        return {
            "documents": found,
            "waiting": [one for one in accepted if one.document_id not in known],
            "next": cursor_behind(found[-1][0]) if len(found) == _LISTED else None,
            "filtered": bool(status or path),
            "thumbnail_px": _THUMBNAIL_PX,
        }

    return routes


def _first_pages(table: MemoryTable, document: DocumentRecord) -> _Pages:
    """Return the numbers and states of the pages that are shown."""
    read = set(table.page_numbers(document.document_id)) if document.total_pages else set()
    shown = range(min(document.total_pages, _THUMBNAILS))
    failed = {n for n in shown if n in read and (page := table.page(document.document_id, n)) and page.exception}
    return [(n, "failed" if n in failed else "read" if n in read else "waits") for n in shown]
