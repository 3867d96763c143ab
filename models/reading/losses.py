"""What of a page was not read, as a warning in its record, or an error where nothing was."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from models.document import PageLines, PageReading
from models.documents.files import OpenDocument
from models.errors import CorruptFile, NothingRead

logger = logging.getLogger(__name__)

# Glyph components under no line, once a page was looked at twice.
_MIN_GLYPHS_OF_WARNING, _MAX_COVERAGE = 8, 0.97
_MIN_GLYPHS_OF_TEXT = 12  # on a page of which nothing was read
_MAX_LOSSES_LOGGED = 3  # a damaged stream reports each of its operators


def check_anything_read(pagenum: int, lines: PageLines) -> None:
    """Raise NothingRead where a page shows text and a reader has none of it."""
    if lines.unread_glyphs >= _MIN_GLYPHS_OF_TEXT and not any(region.text for region in lines.regions):
        raise NothingRead(
            f"page {pagenum} shows some {lines.unread_glyphs} letters, and none of them could be read; read it "
            'again with the other reader ({"reader": "tesseract"} or {"reader": "auto"}) or at a higher dpi'
        )


def unread_warnings(lines: PageLines) -> tuple[str, ...]:
    """Return a warning where a page shows text that no region has."""
    unread, coverage = lines.unread_glyphs, lines.coverage
    if coverage is None or unread < _MIN_GLYPHS_OF_WARNING or coverage > _MAX_COVERAGE:
        return ()
    return (f"unread-text: {1 - coverage:.0%} of what looks like letters ({unread} of them) is in no region",)


def with_losses(document: OpenDocument, path: Path, reading: PageReading) -> PageReading:
    """Return a reading with the document's warnings, and one of what could not be decoded of its page.

    Raises:
        CorruptFile: Nothing was read: that is no blank page.
    """
    reading = replace(reading, warnings=(*reading.warnings, *document.warnings))
    if not document.losses:
        return reading
    losses = "; ".join(document.losses[:_MAX_LOSSES_LOGGED])
    if not reading.text.strip():
        raise CorruptFile(f"page {reading.pagenum} shows no text, and not all of it could be drawn: {losses}")
    logger.warning(
        "page %d of %s was read without what could not be decoded: %s", reading.pagenum, path.name, losses
    )
    warning = f"incomplete-page: not all of it could be decoded: {losses}"
    return replace(reading, warnings=(*reading.warnings, warning))
