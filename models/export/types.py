"""What an export is made of, and the contract of a format.

Pages come as page-text records; the Protocols here name what the formats read of them, so that whatever has these
fields can be exported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:  # the command line lists the formats, and should not wait for numpy
    from models.document import Kind, Method, Role
    from models.export.drawing import DrawOptions

DrawnType = Literal["png", "jpg", "svg"]
Points = Sequence[tuple[float, float]]


class ExportedWord(Protocol):
    """One word of a line, as in `WordRecord`."""

    @property
    def text(self) -> str: ...
    @property
    def polygon(self) -> Points: ...
    @property
    def confidence(self) -> float | None: ...


class ExportedLine(Protocol):
    """One line of a page, as in `RegionRecord`. `words` are null where they were not asked for."""

    @property
    def polygon(self) -> Points: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def text(self) -> str: ...
    @property
    def confidence(self) -> float | None: ...
    @property
    def recogniser(self) -> str: ...
    @property
    def paragraph(self) -> int: ...
    @property
    def words(self) -> Sequence[ExportedWord] | None: ...


class ExportedParagraph(Protocol):
    """One paragraph of a page, as in `ParagraphRecord`."""

    @property
    def text(self) -> str: ...
    @property
    def role(self) -> Role | None: ...
    @property
    def table(self) -> int | None: ...


class ExportedCell(Protocol):
    """One cell of a table, as in `TableCellRecord`."""

    @property
    def text(self) -> str: ...
    @property
    def row_span(self) -> int: ...
    @property
    def column_span(self) -> int: ...


class ExportedTable(Protocol):
    """One table of a page, as in `TableRecord`."""

    @property
    def rows(self) -> Sequence[Sequence[ExportedCell]]: ...


class ExportedPage(Protocol):
    """One page, as in the page-text record, whose fields deploy/docs/topics.md describes."""

    @property
    def pagenum(self) -> int: ...
    @property
    def path(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def timestamp(self) -> str: ...
    @property
    def confidence(self) -> float | None: ...
    @property
    def method(self) -> Method | None: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def dpi(self) -> int: ...
    @property
    def rotation(self) -> float: ...
    @property
    def language(self) -> str: ...
    @property
    def regions(self) -> Sequence[ExportedLine]: ...
    @property
    def paragraphs(self) -> Sequence[ExportedParagraph]: ...
    @property
    def tables(self) -> Sequence[ExportedTable]: ...
    @property
    def exception(self) -> str | None: ...
    def model_dump_json(self) -> str:
        """Return the whole record as JSON, on one line."""


@dataclass(frozen=True, slots=True)
class ExportedDocument:
    """One document, of which some pages may be missing or failed.

    Attributes:
        name: What people call it; it may hold what is no Unicode (surrogates).
        pagenums: The numbers, from 0 and ascending, of the pages that are asked for: `range(total_pages)` for all.
        pages: Records of these pages in the order of their numbers, each at most once. They are taken one by one,
            as they come, and once only.
        file: The document's bytes, for formats with `needs_file`; it must stay until the last piece is taken.
        password: What opens the file where it is encrypted.
        drawing: How pictures show its regions; None: as DrawOptions has it.
        place: The document's number, from 0, where several of them follow each other in one file; else None.
    """

    name: str
    pagenums: Sequence[int]
    pages: Iterable[ExportedPage]
    file: Path | None = None
    password: str | None = field(default=None, repr=False)
    place: int | None = None
    drawing: DrawOptions | None = None

    def every_page(self) -> Iterator[tuple[int, ExportedPage | None]]:
        """Yield each number of `pagenums` with its page, None where there is no record of it (yet)."""
        wanted = iter(self.pagenums)
        for page in self.pages:
            for number in wanted:
                if number == page.pagenum:
                    yield number, page
                    break
                yield number, None
        for number in wanted:
            yield number, None


FormatWriter = Callable[[ExportedDocument], Iterator[bytes]]
"""Yields a file's bytes in pieces, at least one a page where the format allows it, so that a pipe has each page
before the next is read.

It is called from one thread, which may block in taking the next page. A failed page is a record like any other: its
text is empty and `exception` has the reason; it and a page without a record are stated where the format has a place
for that. Only a writer that opens the document's bytes raises, DocumentError.
"""


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """One format.

    Attributes:
        description: What it is, for `--help`: a few words.
        writer: `module:callable`, a FormatWriter.
        media_type: Of the file.
        suffix: That a file's name ends with, with its dot.
        needs_words: Whether records should have words; where they have none, words are cut from their lines.
        needs_file: Whether it is made from the document's bytes.
        joins: Whether several documents may follow each other in one file.
        is_of_one_page: Whether a file holds one page: several pages become a ZIP of files.
        has_drawing: Whether it is a picture on which regions are drawn.
    """

    description: str
    writer: str
    media_type: str
    suffix: str
    needs_words: bool = False
    needs_file: bool = False
    joins: bool = False
    is_of_one_page: bool = False
    has_drawing: bool = False


@dataclass(frozen=True, slots=True)
class Export:
    """A file in the making: its media type, how its name ends (with the dot), and its bytes piece by piece."""

    media_type: str
    suffix: str
    pieces: Iterator[bytes]
