"""What stands in rows of cells: each character is read by itself, and its row is a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median

import numpy as np

from models.arrays import ImageU8
from models.document import Kind, PageImage
from models.kinds.types import AnnotatedLine
from models.layout.geometry import Box, bounds, box_corners, box_sides
from models.pages.pixels import with_paper_around
from models.reading.cell_rows import CellRow, blanked_rows
from models.reading.page_line import PageLine
from models.reading.upright_page import UprightPage
from models.recognition.registry import ChosenRecogniser
from models.recognition.types import LineReading, LineRecogniser

UNREAD = "\N{REPLACEMENT CHARACTER}"  # ink in a cell that nobody can read: left out, the others would move up
_MARGIN_HEIGHTS = 0.35  # of paper around a character
_SAME_SHAPE = frozenset("ckopsuvwxz")  # small letters that differ from their capitals in size alone
_CAPITAL_HEIGHTS = 0.85  # of the row's characters: higher ones are no small letters
_DIGIT_OF = dict(zip("OoDQIli|ZSB", "00001111258", strict=True))
_SURE_CONFIDENCE = 0.8  # raw, of a letter among digits that is no digit misread


def without_rows(page: UprightPage, rows: Sequence[CellRow]) -> tuple[UprightPage, list[list[AnnotatedLine]]]:
    """Return the page with paper in the place of rows of cells, and the lines that were found in each."""
    inside: list[list[AnnotatedLine]] = [[] for _ in rows]
    lines = []
    for line in page.lines:
        (x0, y0), (x1, y1) = line.corners.min(0).tolist(), line.corners.max(0).tolist()
        middle = (x0 + x1) / 2, (y0 + y1) / 2
        place = next((k for k, row in enumerate(rows) if _holds(row.box, middle)), None)
        if place is None:
            lines.append(line)
        else:
            inside[place].append(line)
    image = PageImage(blanked_rows(page.image.pixels, rows), page.image.dpi)
    return replace(page, image=image, lines=lines), inside


def _holds(box: Box, point: tuple[float, float]) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


def read_rows(
    pixels: ImageU8,
    rows: Sequence[CellRow],
    kinds: Sequence[Kind],
    readers: Mapping[Kind, ChosenRecogniser],
    ppocr: LineRecogniser,
) -> list[PageLine]:
    """Return each row that has characters as a line that is read.

    Args:
        pixels: The page with its cells, (H, W, 3) RGB or (H, W) grey uint8.
        kinds: Of what stands in each row.
        readers: The recogniser for each kind.
        ppocr: Reads printed and handwritten characters; the one for handwriting is asked too where they are.
    """
    lines = []
    for row, kind in zip(rows, kinds, strict=True):
        places = [(number, box) for number, box in enumerate(row.ink) if box is not None]
        if not places:
            continue
        pictures = [_picture(pixels, box) for _, box in places]
        readings = list(ppocr.recognise(pictures))
        unsure = [n for n, one in enumerate(readings) if kind == "handwritten" or not _character(one)]
        again = readers["handwritten"].recogniser.recognise([pictures[n] for n in unsure])
        for number, other in zip(unsure, again, strict=True):
            if _character(other) and (
                not _character(readings[number]) or other.confidence > readings[number].confidence
            ):
                readings[number] = other
        reading = _joined(row, [number for number, _ in places], readings, is_grid=_has_neighbour(row, rows))
        corners = box_corners(bounds(tuple((x, y) for _, box in places for x, y in (box[:2], box[2:]))))
        lines.append(PageLine(corners, kind, reading, "ppocr"))
    return lines


def _picture(pixels: ImageU8, box: Box) -> ImageU8:
    """Return a character with paper around it."""
    x0, y0, x1, y1 = (round(side) for side in box)
    inside = pixels[max(0, y0 - 1) : y1 + 1, max(0, x0 - 1) : x1 + 1]
    margin = max(2, round(_MARGIN_HEIGHTS * (y1 - y0)))
    return with_paper_around(inside, margin, 2 * margin, 95)


def _character(reading: LineReading) -> str:
    """Return the one character of a reading; empty where there is none."""
    return next((character for character in reading.text if character.isalnum()), reading.text.strip()[:1])


def _joined(row: CellRow, filled: Sequence[int], readings: Sequence[LineReading], *, is_grid: bool) -> LineReading:
    """Return the reading of a row; empty cells between others, and the cells of a grid, have a space between."""
    heights = [box[3] - box[1] for box in row.ink if box is not None]
    usual = median(heights)
    characters = [
        _character(reading).upper() if _character(reading) in _SAME_SHAPE and height >= _CAPITAL_HEIGHTS * usual
        else _character(reading)
        for reading, height in zip(readings, heights, strict=True)
    ]  # fmt: skip
    characters = _among_digits(characters, readings)
    left, right = row.cells[0][0], row.cells[-1][2]
    text = ""
    positions: list[float] = []
    confidences: list[float] = []
    before: int | None = None
    for number, character, reading in zip(filled, characters, readings, strict=True):
        middle = (row.cells[number][0] + row.cells[number][2]) / 2
        if before is not None and (is_grid or number > before + 1):
            text, confidences = text + " ", [*confidences, reading.confidence]
            positions.append((middle + positions[-1]) / 2)
        text += character or UNREAD
        positions.append(middle)
        confidences.append(reading.confidence if character else 0.0)
        before = number
    places = tuple(min(1.0, max(0.0, (x - left) / (right - left))) for x in positions)
    return LineReading(text, float(np.mean(confidences)), places, tuple(confidences))


def _among_digits(characters: Sequence[str], readings: Sequence[LineReading]) -> list[str]:
    """Return a row's characters, its lone letters that look like digits as these where all others are digits."""
    digits = sum(character.isdigit() for character in characters)
    if digits < 0.7 * len(characters):
        return list(characters)
    return [
        _DIGIT_OF.get(character, character) if reading.confidence < _SURE_CONFIDENCE else character
        for character, reading in zip(characters, readings, strict=True)
    ]


def _has_neighbour(row: CellRow, rows: Sequence[CellRow]) -> bool:
    """Return whether a row of the same cells stands right above or under one: a grid."""
    height = row.box[3] - row.box[1]
    return any(
        other is not row
        and len(other.cells) == len(row.cells)
        and abs(other.box[0] - row.box[0]) < 0.5 * height
        and 0 < abs(other.box[1] - row.box[1]) < 1.3 * height
        for other in rows
    )


def kind_of(lines: Sequence[PageLine]) -> Kind:
    """Return the kind that most of the lines have, by length; printed where there are none."""
    lengths = [box_sides(line.corners)[0] for line in lines]
    written = sum(length for line, length in zip(lines, lengths, strict=True) if line.kind == "handwritten")
    return "handwritten" if written > sum(lengths) / 2 else "printed"
