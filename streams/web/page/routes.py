"""All routes of the page."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Depends, Response

from streams.web.page.document import document_page_routes
from streams.web.page.inbox import inbox_routes
from streams.web.page.login import login_routes
from streams.web.page.rendering import assets
from streams.web.page.search import search_routes
from streams.web.page.sql import sql_routes
from streams.web.page.status import status_routes
from streams.web.parts import ApiParts
from streams.web.problems import Refusal

_FOR_A_YEAR = "public, max-age=31536000, immutable"


def page_routes(parts: ApiParts, caught_up: Callable[[], None]) -> APIRouter:
    """Return the routes that people open in a browser; `caught_up` refuses those that need the table."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/assets/{version}/{name:path}")
    async def asset(version: str, name: str) -> Response:
        found = assets().get(name)
        if found is None or version != assets().version:
            raise Refusal("not-found", "no such file; load the page again")
        headers = {"Cache-Control": _FOR_A_YEAR, "X-Content-Type-Options": "nosniff"}
        return Response(found.content, media_type=found.media_type, headers=headers)

    routes.include_router(login_routes(parts.settings))
    for made in (inbox_routes, document_page_routes, search_routes, sql_routes, status_routes):
        routes.include_router(made(parts), dependencies=[Depends(caught_up)])
    return routes
