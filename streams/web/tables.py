"""SQL over everything read."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Body, Header, Response
from pydantic import BaseModel, Field

from streams.table.exports import EXPORT_TYPES
from streams.table.memory_table import MemoryTable
from streams.table.table_follower import TableFollower
from streams.web.export import ExportResponse, export_type

_EXAMPLE = "SELECT path, pagenum, text FROM result WHERE result MATCH ?"

_EXPORTS: dict[str, Any] = {
    "description": "the rows; a connection that ends without the last chunk of its body has not sent all of them",
    "content": {media_type: {"schema": {"type": "string"}} for media_type in EXPORT_TYPES},
}


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


def table_routes(table: TableFollower) -> APIRouter:
    """Return the route that runs queries."""
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

    return routes
