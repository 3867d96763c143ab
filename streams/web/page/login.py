"""Signing in where the API has a token: it is typed into a form, and stands in no address and no cookie."""

from __future__ import annotations

from secrets import compare_digest
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from streams.settings import Settings
from streams.web.page.rendering import PageRoute, html
from streams.web.sessions import COOKIE, SESSION_S, Sessions


def login_routes(settings: Settings) -> APIRouter:
    """Return the routes by which people sign in and out."""
    routes = APIRouter(route_class=PageRoute, include_in_schema=False)
    token = settings.api_token.get_secret_value().encode() if settings.api_token else None

    @routes.get("/login")
    async def form(to: str = "/") -> Response:
        return html("login.html", {"view": "", "to": _own_path(to), "wrong": False})

    @routes.post("/login")
    async def sign_in(
        request: Request, token_given: Annotated[str, Form(alias="token")], to: Annotated[str, Form()] = "/"
    ) -> Response:
        # as bytes: comparing text in constant time is refused where it is not ASCII
        if token is None or not compare_digest(token_given.encode(errors="surrogatepass"), token):
            return html("login.html", {"view": "", "to": _own_path(to), "wrong": True}, 403)
        answer = RedirectResponse(_own_path(to), 303)
        answer.set_cookie(
            COOKIE, Sessions(token).opened(), max_age=SESSION_S, httponly=True, samesite="strict",
            secure=request.url.scheme == "https",
        )  # fmt: skip
        return answer

    @routes.post("/logout")
    async def sign_out() -> Response:
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return answer

    return routes


def _own_path(path: str) -> str:
    """Return a path of this site, / where it leads to another one."""
    own = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if own else "/"
