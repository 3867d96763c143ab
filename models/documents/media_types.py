"""What a file is by its first bytes: its media type, or what it looks like."""

from __future__ import annotations

from models.errors import EmptyDocument, UnsupportedFile

PDF = "application/pdf"
JPEG = "image/jpeg"
PNG = "image/png"
GIF = "image/gif"
TIFF = "image/tiff"
JPEG_2000 = "image/jp2"
WEBP = "image/webp"
BMP = "image/bmp"

HEAD_BYTES = 1024  # a PDF may have up to so many bytes of anything before it
SHORTEST_BYTES = 18  # the media type needs so many; no file that can be read is shorter

_BMP_HEADERS = (12, 16, 40, 52, 56, 64, 108, 124)  # bytes of the second header: text may begin with BM as well

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\0", TIFF),
    (b"MM\0*", TIFF),
    (b"II+\0", TIFF),
    (b"MM\0+", TIFF),
    (b"\0\0\0\x0cjP  \r\n\x87\n", JPEG_2000),
    (b"\xff\x4f\xff\x51", JPEG_2000),
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


def media_type(head: bytes) -> str | None:
    """Return the media type of a file that begins with these HEAD_BYTES, None for a kind that is not read."""
    for signature, name in _SIGNATURES:
        if head.startswith(signature):
            return name
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return WEBP
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return BMP
    # a PDF inside an archive is not ours to take out
    if b"%PDF-" in head and not head.startswith(tuple(start for start, _ in _CONTAINERS)):
        return PDF
    return None


def checked_media_type(head: bytes) -> str:
    """Return the media type of a file that begins with these HEAD_BYTES.

    Raises:
        EmptyDocument: The file has no bytes.
        UnsupportedFile: It is of no kind that is read; the message names what it looks like.
    """
    if not head:
        raise EmptyDocument("the file is empty: 0 bytes arrived; send it again once it is complete")
    found = media_type(head)
    if found is None:
        raise UnsupportedFile(
            f"this is {looks_like(head)} (read are PDF, TIFF, JPEG, PNG, WebP, BMP, GIF and JPEG 2000)"
        )
    return found


def looks_like(head: bytes) -> str:
    """Return what a file of a kind that is not read looks like, and what to do about it."""
    if head[4:8] == b"ftyp":
        return "a HEIC or AVIF picture or a film; save it as JPEG or PNG"
    plain = "plain text" if _is_text(head) else "data of an unknown kind"
    return next((what for start, what in _OTHERS if head.lstrip().startswith(start)), plain)


def _is_text(head: bytes) -> bool:
    return not any(byte < 9 or 13 < byte < 32 for byte in head)
