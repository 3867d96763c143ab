"""SQL for people: an editor beside the tables' columns, rows as a table, CSV or JSON lines."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Response

from streams.table.columns import ROWS, TABLES, meaning
from streams.table.exports import EXPORT_TYPES
from streams.web.export import ExportResponse
from streams.web.page.rendering import PageRoute, html
from streams.web.parts import ApiParts

_MAX_ROWS = 500  # in the page; a download has all
_FILES = dict(zip(("csv", "jsonl"), EXPORT_TYPES, strict=True))
_EXAMPLES = {
    "Pages": "SELECT path, pagenum, confidence, text\nFROM result\nORDER BY timestamp DESC\nLIMIT 50",
    "Doubtful lines": "SELECT path, pagenum + 1 AS page, text, round(confidence, 2) AS confidence\nFROM regions\n"
    "WHERE confidence < 0.8\nORDER BY confidence\nLIMIT 100",
    "By kind": "SELECT kind, count(*) AS lines, round(avg(confidence), 3) AS confidence\nFROM regions\n"
    "GROUP BY kind",
    "Failures": "SELECT path, status, exception\nFROM documents\nWHERE status IN ('failed', 'partial')",
}

Sql = Annotated[str, Form(max_length=100_000)]


def sql_routes(parts: ApiParts) -> APIRouter:
    """Return the routes of the editor."""
    routes = APIRouter(route_class=PageRoute, include_in_schema=False)
    tables = [
        (name, ROWS[name], [(column, meaning(name, column)) for column in columns])
        for name, columns in TABLES.items()
    ]

    @routes.get("/sql")
    async def editor() -> Response:
        return html("sql.html", {"view": "sql", "tables": tables, "examples": _EXAMPLES, "files": list(_FILES)})

    @routes.post("/sql/rows")
    async def rows(sql: Sql) -> Response:
        found = await parts.table.ask(lambda table: table.query(sql))
        return html("_rows.html", {"found": found, "most": _MAX_ROWS})

    @routes.post("/sql/rows.{form}")
    async def download(form: str, sql: Sql) -> Response:
        media_type = _FILES.get(form, EXPORT_TYPES[0])
        pieces = parts.table.export(sql, (), media_type)
        answer = ExportResponse(pieces, await anext(pieces), media_type)
        answer.headers["content-disposition"] = f"attachment; filename=rows.{form if form in _FILES else 'csv'}"
        return answer

    return routes
