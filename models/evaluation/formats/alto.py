"""ALTO: text lines with polygons, and tags that may give the kind of a line."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element

from models.document import Kind, Polygon
from models.evaluation.formats.xml_elements import PageTruth, children, inner, kind_of, local_name, points
from models.evaluation.items import TruthBox


def read_alto(root: Element) -> PageTruth:
    """Return the first page and its lines. Raises ValueError or LookupError for what is not ALTO."""
    page = next(inner(root, "Page"), None)
    if page is None:
        raise LookupError("no <Page>")
    name = next((found.text for found in inner(root, "fileName") if found.text), None)
    size = float(page.attrib["WIDTH"]), float(page.attrib["HEIGHT"])
    return PageTruth(name and name.strip(), size, _lines_of(page, _tags(root)))


def read_lines(root: Element) -> tuple[TruthBox, ...]:
    """Return the lines of all pages in document order. Raises ValueError or LookupError for one without a shape."""
    return _lines_of(root, _tags(root))


def _tags(root: Element) -> dict[str, str]:
    return {tag.attrib["ID"]: tag.get("LABEL", "") for found in inner(root, "Tags") for tag in found}


def _lines_of(element: Element, tags: Mapping[str, str]) -> tuple[TruthBox, ...]:
    return tuple(_box(line, tags) for line in inner(element, "TextLine"))


def _box(line: Element, tags: Mapping[str, str]) -> TruthBox:
    text = " ".join(string.get("CONTENT", "") for string in children(line, "String"))
    hyphen = "".join(found.get("CONTENT", "") for found in children(line, "HYP"))
    return TruthBox(_polygon(line), (text + hyphen).strip(), _kind(line, tags))


def _polygon(line: Element) -> Polygon:
    shape = next(
        (found for shape in children(line, "Shape") for found in shape if local_name(found) == "Polygon"), None
    )
    if shape is not None:
        return points(shape.attrib["POINTS"])
    x0, y0 = float(line.attrib["HPOS"]), float(line.attrib["VPOS"])
    x1, y1 = x0 + float(line.attrib["WIDTH"]), y0 + float(line.attrib["HEIGHT"])
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def _kind(line: Element, tags: Mapping[str, str]) -> Kind | None:
    kinds = (kind_of(tags.get(reference, "")) for reference in line.get("TAGREFS", "").split())
    return next((kind for kind in kinds if kind), None)
