"""All rows of a query: to the end, of one moment, in bounded memory, and for no longer than the client reads."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import logging
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from streams.errors import QueryError
from streams.settings import Settings
from streams.sources.producer import FileProducer
from streams.table.memory_table import EXPORTS, MemoryTable
from streams.table.table_follower import TableFollower
from streams.web import export
from streams.web.api import create_api
from streams.web.connections import BoundedConnection
from streams.web.export import export_type
from tests.unit.test_api import parts_of
from tests.unit.test_memory_table import page

ROWS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT {}) SELECT x, 'äö,\"' FROM n"
ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x, hex(zeroblob(500)) FROM n"


class CaughtUp(TableFollower):
    ready = True


def settings_in(folder: Path, **more: Any) -> Settings:
    defaults: dict[str, Any] = {"query_max_rows": 10, "query_timeout_s": 120}  # however slow the machine is
    return Settings(table_dir=folder, broker="localhost:1", **defaults | more)


@asynccontextmanager
async def serving(
    settings: Settings, table: TableFollower, connection: type[BoundedConnection] = BoundedConnection
) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the API on loopback, as a worker does."""
    async with parts_of(settings, table, FileProducer(settings)) as parts:
        api = create_api(parts)
        server = uvicorn.Server(
            uvicorn.Config(
                api, port=0, http=connection, lifespan="off", log_config=None, timeout_graceful_shutdown=5
            )
        )
        server.config.load()
        server.lifespan = server.config.lifespan_class(server.config)
        await server.startup()
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                yield client
        finally:
            await server.shutdown()


async def exported(client: httpx.AsyncClient, sql: str, accept: str) -> httpx.Response:
    return await client.post("/query", json={"sql": sql}, headers={"accept": accept})


async def once_free(client: httpx.AsyncClient) -> httpx.Response:
    """Return the answer to a small export, once there is a turn for it."""
    async with asyncio.timeout(60):
        while True:
            found = await exported(client, "SELECT 1 AS n", "text/csv")
            if found.status_code != 503:
                return found
            await asyncio.sleep(0.02)


async def test_an_export_has_all_rows(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    async with serving(settings, CaughtUp(settings)) as client:
        found = await exported(client, ROWS.format(200_000), "text/csv")
        assert (found.status_code, found.headers["content-type"]) == (200, "text/csv; charset=utf-8")
        header, *rows = csv.reader(io.StringIO(found.text, newline=""))
        assert (header[0], len(rows), rows[-1]) == ("x", 200_000, ["200000", 'äö,"'])
        found = await exported(client, ROWS.format(20_000), "application/x-ndjson")
        lines = [json.loads(line) for line in found.text.splitlines()]
        assert [line["x"] for line in lines] == list(range(1, 20_001))
        assert (await exported(client, "SELECT path FROM result", "text/csv")).content == b"path\r\n"
        assert (await exported(client, "SELECT path FROM result", "application/x-ndjson")).content == b""
        assert len((await exported(client, ROWS.format(11), "*/*")).json()["rows"]) == 10


async def test_a_query_that_is_refused_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, query_timeout_s=0.3)
    async with serving(settings, CaughtUp(settings)) as client:
        for sql in ("DROP TABLE result", "SELECT txt FROM result", ENDLESS.replace("SELECT x,", "SELECT max(x),")):
            found = await exported(client, sql, "text/csv")
            assert (found.status_code, found.json()["type"]) == (400, "/problems/query")


def test_an_export_is_of_the_moment_at_which_it_began(tmp_path: Path) -> None:
    with closing(MemoryTable(settings_in(tmp_path))) as table:
        table.apply([(f"d/{n}", page("old " * 5000, n)) for n in range(100)])
        pieces = table.export("SELECT text FROM result", [], "application/x-ndjson")
        found = [next(pieces)]
        table.apply([(f"d/{n}", page("new", n)) for n in range(200)])
        found += pieces
        assert len(found) > 2
        lines = b"".join(found).splitlines()
        assert (len(lines), any(b"new" in line for line in lines)) == (100, False)
        assert table.query("SELECT count(*) FROM result WHERE result MATCH 'new'").rows == [[200]]


