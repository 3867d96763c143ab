"""`inkstream query`: what is written, and that an export which ends early is no success."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from threading import Thread

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from typer.testing import CliRunner, Result

from models.errors import InkstreamError
from streams.addresses import listening_socket
from streams.cli import app as cli
from streams.commands import query
from streams.commands.query_shell import QueryShell
from streams.errors import BrokerError, ConfigurationError, QueryError

ANSWER: dict[str, object] = {
    "columns": ["path", "text"],
    "rows": [["a", "one\ntwo"]],
    "truncated": False,
    "elapsed_ms": 1.0,
}
Answered = Callable[[int, str, list[bytes]], str]


@pytest.fixture
def answered() -> Iterator[Answered]:
    """Yield what makes a service that answers every request the same, and returns its URL.

    Pieces are sent in chunks; where the last is b"cut", the connection ends in its place.
    """
    servers: list[uvicorn.Server] = []
    threads: list[Thread] = []

    def serve(status: int, media_type: str, pieces: list[bytes]) -> str:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            headers = [(b"content-type", media_type.encode())]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            for piece in pieces:
                if piece == b"cut":
                    return
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})

        listening = listening_socket("127.0.0.1", 0)
        servers.append(uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off")))
        threads.append(Thread(target=servers[-1].run, kwargs={"sockets": [listening]}))
        threads[-1].start()
        return f"http://127.0.0.1:{listening.getsockname()[1]}"

    yield serve
    for server, thread in zip(servers, threads, strict=True):
        server.should_exit = True
        thread.join()


def asked(url: str, output: str = "table") -> Result:
    return CliRunner().invoke(cli, ["query", "SELECT 1", "--url", url, "--format", output])


LINES = [b'{"n": 1}\n{"n"', b": 2}\n", b'{"n": 3}\n']


@pytest.mark.parametrize(
    ("output", "media_type", "pieces", "written"),
    [
        ("csv", "text/csv; charset=utf-8", [b"n\r\n1\r\n", b"2\r\n"], b"n\r\n1\r\n2\r\n"),
        ("jsonl", "application/x-ndjson", LINES, b"".join(LINES)),
        ("json", "application/x-ndjson", LINES, b'[\n{"n": 1},\n{"n": 2},\n{"n": 3}\n]\n'),
        ("json", "application/x-ndjson", [b""], b"[]\n"),
    ],
)
def test_an_export_is_written_as_it_comes(
    answered: Answered, output: str, media_type: str, pieces: list[bytes], written: bytes
) -> None:
    result = asked(answered(200, media_type, pieces), output)
    assert (result.exit_code, result.stdout_bytes) == (0, written)


@pytest.mark.parametrize(("output", "written"), [("jsonl", b'{"n": 1}\n'), ("json", b'[\n{"n": 1}')])
def test_an_export_that_ends_early_is_an_error(answered: Answered, output: str, written: bytes) -> None:
    result = asked(answered(200, "application/x-ndjson", [b'{"n": 1}\n', b"cut"]), output)
    assert isinstance(result.exception, QueryError)
    assert (result.exception.exit_code, result.stdout_bytes) == (1, written)
    assert "is not whole" in result.exception.message


def test_an_older_service_that_has_no_export_is_an_error(answered: Answered) -> None:
    result = asked(answered(200, "application/json", [json.dumps(ANSWER).encode()]), "csv")
    assert isinstance(result.exception, BrokerError)
    assert "older version" in result.exception.message


def test_a_cut_table_shows_that_there_is_more_and_how_to_get_it(answered: Answered) -> None:
    cut = {**ANSWER, "truncated": True}
    result = asked(answered(200, "application/json", [json.dumps(cut).encode()]))
    assert result.exit_code == 0
    assert "1 rows in 1 ms\nthere are more (query_max_rows): `--format csv`" in result.stdout


def test_a_shell_takes_statements_to_the_semicolon_and_goes_on_after_a_mistake(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked: list[str] = []

    def ask(sql: str, output: str) -> None:
        asked.append(sql)
        if "selct" in sql:
            raise QueryError("did you mean SELECT?")
        query.print_answer(ANSWER, output)

    shell = QueryShell(ask, "table")
    lines = [
        "selct 1;",
        "SELECT path,",
        "",
        "text FROM result;",
        ".format vertical",
        "SELECT 1;",
        ".tables",
        ".schema documents",
    ]
    assert [shell.onecmd(line) for line in lines] == [False] * len(lines)
    assert asked == ["selct 1", "SELECT path,\n\ntext FROM result", "SELECT 1"]
    out, err = capsys.readouterr()
    assert err == "error: did you mean SELECT?\n"
    assert "path  a\ntext  one\n      two\n" in out
    assert "regions    a line a row" in out
    assert "  pages_failed   how many" in out
    assert [shell.onecmd(line) for line in (".quit", "EOF")] == [True, True]


def test_a_shell_completes_tables_columns_and_commands() -> None:
    shell = QueryShell(lambda *_: None, "table")
    assert shell.completedefault("doc") == ["documents", "document_id"]
    assert shell.completenames(".s") == [".schema"]


@pytest.mark.parametrize(
    ("status", "body", "error", "exit_code"),
    [
        (400, {"type": "/problems/query", "detail": "no such table"}, QueryError, 1),
        (401, {"type": "/problems/unauthorized", "detail": "a token is needed"}, ConfigurationError, 2),
        (503, {"type": "/problems/table-busy", "detail": "busy"}, BrokerError, 3),
        (404, {"detail": "Not Found"}, BrokerError, 3),
    ],
)
def test_the_exit_code_is_that_of_who_has_to_do_something(
    answered: Answered, status: int, body: dict[str, str], error: type[InkstreamError], exit_code: int
) -> None:
    for output in ("table", "csv"):
        kind = "application/problem+json" if "type" in body else "application/json"
        result = asked(answered(status, kind, [json.dumps(body).encode()]), output)
        assert isinstance(result.exception, error)
        assert error.exit_code == exit_code


def test_sql_is_taken_from_standard_input(answered: Answered) -> None:
    url = answered(200, "application/json", [json.dumps(ANSWER).encode()])
    result = CliRunner().invoke(cli, ["query", "--url", url], input="SELECT 1")
    assert (result.exit_code, "one" in result.stdout) == (0, True)
