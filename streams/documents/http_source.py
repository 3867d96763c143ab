"""Files behind http and https references: fetched with bounds, and only from addresses that are allowed.

A reference comes from whoever may produce a message. So every host is resolved first, each of its addresses is
checked, and the connection goes to a checked address: a second DNS answer changes nothing. Redirects are followed
one by one, each checked the same way. Size, time and number of redirects are bounded.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from models.errors import shown_uri
from streams.documents.http_body import write_body
from streams.documents.public_addresses import Address, is_public
from streams.documents.source_errors import error_of_status, untrusted_certificate
from streams.errors import ConfigurationError, SourceForbidden, SourceUnavailable, UndecodableMessage

_MAX_REDIRECTS = 5
_SILENCE_S = 30.0  # between two pieces of an answer

Resolve = Callable[[str, int], Awaitable[list[Address]]]
"""Returns the addresses of a host for a port. Raises OSError."""


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """What one fetch may take.

    Attributes:
        max_bytes: Of the body, unpacked.
        timeout_s: For all of it, redirects included.
        private_hosts: Host names and addresses that may be fetched from although they are not public.
        trust: The certificate authorities that servers are held against; None for the usual ones.
    """

    max_bytes: int
    timeout_s: float
    private_hosts: Collection[str] = ()
    trust: ssl.SSLContext | None = None


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """Return the usual certificate authorities, and those of a file.

    Raises:
        ConfigurationError: The file cannot be read, or holds no certificate in PEM form.
    """
    context = httpx.create_ssl_context(trust_env=False)
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:  # ssl.SSLError is one
            raise ConfigurationError(
                f"content_ref_ca_file {ca_file}: {error.strerror or error}; name a file of certificates in PEM form"
            ) from error
    return context


def resolving_in(threads: Executor) -> Resolve:
    """Return a function that looks up the addresses of a host in these threads: name servers may be slow."""

    async def resolve(host: str, port: int) -> list[Address]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            threads, partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        )
        return [ipaddress.ip_address(address[4][0]) for address in found]

    return resolve


async def fetch_http(url: str, target: Path, limits: HttpLimits, resolve: Resolve) -> None:
    """Write the body behind an http or https URL to a file.

    Raises:
        UndecodableMessage: It is no URL.
        SourceForbidden: Its host, or one that it redirects to, may not be fetched from, or the server refuses.
        SourceGone: The server has nothing there.
        SourceTooLarge: The body is larger than it may be.
        SourceFailed: The body is packed in a way that is not known here.
        SourceUnavailable: The host cannot be reached, fails or takes too long; trying later may help.
    """
    async with _errors_as_ours(url, limits):
        await _follow(url, target, limits, resolve)


async def post_http(url: str, body: bytes, headers: Mapping[str, str], limits: HttpLimits, resolve: Resolve) -> int:
    """Post JSON to an http or https URL and return the status of the answer; redirects are not followed.

    Raises:
        UndecodableMessage: It is no URL.
        SourceForbidden: Its host may not be called.
        SourceUnavailable: The host cannot be reached, or does not answer in time.
    """
    headers = {"content-type": "application/json", **headers}
    status: list[int] = []
    async with (
        _errors_as_ours(url, limits),
        _answer(httpx.URL(url), limits, resolve, "POST", headers, body) as answer,
    ):
        status.append(answer.status_code)
    return status[0]


@asynccontextmanager
async def _errors_as_ours(url: str, limits: HttpLimits) -> AsyncIterator[None]:
    """Bound the time of a block that talks to a URL, and raise what fails in it as one of our errors."""
    try:
        urlsplit(url)
    except ValueError as error:  # not shown: where it has a password is not known
        raise UndecodableMessage(f"a content-ref is no URL: {error}") from error
    shown = shown_uri(url)
    try:
        async with asyncio.timeout(limits.timeout_s):
            yield
    except TimeoutError as error:
        raise SourceUnavailable(f"{shown} was not fetched within {limits.timeout_s:g} s") from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as error:
        raise UndecodableMessage(f"content-ref {shown!r} is no URL: {error}") from error
    except (httpx.HTTPError, httpx.StreamError) as error:
        why = f"{type(error).__name__} {error}".rstrip()
        if untrusted_certificate(error):
            raise SourceForbidden(
                f"the certificate of {shown} is not trusted here: {why}; "
                "content_ref_ca_file names authorities of your own"
            ) from error
        raise SourceUnavailable(f"{shown} cannot be fetched now: {why}") from error


async def _follow(url: str, target: Path, limits: HttpLimits, resolve: Resolve) -> None:
    for _ in range(_MAX_REDIRECTS + 1):
        async with _answer(httpx.URL(url), limits, resolve) as response:
            if response.has_redirect_location:
                url = str(httpx.URL(url).join(response.headers["location"]))
                continue
            if not response.is_success:
                answer = f"{shown_uri(url)} answers {response.status_code} {response.reason_phrase}"
                raise error_of_status(response.status_code, answer)
            await write_body(response, target, limits.max_bytes, shown_uri(url))
            return
    raise SourceForbidden(
        f"{shown_uri(url)} redirects more than {_MAX_REDIRECTS} times; send the address of the document itself"
    )


@asynccontextmanager
async def _answer(
    url: httpx.URL,
    limits: HttpLimits,
    resolve: Resolve,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> AsyncIterator[httpx.Response]:
    """Yield the answer of a host, asked at an address that was checked."""
    if url.scheme not in ("http", "https") or not url.host:
        raise SourceForbidden(f"{shown_uri(str(url))} is neither http nor https: nothing else is redirected to")
    address = await _checked_address(url, limits, resolve)
    # the address is connected to; the host is named to the server, and its certificate is held against it
    request = httpx.Request(
        method,
        url.copy_with(host=str(address), username=None, password=None),
        headers={"host": url.netloc.decode("ascii"), "user-agent": "inkstream", "accept-encoding": "identity"}
        | _authorisation(url)
        | dict(headers or {}),
        content=body,
        extensions={"sni_hostname": url.host, "timeout": httpx.Timeout(_SILENCE_S).as_dict()},
    )
    # neither proxies nor .netrc of this machine: the address would be checked for nothing
    verify = True if limits.trust is None else limits.trust
    async with httpx.AsyncClient(verify=verify, trust_env=False, follow_redirects=False) as client:
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
        raise SourceUnavailable(f"the host {url.host} is not known ({error}); check how it is written") from error
    if url.host not in limits.private_hosts:
        for address in addresses:
            if not is_public(address) and str(address) not in limits.private_hosts:
                raise SourceForbidden(
                    f"{url.host} is at {address}, which is no public address; "
                    "name the host in content_ref_private_hosts to allow it"
                )
    return addresses[0]
