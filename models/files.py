"""Bytes to pages: what a file is, how many pages it has, and each page as text layer or picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from models.document import DocumentInfo, PageImage
from models.errors import EmptyDocument, UnsupportedFile
from models.text_layer import TextLayer

PDF = "application/pdf"
TIFF = "image/tiff"
_HEAD = 1024

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", TIFF),
    (b"MM\0*", TIFF),
    (b"II+\0", TIFF),
    (b"MM\0+", TIFF),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "image/jp2"),
    (b"\xff\x4f\xff\x51", "image/jp2"),
    (b"BM", "image/bmp"),
)
# What people drop by mistake, and what to do about it.
_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a ZIP archive or an Office document; unpack it, or save it as PDF"),
    (b"\xd0\xcf\x11\xe0", "an old Office document; save it as PDF"),
    (b"{\\rtf", "an RTF document; save it as PDF"),
    (b"\x1f\x8b", "a gzip archive; unpack it"),
    (b"%!PS", "PostScript; convert it to PDF"),
    (b"8BPS", "a Photoshop file; save it as PNG"),
    (b"<", "HTML or XML; print it to PDF"),
)


class OpenDocument(Protocol):
    """A document open for reading. Not thread-safe; close it when done."""

    @property
    def page_count(self) -> int: ...

    def text_layer(self, pagenum: int, dpi: int) -> TextLayer | None:
        """Return the page's own text, or None where it has none that can be trusted."""

    def image(self, pagenum: int, dpi: int, max_megapixels: float, *, grey: bool) -> PageImage:
        """Return the page as a picture. Raises PageTooLarge or CorruptFile."""

    def close(self) -> None: ...


def content_type(path: Path) -> str:
    """Return a file's media type by its first bytes, never by its name.

    Raises:
        EmptyDocument: The file has no bytes.
        UnsupportedFile: It is of no kind that is read; the message says what it looks like.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        raise EmptyDocument("the file is empty: 0 bytes arrived; send it again once it is complete")
    for signature, name in _SIGNATURES:
        if head.startswith(signature):
            return name
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    if b"%PDF-" in head:
        return PDF
    looks = next((what for start, what in _OTHERS if head.lstrip().startswith(start)), None)
    if looks is None:
        looks = "plain text" if _is_text(head) else "data of an unknown kind"
    raise UnsupportedFile(f"this is {looks} (read are PDF, TIFF, JPEG, PNG, WebP, BMP, GIF and JPEG 2000)")


def open_document(path: Path, passwords: Sequence[str] = ()) -> OpenDocument:
    """Open a document of any supported kind. Raises DocumentError."""
    if content_type(path) == PDF:
        from models.pdf import PdfDocument

        return PdfDocument(path, passwords)
    from models.images import ImageDocument

    return ImageDocument(path)


def inspect(path: Path, passwords: Sequence[str] = ()) -> DocumentInfo:
    """Open a document, check it and count its pages. Raises DocumentError."""
    kind = content_type(path)
    document = open_document(path, passwords)
    try:
        return DocumentInfo(kind, document.page_count, getattr(document, "password", None))
    finally:
        document.close()


def _is_text(head: bytes) -> bool:
    return not any(byte < 9 or 13 < byte < 32 for byte in head)
