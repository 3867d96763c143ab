"""The lines of an upright page while it is read, and which of its handwriting is a signature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2

from models.arrays import F32, ImageU8
from models.document import Kind
from models.kinds.types import SignatureBox
from models.layout.geometry import box_sides
from models.recognition.line_images import cut_line
from models.recognition.types import LineReading

# Of the summed length of all lines: with less print, reading the whole page with Tesseract does not pay.
_MIN_PRINT_FRACTION = 0.25
# Score of a signature on a page of handwriting, where large or hasty writing looks like one.
_MIN_SCORE_AMONG_HANDWRITING = 0.97
_LEGIBLE_CONFIDENCE = 0.95  # raw: of 40 signatures that were examined, none was read with more than .93
_MAX_LINES_OF_SIGNATURE = 2  # what holds more lines is a note: it is read, not passed over
_MIN_AREA_INSIDE = 0.6  # fraction of a line's area inside a signature, or of a signature's inside a line of print


@dataclass(slots=True)
class PageLine:
    """One line, its corners (4, 2) clockwise from where it begins, and what is known of it so far.

    Attributes:
        corners: (4, 2) float32, page pixels.
        kind: What it is read as.
        reading: None before it is read, and for a signature.
        recogniser: The engine of the reading.
        picture: What it is read from, where that is not the page: (H, W, 3) RGB or (H, W) grey.
        pen_probability: That a pen wrote it, in [0, 1], as far as strokes and the page's segmentation map show.
        as_print: What PP-OCR read, where that was asked to settle the kind.
    """

    corners: F32
    kind: Kind
    reading: LineReading | None = None
    recogniser: str = "ppocr"
    picture: ImageU8 | None = None
    pen_probability: float = 0.0
    as_print: LineReading | None = None

    @property
    def is_signature(self) -> bool:
        return self.kind == "signature"

    @property
    def is_legible(self) -> bool:
        return self.reading is not None and self.reading.confidence >= _LEGIBLE_CONFIDENCE


def line_picture(pixels: ImageU8, line: PageLine) -> ImageU8:
    """Return what a line of a page is read from; pages and lines are (H, W, 3) RGB or (H, W) grey."""
    return cut_line(pixels, line.corners) if line.picture is None else line.picture


def has_print(lines: Sequence[PageLine]) -> bool:
    """Return whether more than a quarter of the page's text, by length, is printed."""
    lengths = [box_sides(line.corners)[0] for line in lines]
    printed = sum(length for line, length in zip(lines, lengths, strict=True) if line.kind == "printed")
    return printed > _MIN_PRINT_FRACTION * sum(lengths)


def separate_signatures(
    lines: Sequence[PageLine], signatures: Sequence[SignatureBox], *, printed_page: bool
) -> list[PageLine]:
    """Return the lines of a page, read, and its signatures as lines without text.

    Handwriting inside a signature belongs to it and is left out. A signature that holds legible text is none.

    On a page of handwriting all lines stay: without print around it little sets a signature apart, and a line of a
    letter that is passed over is lost. There at most the highest-scoring signature is taken, beside the text that
    it may hold.

    Args:
        printed_page: What `has_print` returns for the page. A page without any lines may hold a signature too.
    """
    if lines and not printed_page:
        best = max(signatures, key=lambda signature: signature.score, default=None)
        if best is None or best.score < _MIN_SCORE_AMONG_HANDWRITING:
            return list(lines)
        return [*lines, PageLine(best.corners, "signature")]
    taken: list[PageLine] = []
    inside: set[int] = set()
    for signature in signatures:
        written = _handwriting_inside(signature, lines)
        if _may_be_signature(signature, lines, [lines[number] for number in written]):
            taken.append(PageLine(signature.corners, "signature"))
            inside.update(written)
    return [line for number, line in enumerate(lines) if number not in inside] + taken


def _handwriting_inside(signature: SignatureBox, lines: Sequence[PageLine]) -> list[int]:
    """Return the numbers of the lines that are not printed and lie inside a signature."""
    return [
        number
        for number, line in enumerate(lines)
        if line.kind != "printed" and _lies_in(line.corners, signature.corners)
    ]


def _may_be_signature(signature: SignatureBox, lines: Sequence[PageLine], written: Sequence[PageLine]) -> bool:
    """Return whether nothing speaks against it: it is no line of print, no note, and not legible."""
    if any(line.kind == "printed" and _lies_in(signature.corners, line.corners) for line in lines):
        return False
    return len(written) <= _MAX_LINES_OF_SIGNATURE and not any(line.is_legible for line in written)


def _lies_in(one: F32, other: F32) -> bool:
    """Return whether most of the area of one rotated box, (4, 2), is inside another."""
    length, height = box_sides(one)
    return bool(cv2.intersectConvexConvex(one, other)[0] > _MIN_AREA_INSIDE * length * height)
