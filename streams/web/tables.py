"""SQL over everything read, and single pages and documents."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Body, Header, Path, Response
from pydantic import BaseModel, Field

from streams.messages.codec import encode
from streams.messages.records import DocumentRecord, PageText
from streams.table.exports import EXPORT_TYPES
from streams.table.memory_table import MemoryTable
from streams.table.table_follower import TableFollower
from streams.web.accepted import AcceptedDocument, AcceptedDocuments
from streams.web.export import ExportResponse, export_type
from streams.web.problems import Refusal

_EXAMPLE = "SELECT path, pagenum, text FROM result WHERE result MATCH ?"

_EXPORTS: dict[str, Any] = {
    "description": "the rows; a connection that ends without the last chunk of its body has not sent all of them",
    "content": {media_type: {"schema": {"type": "string"}} for media_type in EXPORT_TYPES},
}

# with slashes: ids of messages that an older version took may have some
DocumentId = Annotated[str, Path(description="the document's id, as its records have it")]


class Query(BaseModel):
    """One SELECT on `result` (a page a row, full-text search), `regions` (a line a row) or `documents`."""

    sql: str = Field(examples=[_EXAMPLE])
    parameters: list[str | int | float | None] = Field([], description="one for each ?", examples=[["invoice"]])


class Answer(BaseModel):
    """The rows of a query."""

    columns: list[str]
    rows: list[list[str | int | float | None]] = Field(description="blobs as hex digits")
    truncated: bool = Field(description="whether more was found than query_max_rows rows, or 32 MiB of text")
    elapsed_ms: float


def table_routes(table: TableFollower, accepted: AcceptedDocuments) -> APIRouter:
    """Return the routes that answer from the memory table."""
    routes = APIRouter(tags=["what was read"])

    @routes.post("/query", response_model=Answer, summary="Run one SELECT", responses={200: _EXPORTS})
    async def query(query: Annotated[Query, Body()], accept: Annotated[str, Header()] = "*/*") -> Response:
        """Answer with JSON, cut at query_max_rows rows; `Accept` asks for all rows, as CSV or JSON lines."""
        if (media_type := export_type(accept)) is not None:
            pieces = table.export(query.sql, query.parameters, media_type)
            return ExportResponse(pieces, await anext(pieces), media_type)

        # rows become JSON in the thread that read them: ten thousand of them would hold the event loop
        def answer(table: MemoryTable) -> bytes:
            return orjson.dumps(table.query(query.sql, query.parameters))

        return Response(await table.ask(answer), media_type="application/json")

    @routes.get("/pages/{document_id:path}/{pagenum}", response_model=PageText, summary="One page's record")
    async def page(document_id: DocumentId, pagenum: Annotated[int, Path(ge=0)]) -> Response:
        def answer(table: MemoryTable) -> bytes | None:
            found = table.page(document_id, pagenum)
            return None if found is None else encode(found)

        found = await table.ask(answer)
        if found is None:
            raise Refusal(
                "not-found",
                f"no page {pagenum} of a document {document_id} has been read; pages are counted from 0, and "
                f"/documents/{document_id} has how far it is",
            )
        return Response(found, media_type="application/json")

    @routes.get("/documents/{document_id:path}", summary="How far a document has come")
    async def document(document_id: DocumentId) -> DocumentRecord | AcceptedDocument:
        found = await table.ask(lambda t: t.document(document_id))
        if found is not None:
            accepted.forget(document_id)
            return found
        waiting = accepted.get(document_id)
        if waiting is None:
            raise Refusal(
                "not-found",
                f"no document {document_id} is known: none with this id was split, nor sent here since this worker "
                "started",
            )
        return waiting

    return routes
