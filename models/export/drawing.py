"""Which regions of a page are drawn, and how: what ImageDrawRegions of Spark OCR has as parameters.

`DrawOptions` is the query of the API and what `inkstream read --draw` sets; `drawing_of` decides what is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from models.document import Kind, Polygon
from models.errors import OptionsError
from models.export.types import ExportedLine, ExportedPage, ExportedWord
from models.layout.geometry import bounds, corners_of

Level = Literal["lines", "words"]

_MAX_LABEL_CHARACTERS = 200


def _split(value: object) -> object:
    """Return the names in `a,b`, or in several of these: a query may have a parameter more than once."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple):
        return value
    return tuple(name for text in texts for name in str(text).split(",") if name)


Levels = Annotated[tuple[Level, ...], BeforeValidator(_split)]
Colour = Annotated[str, Field(pattern="^#?[0-9a-fA-F]{6}$")]


class DrawOptions(BaseModel):
    """How regions are drawn on a page's picture. The colours differ for the colour-blind too (Okabe, Ito)."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    regions: Levels = Field(("lines",), description="what is drawn: lines, words or lines,words")
    kinds: Annotated[tuple[Kind, ...], BeforeValidator(_split)] = Field(
        ("printed", "handwritten", "signature"), description="only lines of these kinds, and their words"
    )
    rotated: bool = Field(True, description="polygons as they lie on the page; else the upright boxes around them")
    filled: bool = Field(False, description="areas that the page shows through; else outlines")
    labels: bool = Field(False, description="the text above each region")
    confidences: bool = Field(False, description="the confidence above each region, behind its text")
    picture: bool = Field(True, description="in SVG: the page's picture below the regions")
    printed: Colour = Field("#0072B2", alias="color.printed", description="colour of print, #rrggbb")
    handwritten: Colour = Field("#D55E00", alias="color.handwritten", description="colour of handwriting, #rrggbb")
    signature: Colour = Field("#CC79A7", alias="color.signature", description="colour of signatures, #rrggbb")
    line_width: int | None = Field(
        None, ge=1, le=100, description="of outlines, in pixels of the picture; none: one for each 800 of its width"
    )
    font_size: int | None = Field(
        None, ge=6, le=500, description="of labels, in pixels of the picture; none: one for each 100 of its width"
    )

    def colour_of(self, kind: Kind) -> str:
        """Return the colour of a kind, `#rrggbb`."""
        given = {"printed": self.printed, "handwritten": self.handwritten, "signature": self.signature}
        return "#" + given[kind].removeprefix("#")

    def line_width_px(self, width: int) -> int:
        """Return how wide outlines are on a picture of a width, in its pixels."""
        return self.line_width or max(1, round(width / 800))

    def font_size_px(self, width: int) -> int:
        """Return how large letters of labels are on a picture of a width, in its pixels."""
        return self.font_size or max(10, round(width / 100))


@dataclass(frozen=True, slots=True)
class Shape:
    """One region to draw: its corners in page pixels, its colour as `#rrggbb`, its text, and its label, if any."""

    polygon: Polygon
    colour: str
    text: str
    label: str
    is_word: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn over a page: shapes in pixels of a page of a width, which the picture need not have."""

    shapes: tuple[Shape, ...]
    page_width: int
    options: DrawOptions


def draw_options(given: Mapping[str, object]) -> DrawOptions:
    """Return the options with these names and values, which may be texts as in a query.

    Raises:
        OptionsError: There is no such name, or no such value; the message names it.
    """
    try:
        return DrawOptions.model_validate(given)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        name = str(fault["loc"][0])[:100]
        if fault["type"] == "extra_forbidden":
            known = ", ".join(field.alias or key for key, field in DrawOptions.model_fields.items())
            raise OptionsError(f"there is no {name} in drawing; there are {known}") from error
        raise OptionsError(f"drawing: {name}: {fault['msg']}") from error


def drawing_of(page: ExportedPage, options: DrawOptions) -> Drawing:
    """Return what is drawn over a page. Words are drawn where it has some."""
    return Drawing(tuple(_shapes(page.regions, options)), page.width, options)


def _shapes(lines: Sequence[ExportedLine], options: DrawOptions) -> Iterable[Shape]:
    wanted = [line for line in lines if line.kind in options.kinds]
    if "lines" in options.regions:
        yield from (_shape(line, line.kind, options, is_word=False) for line in wanted)
    if "words" in options.regions:
        yield from (_shape(word, line.kind, options, is_word=True) for line in wanted for word in line.words or ())


def _shape(place: ExportedLine | ExportedWord, kind: Kind, options: DrawOptions, *, is_word: bool) -> Shape:
    polygon = tuple((float(x), float(y)) for x, y in place.polygon)
    label = [place.text] if options.labels else []
    if options.confidences and place.confidence is not None:
        label.append(f"{place.confidence:.2f}")
    text = _printable(place.text)
    return Shape(
        polygon if options.rotated else corners_of(bounds(polygon)), options.colour_of(kind), text,
        _printable(" ".join(label))[:_MAX_LABEL_CHARACTERS], is_word,
    )  # fmt: skip


def _printable(text: str) -> str:
    """Return text without characters that no font has and no XML may have."""
    return "".join(one if one.isprintable() else " " for one in text).strip()
