"""http references, from a server that misbehaves: each way ends as an error with a policy, and nothing else."""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from models.errors import InkstreamError
from streams.documents.http_source import HttpLimits, fetch_http, trusting
from streams.documents.public_addresses import Address
from streams.documents.references import SourceFetcher
from streams.errors import (
    ConfigurationError,
    SourceFailed,
    SourceForbidden,
    SourceGone,
    SourceTooLarge,
    SourceUnavailable,
    UndecodableMessage,
)
from streams.settings import Settings


async def resolve(host: str, port: int) -> list[Address]:
    return [ipaddress.ip_address(host)]


LIMITS = HttpLimits(max_bytes=1000, timeout_s=2.0, private_hosts=("127.0.0.1",))
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(
    answer: Answer, requests: list[bytes] | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """Yield the URL of a server that answers each connection so, once it has, and has noted, the request."""

    tasks: list[asyncio.Task[None]] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.append(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                request = await reader.readuntil(b"\r\n\r\n")
                if requests is not None:
                    requests.append(request)
                await answer(writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}/a.pdf"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def sends(*pieces: bytes, pause_s: float = 0.0) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause_s)

    return answer


def status(line: str, *headers: str, body: bytes = b"") -> Answer:
    head = "\r\n".join([f"HTTP/1.1 {line}", f"content-length: {len(body)}", *headers, "", ""])
    return sends(head.encode() + body)


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 100)
        await writer.drain()


async def silent(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3600)


async def endless_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"x-header: " + b"x" * 1000 + b"\r\n")
        await writer.drain()


