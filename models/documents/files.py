"""Bytes to pages: what a file is, how many pages it has, and each page as text layer or picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from models.document import DocumentInfo, PageImage
from models.documents.text_layer import TextLayer
from models.errors import EmptyDocument, UnsupportedFile

PDF = "application/pdf"
TIFF = "image/tiff"
_HEAD = 1024
_BMP_HEADERS = (12, 16, 40, 52, 56, 64, 108, 124)  # bytes of the second header: text may begin with BM as well

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
)
# What people drop by mistake, and what to do about it.
_CONTAINERS: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a ZIP archive or an Office document; unpack it, or save it as PDF"),
    (b"\xd0\xcf\x11\xe0", "an old Office document; save it as PDF"),
    (b"\x1f\x8b", "a gzip archive; unpack it"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it"),
    (b"Rar!\x1a\x07", "a RAR archive; unpack it"),
)
_OTHERS: tuple[tuple[bytes, str], ...] = (
    *_CONTAINERS,
    (b"{\\rtf", "an RTF document; save it as PDF"),
    (b"AT&TFORM", "a DjVu document; save it as PDF"),
    (b"%!PS", "PostScript; convert it to PDF"),
    (b"8BPS", "a Photoshop file; save it as PNG"),
    (b"<", "HTML or XML; print it to PDF"),
)


class OpenDocument(Protocol):
    """A document open for reading. Not thread-safe; close it when done."""

    losses: tuple[str, ...]
    """What of the page looked at last is missing in what was returned of it, in the decoder's words."""

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
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return "image/bmp"
    # a PDF may have up to 1,024 bytes of anything before it, but one inside an archive is not ours to take out
    if b"%PDF-" in head and not head.startswith(tuple(start for start, _ in _CONTAINERS)):
        return PDF
    raise UnsupportedFile(f"this is {_looks(head)} (read are PDF, TIFF, JPEG, PNG, WebP, BMP, GIF and JPEG 2000)")


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
        return DocumentInfo(kind, document.page_count, getattr(document, "password", None))
    finally:
        document.close()


def _looks(head: bytes) -> str:
    if head[4:8] == b"ftyp":
        return "a HEIC or AVIF picture or a film; save it as JPEG or PNG"
    plain = "plain text" if _is_text(head) else "data of an unknown kind"
    return next((what for start, what in _OTHERS if head.lstrip().startswith(start)), plain)


def _is_text(head: bytes) -> bool:
    return not any(byte < 9 or 13 < byte < 32 for byte in head)
