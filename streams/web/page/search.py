"""Search over everything read: snippets, filters, and where on the page what was found stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from streams.messages.records import PageText
from streams.table.memory_table import MemoryTable
from streams.table.sql_functions import Value
from streams.web.page.marks import lines_with, match_expression, snippet_parts, words_of
from streams.web.page.rendering import PageRoute, html
from streams.web.parts import ApiParts

_BEGIN, _END = "\x02", "\x03"  # around what was found; not in the text of any page
_SNIPPET = f"snippet(result, 3, '{_BEGIN}', '{_END}', ' … ', 30)"
_START = "substr(text, 1, 200)"
_HITS = 20  # a part
_MAX_OFFSET = 10_000
_PICTURE_PX = 320

_KINDS = ("printed", "handwritten", "signature")
_CONFIDENCES = {"": "Any confidence", ">=0.9": "90 % or more", "<0.9": "Below 90 %", "<0.7": "Below 70 %"}
Confidence = Literal["", ">=0.9", "<0.9", "<0.7"]
_Date = Annotated[str, Query(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]


@dataclass(frozen=True, slots=True)
class Hit:
    """One page that was found, with the pieces of its snippet and the numbers of the lines that are marked."""

    page: PageText
    snippet: Sequence[tuple[str, bool]]
    marked: frozenset[int]


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched for; an empty field is no filter. Dates are days, both included."""

    words: str
    path: str
    kind: str
    confidence: str
    since: str
    until: str

    @property
    def is_empty(self) -> bool:
        """Whether it would find everything."""
        return not any(
            (match_expression(self.words), self.path, self.kind, self.confidence, self.since, self.until)
        )

    def query(self, offset: int) -> tuple[str, list[Value]]:
        """Return SQL for pages from a place on, one more than a part has, and its parameters."""
        conditions: list[str] = []
        values: list[Value] = []

        def where(condition: str, value: str) -> None:
            if value:
                conditions.append(condition)
                values.append(value)

        match = match_expression(self.words)
        where("result MATCH ?", match)
        where("instr(lower(path), lower(?)) > 0", self.path)
        where("rowid IN (SELECT page FROM regions WHERE kind = ?)", self.kind)
        where("timestamp >= ?", self.since)
        where("timestamp < ?", f"{self.until}T24" if self.until else "")
        if self.confidence:  # a text layer has none, and is sure
            conditions.append(f"coalesce(confidence, 1) {self.confidence}")
        sql = (
            f"SELECT document_id, pagenum, {_SNIPPET if match else _START} FROM result "
            f"WHERE {' AND '.join(conditions) or '1'} ORDER BY {'rank' if match else 'timestamp DESC'} "
            f"LIMIT {_HITS + 1} OFFSET {offset}"
        )
        return sql, values


def search_routes(parts: ApiParts) -> APIRouter:
    """Return the route of the search."""
    routes = APIRouter(route_class=PageRoute, include_in_schema=False)

    @routes.get("/search")
    async def search(
        q: Annotated[str, Query(max_length=1000)] = "",
        path: Annotated[str, Query(max_length=4096)] = "",
        kind: Literal["", "printed", "handwritten", "signature"] = "",
        confidence: Confidence = "",
        since: _Date = "",
        until: _Date = "",
        start: Annotated[int, Query(ge=0, le=_MAX_OFFSET)] = 0,
    ) -> Response:
        asked = Search(q, path, kind, confidence, since, until)
        hits: list[Hit] = []
        if not asked.is_empty:
            hits = await parts.table.ask(lambda table: _hits(table, asked, start))
        return html("search.html", {
            "view": "search", "asked": asked, "hits": hits[:_HITS], "start": start, "part": _HITS,
            "more": len(hits) > _HITS, "kinds": _KINDS, "confidences": _CONFIDENCES, "picture_px": _PICTURE_PX,
        })  # fmt: skip

    return routes


def _hits(table: MemoryTable, asked: Search, start: int) -> list[Hit]:
    sql, values = asked.query(start)
    words = words_of(asked.words)
    found: list[Hit] = []
    for document_id, pagenum, snippet in table.query(sql, values).rows:
        if (page := table.page(str(document_id), int(pagenum or 0))) is not None:
            found.append(Hit(page, snippet_parts(str(snippet), _BEGIN, _END), lines_with(words, page)))
    return found