async def never_begins(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


def gzipped(content: bytes, *, encoding: str = "gzip", cut: int = 0) -> Answer:
    body = gzip.compress(content)
    return status("200 OK", f"content-encoding: {encoding}", body=body[: len(body) - cut])


OK = b"HTTP/1.1 200 OK\r\n"
WAYS: dict[str, tuple[Answer, type[InkstreamError]]] = {
    "not found": (status("404 Not Found"), SourceGone),
    "gone": (status("410 Gone"), SourceGone),
    "bad request": (status("400 Bad Request"), SourceGone),
    "unauthorised": (status("401 Unauthorized"), SourceForbidden),
    "forbidden": (status("403 Forbidden"), SourceForbidden),
    "too many requests": (status("429 Too Many Requests"), SourceUnavailable),
    "request timeout": (status("408 Request Timeout"), SourceUnavailable),
    "server error": (status("500 Internal Server Error"), SourceUnavailable),
    "unavailable": (status("503 Service Unavailable"), SourceUnavailable),
    "cut off body": (sends(OK + b"content-length: 900\r\n\r\n" + b"x" * 100), SourceUnavailable),
    "cut off chunk": (sends(OK + b"transfer-encoding: chunked\r\n\r\nff\r\nabc"), SourceUnavailable),
    "no answer": (sends(b""), SourceUnavailable),
    "no http": (sends(b"220 ftp.example ready\r\n"), SourceUnavailable),
    "wrong chunk": (sends(OK + b"transfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n"), SourceUnavailable),
    "no gzip": (sends(OK + b"content-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc"), SourceUnavailable),
    "dripping": (sends(OK + b"\r\n", *[b"x"] * 30, pause_s=0.1), SourceUnavailable),
    "silent": (silent, SourceUnavailable),
    "endless": (endless, SourceTooLarge),
    "announced too large": (status("200 OK", body=b"x" * 2000), SourceTooLarge),
    "unpacks too large": (gzipped(b"x" * 100_000), SourceTooLarge),
    "packed twice": (gzipped(gzip.compress(b"x" * 1_000_000), encoding="gzip, gzip"), SourceFailed),
    "packed and cut off": (gzipped(bytes(range(256)), cut=9), SourceUnavailable),
    "packed in an unknown way": (status("200 OK", "content-encoding: br", body=b"x"), SourceFailed),
    "two lengths": (sends(OK + b"content-length: 3\r\ncontent-length: 4\r\n\r\nabc"), SourceUnavailable),
    "no number as length": (sends(OK + b"content-length: many\r\n\r\nabc"), SourceUnavailable),
    "announces gigabytes": (sends(OK + b"content-length: 9999999999\r\n\r\nabc"), SourceTooLarge),
    "dripping headers": (sends(OK, *[b"a: b\r\n"] * 30, pause_s=0.1), SourceUnavailable),
    "endless headers": (endless_headers, SourceUnavailable),
    "only 100 Continue": (never_begins, SourceUnavailable),
    "redirect to nowhere": (status("302 Found"), SourceGone),
    "redirect to no URL": (status("302 Found", "location: http://[::1/"), SourceUnavailable),
    "redirect loop": (status("302 Found", "location: /again"), SourceForbidden),
    "redirect to a file": (status("302 Found", "location: file:///etc/hostname"), SourceForbidden),
    "redirect to loopback": (status("302 Found", "location: http://127.0.0.2/"), SourceForbidden),
    "redirect to metadata": (status("307 Temporary", "location: http://169.254.169.254/"), SourceForbidden),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
async def test_a_server_that_misbehaves_ends_as_an_error_with_a_policy(tmp_path: Path, way: str) -> None:
    answer, expected = WAYS[way]
    async with serving(answer) as url:
        with pytest.raises(expected):
            await fetch_http(url, tmp_path / "copy", LIMITS, resolve)


async def test_a_body_is_fetched_through_a_redirect(tmp_path: Path) -> None:
    async with (
        serving(status("200 OK", body=b"%PDF")) as there,
        serving(status("301 Moved", f"location: {there}")) as url,
    ):
        await fetch_http(url, tmp_path / "copy", LIMITS, resolve)
    assert (tmp_path / "copy").read_bytes() == b"%PDF"


async def test_a_packed_body_is_unpacked(tmp_path: Path) -> None:
    content = bytes(range(256)) * 3
    body = gzip.compress(content[:500]) + gzip.compress(content[500:])  # one file may be several
    async with serving(status("200 OK", "content-encoding: gzip", body=body)) as url:
        await fetch_http(url, tmp_path / "copy", LIMITS, resolve)
    assert (tmp_path / "copy").read_bytes() == content


async def test_a_certificate_that_is_not_trusted_is_refused_at_once(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    async with serving(status("200 OK", body=b"%PDF"), tls=context) as url:
        with pytest.raises(SourceForbidden, match="certificate"):
            await fetch_http(url, tmp_path / "copy", LIMITS, resolve)


async def test_a_certificate_by_an_authority_of_ones_own_is_trusted_where_its_file_is_named(tmp_path: Path) -> None:
    context, authority, ca_file = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), trustme.CA(), tmp_path / "ca.pem"
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(ca_file))
    limits = replace(LIMITS, trust=trusting(ca_file))
    async with serving(status("200 OK", body=b"%PDF"), tls=context) as url:
        await fetch_http(url, tmp_path / "copy", limits, resolve)
        assert (tmp_path / "copy").read_bytes() == b"%PDF"
        with pytest.raises(SourceForbidden, match="content_ref_ca_file"):
            await fetch_http(url, tmp_path / "copy", replace(LIMITS, trust=trusting(None)), resolve)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_of_authorities_that_is_none_is_an_error_that_names_the_setting(
    tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "ca.pem"
    if content:
        file.write_text(content)
    with pytest.raises(ConfigurationError, match=r"content_ref_ca_file .*ca\.pem"):
        trusting(file)


async def test_what_a_refusal_means_is_in_its_message(tmp_path: Path) -> None:
    for answer, advice in (
        (status("403 Forbidden"), "valid signature"),
        (status("404 Not Found"), "send the document"),
    ):
        async with serving(answer) as url:
            with pytest.raises(InkstreamError, match=advice):
                await fetch_http(f"{url}?signature=5ecret", tmp_path / "copy", LIMITS, resolve)


async def test_a_full_disk_is_no_fault_of_the_server() -> None:
    async with serving(status("200 OK", body=b"%PDF" * 100)) as url:
        with pytest.raises(OSError, match="No space left"):
            await fetch_http(url, Path("/dev/full"), LIMITS, resolve)


async def test_nobody_listening_can_be_tried_again(tmp_path: Path) -> None:
    async with serving(silent) as url:
        pass
    with pytest.raises(SourceUnavailable):
        await fetch_http(url, tmp_path / "copy", LIMITS, resolve)


async def test_an_unknown_host_can_be_tried_again(tmp_path: Path) -> None:
    async def resolve(host: str, port: int) -> list[Address]:
        raise OSError("Name or service not known")

    with pytest.raises(SourceUnavailable, match="not known"):
        await fetch_http("http://nowhere.example/a.pdf", tmp_path / "copy", LIMITS, resolve)


async def test_credentials_are_sent_and_never_shown(tmp_path: Path) -> None:
    requests: list[bytes] = []
    async with serving(status("404 Not Found"), requests) as url:
        with pytest.raises(SourceGone) as error:
            await fetch_http(url.replace("http://", "http://user:secret@"), tmp_path / "copy", LIMITS, resolve)
    assert b"authorization: basic dxnlcjpzzwnyzxq=" in requests[0].lower()
    assert "secret" not in str(error.value)


async def test_only_raw_files_is_read_from_kafka_and_no_endless_file(tmp_path: Path) -> None:
    fetcher = SourceFetcher(Settings(content_ref_max_bytes=1000, content_ref_folders=(str(tmp_path),)))
    with pytest.raises(SourceForbidden, match="raw-files"):
        await fetcher.fetch("kafka://documents/0/0", tmp_path / "copy")
    (tmp_path / "large").write_bytes(b"x" * 1001)
    with pytest.raises(SourceTooLarge):
        await fetcher.fetch((tmp_path / "large").as_uri(), tmp_path / "copy")
    with pytest.raises(SourceForbidden):
        await fetcher.fetch("http://127.0.0.1:9/a.pdf", tmp_path / "copy")
    with pytest.raises(UndecodableMessage):
        await fetcher.fetch("http://[::1/a.pdf", tmp_path / "copy")
