"""Records as rows of the memory table, and rows as records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from models.layout.geometry import bounds
from streams.messages.records import DocumentRecord, PageText
from streams.table.columns import DOCUMENT_COLUMNS, JSON_COLUMNS, PAGE_COLUMNS, REGION_COLUMNS
from streams.table.sql_functions import Value

_NO_BOX = (None,) * 4


def document_of_row(row: Sequence[Value]) -> DocumentRecord:
    columns: dict[str, Any] = dict(zip(DOCUMENT_COLUMNS, row, strict=True))
    return DocumentRecord.model_validate({**columns, "supersedes": orjson.loads(columns["supersedes"])})


def document_values(document: DocumentRecord, superseded_by: str | None) -> Iterable[Value]:
    own: dict[str, Value] = {
        "supersedes": orjson.dumps(document.supersedes).decode(), "superseded_by": superseded_by,
    }  # fmt: skip
    return [own[name] if name in own else getattr(document, name) for name in DOCUMENT_COLUMNS]


def page_values(page: PageText) -> Iterable[Value]:
    fields = page.model_dump(include=set(PAGE_COLUMNS))
    for name in PAGE_COLUMNS:
        yield orjson.dumps(fields[name]).decode() if name in JSON_COLUMNS else fields[name]


def page_of_rows(row: Sequence[Value], regions: Iterable[Sequence[Value]]) -> PageText:
    """Return the record that became these rows."""
    columns: dict[str, Any] = dict(zip(PAGE_COLUMNS, row, strict=True))
    lines: list[dict[str, Any]] = [dict(zip(REGION_COLUMNS, region, strict=True)) for region in regions]
    return PageText.model_validate(
        {
            **columns,
            **{name: orjson.loads(columns[name]) for name in JSON_COLUMNS},
            "regions": [
                {**line, "polygon": orjson.loads(line["polygon"]), "words": orjson.loads(line["words"] or "null")}
                for line in lines
            ],
        }
    )


def region_rows(number: int, page: PageText) -> Iterable[tuple[Value, ...]]:
    page_columns = (number, page.document_id, page.pagenum, page.path)
    for line, region in enumerate(page.regions):
        box = bounds(tuple(region.polygon)) if region.polygon else _NO_BOX
        polygon = orjson.dumps(region.polygon).decode()
        reading = (region.kind, region.text, region.confidence, region.recogniser)
        words = None if region.words is None else orjson.dumps([w.model_dump() for w in region.words]).decode()
        yield (*page_columns, line, region.paragraph, *reading, polygon, *box, words, region.corrected)
