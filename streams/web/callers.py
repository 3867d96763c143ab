"""Who may call the API: no web page that some browser shows, and nobody without a token where one is set.

A browser on the machine reaches an API on loopback, and so does every page in it: by a name of the attacker's that
resolves to 127.0.0.1 (DNS rebinding), or by posting a form to it. The first shows in the Host header, the second in
the Origin header.

Programs send the token; a browser has the cookie of a sign-in (sessions.py) instead.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from secrets import compare_digest
from urllib.parse import quote

from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from streams.errors import ConfigurationError
from streams.settings import Settings
from streams.web.problems import problem
from streams.web.sessions import Sessions

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_PROBES = ("/healthz", "/readyz")
_PUBLIC = {"metrics": ("/metrics",), "docs": ("/docs", "/openapi.json")}
_SIGN_IN = "/login"
_ASSETS = "/assets/"  # of the page: the same for everybody, and nothing of anybody's


def check_exposure(settings: Settings) -> None:
    """Refuse to serve other machines without a token.

    Raises:
        ConfigurationError: The API would listen beyond this machine, and ask for nothing.
    """
    if settings.api_token is None and not settings.api_open and not _is_loopback(settings.api_host):
        raise ConfigurationError(
            f"the API would listen on {settings.api_host} and give everybody who reaches it all that was read: set "
            "api_token (INKSTREAM_API_TOKEN), or api_open = true where only trusted machines reach it"
        )


class CallerGuard:
    """ASGI middleware that refuses other sites' requests, 421 by their Host and 403 by their Origin.

    Where a token is set, it also refuses all that do not carry it, before their bodies are read.

    With a token there is no check of the Host: no other site has the token.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        # as bytes: comparing text in constant time is refused where it is not ASCII
        self._token = settings.api_token.get_secret_value().encode() if settings.api_token else None
        self._sessions = None if self._token is None else Sessions(self._token)
        self._hosts = {host.casefold() for host in _own_names(settings.api_hosts)}
        self._public = {*_PROBES, *(path for part in settings.api_public for path in _PUBLIC.get(part, ()))}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = self._refusal(scope, Headers(scope=scope)) if scope["type"] == "http" else None
        await (refused or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """Return the answer to a request that is not served, None to one that is."""
        host, origin = headers.get("host", ""), headers.get("origin")
        if self._token is None and not self._is_own(_name_of(host)):
            message = f"the API is not called {host[:100]!r}; add the name to api_hosts if it should be"
            return problem("other-host", message)
        is_write = scope["method"] not in _SAFE_METHODS
        if is_write and origin is not None and _authority_of(origin) != host.casefold():
            return problem("other-origin", f"a page of {origin[:100]!r} may not send to this API")
        if self._token is not None and not self._is_public(scope["path"]):
            return self._unknown_caller(scope, headers, self._token)
        return None

    def _unknown_caller(self, scope: Scope, headers: Headers, token: bytes) -> Response | None:
        """Return the answer to a request without the token and without a session, None to one that has either."""
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.casefold() == "bearer" and compare_digest(given.encode("latin-1"), token):
            return None
        if self._sessions is not None and self._sessions.holds(headers.get("cookie", "")):
            if scope["method"] in _SAFE_METHODS or "origin" in headers:
                return None
            return problem("other-origin", "a request that a session lets in has its Origin")
        if scope["method"] == "GET" and headers.get("accept", "").startswith("text/html"):
            query = "?" + scope["query_string"].decode("latin-1") if scope["query_string"] else ""
            return RedirectResponse(f"{_SIGN_IN}?to={quote(scope['path'] + query, safe='')}", 303)
        return problem("unauthorized", "a bearer token is needed", {"WWW-Authenticate": "Bearer"})

    def _is_public(self, path: str) -> bool:
        return path in self._public or path == _SIGN_IN or path.startswith(_ASSETS)

    def _is_own(self, name: str) -> bool:
        """Return whether a name is an address, one that only this network knows, or one that was set."""
        return _is_address(name) or (name != "" and "." not in name) or name.casefold() in self._hosts


def _own_names(names: Iterable[str]) -> list[str]:
    return [*names, socket.gethostname(), socket.getfqdn()]


def _name_of(host: str) -> str:
    """Return a Host header without its port and without the brackets of an IPv6 address."""
    if host.startswith("["):
        return host[1 : host.find("]")]
    return host.rpartition(":")[0] if ":" in host else host


def _authority_of(origin: str) -> str:
    return origin.partition("://")[2].casefold()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)
