"""Somebody else's SQL: it reads, for a bounded time, into a bounded result, and does nothing else.

Three fences: what does not begin as a query is not even compiled, SQLite's authorizer refuses whatever is not
reading, and the connection is read-only. sql_functions bounds what no time limit reaches.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from time import monotonic

from streams.errors import QueryError
from streams.table.search_patterns import add_search_patterns, with_bounded_patterns
from streams.table.snippets import add_quick_snippets, with_quick_snippets
from streams.table.sql_authorizer import guarded
from streams.table.sql_functions import MAX_PATTERN_CHARS, Value, bound_functions, refusal, time_limit
from streams.table.sql_hints import explained, no_query

# Not a matter of taste: VACUUM resets the schema before it is refused, and FTS5 cannot be opened again under the
# authorizer. Possessive throughout, because `/**//**//**/…` would take a backtracking match for ever.
_BEGINNING = re.compile(r"(?:\s++|--[^\n]*+(?:\n|\Z)|/\*(?:[^*]++|\*(?!/))*+\*/)*+(\w*+)")
_QUERIES = {"SELECT", "WITH", "VALUES", "EXPLAIN"}
_INTERRUPT_INTERVAL_S = 0.02
_MAX_HEAP_BYTES = 512 * 1024 * 1024  # of SQLite: a row is whole in memory before its size is known
_MAX_RESULT_CHARS = 32 * 1024 * 1024  # a result is held in memory twice, as rows and as JSON
_LIMITS = {
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_COLUMN: 100,  # with the longest value, bounds a row
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 50,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: MAX_PATTERN_CHARS,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}

Cell = str | int | float | None
"""One value of a result; blobs are hex digits in it."""


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The rows of a query; `truncated` where there were more than the limits let through."""

    columns: list[str]
    rows: list[list[Cell]]
    truncated: bool
    elapsed_ms: float


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """How much one query may take: seconds, and rows of result; and which column a snippet of any is taken from.

    An export has `timeout_s` for each piece of its result and `export_timeout_s` in all, and no limit of rows.
    """

    timeout_s: float
    max_rows: int
    text_column: int = 0
    export_timeout_s: float = 600.0


def restrict(connection: sqlite3.Connection, longest_value: int) -> None:
    """Bound for good what any statement on this connection may do; values are at most `longest_value` bytes."""
    bound_functions(connection, longest_value)
    add_quick_snippets(connection, longest_value)
    add_search_patterns(connection)
    connection.execute(f"PRAGMA hard_heap_limit = {_MAX_HEAP_BYTES}")  # of all connections of this process together
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, longest_value)
    for limit, value in _LIMITS.items():
        connection.setlimit(limit, value)


def run_query(
    connection: sqlite3.Connection, sql: str, parameters: Sequence[Value], limits: QueryLimits
) -> QueryResult:
    """Run one read-only statement and return its rows; blobs come as hex digits.

    Raises:
        QueryError: It is not one query, is wrong (in SQLite's words and with advice), or takes longer than it may.
    """
    check_beginning(sql)
    started = monotonic()
    query = bounded(sql, limits)
    # closed in any case: an open cursor would hold its snapshot, and with it the log that grows behind it
    with (
        refusals(sql, parameters, limits.timeout_s),
        closing(connection.cursor()) as cursor,
        guarded(connection, query, parameters),
        interrupted(connection, limits.timeout_s),
        bounded_text_of(connection),
    ):
        cursor.execute(query, parameters)
        columns = [column[0] for column in cursor.description or ()]
        rows, truncated = _fetch(cursor, limits.max_rows)
    return QueryResult(columns, rows, truncated, round((monotonic() - started) * 1000, 2))


def check_beginning(sql: str) -> None:
    """Raise QueryError for what does not begin as a query."""
    beginning = _BEGINNING.match(sql)
    word = beginning[1] if beginning else ""
    if word.upper() not in _QUERIES:
        raise QueryError(no_query(sql, word))


@contextmanager
def refusals(sql: str, parameters: Sequence[Value], timeout_s: float) -> Iterator[None]:
    """Raise what SQLite raises in the block as QueryError, with advice."""
    started = monotonic()
    try:
        yield
    except sqlite3.OperationalError as error:
        if "interrupted" in str(error) or monotonic() - started > timeout_s:
            raise QueryError(f"the query took longer than {timeout_s:g} s; narrow it down or add LIMIT") from error
        of_ours = "user-defined function" in str(error)
        raise QueryError(refusal() if of_ours else explained(str(error), sql, parameters)) from error
    except sqlite3.DatabaseError as error:  # not authorized, too big, …
        raise QueryError(explained(str(error), sql, parameters)) from error
    except (sqlite3.Warning, ValueError, OverflowError, TypeError) as error:  # two statements, NUL, 2**64, …
        raise QueryError(explained(str(error), sql, parameters)) from error
    except MemoryError as error:
        raise QueryError("the query needs more memory than there is; narrow it down") from error


def _fetch(cursor: sqlite3.Cursor, max_rows: int) -> tuple[list[list[Cell]], bool]:
    """Return the rows within the limits, and whether there were more."""
    rows: list[list[Cell]] = []
    size = 0
    for row in cursor:
        if len(rows) == max_rows or size > _MAX_RESULT_CHARS:
            return rows, True
        plain = cells(row)
        size += size_of(plain)
        rows.append(plain)
    return rows, False


def cells(row: Sequence[Value]) -> list[Cell]:
    """Return a row as it is answered."""
    return [value.hex() if isinstance(value, bytes) else value for value in row]


def size_of(row: Sequence[Cell]) -> int:
    """Return about how many characters a row takes."""
    return sum(len(value) if isinstance(value, str) else 8 for value in row)


@contextmanager
def bounded_text_of(connection: sqlite3.Connection) -> Iterator[None]:
    """Refuse results whose text is too big while it comes: in Python's memory it is up to four times as large."""
    size = 0

    def text(value: bytes) -> str:
        nonlocal size
        size += len(value)
        if size > 2 * _MAX_RESULT_CHARS:
            raise MemoryError
        return value.decode(errors="replace")

    connection.text_factory = text
    try:
        yield
    finally:
        connection.text_factory = str


def bounded(sql: str, limits: QueryLimits) -> str:
    """Return the query with what nothing interrupts bounded: snippets, marks and patterns. Raises QueryError."""
    return with_quick_snippets(with_bounded_patterns(sql), limits.text_column)


@contextmanager
def interrupted(connection: sqlite3.Connection, after_s: float) -> Iterator[None]:
    """Interrupt what still runs on the connection after a time.

    From a thread beside it: a progress handler is called after so many steps, and a step may take a second.
    """
    done = Event()

    def watch() -> None:
        over = done.wait(after_s)
        while not over:
            connection.interrupt()  # again and again: one between compiling and running is lost
            over = done.wait(_INTERRUPT_INTERVAL_S)

    thread = Thread(target=watch, name="memory-table-clock", daemon=True)
    thread.start()
    try:
        with time_limit(after_s):
            yield
    finally:
        done.set()
        thread.join()  # no interrupt may reach the next query
