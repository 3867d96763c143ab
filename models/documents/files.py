"""Bytes to pages: what a file is, how many pages it has, and each page as text layer or picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from models.document import DocumentInfo, PageImage
from models.documents.media_types import HEAD_BYTES, PDF, checked_media_type
from models.documents.text_layer import TextLayer


class OpenDocument(Protocol):
    """A document open for reading. Not thread-safe; close it when done."""

    losses: tuple[str, ...]
    """What is missing in the text layer or image of the page asked for last, in the decoder's words."""
    warnings: tuple[str, ...]
    """What is wrong with the document as a whole, as page records have it: a slug, a colon, a sentence."""
    password: str | None
    """The password that opened it; None where none was needed."""

    @property
    def page_count(self) -> int: ...

    def text_layer(
        self, pagenum: int, dpi: int, *, annotations: bool = True, words: bool = False
    ) -> TextLayer | None:
        """Return the page's own text, or None where it has none that can be trusted.

        Args:
            annotations: Whether sticky notes are part of it.
            words: Whether its lines have their words.
        """

    def image(self, pagenum: int, dpi: int, max_megapixels: float, *, grey: bool) -> PageImage:
        """Return the page as a picture. Raises PageTooLarge or CorruptFile."""

    def close(self) -> None: ...


def content_type(path: Path) -> str:
    """Return a file's media type by its first bytes, never by its name. Raises EmptyDocument or UnsupportedFile."""
    with path.open("rb") as file:
        return checked_media_type(file.read(HEAD_BYTES))


def open_document(path: Path, passwords: Sequence[str] = ()) -> OpenDocument:
    """Open a document of any supported kind. Raises DocumentError."""
    if content_type(path) == PDF:
        from models.documents.pdf import PdfDocument

        return PdfDocument(path, passwords)
    from models.documents.images import ImageDocument

    return ImageDocument(path)


def inspect(path: Path, passwords: Sequence[str] = ()) -> DocumentInfo:
    """Open a document, check it and count its pages. Raises DocumentError."""
    kind = content_type(path)
    document = open_document(path, passwords)
    try:
        return DocumentInfo(kind, document.page_count, document.password)
    finally:
        document.close()
