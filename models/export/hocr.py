"""hOCR 1.2: pages, paragraphs, lines and words as XHTML, boxes in pixels of the page image.

A signature is an `ocr_linedrawing`; a handwritten line has `x_kind handwritten`. Baselines are estimated.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.export.markup import attribute, comment, content, software_version
from models.export.page_parts import (
    baseline,
    corners,
    is_level,
    paragraphs_of,
    signatures_of,
    slope_degrees,
    whole_box,
    why_unread,
    words_of,
)
from models.export.types import ExportedDocument, ExportedLine, ExportedPage, ExportedWord, Points

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml">
<head>
<title>{title}</title>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8"/>
<meta name="ocr-system" content="inkstream {version}"/>
<meta name="ocr-number-of-pages" content="{pages}"/>
<meta name="ocr-capabilities" content="ocr_page ocr_par ocr_line ocr_linedrawing ocrx_word ocrp_wconf"/>
</head>
<body>
"""


def write_hocr(document: ExportedDocument) -> Iterator[bytes]:
    """Yield the head, each page, and the end of an hOCR file."""
    title = content(document.name)
    yield _HEAD.format(title=title, version=software_version(), pages=len(document.pagenums)).encode()
    for number, page in document.every_page():
        yield _page(number, page, document.name).encode()
    yield b"</body>\n</html>\n"


def _page(number: int, page: ExportedPage | None, name: str) -> str:
    image = name.replace('"', "'")
    if page is None or page.exception is not None:
        title = f'image "{image}"; bbox 0 0 0 0; ppageno {number}'
        note = comment(f"page {number + 1}: {why_unread(page)}")
        return f'<div class="ocr_page" id="page_{number + 1}" title={attribute(title)}>{note}</div>\n'
    title = (
        f'image "{image}"; bbox 0 0 {page.width} {page.height}; ppageno {number}; scan_res {page.dpi} {page.dpi}'
    )
    parts = [f'<div class="ocr_page" id="page_{number + 1}" title={attribute(title)}>\n']
    lines = 0
    for index, paragraph in enumerate(paragraphs_of(page), 1):
        box = _bbox(*(line.polygon for line in paragraph.lines))
        parts.append(f' <p class="ocr_par" id="par_{number + 1}_{index}" title="{box}">\n')
        for line in paragraph.lines:
            lines += 1
            parts.append(_line(line, f"{number + 1}_{lines}"))
        parts.append(" </p>\n")
    for index, region in enumerate(signatures_of(page), 1):
        title = f"{_bbox(region.polygon)}; x_kind {region.kind}"
        parts.append(f' <div class="ocr_linedrawing" id="drawing_{number + 1}_{index}" title="{title}"></div>\n')
    return "".join([*parts, "</div>\n"])


def _line(line: ExportedLine, key: str) -> str:
    title = f"{_bbox(line.polygon)}; {_direction(line.polygon)}"
    if line.kind != "printed":
        title += f"; x_kind {line.kind}"
    words = " ".join(_word(word, f"{key}_{number}") for number, word in enumerate(words_of(line), 1))
    return f'  <span class="ocr_line" id="line_{key}" title="{title}">{words}</span>\n'


def _word(word: ExportedWord, key: str) -> str:
    confidence = "" if word.confidence is None else f"; x_wconf {round(100 * word.confidence)}"
    title = _bbox(word.polygon) + confidence
    return f'<span class="ocrx_word" id="word_{key}" title="{title}">{content(word.text)}</span>'


def _direction(polygon: Points) -> str:
    """Return a level line's baseline, from the lower left corner of its box; of others, their angle."""
    if not is_level(polygon):
        return f"textangle {-slope_degrees(polygon) % 360:.1f}"  # counter-clockwise
    (x0, y0), (x1, y1) = baseline(polygon)
    slope = (y1 - y0) / max(1.0, x1 - x0)
    left, _, _, bottom = whole_box(corners(polygon))
    return f"baseline {slope:.4f} {y0 - slope * (x0 - left) - bottom:.1f}"


def _bbox(*polygons: Points) -> str:
    return "bbox {} {} {} {}".format(*whole_box(*polygons))
