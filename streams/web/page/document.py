"""One document: a page's picture with its regions, its text beside it, what read it and how long that took."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from models.export.registry import FORMATS
from streams.kafka.letter_index import LetterIndex
from streams.messages.records import DocumentRecord, PageText
from streams.web.lookup import DocumentId
from streams.web.page.marks import lines_with, words_of
from streams.web.page.rendering import PageRoute, html
from streams.web.page.replays import replay_document
from streams.web.parts import ApiParts
from streams.web.problems import Refusal

_PICTURE_PX = 1600  # wide


def document_page_routes(parts: ApiParts) -> APIRouter:
    """Return the routes of a document's page."""
    routes = APIRouter(route_class=PageRoute, include_in_schema=False)
    table, letters = parts.table, LetterIndex(parts.settings)

    @routes.post("/view/{document_id:path}/replay")
    async def replay(document_id: DocumentId) -> Response:
        count = await replay_document(parts.settings, letters, document_id)
        return html("_replayed.html", {"count": count})

    @routes.get("/view/{document_id:path}")
    async def document(
        document_id: DocumentId,
        page: Annotated[int, Query(ge=1, le=10_000_000)] = 1,
        q: Annotated[str, Query(max_length=1000)] = "",
    ) -> Response:
        found = await table.ask(lambda t: t.document(document_id))
        if found is None:
            waiting = parts.accepted.get(document_id)
            if waiting is None:
                raise Refusal("not-found", f"no document {document_id[:200]} is known")
            return html("waiting.html", {"view": "inbox", "document": waiting})
        record = await table.ask(lambda t: t.page(document_id, page - 1))
        marked = lines_with(words_of(q), record) if record else frozenset()
        values = {
            "view": "inbox", "document": found, "page": record, "number": page, "q": q, "marked": marked,
            "picture_px": _PICTURE_PX, "formats": _formats(found, record),
        }  # fmt: skip
        return html("document.html", values)

    return routes


def _formats(document: DocumentRecord, page: PageText | None) -> list[tuple[str, str, bool]]:
    """Return each format's name and description, and whether the document can be had in it."""
    has_words = page is None or all(region.words is not None or not region.text for region in page.regions)
    finished = document.finished is not None
    return [
        (name, form.description, finished and (has_words or not form.needs_words)) for name, form in FORMATS.items()
    ]
