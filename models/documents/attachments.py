"""Files that are attached to a PDF: each that can be read becomes a document of its own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pymupdf

from models.document import AttachedFile, AttachedFiles, Attachments
from models.documents.media_types import HEAD_BYTES, PDF, looks_like, media_type
from models.documents.pdf import FAULTS, PdfDocument

_MAX_FILES = 100
_MAX_BYTES = 256 * 1024 * 1024  # unpacked, of all together: MuPDF itself unpacks no more than 100 MiB of one
_FIRST_BYTES = 64 * 1024
_MAX_NAME_CHARACTERS = 120
_MAX_NAMED = 5  # in a warning
_SEPARATORS = re.compile(r"[/\\]")


def attached_files(path: Path, passwords: Sequence[str], which: Attachments, max_file_bytes: int) -> AttachedFiles:
    """Return the files that are attached to a PDF; of any other document, none.

    Args:
        which: `portfolio`: of portfolios only, which are made to hold files; `all`: of every PDF; `none`.
        max_file_bytes: Larger ones are left out.

    Raises:
        DocumentError: The document cannot be opened.
    """
    with path.open("rb") as file:
        if which == "none" or media_type(file.read(HEAD_BYTES)) != PDF:
            return AttachedFiles()
    document = PdfDocument(path, passwords)
    try:
        return _read(document, max_file_bytes) if which == "all" or document.is_portfolio else AttachedFiles()
    finally:
        document.close()


def _read(document: PdfDocument, max_file_bytes: int) -> AttachedFiles:
    """Return what is attached to an open PDF, within bounds of number and size."""
    files: dict[str, AttachedFile] = {}
    left_out: list[str] = []
    count = total = 0
    for name, stream in document.attached_streams():
        count += 1
        if count > _MAX_FILES or total > _MAX_BYTES:
            continue
        unique = _unique(_safe(name, count), files)
        content = _content(stream)
        total += len(content or b"")
        if content is None:
            left_out.append(f"{unique} (damaged)")
        elif len(content) > max_file_bytes:
            left_out.append(f"{unique} (larger than {max_file_bytes} bytes)")
        elif media_type(content[:HEAD_BYTES]) is None:
            left_out.append(f"{unique} ({looks_like(content[:HEAD_BYTES]) if content else 'empty'})")
        else:
            files[unique] = AttachedFile(unique, content)
    return AttachedFiles(tuple(files.values()), tuple(_warnings(left_out, count)))


def _warnings(left_out: Sequence[str], count: int) -> Iterator[str]:
    if count > _MAX_FILES:
        left_out = [*left_out, f"all behind the first {_MAX_FILES}"]
    if left_out:
        named = ", ".join(left_out[:_MAX_NAMED]) + (", …" if len(left_out) > _MAX_NAMED else "")
        yield f"attachments: of {count} attached files, these are not read: {named}"


def _content(stream: Any) -> bytes | None:
    """Return an attached file's bytes, at most MuPDF's limit of them; None where it is damaged."""
    try:
        buffer, _ = pymupdf.mupdf.fz_read_best(pymupdf.mupdf.pdf_open_stream(stream), _FIRST_BYTES, 1)
        return bytes(buffer.fz_buffer_extract())
    except FAULTS:
        return None


def _safe(name: str, number: int) -> str:
    """Return the last part of a name without what could not stand in a path, a URI or a line of a log."""
    last = unicodedata.normalize("NFC", _SEPARATORS.split(name)[-1])
    bare = "".join(character for character in last if character.isprintable() and character not in "#?%")
    return bare.strip(" .")[-_MAX_NAME_CHARACTERS:] or f"attachment-{number}"


def _unique(name: str, taken: dict[str, AttachedFile]) -> str:
    number, unique = 1, name
    while unique in taken:
        number += 1
        unique = f"{number}-{name}"
    return unique
