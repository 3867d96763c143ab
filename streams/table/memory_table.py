"""The memory table: what page-text and documents hold, as SQL with full-text search.

    SELECT path, pagenum, text FROM result WHERE result MATCH 'invoice'

It is a view: nothing is lost with it, for it is built again from the topics at each start. A query sees whole
batches only, and neither waits for the writer nor holds it back: see private_database.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterable, Sequence

from streams.messages.corrections import Correction
from streams.messages.records import DocumentRecord, PageText, page_key
from streams.settings import Settings
from streams.table import corrections, document_lists, document_partitions, supersession
from streams.table.columns import DOCUMENT_COLUMNS, PAGE_COLUMNS, REGION_COLUMNS
from streams.table.exports import ExportType, export_pieces
from streams.table.private_database import PrivateDatabase, memory_folder
from streams.table.search_terms import bounded_text, search_terms
from streams.table.sql_functions import Value
from streams.table.sql_guard import QueryLimits, QueryResult, run_query
from streams.table.table_rows import document_of_row, document_values, page_of_rows, page_values, region_rows

READERS = 4  # queries that run at the same time
EXPORTS = 2  # exports, beside them: each may last for as long as its client reads

# What SQLite, or the making of its values, raises for a record that no table can hold: a number above 64 bits, text
# that is no Unicode, a value that is too long.
REFUSALS = (
    sqlite3.DataError,
    sqlite3.IntegrityError,
    sqlite3.InterfaceError,
    ArithmeticError,
    ValueError,
    TypeError,
)

_SEARCHED = {"text", "path"}

_SCHEMA = f"""
CREATE VIRTUAL TABLE result USING fts5(
    {", ".join(name if name in _SEARCHED else f"{name} UNINDEXED" for name in PAGE_COLUMNS)}, search_terms,
    tokenize = "unicode61 remove_diacritics 2"
);
CREATE TABLE page_keys (key TEXT PRIMARY KEY, id INTEGER NOT NULL UNIQUE) WITHOUT ROWID;
CREATE TABLE regions (
    page INTEGER NOT NULL, document_id TEXT NOT NULL, pagenum INTEGER NOT NULL, path TEXT NOT NULL,
    line INTEGER NOT NULL, paragraph INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL, confidence REAL,
    recogniser TEXT NOT NULL, polygon TEXT NOT NULL, x0 REAL, y0 REAL, x1 REAL, y1 REAL, words TEXT,
    corrected INTEGER NOT NULL
);
CREATE INDEX regions_by_page ON regions (page);
{supersession.SCHEMA}
{document_partitions.SCHEMA}
{document_lists.INDEX}
{corrections.SCHEMA}
"""
_OPENING = (
    "SELECT (SELECT rowid FROM result LIMIT 1), (SELECT 1 FROM json_each('[]')), (SELECT 1 FROM json_tree('[]'))"
)
_PAGE_VALUES = (*PAGE_COLUMNS, "search_terms")
_INSERT_PAGE = f"INSERT INTO result (rowid, {', '.join(_PAGE_VALUES)}) VALUES (?{', ?' * len(_PAGE_VALUES)})"
_INSERT_REGION = f"INSERT INTO regions VALUES (?{', ?' * len(REGION_COLUMNS)})"
_INSERT_DOCUMENT = f"INSERT OR REPLACE INTO document_records VALUES (?{', ?' * (len(DOCUMENT_COLUMNS) - 1)})"
_PAGE_OF_KEY = (
    f"SELECT {', '.join(f'result.{name}' for name in PAGE_COLUMNS)} "
    "FROM page_keys JOIN result ON result.rowid = page_keys.id WHERE key = ?"
)
_REGIONS_OF_KEY = (
    f"SELECT {', '.join(REGION_COLUMNS)} FROM regions WHERE page = (SELECT id FROM page_keys WHERE key = ?) "
    "ORDER BY line"
)


class MemoryTable:
    """The table itself. `apply` is called by one thread at a time; `query` and `page` by any, at any time."""

    def __init__(self, settings: Settings) -> None:
        """Open an empty table. Raises ConfigurationError where table_dir, or data_dir, cannot hold it."""
        text = PAGE_COLUMNS.index("text")
        self._limits = QueryLimits(
            settings.query_timeout_s, settings.query_max_rows, text, settings.export_timeout_s
        )
        self._database = PrivateDatabase(
            settings.table_dir or memory_folder(otherwise=settings.data_dir), _SCHEMA,
            readers=READERS + EXPORTS,
            longest_value=settings.max_message_bytes, timeout_s=settings.query_timeout_s + 1,
            opening=_OPENING,
        )  # fmt: skip
        self._next = 1

    def apply(
        self,
        pages: Iterable[tuple[str, PageText | None]],
        documents: Iterable[tuple[str, DocumentRecord | None]] = (),
        partitions: Iterable[document_partitions.Placed] = (),
    ) -> None:
        """Take over a batch of keys and records, all of it or nothing: the last of a key counts, None deletes.

        Raises:
            sqlite3.OperationalError: The disk is full or broken; the table is as it was, and the batch may be tried
                again.
            REFUSALS: A record holds what no column can; the table is as it was.
        """
        with self._database.transaction() as db:
            for key, page in pages:
                self._put_page(db, key, page)
            for key, document in documents:
                self._put_document(db, key, document)
            document_partitions.note(db, partitions)

    def correct(self, given: Iterable[tuple[str, Correction | None]]) -> None:
        """Take over a batch of corrections, as `apply` does: the last of a key counts, None takes it back."""
        with self._database.transaction() as db:
            for key, correction in given:
                page = corrections.note(db, key, correction)
                self._put_page(db, page, _page_as_read(db, page))

    def corrections(self, document_id: str, pagenum: int) -> list[tuple[int | None, Correction]]:
        """Return a page's corrections, each with its line; None where it matches none."""
        with self._database.reader() as db:
            return corrections.of_page(db, page_key(document_id, pagenum))

    def correction_keys(self, document_id: str) -> list[str]:
        """Return the keys of a document's corrections."""
        with self._database.reader() as db:
            return corrections.keys_of(db, document_id)

    def page_as_read(self, document_id: str, pagenum: int) -> PageText | None:
        """Return one page's record without corrections; None where there is none."""
        with self._database.reader() as db, db:
            db.execute("BEGIN")
            return _page_as_read(db, page_key(document_id, pagenum))

    def query(self, sql: str, parameters: Sequence[Value] = ()) -> QueryResult:
        """Run one SELECT within the configured limits. Raises QueryError."""
        with self._database.reader() as db:
            return run_query(db, sql, parameters, self._limits)

    def export(self, sql: str, parameters: Sequence[Value], media_type: ExportType) -> Generator[bytes]:
        """Yield all rows of one SELECT in pieces, as they are at the first. Raises QueryError, between pieces too.

        Closed before its end, it lets the connection go.
        """
        with self._database.reader() as db:
            yield from export_pieces(db, sql, parameters, self._limits, media_type)

    def page(self, document_id: str, pagenum: int) -> PageText | None:
        """Return one page's record, of a superseded document too; None where there is none."""
        key = page_key(document_id, pagenum)
        with self._database.reader() as db, db:
            db.execute("BEGIN")  # all statements see the same moment
            return _stored_page(db, key)

    def document(self, document_id: str) -> DocumentRecord | None:
        """Return one document's record, None where there is none."""
        with self._database.reader() as db:
            row = db.execute("SELECT * FROM all_documents WHERE document_id = ?", (document_id,)).fetchone()
        return document_of_row(row) if row else None

    def documents(self, listing: document_lists.Listing) -> list[DocumentRecord]:
        """Return a part of the list of documents, newest first."""
        with self._database.reader() as db:
            return [document_of_row(row) for row in document_lists.rows_of(db, listing)]

    def superseded_by(self, document_id: str) -> list[DocumentRecord]:
        """Return the documents whose place one has taken, and of those whose place these had, and so on."""
        with self._database.reader() as db:
            return [document_of_row(row) for row in document_lists.superseded_by(db, document_id)]

    def partitions(self, document_id: str) -> list[int]:
        """Return the partitions on which a document has a record, ascending: those that `apply` was given."""
        with self._database.reader() as db:
            return document_partitions.of_document(db, document_id)

    def page_numbers(self, document_id: str) -> list[int]:
        """Return the numbers of a document's pages that have a record, ascending."""
        with self._database.reader() as db, db:
            db.execute("BEGIN")
            return document_lists.page_numbers(db, document_id)

    def close(self) -> None:
        """End the queries that run, and free the memory."""
        self._database.close()

    def _put_page(self, db: sqlite3.Connection, key: str, page: PageText | None) -> None:
        page = corrections.applied(db, key, page)
        supersession.remove_page(db, key)
        if page is not None and supersession.successor(db, page.document_id, page.sent):
            supersession.put_page(db, key, page)
            page = None
        row = db.execute("SELECT id FROM page_keys WHERE key = ?", (key,)).fetchone()
        if row:
            db.execute("DELETE FROM result WHERE rowid = ?", row)
            db.execute("DELETE FROM regions WHERE page = ?", row)
        if page is None:
            db.execute("DELETE FROM page_keys WHERE key = ?", (key,))
            return
        number = row[0] if row else self._next  # a page that is read again keeps its row
        if not row:
            self._next += 1
            db.execute("INSERT INTO page_keys VALUES (?, ?)", (key, number))
        terms = search_terms(page.text, [paragraph.text for paragraph in page.paragraphs])
        page = page.model_copy(update={"text": bounded_text(page.text)})
        db.execute(_INSERT_PAGE, [number, *page_values(page), terms])
        db.executemany(_INSERT_REGION, region_rows(number, page))

    def _put_document(self, db: sqlite3.Connection, key: str, document: DocumentRecord | None) -> None:
        if document is None:
            db.execute("DELETE FROM document_records WHERE document_id = ?", (key,))
        else:
            by = supersession.successor(db, key, document.sent)
            db.execute(_INSERT_DOCUMENT, list(document_values(document, by)))
        for one in supersession.note_superseded(db, key, document):
            self._settle(db, one)

    def _settle(self, db: sqlite3.Connection, document_id: str) -> None:
        """Move a document's pages to where they belong: superseded, or current."""
        row = db.execute("SELECT sent FROM document_records WHERE document_id = ?", (document_id,)).fetchone()
        if row:
            by = supersession.successor(db, document_id, row[0])
            db.execute("UPDATE document_records SET superseded_by = ? WHERE document_id = ?", (by, document_id))
        for table in ("page_keys", "superseded"):
            for key in supersession.keys_of(db, table, document_id):
                if page := _page_as_read(db, key):
                    self._put_page(db, key, page)


def _page_as_read(db: sqlite3.Connection, key: str) -> PageText | None:
    return corrections.as_read(db, key) or _stored_page(db, key)


def _stored_page(db: sqlite3.Connection, key: str) -> PageText | None:
    row = db.execute(_PAGE_OF_KEY, (key,)).fetchone()
    if row is None:
        return supersession.kept_page(db, key)
    return page_of_rows(row, db.execute(_REGIONS_OF_KEY, (key,)).fetchall())
