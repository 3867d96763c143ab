"""HTML out of templates: everything is escaped, and nothing runs that does not come from this package."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException as AnyHTTPException

from models.errors import InkstreamError
from streams.web.page.assets import Assets
from streams.web.page.filters import FILTERS
from streams.web.problems import problem_of

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # none at all would make the Origin of a form `null`
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",  # it is what somebody's documents hold
}


@cache
def assets() -> Assets:
    """Return the files that templates load, read once."""
    return Assets()


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= FILTERS
    made.globals["asset"] = assets().url
    return made


def html(template: str, values: Mapping[str, object], status: int = 200) -> HTMLResponse:
    """Return a template with values in it; text among them is escaped."""
    return HTMLResponse(_templates().get_template(template).render(values), status, _HEADERS)


class PageRoute(APIRoute):
    """A route whose refusals are pages; pieces of a page where htmx asks."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, which raises nothing that a person can do something about."""
        handler = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await handler(request)
            except RequestValidationError as error:
                faults = (f"{fault['loc'][-1]}: {fault['msg']}" for fault in error.errors())
                return _refusal(request, "The request is not what this page takes.", "; ".join(faults), 422)
            except (InkstreamError, AnyHTTPException) as error:
                found = problem_of(error)
                return _refusal(request, found.title, found.detail, found.status)

        return answered


def _refusal(request: Request, title: str, detail: str, status: int) -> Response:
    piece = request.headers.get("hx-request") == "true"
    template = "_refusal.html" if piece else "refusal.html"
    return html(template, {"view": "", "title": title, "detail": detail, "status": status}, status)
