"""`inkstream query`: SQL on the memory table of a running service."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from streams.commands.options import one_of

_TIMEOUT_S = 60  # the service ends a query itself, long before


def query(
    sql: Annotated[str, typer.Argument(help="One SELECT on result, regions or documents.")],
    output: Annotated[
        str,
        typer.Option("--format", help="table, jsonl or csv.", callback=one_of("format", "table", "jsonl", "csv")),
    ] = "table",
    url: Annotated[str | None, typer.Option(help="The service; default: the one of this folder.")] = None,
    token: Annotated[str | None, typer.Option(help="Bearer token, where the service asks for one.")] = None,
) -> None:
    """Ask what has been read so far, in SQL with full-text search (FTS5).

    Example: inkstream query "SELECT path, pagenum, snippet(result, 3, '[', ']', '…', 8) FROM result
    WHERE result MATCH 'invoice'"
    """
    from streams.commands.connection import api_url
    from streams.settings import load_settings

    settings = load_settings()
    secret = token or (settings.api_token.get_secret_value() if settings.api_token else None)
    answer = _answer(url or api_url(settings), sql, secret)
    _print(answer, output)
    if answer["truncated"] and output != "table":
        cut = f"cut after {len(answer['rows'])} rows (query_max_rows): what was written is not whole"
        print(f"error: {cut}; ask in parts, with LIMIT and OFFSET, or raise query_max_rows", file=sys.stderr)
        raise typer.Exit(1)


def _answer(address: str, sql: str, token: str | None) -> dict[str, Any]:
    """Return what the API of a service answers to a query.

    Raises:
        BrokerError: There is no service.
        QueryError: It refuses the query.
    """
    import httpx

    from streams.errors import BrokerError, QueryError

    headers = {b"Authorization": f"Bearer {token}".encode()} if token else None  # as text it may be ASCII only
    try:
        answer = httpx.post(f"{address}/query", json={"sql": sql}, headers=headers, timeout=_TIMEOUT_S)
    except httpx.TransportError as error:
        raise BrokerError(f"Nothing answers at {address} ({error}). Is `inkstream up` running?") from error
    if answer.status_code != 200:
        found = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        message = found.get("message") or found.get("detail") or f"{address} answers {answer.status_code}"
        raise QueryError(str(message))
    return dict(answer.json())


def _print(result: dict[str, Any], output: str) -> None:
    import csv
    import json

    columns, rows = result["columns"], result["rows"]
    if output == "jsonl":
        for row in rows:
            print(json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False))
    elif output == "csv":
        csv.writer(sys.stdout).writerows([columns, *rows])
    else:
        from streams.terminal import print_table

        print_table(columns, rows)
        print(
            f"{len(rows)} rows in {result['elapsed_ms']:g} ms" + (", more left out" if result["truncated"] else "")
        )
