"""What a person corrects is shown, survives another reading, and can be taken back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Sequence
from pathlib import Path

import httpx
import pytest

from streams.errors import UndecodableMessage
from streams.messages import records
from streams.messages.codec import correction_in, encode
from streams.messages.corrections import Correction, corrected_page, matched
from streams.messages.page_parts import ParagraphRecord, RegionRecord, TableCellRecord, TableRecord, WordRecord
from streams.messages.records import PageText
from streams.table.memory_table import MemoryTable
from tests.unit.test_api import DOCUMENT, FilledTable, Outbox, client_of, refusal, settings_in

Points = list[tuple[float, float]]


def box(x0: float, y0: float, x1: float, y1: float) -> Points:
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def page(texts: tuple[str, ...] = ("an lnvoice", "of May"), scale: float = 1, shift: float = 0) -> PageText:
    """A page of lines below each other, 20 pixels high and 30 apart."""
    lines = [
        RegionRecord(
            polygon=box(10 * scale, (30 * n + shift) * scale, 90 * scale, (30 * n + 20 + shift) * scale),
            kind="printed", text=text, confidence=0.9, recogniser="tesseract",
        )
        for n, text in enumerate(texts)
    ]  # fmt: skip
    return PageText(
        timestamp="2026-11-20T19:30:00.123Z", pagenum=0, path="file:///lease.pdf", text="\n".join(texts),
        document_id="d", total_pages=1, confidence=0.9, method="ocr", width=round(100 * scale),
        height=round(200 * scale), dpi=300, rotation=0.0, language="eng", models={}, reference="r", exception=None,
        timings_ms={}, regions=lines, paragraphs=[ParagraphRecord(text=" ".join(texts))],
    )  # fmt: skip


def correction(text: str = "an invoice", when: str = "1", place: str = "100-0-900-100") -> Correction:
    return Correction(
        document_id="d", pagenum=0, place=place, polygon=box(10, 0, 90, 20), width=100, height=200,
        old_text="an lnvoice", text=text, when=when,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("read", "lines"),
    [
        (page(), [0]),
        (page(scale=2.5), [0]),  # at another resolution
        (page(shift=4), [0]),
        (page(shift=15), []),  # elsewhere
        (page(()), []),
    ],
)
def test_a_correction_is_matched_to_the_line_in_its_place(read: PageText, lines: list[int]) -> None:
    assert list(matched(read, [correction()])) == lines


def test_of_two_corrections_in_one_place_the_later_one_counts() -> None:
    found = matched(page(), [correction("a", "2", "1-1-1-1"), correction("b", "3", "2-2-2-2")])
    assert [(line, one.text) for line, one in found.items()] == [(0, "b")]


def test_a_corrected_line_changes_all_that_has_its_text() -> None:
    cell = TableCellRecord(polygon=box(0, 0, 100, 25), text="an lnvoice")
    line = page().regions[0]
    words = [WordRecord(text="an", polygon=line.polygon, confidence=0.5)]
    given = page().model_copy(
        update={
            "tables": [TableRecord(polygon=box(0, 0, 100, 25), rows=[[cell]])],
            "regions": [line.model_copy(update={"words": words}), page().regions[1]],
        }
    )
    made = corrected_page(given, {0: correction()})
    assert (made.text, made.paragraphs[0].text) == ("an invoice\nof May", "an invoice of May")
    assert made.tables[0].rows[0][0].text == "an invoice"
    assert [word.text for word in made.regions[0].words or ()] == ["an", "invoice"]
    assert [region.corrected for region in made.regions] == [True, False]
    assert made.corrected


def test_of_equal_lines_the_corrected_one_changes() -> None:
    twice = page(("an lnvoice", "an lnvoice"))
    second = correction().model_copy(update={"polygon": box(10, 30, 90, 50)})
    assert corrected_page(twice, matched(twice, [second])).text == "an lnvoice\nan invoice"


@pytest.mark.parametrize(
    ("key", "value"),
    [(None, None), (b"d/0/x", encode(correction())), (b"d/0/100-0-900-100", b'{"text": "two\\nlines"}')],
)
def test_what_is_no_correction_is_refused(key: bytes | None, value: bytes | None) -> None:
    with pytest.raises(UndecodableMessage):
        correction_in(key, value)


def test_published_schema_is_that_of_the_record() -> None:
    published = Path(records.__file__).with_name("correction.schema.json")
    assert json.loads(published.read_text()) == Correction.model_json_schema(mode="serialization")


@pytest.fixture
async def filled(tmp_path: Path) -> AsyncIterator[tuple[httpx.AsyncClient, FilledTable]]:
    """An API whose corrections reach its table at once."""
    settings = settings_in(tmp_path)
    table = FilledTable(settings)
    await table.ask(lambda t: t.apply([("d/0", page())], [("d", DOCUMENT)]))

    class Corrector(Outbox):
        async def correct(self, key: str, correction: Correction | None) -> None:
            await table.ask(lambda t: t.correct([(key, correction)]))

        async def forget_corrections(self, keys: Sequence[str]) -> None:
            await table.ask(lambda t: t.correct([(key, None) for key in keys]))

        async def delete(self, document_id: str, pagenums: Sequence[int], known: Collection[int] = ()) -> None:
            keys = [(f"{document_id}/{number}", None) for number in pagenums]
            await table.ask(lambda t: t.apply(keys, [(document_id, None)]))

    async with client_of(settings, table, Corrector(settings)) as client:
        yield client, table


ROUTE = "/documents/d/pages/0/corrections"


def searched(table: MemoryTable, word: str) -> list[list[object]]:
    found = table.query("SELECT text, corrected FROM result WHERE result MATCH ?", [word])
    return [list(row) for row in found.rows]


async def test_sql_search_and_exports_show_a_correction_until_it_is_taken_back(
    filled: tuple[httpx.AsyncClient, FilledTable],
) -> None:
    client, table = filled
    answer = await client.post(ROUTE, json={"line": 0, "text": " an invoice ", "kind": "handwritten", "who": "Ann"})
    assert (answer.status_code, answer.json()["old_text"], answer.json()["text"]) == (
        201,
        "an lnvoice",
        "an invoice",
    )
    assert await table.ask(lambda t: searched(t, "invoice")) == [["an invoice\nof May", 1]]
    assert await table.ask(lambda t: searched(t, "lnvoice")) == []
    assert (await client.get("/documents/d/text")).text.startswith("an invoice\nof May")
    shown = (await client.get("/documents/d/pages/0")).json()
    assert [(line["kind"], line["corrected"]) for line in shown["regions"]] == [
        ("handwritten", True),
        ("printed", False),
    ]
    place = answer.json()["place"]
    assert (await client.delete(f"{ROUTE}/{place}")).status_code == 204
    assert await table.ask(lambda t: searched(t, "lnvoice")) == [["an lnvoice\nof May", 0]]
    assert (await client.get(ROUTE)).json() == {"corrections": []}


async def test_reading_again_keeps_corrections_and_lists_those_without_a_line(
    filled: tuple[httpx.AsyncClient, FilledTable],
) -> None:
    client, table = filled
    await client.post(ROUTE, json={"line": 0, "text": "an invoice"})
    again = page(("an Invoicc", "of May"), scale=2, shift=1)
    await table.ask(lambda t: t.apply([("d/0", again)]))
    assert (await client.get("/documents/d/pages/0")).json()["text"] == "an invoice\nof May"
    # the key is that of the earlier correction, though the line has moved
    await client.post(ROUTE, json={"line": 0, "text": "my invoice"})
    (listed,) = (await client.get(ROUTE)).json()["corrections"]
    assert (listed["line"], listed["correction"]["old_text"]) == (0, "an Invoicc")
    await table.ask(lambda t: t.apply([("d/0", page(()))]))
    (listed,) = (await client.get(ROUTE)).json()["corrections"]
    assert (listed["line"], listed["correction"]["text"]) == (None, "my invoice")


async def test_corrections_that_cannot_be_are_refused(filled: tuple[httpx.AsyncClient, FilledTable]) -> None:
    client, _ = filled
    given = {"line": 0, "text": "x"}
    assert refusal(await client.post(ROUTE, json={**given, "line": 2})) == (404, "not-found")
    assert refusal(await client.post(ROUTE, json={**given, "text": "two\nlines"})) == (422, "malformed-request")
    assert refusal(await client.post(ROUTE, json={**given, "text": "x" * 10_001})) == (422, "malformed-request")
    assert refusal(await client.post("/documents/d/pages/7/corrections", json=given)) == (404, "not-found")
    assert refusal(await client.get("/documents/none/pages/0/corrections")) == (404, "not-found")
    assert refusal(await client.delete(f"{ROUTE}/1-1-1-1")) == (404, "not-found")
    evil = await client.post(ROUTE, json=given, headers={"origin": "https://evil.example"})
    assert evil.status_code == 403


async def test_a_deleted_document_takes_its_corrections_along(
    filled: tuple[httpx.AsyncClient, FilledTable],
) -> None:
    client, table = filled
    await client.post(ROUTE, json={"line": 0, "text": "an invoice"})
    assert len(await table.ask(lambda t: t.correction_keys("d"))) == 1
    assert (await client.delete("/documents/d")).status_code == 200
    assert await table.ask(lambda t: t.correction_keys("d")) == []
    await table.ask(lambda t: t.apply([("d/0", page())], [("d", DOCUMENT)]))  # sent again
    assert await table.ask(lambda t: searched(t, "lnvoice")) == [["an lnvoice\nof May", 0]]
