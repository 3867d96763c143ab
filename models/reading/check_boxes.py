"""Check boxes on scanned forms: small square frames that stand alone, and whether something is in them.

Forms that want one character a box have such frames as well: what is read in them is text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.arrays import F32, ImageU8
from models.kinds.types import AnnotatedLine
from models.layout.geometry import Box, box_corners, same_row
from models.pages.glyphs import page_ink
from models.pages.ink import components
from models.pages.pixels import grey, shrink, with_paper_around
from models.recognition.types import LineReading, LineRecogniser

CHECK_BOX = "check-box"  # as the recogniser of their regions
SIGN_CONFIDENCE = 0.9
TICKED, NOT_TICKED = "\N{BALLOT BOX WITH X}", "\N{BALLOT BOX}"

_MIN_SIDE_HEIGHTS, _MAX_SIDE_HEIGHTS = 0.8, 3.2  # of the page's letters
_MIN_SIDE_PX = 9  # on the shrunk page: smaller ones may as well be an o
_MAX_SIDE_RATIO = 1.25  # of the longer side to the shorter one
_EDGE_FRACTION = 0.2  # of the side, in which each edge of the frame must run
_MIN_EDGE_INK = 0.93  # of an edge's length that is inked: the curves of O, D and 0 have less
_MIN_STRAIGHT_INK = 0.8  # of an edge's length, that one row or column of pixels has: frames slope a little
_INNER_MARGIN = 0.25  # of the side, left at each edge
_MIN_INNER_INK = 0.08  # of the inside: less is dirt
_MAX_STROKE_SIDES = 0.26  # how thick the frame is: more is a bold letter, a bullet or a logo
_MIN_GAP_SIDES = 0.4  # to the ink beside it: in a word, letters stand nearer
# PP-OCR reads a drawn cross as X, a tick as V or with less than .3; digits and capitals of four faces with .93 and
# more, but for 7 (.5)
_TICKS, _MIN_CHARACTER_CONFIDENCE = frozenset("XxVvYyKk×√"), 0.8
_FRAME_SIDES = 0.14  # of the side, at each edge: the frame
_MIN_PIECE_HEIGHTS = 0.3  # of a line that is cut at its boxes: shorter pieces are white
_MAX_CELL_GAP_SIDES = 1.5  # between two cells of one row


@dataclass(frozen=True, slots=True)
class CheckBox:
    """One check box, in page pixels, and whether it is ticked."""

    box: Box
    is_ticked: bool

    @property
    def sign(self) -> str:
        """The character that stands for it in a text."""
        return TICKED if self.is_ticked else NOT_TICKED


def find_check_boxes(pixels: ImageU8, letter_height: float) -> list[CheckBox]:
    """Return the check boxes of an upright page.

    Args:
        pixels: (H, W, 3) RGB or (H, W) grey uint8.
        letter_height: The usual height of its glyph components in pixels; 0 where there are none.
    """
    small = shrink(grey(pixels))
    scale = max(pixels.shape[:2]) / max(small.shape)
    if letter_height <= 0:
        return []
    ink = page_ink(small)
    boxes = components(ink).boxes.astype(np.float32)
    sides = boxes[:, 2:]
    longer, shorter = sides.max(1), sides.min(1)
    height = letter_height / scale
    is_square = (shorter >= max(_MIN_SIDE_PX, _MIN_SIDE_HEIGHTS * height)) & (longer <= _MAX_SIDE_HEIGHTS * height)
    is_square &= longer <= _MAX_SIDE_RATIO * shorter
    found = []
    for x, y, width, tall in boxes[is_square].astype(int).tolist():
        frame = ink[y : y + tall, x : x + width]
        if _is_frame(frame) and _stands_alone(ink, x, y, width, tall):
            box = (x * scale, y * scale, (x + width) * scale, (y + tall) * scale)
            found.append(CheckBox(box, _is_ticked(frame)))
    return found


def without_cells(pixels: ImageU8, boxes: Sequence[CheckBox], ppocr: LineRecogniser) -> list[CheckBox]:
    """Return the boxes that are for ticks; those left out hold a character, or stand in a row with one that does.

    Args:
        pixels: The page, (H, W, 3) RGB or (H, W) grey uint8.
        ppocr: Reads what is in a box.
    """
    filled = [number for number, box in enumerate(boxes) if box.is_ticked]
    readings = ppocr.recognise([_inside(pixels, boxes[number]) for number in filled])
    cells = {number for number, reading in zip(filled, readings, strict=True) if _is_character(reading)}
    waiting = list(cells)
    while waiting:
        cell = boxes[waiting.pop()].box
        beside = [n for n, other in enumerate(boxes) if n not in cells and _is_beside(cell, other.box)]
        cells.update(beside)
        waiting += beside
    return [box for number, box in enumerate(boxes) if number not in cells]


def _inside(pixels: ImageU8, box: CheckBox) -> ImageU8:
    """Return what is in a frame, with paper around it."""
    x0, y0, x1, y1 = (round(side) for side in box.box)
    frame = max(2, round(_FRAME_SIDES * (x1 - x0)))
    inside = pixels[y0 + frame : y1 - frame, x0 + frame : x1 - frame]
    margin = (x1 - x0) // 3
    return with_paper_around(inside, margin, margin, 90)


def _is_character(reading: LineReading) -> bool:
    text = reading.text.strip()
    return (
        reading.confidence >= _MIN_CHARACTER_CONFIDENCE
        and any(character.isalnum() for character in text)
        and not _TICKS.issuperset(text)
    )


def _is_beside(one: Box, other: Box) -> bool:
    """Return whether two boxes of a size stand in one row, close to each other."""
    side = one[2] - one[0]
    gap = max(one[0] - other[2], other[0] - one[2])
    return same_row(one, other) and gap <= _MAX_CELL_GAP_SIDES * side and other[2] - other[0] <= 1.5 * side


def _is_frame(ink: ImageU8) -> bool:
    """Return whether ink, (h, w) of 0 and 1, has four straight and thin edges."""
    for turned in (ink, np.rot90(ink), np.rot90(ink, 2), np.rot90(ink, 3)):  # each edge on top
        height, width = turned.shape
        edge = turned[: max(1, round(_EDGE_FRACTION * height))]
        is_straight = edge.sum(1).max() >= _MIN_STRAIGHT_INK * width
        inked = turned == 0
        strokes = np.where(inked.any(0), inked.argmax(0), height)  # how far down each column is inked from the top
        if edge.max(0).mean() < _MIN_EDGE_INK or not is_straight or np.median(strokes) > _MAX_STROKE_SIDES * height:
            return False
    return True


def _stands_alone(ink: ImageU8, x: int, y: int, width: int, height: int) -> bool:
    """Return whether no ink stands close on its left and on its right."""
    gap = max(2, round(_MIN_GAP_SIDES * width))
    left = ink[y : y + height, max(0, x - gap) : x]
    right = ink[y : y + height, x + width : x + width + gap]
    return not left.any() and not right.any()


def _is_ticked(ink: ImageU8) -> bool:
    rows, columns = (round(_INNER_MARGIN * side) for side in ink.shape)
    return float(ink[rows:-rows, columns:-columns].mean()) >= _MIN_INNER_INK


def split_at_boxes(lines: Sequence[AnnotatedLine], boxes: Sequence[CheckBox]) -> list[AnnotatedLine]:
    """Return the lines in pieces, cut at the check boxes in them: a label is read before or behind its box."""
    pieces: list[AnnotatedLine] = []
    for line in lines:
        (x0, y0), (x1, y1) = line.corners.min(0).tolist(), line.corners.max(0).tolist()
        inside = [box.box for box in boxes if _is_inside(box.box, (x0, y0, x1, y1))]
        if not inside:
            pieces.append(line)
            continue
        starts = [x0, *sorted(box[2] for box in inside)]
        ends = [*sorted(box[0] for box in inside), x1]
        pieces += [
            replace(line, corners=box_corners((start, y0, end, y1)))
            for start, end in zip(starts, ends, strict=True)
            if end - start > _MIN_PIECE_HEIGHTS * (y1 - y0)
        ]
    return pieces


def _is_inside(box: Box, line: Box) -> bool:
    """Return whether a check box stands in a level line, and is no lower part of it."""
    is_level = line[2] - line[0] > line[3] - line[1]
    middle = (box[0] + box[2]) / 2
    return is_level and same_row(box, line) and line[0] < middle < line[2]


def blanked(pixels: ImageU8, boxes: list[CheckBox]) -> ImageU8:
    """Return a page with paper where its check boxes are: a recogniser would read a letter there."""
    copy = pixels.copy()
    for found in boxes:
        x0, y0, x1, y1 = (round(side) for side in found.box)
        margin = max(1, (x1 - x0) // 10)
        around = pixels[max(0, y0 - 2 * margin) : y0 - margin, x0:x1]
        paper: F32 = np.median((around if around.size else pixels).reshape(-1, *pixels.shape[2:]), axis=0)
        copy[max(0, y0 - margin) : y1 + margin, max(0, x0 - margin) : x1 + margin] = paper
    return copy
