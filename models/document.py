"""What a page is, before and after reading: plain values that pickle and know nothing of Kafka."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from models.arrays import ImageU8

Kind = Literal["printed", "handwritten", "signature"]
Method = Literal["text_layer", "ocr", "mixed"]
LanguageSource = Literal["given", "detected", "assumed"]
Role = Literal["heading", "body", "list", "caption", "footnote", "header", "footer", "table"]
Attachments = Literal["portfolio", "all", "none"]
Polygon = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """A document that can be opened: its media type, number of pages, and the password that opened it."""

    content_type: str
    total_pages: int
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """One attached file: its name, unique in its document and safe in a path, and its bytes."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class AttachedFiles:
    """What is attached to a document and can be read; `warnings` name what cannot."""

    files: tuple[AttachedFile, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PageImage:
    """One page as pixels: (height, width, 3) uint8 RGB, or (height, width) uint8 grey; and its resolution."""

    pixels: ImageU8
    dpi: int

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a line: a run of its text without spaces.

    Polygon of four corners in page pixels, clockwise from the upper corner where the word begins: a box, or a
    rotated one on a line that slopes. Confidence as the line's; None where there is none (a text layer).
    """

    text: str
    polygon: Polygon
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Region:
    """One line of text on a page. Polygon in page pixels, clockwise from where it begins; confidence in [0, 1].

    `paragraph` numbers the page's paragraphs in reading order, from 0. `words` are the line's, in the order of its
    text, where they were asked for; else there are none.
    """

    polygon: Polygon
    text: str
    confidence: float | None
    recogniser: str
    kind: Kind = "printed"
    paragraph: int = 0
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of a page.

    Attributes:
        text: Its lines joined, with words that are split at line ends whole; of a table, its rows, one a line.
        role: What it is on the page, None where that is not known.
        table: The number of the table that it is part of, from 0; None where it is part of none.
    """

    text: str
    role: Role | None = None
    table: int | None = None


@dataclass(frozen=True, slots=True)
class TableCell:
    """One cell of a table: four corners in page pixels, clockwise from top-left, and its lines joined by newlines.

    It reaches over so many rows and columns. An empty cell has no text.
    """

    polygon: Polygon
    text: str
    row_span: int = 1
    column_span: int = 1


@dataclass(frozen=True, slots=True)
class Table:
    """One table: four corners in page pixels, clockwise from top-left, and its rows from top to bottom.

    A row has the cells that begin in it, from left to right, the empty ones included, as in HTML: a place that a
    cell of an earlier row reaches over has no cell of its own. So all places of the grid are covered once.
    """

    polygon: Polygon
    rows: tuple[tuple[TableCell, ...], ...]


@dataclass(frozen=True, slots=True)
class Barcode:
    """One barcode: its text, its symbology (`QRCode`, `Code128` …), and four corners in page pixels, clockwise."""

    text: str
    format: str
    polygon: Polygon


def weighted_confidence(texts: Iterable[tuple[str, float]]) -> float | None:
    """Return the mean of texts' confidences weighted by their lengths in characters; None without any character."""
    parts = [(len(text), confidence) for text, confidence in texts]
    characters = sum(length for length, _ in parts)
    return sum(confidence * length for length, confidence in parts) / characters if characters else None


@dataclass(frozen=True, slots=True)
class PageLines:
    """The lines of a page in any order, and by how many degrees they are rotated clockwise.

    `dropped` counts lines and words whose confidence is below the one asked for. `coverage` is the share of the
    page's text-like glyphs that lines cover, in [0, 1], None where that was not measured, and `unread_glyphs` how
    many they do not.
    """

    regions: tuple[Region, ...]
    rotation: float = 0.0
    dropped: int = 0
    coverage: float | None = None
    unread_glyphs: int = 0


@dataclass(frozen=True, slots=True)
class PageLanguages:
    """The languages of a page, Tesseract's codes joined by +, and how they are known."""

    codes: str
    source: LanguageSource
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PageReading:
    """Everything read from one page.

    `regions` are in reading order, `text` is their text, one line per text line. `paragraphs` are those that the
    regions number, `tables` those that the paragraphs do. `coverage` is as in PageLines. `warnings` are what may be
    missing or wrong, each a stable slug, a colon and a sentence. `language` was given by whoever sent the document,
    detected on the page, or assumed because the page does not show its own. `barcodes` are those of the page where
    they were asked for, from top to bottom.
    """

    pagenum: int
    text: str
    confidence: float | None
    method: Method
    width: int
    height: int
    dpi: int
    rotation: float
    language: str
    regions: tuple[Region, ...]
    models: dict[str, str | None]
    timings_ms: dict[str, float]
    dropped: int = 0
    paragraphs: tuple[Paragraph, ...] = ()
    tables: tuple[Table, ...] = ()
    coverage: float | None = None
    warnings: tuple[str, ...] = ()
    language_source: LanguageSource = "given"
    barcodes: tuple[Barcode, ...] = ()
