"""The lines of an upright page while it is read, and which of what a pen wrote is a signature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2

from models.arrays import F32
from models.detection.types import SignatureBox
from models.document import Kind
from models.layout.geometry import box_sides
from models.recognition.types import LineReading

_PRINT_SHARE = 0.25  # of the length of all lines
_SURE_BY_HAND = 0.97  # of a signature on a page by hand, where large or hasty writing looks like one
_LEGIBLE = 0.95  # of 40 signatures that were looked at, none was read with more than .93
_LINES_OF_A_SIGNATURE = 2  # what holds more lines is a note: it is read, not passed over
_INSIDE = 0.6  # of an area: a written line is what the signature says, a signature is a line of print


@dataclass(slots=True)
class PageLine:
    """One line, its corners (4, 2) clockwise from where it begins, and what is known of it so far."""

    corners: F32
    kind: Kind
    reading: LineReading | None = None
    recogniser: str = "ppocr"

    @property
    def is_signature(self) -> bool:
        return self.kind == "signature"

    @property
    def is_legible(self) -> bool:
        return self.reading is not None and self.reading.confidence >= _LEGIBLE


def mostly_print(lines: Sequence[PageLine]) -> bool:
    """Return whether there is so much print that reading the whole page with Tesseract pays."""
    lengths = [box_sides(line.corners)[0] for line in lines]
    printed = sum(length for line, length in zip(lines, lengths, strict=True) if line.kind == "printed")
    return printed > _PRINT_SHARE * sum(lengths)


def apart_from_signatures(lines: Sequence[PageLine], signatures: Sequence[SignatureBox]) -> list[PageLine]:
    """Return the signatures of a page, and its lines, read, but for what a pen wrote inside one of them.

    What is read for sure is text, and no signature. On a page that is written by hand all lines stay: what a
    signature is shows by the print around it, and a line of a letter that is passed over is lost. There it is the
    surest at the most that is one, beside the text that it may hold.
    """
    if lines and not mostly_print(lines):
        surest = max(signatures, key=lambda signature: signature.score, default=None)
        if surest is None or surest.score < _SURE_BY_HAND:
            return list(lines)
        return [*lines, PageLine(surest.corners, "signature")]
    taken: list[PageLine] = []
    inside: set[int] = set()
    for signature in signatures:
        written = [
            number
            for number, line in enumerate(lines)
            if line.kind != "printed" and _lies_in(line.corners, signature.corners)
        ]
        if _may_be_signature(signature, lines, [lines[number] for number in written]):
            taken.append(PageLine(signature.corners, "signature"))
            inside.update(written)
    return [line for number, line in enumerate(lines) if number not in inside] + taken


def _may_be_signature(signature: SignatureBox, lines: Sequence[PageLine], written: Sequence[PageLine]) -> bool:
    """Return whether nothing speaks against it: it is no line of print, no note, and not read for sure."""
    if any(line.kind == "printed" and _lies_in(signature.corners, line.corners) for line in lines):
        return False
    return len(written) <= _LINES_OF_A_SIGNATURE and not any(line.is_legible for line in written)


def _lies_in(one: F32, other: F32) -> bool:
    length, height = box_sides(one)
    return bool(cv2.intersectConvexConvex(one, other)[0] > _INSIDE * length * height)
