"""Form fields and notes of a PDF page as lines of text where they stand on the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pymupdf

from models.documents.text_layer import TextLine
from models.layout.geometry import Box

TICKED, NOT_TICKED = "\N{BALLOT BOX WITH X}", "\N{BALLOT BOX}"

_BOXES = (pymupdf.PDF_WIDGET_TYPE_CHECKBOX, pymupdf.PDF_WIDGET_TYPE_RADIOBUTTON)
_OFF = ("", "Off", "No", "False", False, None)
_COMB = 1 << 24  # of a text field's flags: its characters stand in cells of their own
_NOTE = 0  # the type of annotation that is a sticky note


def with_fields(page: Any, lines: Sequence[TextLine], scale: float, *, annotations: bool) -> list[TextLine]:
    """Return a page's lines with its ticks and the words of its comb fields, and with what its notes say.

    Args:
        page: MuPDF's.
        lines: In pixels; what check boxes show is replaced.
        scale: Pixels to a point.
        annotations: Whether to add sticky notes, each at its icon.
    """
    kept, added = list(lines), []
    for field in page.widgets() if page.first_widget else ():
        box = _box(field.rect, page.rotation_matrix, scale)
        if field.field_type in _BOXES:
            added.append(TextLine(box, NOT_TICKED if field.field_value in _OFF else TICKED))
        elif field.field_type == pymupdf.PDF_WIDGET_TYPE_TEXT and field.field_flags & _COMB and field.field_value:
            added.append(TextLine(box, " ".join(str(field.field_value).split())))
        else:
            continue
        kept = [line for line in kept if not _holds_middle(box, line.box)]
    if annotations:
        added += _notes(page, scale)
    return [*kept, *added]


def _notes(page: Any, scale: float) -> list[TextLine]:
    return [
        TextLine(_box(note.rect, page.rotation_matrix, scale), " ".join(note.info["content"].split()))
        for note in page.annots(types=[_NOTE])
        if note.info.get("content", "").strip()
    ]


def _box(rect: Any, rotation: Any, scale: float) -> Box:
    x0, y0, x1, y1 = (side * scale for side in rect * rotation)
    return x0, y0, x1, y1


def _holds_middle(box: Box, other: Box) -> bool:
    x, y = (other[0] + other[2]) / 2, (other[1] + other[3]) / 2
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]
