"""Markdown (CommonMark): a paragraph of the page is one of the file.

Pages are separated by comments, which no reader shows; they also have why a page failed or is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from models.errors import as_unicode
from models.export.markup import comment
from models.export.page_parts import paragraphs_of
from models.export.types import ExportedDocument, ExportedPage

_SPECIAL = re.compile(r"[\\`*_\[\]<>~|$]|&(?=#?\w+;)")
_BLOCK = re.compile(r"([-+=#])|(\d{1,9})(?=[.)])")  # where a line begins: lists, headings, rules


def write_markdown(document: ExportedDocument) -> Iterator[bytes]:
    """Yield each page's paragraphs, under the document's name where there are several."""
    blocks_before = document.place or 0
    if document.place is not None:
        yield _after(blocks_before, f"# {escaped(as_unicode(document.name))}\n")
        blocks_before = 1
    for index, (number, page) in enumerate(document.every_page()):
        blocks = _blocks(number, page, is_first=index == 0)
        yield _after(blocks_before, "\n".join(blocks))
        blocks_before += len(blocks)


def escaped(text: str) -> str:
    """Return one line of text that Markdown shows as it is."""
    text = _SPECIAL.sub(r"\\\g<0>", as_unicode(" ".join(text.split())))
    begins = _BLOCK.match(text)
    if begins is None:
        return text
    return f"\\{text}" if begins[1] else f"{begins[2]}\\{text[begins.end() :]}"


def _blocks(number: int, page: ExportedPage | None, *, is_first: bool) -> list[str]:
    """Return the blocks of a page, each with the end of its line."""
    if page is None or page.exception is not None:
        reason = "it is not read" if page is None else page.exception
        return [f"{comment(f'page {number + 1}: {reason}')}\n"]
    head = [] if is_first else [f"{comment(f'page {number + 1}')}\n"]
    return head + [f"{escaped(paragraph.text)}\n" for paragraph in paragraphs_of(page)]


def _after(blocks_before: int, text: str) -> bytes:
    return (f"\n{text}" if blocks_before and text else text).encode()
