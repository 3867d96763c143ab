"""ALTO 4.2 (Library of Congress): blocks, lines and strings, in pixels of the page images.

Lines carry tags with their kind; a signature is a GraphicalElement. A page that failed or is missing is a page
without PrintSpace, with the reason in a comment.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from models.document import Polygon
from models.export.markup import attribute, comment, content, points, software_version
from models.export.page_parts import (
    baseline,
    corners,
    paragraphs_of,
    signatures_of,
    whole_box,
    why_unread,
    words_of,
)
from models.export.types import ExportedDocument, ExportedLine, ExportedPage, ExportedWord, Points

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:schemaLocation="http://www.loc.gov/standards/alto/ns-v4# http://www.loc.gov/standards/alto/v4/alto-4-2.xsd">
<Description>
<MeasurementUnit>pixel</MeasurementUnit>
<sourceImageInformation><fileName>{name}</fileName></sourceImageInformation>
<Processing ID="reading"><processingSoftware><softwareName>inkstream</softwareName>\
<softwareVersion>{version}</softwareVersion></processingSoftware></Processing>
</Description>
<Tags>
<OtherTag ID="printed" TYPE="kind" LABEL="printed"/>
<OtherTag ID="handwritten" TYPE="kind" LABEL="handwritten"/>
<OtherTag ID="signature" TYPE="kind" LABEL="signature"/>
</Tags>
<Layout>
"""


def write_alto(document: ExportedDocument) -> Iterator[bytes]:
    """Yield the head, each page, and the end of an ALTO file."""
    yield _HEAD.format(name=content(document.name), version=software_version()).encode()
    for number, page in document.every_page():
        yield _page(number, page).encode()
    yield b"</Layout>\n</alto>\n"


def _page(number: int, page: ExportedPage | None) -> str:
    page_id = f'ID="page_{number + 1}" PHYSICAL_IMG_NR="{number + 1}"'
    if page is None or page.exception is not None:
        return f"{comment(f'page {number + 1}: {why_unread(page)}')}\n<Page {page_id}/>\n"
    confidence = "" if page.confidence is None else f' PC="{page.confidence:.4f}"'
    size = f'WIDTH="{page.width}" HEIGHT="{page.height}"'
    parts = [f'<Page {page_id} {size}{confidence}>\n<PrintSpace HPOS="0" VPOS="0" {size}>\n']
    lines = 0
    for index, paragraph in enumerate(paragraphs_of(page), 1):
        box = _box(*(line.polygon for line in paragraph.lines))
        parts.append(f'<TextBlock ID="block_{number + 1}_{index}" {box}>\n')
        for line in paragraph.lines:
            lines += 1
            parts.append(_line(line, f"{number + 1}_{lines}"))
        parts.append("</TextBlock>\n")
    for index, region in enumerate(signatures_of(page), 1):
        place = f'TAGREFS="{region.kind}" {_box(region.polygon)}'
        shape = _shape(corners(region.polygon))
        parts.append(f'<GraphicalElement ID="drawing_{number + 1}_{index}" {place}>{shape}</GraphicalElement>\n')
    return "".join([*parts, "</PrintSpace>\n</Page>\n"])


def _line(line: ExportedLine, key: str) -> str:
    words = words_of(line)
    strings = [_string(word, f"{key}_{number}") for number, word in enumerate(words, 1)]
    spaces = [_space(one, other) for one, other in pairwise(words)]
    inside = "".join(f"{string}{space}\n" for string, space in zip(strings, [*spaces, ""], strict=True))
    place = f'BASELINE="{points(baseline(line.polygon))}" {_box(line.polygon)}'
    return (
        f'<TextLine ID="line_{key}" TAGREFS="{line.kind}" {place}>'
        f"{_shape(corners(line.polygon))}\n{inside}</TextLine>\n"
    )


def _string(word: ExportedWord, key: str) -> str:
    confidence = "" if word.confidence is None else f' WC="{word.confidence:.4f}"'
    text = attribute(word.text)
    return f'<String ID="string_{key}" CONTENT={text} {_box(word.polygon)}{confidence}/>'


def _space(one: ExportedWord, other: ExportedWord) -> str:
    """Return the space between two words; none where one is not behind the other, as on lines that run down."""
    _, top, left, _ = whole_box(one.polygon)
    right = whole_box(other.polygon)[0]
    return f'<SP HPOS="{left}" VPOS="{top}" WIDTH="{right - left}"/>' if right > left else "<SP/>"


def _shape(polygon: Polygon) -> str:
    return f'<Shape><Polygon POINTS="{points(polygon)}"/></Shape>'


def _box(*polygons: Points) -> str:
    x0, y0, x1, y1 = whole_box(*polygons)
    return f'HPOS="{x0}" VPOS="{y0}" WIDTH="{x1 - x0}" HEIGHT="{y1 - y0}"'
