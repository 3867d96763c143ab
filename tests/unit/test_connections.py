"""Slow connections, on a server of its own that listens on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from streams.web.connections import BoundedConnection


class Impatient(BoundedConnection):
    headers_within_s = 0.2
    body_stalls_for_s = 0.2
    check_s = 0.02
    most = 3


class Patient(Impatient):
    headers_within_s = body_stalls_for_s = kept_for_s = 3600.0


class Kept(Impatient):
    kept_for_s = 3600.0


class NotKept(Patient):
    kept_for_s = 0.2


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the length of the body."""
    length, more = 0, True
    while more:
        message = await receive()
        length, more = length + len(message.get("body", b"")), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": f"{length:02}".encode()})


@asynccontextmanager
async def serving(connection: type[BoundedConnection]) -> AsyncIterator[int]:
    server = uvicorn.Server(uvicorn.Config(echo, port=0, http=connection, lifespan="off", log_config=None))
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup()
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        await server.shutdown()


async def ended(reader: asyncio.StreamReader) -> bool:
    try:
        return await asyncio.wait_for(reader.read(), 30) == b""
    except ConnectionResetError:
        return True


async def test_headers_and_bodies_that_do_not_come_end_their_connection() -> None:
    async with serving(Impatient) as port:
        for begun in (
            b"",
            b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab",
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(begun)
            assert await ended(reader)
            writer.close()


class Dripped(Patient):
    body_within_s = 0.3


@pytest.mark.parametrize(
    ("connection", "begun"),
    [
        (Impatient, b"GET / HTTP/1.1\r\nX-Slow: "),
        (Dripped, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"),
    ],
    ids=["headers", "body"],
)
async def test_what_drips_ends_its_connection_too(connection: type[BoundedConnection], begun: bytes) -> None:
    async with serving(connection) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(begun)
        end = asyncio.create_task(ended(reader))
        while not end.done():
            writer.write(b"x")
            await asyncio.wait([end], timeout=0.02)
        assert end.result()
        writer.close()


GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


async def test_a_connection_is_kept_for_a_further_request_and_not_for_ever() -> None:
    async with serving(Kept) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):
            writer.write(GET)
            assert (await reader.readuntil(b"\r\n\r\n00")).startswith(b"HTTP/1.1 200")
            await asyncio.sleep(3 * Kept.headers_within_s)
        writer.write(GET[:5])  # begun, it has to be whole in time
        assert await ended(reader)
        writer.close()
    async with serving(NotKept) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET)
        assert (await reader.readuntil(b"\r\n\r\n00")).startswith(b"HTTP/1.1 200")
        assert await ended(reader)
        writer.close()


async def test_more_connections_than_are_served_cost_the_one_that_has_waited_longest() -> None:
    async with serving(Patient) as port:
        readers, writers = zip(*[await asyncio.open_connection("127.0.0.1", port) for _ in range(4)], strict=True)
        assert await ended(readers[0])
        writers[3].write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
        assert (await readers[3].readuntil(b"03")).startswith(b"HTTP/1.1 200")
        for writer in writers:
            writer.close()
