"""`inkstream query`: SQL on the memory table of a running service."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from streams.commands.options import one_of

_TIMEOUT_S = 60  # the service ends a query itself, long before
FORMATS = ("table", "vertical", "jsonl", "csv")


def query(
    sql: Annotated[
        str | None, typer.Argument(help="One SELECT on result, regions or documents; none: a shell, or stdin.")
    ] = None,
    output: Annotated[
        str,
        typer.Option("--format", help="table, vertical, jsonl or csv.", callback=one_of("format", *FORMATS)),
    ] = "table",
    url: Annotated[str | None, typer.Option(help="The service; default: the one of this folder.")] = None,
    token: Annotated[str | None, typer.Option(help="Bearer token, where the service asks for one.")] = None,
) -> None:
    """Ask what has been read so far, in SQL with full-text search (FTS5).

    Without SQL it is a shell on a terminal, and takes the SQL from standard input elsewhere. Exit codes: 1 where
    the query is refused or its export is cut, 2 for a wrong token or option, 3 where no service answers.

    Example: inkstream query "SELECT path, pagenum, snippet(result, 3, '[', ']', '…', 8) FROM result
    WHERE result MATCH 'invoice'"
    """
    from streams.commands.connection import api_url
    from streams.settings import load_settings

    settings = load_settings()
    secret = token or (settings.api_token.get_secret_value() if settings.api_token else None)
    address = url or api_url(settings)
    if sql is None and sys.stdin.isatty():
        from streams.commands.query_shell import QueryShell

        QueryShell(lambda asked: answer_of(address, asked, secret), output).run()
        return
    answer = answer_of(address, sys.stdin.read() if sql is None else sql, secret)
    print_answer(answer, output)
    if answer["truncated"] and output in ("jsonl", "csv"):
        cut = f"cut after {len(answer['rows'])} rows (query_max_rows): what was written is not whole"
        print(f"error: {cut}; ask in parts, with LIMIT and OFFSET, or raise query_max_rows", file=sys.stderr)
        raise typer.Exit(1)


def answer_of(address: str, sql: str, token: str | None) -> dict[str, Any]:
    """Return what the API of a service answers to a query.

    Raises:
        BrokerError: There is no service, or it cannot answer now.
        ConfigurationError: It asks for another token, or is not called by this name.
        QueryError: It refuses the query.
    """
    import httpx

    from streams.errors import BrokerError, ConfigurationError, QueryError

    headers = {b"Authorization": f"Bearer {token}".encode()} if token else None  # as text it may be ASCII only
    try:
        answer = httpx.post(f"{address}/query", json={"sql": sql}, headers=headers, timeout=_TIMEOUT_S)
    except httpx.InvalidURL as error:
        raise ConfigurationError(f"--url {address}: {error}; write it as http://localhost:8321") from error
    except (httpx.TransportError, UnicodeError) as error:
        raise BrokerError(f"Nothing answers at {address} ({error}). Is `inkstream up` running?") from error
    found = answer.json() if answer.headers.get("content-type") == "application/json" else None
    if not isinstance(found, dict) or not ({"error", "columns"} & set(found)):
        raise BrokerError(f"what answers at {address} is not inkstream ({answer.status_code}): name another --url")
    if answer.status_code == 200:
        return found
    message = str(found.get("message"))
    if answer.status_code in (401, 403, 421):
        raise ConfigurationError(f"{message}: give --token, or set INKSTREAM_API_TOKEN")
    if answer.status_code == 503:
        raise BrokerError(f"{message}; try again")
    raise QueryError(message)


def print_answer(result: dict[str, Any], output: str) -> None:
    """Print an answer in one of FORMATS."""
    import csv
    import json

    columns, rows = result["columns"], result["rows"]
    if output == "jsonl":
        for row in rows:
            print(json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False))
        return
    if output == "csv":
        csv.writer(sys.stdout).writerows([columns, *rows])
        return
    from streams.terminal import plain, print_table

    if output == "table":
        print_table(columns, rows)
    else:
        width = max(map(len, columns), default=0)
        for number, row in enumerate(rows, 1):
            print(f"── row {number}")
            for column, value in zip(columns, row, strict=True):
                shown = "" if value is None else plain(str(value)).replace("\n", "\n" + " " * (width + 2))
                print(f"{column:>{width}}  {shown}")
    print(f"{len(rows)} rows in {result['elapsed_ms']:g} ms" + (", more left out" if result["truncated"] else ""))
