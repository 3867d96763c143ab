"""`inkstream query`: SQL on the memory table of a running service."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from streams.commands.exports import EXPORT_FORMATS, print_export
from streams.commands.options import one_of

_ACCEPTED = {"csv": b"text/csv", "jsonl": b"application/x-ndjson", "json": b"application/x-ndjson"}
FORMATS = ("table", "vertical", *EXPORT_FORMATS)


def query(
    sql: Annotated[
        str | None, typer.Argument(help="One SELECT on result, regions or documents; none: a shell, or stdin.")
    ] = None,
    output: Annotated[
        str,
        typer.Option(
            "--format", help="table, vertical; all rows: csv, jsonl, json.", callback=one_of("format", *FORMATS)
        ),
    ] = "table",
    url: Annotated[str | None, typer.Option(help="The service; default: the one of this folder.")] = None,
    token: Annotated[str | None, typer.Option(help="Bearer token, where the service asks for one.")] = None,
) -> None:
    """Ask what has been read so far, in SQL with full-text search (FTS5).

    Without SQL it is a shell on a terminal, and takes the SQL from standard input elsewhere. csv, jsonl and json
    have all rows; table and vertical have those up to query_max_rows. Exit codes: 1 where the query is refused or
    its export ends early, 2 for a wrong token or option, 3 where no service answers.

    Example: inkstream query "SELECT path, pagenum, snippet(result, 3, '[', ']', '…', 8) FROM result
    WHERE result MATCH 'invoice'"
    """
    from streams.commands.connection import api_secret, api_url
    from streams.settings import load_settings

    settings = load_settings()
    secret = api_secret(settings, token)
    address = url or api_url(settings)
    if sql is None and sys.stdin.isatty():
        from streams.commands.query_shell import QueryShell

        QueryShell(lambda asked, chosen: answer(address, asked, chosen, secret), output).run()
        return
    answer(address, sys.stdin.read() if sql is None else sql, output, secret)


def answer(address: str, sql: str, output: str, token: str | None) -> None:
    """Ask the API of a service, and print what it answers in one of FORMATS.

    Raises:
        BrokerError: There is no service, or it cannot answer now.
        ConfigurationError: It asks for another token, or is not called by this name.
        QueryError: It refuses the query, or an export ended early.
    """
    import httpx

    from streams.commands.service_answers import TIMEOUT_S, bearer, media_type_of, rows_of, service_errors

    accepted = _ACCEPTED.get(output, b"application/json")
    headers = {b"Accept": accepted, **bearer(token)}
    url, asked = f"{address}/query", {"sql": sql}
    with (
        service_errors(address),
        httpx.stream("POST", url, json=asked, headers=headers, timeout=TIMEOUT_S) as found,
    ):
        if found.status_code == 200 and media_type_of(found).encode() == accepted != b"application/json":
            print_export(found, output)
            return
        found.read()
    print_answer(rows_of(found, address), output)


def print_answer(result: dict[str, Any], output: str) -> None:
    """Print rows as a table, or one column a line.

    Raises:
        BrokerError: An export was asked for: the service is of a version that has none.
    """
    from streams.errors import BrokerError

    columns, rows = result["columns"], result["rows"]
    if output in EXPORT_FORMATS:
        raise BrokerError(f"the service is of an older version than this command and has no export as {output}")
    from streams.escapes import plain
    from streams.terminal import print_table

    if output == "table":
        print_table(columns, rows)
    else:
        width = max(map(len, columns), default=0)
        for number, row in enumerate(rows, 1):
            print(f"── row {number}")
            for column, value in zip(columns, row, strict=True):
                shown = "" if value is None else plain(str(value)).replace("\n", "\n" + " " * (width + 2))
                print(f"{column:>{width}}  {shown}")
    print(f"{len(rows)} rows in {result['elapsed_ms']:g} ms")
    if result["truncated"]:
        print("there are more (query_max_rows): `--format csv`, or `.format csv` in the shell, has all of them")