def test_an_export_is_never_whole_in_memory(tmp_path: Path) -> None:
    with closing(MemoryTable(settings_in(tmp_path))) as table:
        tracemalloc.start()
        try:
            size = sum(map(len, table.export(ENDLESS + " LIMIT 100000", [], "text/csv")))
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert size > 100e6
        assert most < 8e6


def test_an_export_has_a_time_limit_for_each_piece_and_one_in_all(tmp_path: Path) -> None:
    with closing(MemoryTable(settings_in(tmp_path, query_timeout_s=0.3, export_timeout_s=1.5))) as table:
        with pytest.raises(QueryError, match=r"longer than 1\.5 s \(export_timeout_s\)"):
            for _ in table.export(ENDLESS, [], "text/csv"):
                pass
        stalls = table.export(ENDLESS + " WHERE x < 2000 OR x > 1000000000", [], "text/csv")
        assert len(next(stalls)) > 200_000
        with pytest.raises(QueryError, match=r"longer than 0\.3 s"):
            list(stalls)
        assert table.query("SELECT 1").rows == [[1]]


class Impatient(BoundedConnection):
    body_stalls_for_s = 0.5
    check_s = 0.05


async def test_a_client_that_stops_reading_holds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(export, "STALLS_FOR_S", 2.0)
    settings = settings_in(tmp_path, export_timeout_s=10)  # one that is read again before it is ended is endless
    body = json.dumps({"sql": ENDLESS}).encode()
    head = f"POST /query HTTP/1.1\r\nHost: localhost\r\nAccept: text/csv\r\nContent-Length: {len(body)}\r\n"
    caplog.set_level(logging.WARNING)
    async with serving(settings, CaughtUp(settings), Impatient) as client:
        opened = [
            await asyncio.open_connection("127.0.0.1", client.base_url.port, limit=1000) for _ in range(EXPORTS)
        ]
        for reader, writer in opened:
            writer.write(head.encode() + b"Content-Type: application/json\r\n\r\n" + body)
            assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
        found = await exported(client, "SELECT 1 AS n", "text/csv")
        assert (found.status_code, found.json()["type"]) == (503, "/problems/table-busy")
        assert (await exported(client, "SELECT 1 AS n", "*/*")).json()["rows"] == [[1]]
        found = await once_free(client)
        assert found.content == b"n\r\n1\r\n"
        assert caplog.text.count("its client read nothing for 2 s") >= 1
        for reader, writer in opened:
            assert not await ends_as_chunks_do(reader)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def ends_as_chunks_do(reader: asyncio.StreamReader) -> bool:
    """Read to the end; return whether the last chunk of a body came."""
    last = b""
    with suppress(ConnectionError):
        while piece := await reader.read(100_000):
            last = (last + piece)[-7:]
    return last == b"\r\n0\r\n\r\n"


async def test_a_client_that_leaves_ends_its_export(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    async with serving(settings, CaughtUp(settings)) as client:
        for _ in range(3 * EXPORTS):
            asked = {"json": {"sql": ENDLESS}, "headers": {"accept": "text/csv"}}
            async with client.stream("POST", "/query", **asked) as answer:  # type: ignore[arg-type]
                async for _ in answer.aiter_bytes():
                    break
            await once_free(client)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("text/csv", "text/csv"), ("Text/CSV; charset=utf-8, */*", "text/csv"), ("*/*", None), ("", None),
        ("application/json, text/csv", None), ("text/html, application/x-ndjson;q=0.9", "application/x-ndjson"),
    ],
)  # fmt: skip
def test_what_is_accepted_first_is_answered(accept: str, expected: str | None) -> None:
    assert export_type(accept) == expected
