"""Page-text records made of what was read, or of why it could not be."""

from __future__ import annotations

import hashlib

from models.document import PageReading, Region, Table
from models.errors import shown_uri
from models.options import ReadOptions
from streams.messages.page_parts import (
    BarcodeRecord,
    ParagraphRecord,
    RegionRecord,
    TableCellRecord,
    TableRecord,
    WordRecord,
)
from streams.messages.records import PageTask, PageText, now


def reading_of(sha256: str, path: str, options: ReadOptions) -> str:
    """Return what a reading is known by, 32 hex digits: without what does not change the text."""
    how = options.model_dump_json(exclude={"password", "webhook"})
    return hashlib.sha256("\0".join((sha256, path, how)).encode(errors="backslashreplace")).hexdigest()[:32]


def page_text(task: PageTask, reading: PageReading) -> PageText:
    """Return the record of a page that was read."""
    return PageText(
        timestamp=now(), pagenum=task.pagenum, path=task.path, text=reading.text, document_id=task.document_id,
        total_pages=task.total_pages, confidence=reading.confidence, method=reading.method,
        width=reading.width, height=reading.height, dpi=reading.dpi, rotation=reading.rotation,
        language=reading.language, language_source=reading.language_source, models=reading.models,
        reference=shown_uri(task.reference), exception=None,
        timings_ms=reading.timings_ms, dropped=reading.dropped,
        paragraphs=[ParagraphRecord(text=p.text, role=p.role, table=p.table) for p in reading.paragraphs],
        tables=[_table(table) for table in reading.tables], coverage=reading.coverage,
        warnings=[*reading.warnings, *(task.warnings if task.pagenum == 0 else ())], sent=task.sent,
        supersedes=task.supersedes, reading=reading_of(task.sha256, task.path, task.options), sha256=task.sha256,
        webhook=task.options.webhook,
        barcodes=[BarcodeRecord(text=b.text, format=b.format, polygon=list(b.polygon)) for b in reading.barcodes],
        regions=[
            RegionRecord(polygon=list(r.polygon), kind=r.kind, text=r.text, confidence=r.confidence,
                         recogniser=r.recogniser, paragraph=r.paragraph,
                         words=_words(r) if task.options.words else None)
            for r in reading.regions
        ],
    )  # fmt: skip


def _words(region: Region) -> list[WordRecord]:
    return [
        WordRecord(text=word.text, polygon=list(word.polygon), confidence=word.confidence) for word in region.words
    ]


def _table(table: Table) -> TableRecord:
    rows = [
        [
            TableCellRecord(polygon=list(cell.polygon), text=cell.text, row_span=cell.row_span,
                            column_span=cell.column_span)
            for cell in row
        ]
        for row in table.rows
    ]  # fmt: skip
    return TableRecord(polygon=list(table.polygon), rows=rows)


def failed_page_text(task: PageTask, exception: str) -> PageText:
    """Return the record of a page that could not be read: empty text, and the reason."""
    return PageText(
        timestamp=now(), pagenum=task.pagenum, path=task.path, text="", document_id=task.document_id,
        total_pages=task.total_pages, confidence=None, method=None, width=0, height=0, dpi=0, rotation=0.0,
        language=task.options.assumed_languages,
        language_source="assumed" if task.options.detects_languages else "given",
        regions=[], models={}, reference=shown_uri(task.reference),
        exception=exception, timings_ms={}, sent=task.sent, supersedes=task.supersedes,
        reading=reading_of(task.sha256, task.path, task.options), sha256=task.sha256,
        webhook=task.options.webhook,
    )  # fmt: skip
