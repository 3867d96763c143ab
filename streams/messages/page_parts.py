"""What a page-text record has of a page: its regions and their words, paragraphs, tables, barcodes."""

from __future__ import annotations

from pydantic import Field

from models.document import Kind, Role
from streams.messages.record import Record


class WordRecord(Record):
    """One word of a line."""

    text: str = Field(description="without spaces; a line's words joined by spaces are its text")
    polygon: list[tuple[float, float]] = Field(
        description="four corners in pixels of the page as delivered, clockwise from the upper one where it begins"
    )
    confidence: float | None = Field(ge=0, le=1, description="probability that it is right; null: not known")


class RegionRecord(Record):
    """One line of a page, as it stands in the record."""

    polygon: list[tuple[float, float]]
    kind: Kind = Field(description="printed, handwritten or signature")
    text: str = Field(description="of the line")
    confidence: float | None = Field(
        ge=0, le=1, description="probability that a word of it is right; null where none is known"
    )
    recogniser: str = Field(description="what read it")
    paragraph: int = Field(0, ge=0, lt=2**31, description="number of the region's paragraph on the page, from 0")
    words: list[WordRecord] | None = Field(None, description="of the line; null where the option words is not set")
    corrected: bool = Field(False, description="a person wrote its text; false on page-text")


class ParagraphRecord(Record):
    """One paragraph of a page; `regions[].paragraph` is its place in the list."""

    text: str = Field(
        description="its lines joined, with words that are split at line ends whole; a table's rows, one a line"
    )
    role: Role | None = Field(
        None, description="heading, body, list, caption, footnote, header, footer or table; null: not known"
    )
    table: int | None = Field(
        None, ge=0, lt=2**31, description="place in `tables` of the table that it is part of; null: of none"
    )


class TableCellRecord(Record):
    """One cell of a table."""

    polygon: list[tuple[float, float]] = Field(
        description="four corners in pixels of the page as delivered, clockwise from the text's top-left corner"
    )
    text: str = Field(description="its lines joined by newlines; empty for an empty cell")
    row_span: int = Field(1, ge=1, lt=2**31, description="how many rows it reaches over")
    column_span: int = Field(1, ge=1, lt=2**31, description="how many columns it reaches over")


class TableRecord(Record):
    """One table of a page."""

    polygon: list[tuple[float, float]] = Field(description="as a cell's")
    rows: list[list[TableCellRecord]] = Field(
        description="from top to bottom, each the cells that begin in it, from left to right, as in HTML"
    )


class BarcodeRecord(Record):
    """One barcode of a page."""

    text: str = Field(description="what it encodes")
    format: str = Field(description="its symbology: QRCode, Code128, Code39, EAN13, DataMatrix, PDF417 …")
    polygon: list[tuple[float, float]] = Field(
        description="four corners in pixels of the page as delivered, clockwise from its own top-left corner"
    )
