"""What ALTO and PAGE have in common: elements by their local names, whatever the version's namespace is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from models.document import Kind, Polygon
from models.evaluation.items import TruthBox

# Parts of the labels that transcribers give to lines; the first that fits decides.
_KINDS: dict[str, Kind] = {
    "signature": "signature",
    "handwrit": "handwritten",
    "manuscript": "handwritten",
    "typewrit": "printed",
    "print": "printed",
}


@dataclass(frozen=True, slots=True)
class PageTruth:
    """The lines of one page, in reading order, in a space of the size (width, height)."""

    file_name: str | None
    size: tuple[float, float]
    boxes: tuple[TruthBox, ...]

    def __post_init__(self) -> None:
        """Raise ValueError for a page without an area."""
        if not min(self.size) > 0:
            raise ValueError(f"the page is {self.size[0]:g} × {self.size[1]:g}")


def local_name(element: Element) -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def inner(element: Element, name: str) -> Iterator[Element]:
    """Yield the elements of that local name, at any depth, in document order."""
    return (found for found in element.iter() if local_name(found) == name)


def children(element: Element, name: str) -> list[Element]:
    """Return the direct children of that local name."""
    return [found for found in element if local_name(found) == name]


def points(attribute: str) -> Polygon:
    """Return `x,y x,y …` or `x y x y …` as a polygon. Raises ValueError for less than three points."""
    numbers = [float(number) for number in attribute.replace(",", " ").split()]
    if len(numbers) < 6 or len(numbers) % 2:
        raise ValueError(f"not a polygon: {attribute[:60]!r}")
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def kind_of(label: str) -> Kind | None:
    """Return our kind for a transcriber's label, if it has one: `DefaultLine:Typewritten` is printed."""
    lower = label.lower()
    return next((kind for word, kind in _KINDS.items() if word in lower), None)
