"""PAGE 2019-07-15 (PRImA): one page a file, with its reading order, in pixels of the page image."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from models.document import Kind, Role
from models.export.markup import attribute, content, points, software_version
from models.export.page_parts import (
    Paragraph,
    baseline,
    corners,
    paragraphs_of,
    signatures_of,
    whole_box,
    why_unread,
    words_of,
)
from models.export.types import ExportedDocument, ExportedLine, ExportedPage
from models.layout.geometry import corners_of

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:schemaLocation="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15 \
http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15/pagecontent.xsd">
"""
_PRODUCTION: dict[Kind, str] = {"printed": "printed", "handwritten": "handwritten-cursive"}
_TYPES: dict[Role | None, str] = {
    "heading": "heading", "body": "paragraph", "list": "paragraph", "caption": "caption", "footnote": "footnote",
    "header": "header", "footer": "footer",
}  # fmt: skip
_SLASHES = re.compile(r"[/\\]")


def write_page_xml(document: ExportedDocument) -> Iterator[bytes]:
    """Yield a PAGE file; where its page failed or is missing, it has the reason in its comments."""
    for number, page in document.every_page():
        yield _file(number, page, document.name).encode()


def _file(number: int, page: ExportedPage | None, name: str) -> str:
    written = datetime.now(UTC).isoformat(timespec="seconds")
    created = written if page is None else page.timestamp
    reason = why_unread(page)
    note = "" if reason is None else f"<Comments>{content(f'page {number + 1}: {reason}')}</Comments>"
    width, height, dpi = (0, 0, 0) if page is None else (page.width, page.height, page.dpi)
    resolution = f' imageXResolution="{dpi}" imageYResolution="{dpi}" imageResolutionUnit="PPI"' if dpi else ""
    image = attribute(_SLASHES.split(name)[-1])
    return (
        f"{_HEAD}<Metadata><Creator>inkstream {software_version()}</Creator><Created>{content(created)}</Created>"
        f"<LastChange>{written}</LastChange>{note}</Metadata>\n"
        f'<Page imageFilename={image} imageWidth="{width}" imageHeight="{height}"{resolution}>\n'
        f"{'' if page is None else _content(page)}</Page>\n</PcGts>\n"
    )


def _content(page: ExportedPage) -> str:
    paragraphs = paragraphs_of(page)
    order = [f'<RegionRefIndexed index="{n}" regionRef="r{n + 1}"/>\n' for n in range(len(paragraphs))]
    drawings = [
        f'<GraphicRegion id="g{number}" type="signature">{_coords(region)}</GraphicRegion>\n'
        for number, region in enumerate(signatures_of(page), 1)
    ]
    if order:
        order = ['<ReadingOrder><OrderedGroup id="order">\n', *order, "</OrderedGroup></ReadingOrder>\n"]
    return "".join([*order, *(_region(one, n) for n, one in enumerate(paragraphs, 1)), *drawings])


def _region(paragraph: Paragraph, number: int) -> str:
    outline = points(corners_of(whole_box(*(line.polygon for line in paragraph.lines))))
    lines = "".join(_line(line, f"r{number}l{index}") for index, line in enumerate(paragraph.lines, 1))
    role = f' type="{_TYPES[paragraph.role]}"' if paragraph.role in _TYPES else ""
    return (
        f'<TextRegion id="r{number}"{role}><Coords points="{outline}"/>\n{lines}'
        f"{_text(paragraph.text, None)}</TextRegion>\n"
    )


def _line(line: ExportedLine, key: str) -> str:
    words = "".join(
        f'<Word id="{key}w{number}"><Coords points="{points(corners(word.polygon))}"/>'
        f"{_text(word.text, word.confidence)}</Word>\n"
        for number, word in enumerate(words_of(line), 1)
    )
    production = f' production="{_PRODUCTION[line.kind]}"' if line.kind in _PRODUCTION else ""
    return (
        f'<TextLine id="{key}"{production}>{_coords(line)}<Baseline points="{points(baseline(line.polygon))}"/>\n'
        f"{words}{_text(line.text, line.confidence)}</TextLine>\n"
    )


def _coords(region: ExportedLine) -> str:
    return f'<Coords points="{points(corners(region.polygon))}"/>'


def _text(text: str, confidence: float | None) -> str:
    given = "" if confidence is None else f' conf="{confidence:.4f}"'
    return f"<TextEquiv{given}><Unicode>{content(text)}</Unicode></TextEquiv>"
