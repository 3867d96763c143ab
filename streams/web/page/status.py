"""How the service is: what came in, what was read, what failed; the live part is drawn from /progress."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from streams.table.memory_table import MemoryTable
from streams.web.page.rendering import PageRoute, html
from streams.web.parts import ApiParts

_COUNTS = "SELECT status, count(*) FROM documents GROUP BY status"
_PAGES = (
    "SELECT count(*), coalesce(sum(exception IS NOT NULL), 0), coalesce(sum(warnings != '[]'), 0), avg(confidence) "
    "FROM result"
)
_METHODS = (
    "SELECT method, count(*), avg((SELECT sum(value) FROM json_each(timings_ms))) FROM "
    "(SELECT method, timings_ms FROM result WHERE method IS NOT NULL ORDER BY rowid DESC LIMIT 1000) "
    "GROUP BY method"
)


def status_routes(parts: ApiParts) -> APIRouter:
    """Return the routes of the status and of its figures."""
    routes = APIRouter(route_class=PageRoute, include_in_schema=False)

    @routes.get("/status")
    async def status() -> Response:
        return html("status.html", {"view": "status", **await figures()})

    @routes.get("/status/figures")
    async def status_figures() -> Response:
        return html("_figures.html", await figures())

    async def figures() -> dict[str, object]:
        def answer(table: MemoryTable) -> dict[str, Any]:
            pages, failed, warned, confidence = table.query(_PAGES).rows[0]
            counts = {str(status): count for status, count in table.query(_COUNTS).rows}
            return {
                "documents": counts, "methods": table.query(_METHODS).rows, "pages": pages, "failed": failed,
                "warned": warned, "confidence": confidence,
            }  # fmt: skip

        deaths = parts.metrics.registry.get_sample_value("inkstream_reader_deaths_total")
        return {
            **await parts.table.ask(answer), "health": parts.health.report(), "deaths": int(deaths or 0),
            "processes": parts.settings.processes, "passed_over": parts.table.passed_over,
        }  # fmt: skip

    return routes
