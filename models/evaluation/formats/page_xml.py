"""PAGE: text lines with polygons, in regions with a reading order; `production` may give their kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from models.evaluation.formats.xml_elements import PageTruth, children, inner, kind_of, points
from models.evaluation.items import TruthBox

_LINE_INDEX = re.compile(r"readingOrder\s*\{\s*index\s*:\s*(\d+)")


def read_page(root: Element) -> PageTruth:
    """Return the lines in reading order, then signatures. Raises ValueError or LookupError for what is not PAGE."""
    page = next(inner(root, "Page"), None)
    if page is None:
        raise LookupError("no <Page>")
    boxes = [_box(line, region) for region in _regions(page) for line in _lines(region)]
    signatures = [_signature(mark) for mark in inner(page, "GraphicRegion") if mark.get("type") == "signature"]
    size = (float(page.attrib["imageWidth"]), float(page.attrib["imageHeight"]))
    return PageTruth(page.get("imageFilename"), size, (*boxes, *signatures))


def _regions(page: Element) -> list[Element]:
    """Return the text regions in the page's reading order; those it does not name follow in document order."""
    order = [name for group in children(page, "ReadingOrder") for name in _references(group)]
    rank = {name: number for number, name in reversed(list(enumerate(order)))}
    return sorted(inner(page, "TextRegion"), key=lambda region: rank.get(region.get("id", ""), len(order)))


def _references(group: Element) -> Iterator[str]:
    """Yield the regions that a group names, nested groups at their index."""
    for part in sorted(group, key=lambda part: int(part.get("index", 0))):
        if "regionRef" in part.attrib:
            yield part.attrib["regionRef"]
        yield from _references(part)


def _lines(region: Element) -> list[Element]:
    return sorted(children(region, "TextLine"), key=_line_index)


def _line_index(line: Element) -> int:
    found = _LINE_INDEX.search(line.get("custom", ""))
    return int(found[1]) if found else 0


def _box(line: Element, region: Element) -> TruthBox:
    given = sorted(children(line, "TextEquiv"), key=lambda found: int(found.get("index", 0)))
    text = next((found.text or "" for equivalent in given for found in inner(equivalent, "Unicode")), "")
    production = line.get("production") or region.get("production") or ""
    return TruthBox(points(children(line, "Coords")[0].attrib["points"]), text.strip(), kind_of(production))


def _signature(mark: Element) -> TruthBox:
    return TruthBox(points(children(mark, "Coords")[0].attrib["points"]), kind="signature")
