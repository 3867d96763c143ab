"""Documents: the list of them, how far each is, and what was read of it in every format."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from models.export.registry import FORMATS
from streams.messages.codec import encode
from streams.messages.records import DocumentRecord, PageText
from streams.table.document_lists import Listing
from streams.table.memory_table import MemoryTable
from streams.web.accepted import AcceptedDocument
from streams.web.export import ExportResponse
from streams.web.file_forms import written_from_file
from streams.web.forms import disposition, exported, pieces
from streams.web.lookup import DocumentId, PageNumber, document_of, no_page
from streams.web.parts import ApiParts
from streams.web.problems import Problem, Refusal

_STATUSES = Literal["reading", "done", "partial", "failed", "superseded"]
# pictures have routes of their own, whose queries have how they are drawn
FORMS = [name for name, form in FORMATS.items() if not form.has_drawing]
_MAX_LISTED = 500
_MAX_CURSOR_CHARACTERS = 20_000

Partial = Annotated[
    bool, Query(description="the pages that are read so far, where not all are; else that is a 409")
]


class DocumentList(BaseModel):
    """A part of the list of documents."""

    documents: list[DocumentRecord] = Field(description="newest first, by when they began to be read")
    next: str | None = Field(description="give it as `after` for the next part; null at the end")


def document_routes(parts: ApiParts) -> APIRouter:
    """Return the routes of documents and of their pages."""
    routes = APIRouter(tags=["what was read"])
    table = parts.table

    @routes.get("/documents", summary="List documents")
    async def documents(
        status: Annotated[_STATUSES | None, Query(description="none: all but those that are superseded")] = None,
        path: Annotated[str, Query(description="what their paths begin with", max_length=4096)] = "",
        after: Annotated[str | None, Query(description="`next` of the part before")] = None,
        limit: Annotated[int, Query(ge=1, le=_MAX_LISTED)] = 50,
    ) -> DocumentList:
        listing = Listing(status, path, None if after is None else cursor_in(after), limit)
        found = await table.ask(lambda t: t.documents(listing))
        return DocumentList(documents=found, next=cursor_behind(found[-1]) if len(found) == limit else None)

    # before the document's own route, whose id may have slashes; so the last part of a path is the format
    for form in FORMS:
        _add_form(routes, parts, form)

    @routes.get(
        "/documents/{document_id:path}/pages/{pagenum:int}", response_model=PageText, summary="One page's record"
    )
    @routes.get(
        "/pages/{document_id:path}/{pagenum}", response_model=PageText,
        summary="One page's record, as under documents", operation_id="page_of_document",
    )  # fmt: skip
    async def page(document_id: DocumentId, pagenum: PageNumber) -> Response:
        def answer(table: MemoryTable) -> bytes | None:
            found = table.page(document_id, pagenum)
            return None if found is None else encode(found)

        found = await table.ask(answer)
        if found is None:
            raise no_page(document_id, pagenum)
        return Response(found, media_type="application/json")

    @routes.get("/documents/{document_id:path}", summary="How far a document has come")
    async def document(document_id: DocumentId) -> DocumentRecord | AcceptedDocument:
        found = await table.ask(lambda t: t.document(document_id))
        if found is not None:
            parts.accepted.forget(document_id)
            return found
        waiting = parts.accepted.get(document_id)
        if waiting is None:
            raise Refusal(
                "not-found",
                f"no document {document_id[:200]} is known: none with this id was split, nor sent here since this "
                f"worker started. Behind the id of a document may stand /{', /'.join(FORMS)}",
            )
        return waiting

    return routes


def _add_form(routes: APIRouter, parts: ApiParts, form: str) -> None:
    table = parts.table
    answers: dict[int | str, dict[str, Any]] = {
        200: {"content": {FORMATS[form].media_type.partition(";")[0]: {"schema": {"type": "string"}}}},
        409: {"model": Problem, "description": "not all of it is read yet, or the format needs words"},
    }
    about = FORMATS[form].description

    @routes.get(
        f"/documents/{{document_id:path}}/pages/{{pagenum:int}}/{form}",
        summary=f"One page as {form}", description=about, responses=answers, response_class=Response,
        operation_id=f"page_as_{form}",
    )  # fmt: skip
    async def page_as(document_id: DocumentId, pagenum: PageNumber) -> Response:
        document = await document_of(table, document_id)
        if not await table.ask(lambda t: t.page(document_id, pagenum)):
            raise no_page(document_id, pagenum)
        return await _written(parts, document, [pagenum], form)

    @routes.get(
        f"/documents/{{document_id:path}}/{form}",
        summary=f"A document as {form}", description=about, responses=answers, response_class=Response,
        operation_id=f"document_as_{form}",
    )  # fmt: skip
    async def document_as(document_id: DocumentId, partial: Partial = False) -> Response:
        document = await document_of(table, document_id)
        pages = await table.ask(lambda t: t.page_numbers(document_id))
        if not partial and len(pages) < document.total_pages:
            raise Refusal(
                "not-finished",
                f"{len(pages)} of {document.total_pages} pages are read; ask again, or with ?partial=true",
                {"Retry-After": "1"},
            )
        return await _written(parts, document, range(document.total_pages), form)


async def _written(parts: ApiParts, document: DocumentRecord, pages: Sequence[int], form: str) -> Response:
    if FORMATS[form].needs_file:
        return await written_from_file(parts, document, pages, form)
    made = await exported(parts.table, document, pages, form)
    body = pieces(parts.table, made)
    answer = ExportResponse(body, await anext(body), made.media_type)
    answer.headers["content-disposition"] = disposition(document, made.suffix)
    return answer


def cursor_behind(document: DocumentRecord) -> str:
    """Return what a list goes on after, as it stands in addresses."""
    return base64.urlsafe_b64encode(f"{document.started}\0{document.document_id}".encode()).decode()


def cursor_in(text: str) -> tuple[str, str]:
    """Return what `cursor_behind` wrote. Raises Refusal."""
    try:
        if len(text) > _MAX_CURSOR_CHARACTERS:
            raise ValueError
        started, document_id = base64.urlsafe_b64decode(text.encode()).decode().split("\0")
    except (ValueError, binascii.Error):
        raise Refusal("malformed-request", "after: give what `next` of the part before has") from None
    return started, document_id
