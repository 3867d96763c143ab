"""Files behind http and https references: fetched with bounds, and only from addresses that are allowed.

A reference comes from whoever may produce a message. So every host is resolved first, each of its addresses is
checked, and the connection goes to a checked address: a second DNS answer changes nothing. Redirects are followed
one by one, each checked the same way. Size, time and number of redirects are bounded.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from models.errors import shown_uri
from streams.errors import SourceForbidden, SourceGone, SourceTooLarge, SourceUnavailable, UndecodableMessage

_MAX_REDIRECTS = 5
_SILENCE_S = 30.0  # between two pieces of an answer
_RETRIABLE = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
_FORBIDDEN = {HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[list[Address]]]


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """What one fetch may take.

    Attributes:
        max_bytes: Of the body, unpacked.
        timeout_s: For all of it, redirects included.
        private_hosts: Host names and addresses that may be fetched from although they are not public.
    """

    max_bytes: int
    timeout_s: float
    private_hosts: Collection[str] = ()


async def resolve(host: str, port: int) -> list[Address]:
    """Return the addresses of a host. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(address[4][0]) for address in found]


async def fetch_http(url: str, target: Path, limits: HttpLimits, resolve: Resolve = resolve) -> None:
    """Write the body behind an http or https URL to a file.

    Raises:
        UndecodableMessage: It is no URL.
        SourceForbidden: Its host, or one that it redirects to, may not be fetched from, or the server refuses.
        SourceGone: The server has nothing there.
        SourceTooLarge: The body is larger than it may be.
        SourceUnavailable: The host cannot be reached, fails or takes too long; trying later may help.
    """
    try:
        urlsplit(url)
    except ValueError as error:  # not shown: where it has a password is not known
        raise UndecodableMessage(f"a content-ref is no URL: {error}") from error
    shown = shown_uri(url)
    try:
        async with asyncio.timeout(limits.timeout_s):
            await _follow(url, target, limits, resolve)
    except TimeoutError as error:
        raise SourceUnavailable(f"{shown} was not fetched within {limits.timeout_s:g} s") from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as error:
        raise UndecodableMessage(f"content-ref {shown!r} is no URL: {error}") from error
    except (httpx.HTTPError, httpx.StreamError) as error:
        raise SourceUnavailable(
            f"{shown} cannot be fetched now: {type(error).__name__} {error}".rstrip()
        ) from error


async def _follow(url: str, target: Path, limits: HttpLimits, resolve: Resolve) -> None:
    for _ in range(_MAX_REDIRECTS + 1):
        async with _answer(httpx.URL(url), limits, resolve) as response:
            if response.has_redirect_location:
                url = str(httpx.URL(url).join(response.headers["location"]))
                continue
            _check_status(response, shown_uri(url))
            await _write(response, target, limits.max_bytes, shown_uri(url))
            return
    raise SourceForbidden(f"{shown_uri(url)} redirects more than {_MAX_REDIRECTS} times")


@asynccontextmanager
async def _answer(url: httpx.URL, limits: HttpLimits, resolve: Resolve) -> AsyncIterator[httpx.Response]:
    """Yield the answer of a host, asked at an address that was checked."""
    if url.scheme not in ("http", "https") or not url.host:
        raise SourceForbidden(f"{shown_uri(str(url))} is neither http nor https")
    address = await _checked_address(url, limits, resolve)
    # the address is connected to; the host is named to the server, and its certificate is held against it
    request = httpx.Request(
        "GET",
        url.copy_with(host=str(address), username=None, password=None),
        headers={"host": url.netloc.decode("ascii"), "user-agent": "inkstream"} | _authorisation(url),
        extensions={"sni_hostname": url.host, "timeout": httpx.Timeout(_SILENCE_S).as_dict()},
    )
    # neither proxies nor .netrc of this machine: the address would be checked for nothing
    async with httpx.AsyncClient(trust_env=False, follow_redirects=False) as client:
        response = await client.send(request, stream=True)
        try:
            yield response
        finally:
            await response.aclose()


def _authorisation(url: httpx.URL) -> dict[str, str]:
    if not url.username:
        return {}
    request = next(httpx.BasicAuth(url.username, url.password).auth_flow(httpx.Request("GET", "http://host")))
    return {"authorization": request.headers["authorization"]}


async def _checked_address(url: httpx.URL, limits: HttpLimits, resolve: Resolve) -> Address:
    """Return an address of a URL's host. Raises SourceForbidden where any of its addresses is not public."""
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        addresses = await resolve(url.host, port)
    except OSError as error:
        raise SourceUnavailable(f"the host {url.host} is not known: {error}") from error
    if url.host not in limits.private_hosts:
        for address in addresses:
            if not is_public(address) and str(address) not in limits.private_hosts:
                raise SourceForbidden(
                    f"{url.host} is at {address}, which is no public address; "
                    "name the host in content_ref_private_hosts to allow it"
                )
    return addresses[0]


def is_public(address: Address) -> bool:
    """Return whether an address is on the internet: not loopback, private, link-local, or one wrapped in IPv6."""
    if isinstance(address, ipaddress.IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if wrapped:
            return is_public(wrapped)
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return address.is_global and not address.is_multicast


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def _check_status(response: httpx.Response, shown: str) -> None:
    status = response.status_code
    if response.is_success:
        return
    answer = f"{shown} answers {status} {response.reason_phrase}"
    if status in _RETRIABLE or response.is_server_error:
        raise SourceUnavailable(answer)
    if status in _FORBIDDEN:
        raise SourceForbidden(answer)
    raise SourceGone(answer)


async def _write(response: httpx.Response, target: Path, max_bytes: int, shown: str) -> None:
    size = 0
    with target.open("wb") as file:
        async for piece in response.aiter_bytes(64 * 1024):
            size += len(piece)
            if size > max_bytes:
                raise SourceTooLarge(f"{shown} is larger than content_ref_max_bytes ({max_bytes} bytes)")
            await asyncio.to_thread(file.write, piece)
