"""All rows of a query, however many, as CSV or JSON lines: in pieces, so that nobody holds the whole of them.

A result of /query is cut at query_max_rows, and has a time limit in all. An export's statement stays open between
two pieces, at the moment at which it began: the time limit is for the making of a piece, and whoever writes the
pieces may take export_timeout_s for all. Until it ends, the log of the database grows behind it.
"""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import closing
from time import monotonic
from typing import Final, Literal, get_args

import orjson

from streams.errors import QueryError
from streams.table.sql_authorizer import guarded
from streams.table.sql_functions import Value
from streams.table.sql_guard import (
    Cell,
    QueryLimits,
    bounded,
    bounded_text_of,
    cells,
    check_beginning,
    interrupted,
    refusals,
    size_of,
)

ExportType = Literal["text/csv", "application/x-ndjson"]
EXPORT_TYPES: Final[tuple[ExportType, ...]] = get_args(ExportType)

_PIECE_CHARS = 256 * 1024


def export_pieces(
    connection: sqlite3.Connection,
    sql: str,
    parameters: Sequence[Value],
    limits: QueryLimits,
    media_type: ExportType,
) -> Generator[bytes]:
    """Yield the rows of one read-only statement; the first piece has the header of CSV, and may have no rows.

    Any thread may take the next piece, one at a time.

    Raises:
        QueryError: As run_query's; or it took longer than export_timeout_s.
    """
    check_beginning(sql)
    ends = monotonic() + limits.export_timeout_s
    query = bounded(sql, limits)
    with (
        closing(connection.cursor()) as cursor,
        refusals(sql, parameters, limits.timeout_s),
        guarded(connection, query, parameters),
    ):
        is_first, more = True, True
        while more:
            with (
                refusals(sql, parameters, limits.timeout_s),
                interrupted(connection, limits.timeout_s),
                bounded_text_of(connection),
            ):
                if is_first:
                    cursor.execute(query, parameters)
                columns = [column[0] for column in cursor.description or ()]
                rows, more = _next_rows(cursor)
            yield _csv(columns if is_first else None, rows) if media_type == "text/csv" else _lines(columns, rows)
            is_first = False
            if more and monotonic() > ends:
                raise QueryError(f"the export took longer than {limits.export_timeout_s:g} s (export_timeout_s)")


def _next_rows(cursor: sqlite3.Cursor) -> tuple[list[list[Cell]], bool]:
    """Return the rows of a piece, and whether there may be more."""
    rows: list[list[Cell]] = []
    size = 0
    for row in cursor:
        rows.append(cells(row))
        size += size_of(rows[-1])
        if size > _PIECE_CHARS:
            return rows, True
    return rows, False


def _csv(header: list[str] | None, rows: list[list[Cell]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)  # RFC 4180: lines end with CRLF
    if header:
        writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode()


def _lines(columns: list[str], rows: list[list[Cell]]) -> bytes:
    return b"".join(orjson.dumps(dict(zip(columns, row, strict=True))) + b"\n" for row in rows)
