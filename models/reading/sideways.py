"""Lines that run up or down an upright page: which way each is read, and that it is read that way.

A detector gives boxes and no directions. A box that is much higher than wide is read upwards and downwards, and a
short one as it stands as well; the most confident reading decides. Where the longest lines of a page agree, the
others follow. Cells of a sideways table may be as short as they are high: among sideways lines they are tried, too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.arrays import F32, ImageU8
from models.layout.geometry import box_sides
from models.pages.ink import has_ink
from models.reading.page_line import PageLine
from models.recognition.line_images import MIN_VERTICAL_RATIO, cut_line
from models.recognition.types import LineReading, LineRecogniser

_UP, _DOWN = 3, 1  # quarter turns clockwise
_MAX_STANDING_RATIO = 2.5  # height to width, of a letter or two that stand upright
_MAX_STANDING_LETTERS = 2  # of such a box, however it is read
_LINES_ASKED = 12  # the longest: where they agree, the others are not read both ways
_MIN_CONFIDENCE = 0.6  # raw, of a reading that shows the direction of its line
_MIN_GAIN = 0.1  # of confidence, over the line as it stands
_MIN_LINES_OF_PART = 3  # sideways lines that short ones may belong to


def set_directions(pixels: ImageU8, lines: Sequence[PageLine], recogniser: LineRecogniser) -> None:
    """Let the corners of sideways lines begin where the lines do, and note what was read there (`as_print`).

    A line of print whose digits are read with little confidence either way is given an empty reading.

    Args:
        pixels: The upright page, (H, W, 3) RGB or (H, W) grey uint8.
        lines: With corners clockwise from top-left.
        recogniser: Of print in Latin letters.

    Raises:
        ModelError: The recogniser cannot be run.
    """
    high = sorted((line for line in lines if _ratio(line) > MIN_VERTICAL_RATIO), key=lambda line: -_ratio(line))
    high = [line for line in high if has_ink(cut_line(pixels, line.corners))]
    if not high:
        return
    asked, rest = high[:_LINES_ASKED], high[_LINES_ASKED:]
    readings = _readings(pixels, asked, (_UP, _DOWN), recogniser)
    usual = max((_UP, _DOWN), key=lambda turn: sum(by_turn[turn].confidence for by_turn in readings))
    turns = {_set_direction(line, by_turn, usual) for line, by_turn in zip(asked, readings, strict=True)} - {0}
    both = (_UP, _DOWN) if len(turns) > 1 else (usual,)
    for line, by_turn in zip(rest, _readings(pixels, rest, both, recogniser), strict=True):
        _set_direction(line, by_turn, usual)
    for turn in turns:
        part = [line for line in high if is_sideways(line.corners) and _turn(line.corners) == turn]
        if len(part) >= _MIN_LINES_OF_PART:
            short = _short_among(part, lines)
            for line, by_turn in zip(short, _readings(pixels, short, (turn,), recogniser), strict=True):
                _set_direction(line, by_turn, turn)


def is_sideways(corners: F32) -> bool:
    """Return whether a line, (4, 2) clockwise from where it begins, runs up or down."""
    x, y = corners[1] - corners[0]
    return bool(abs(y) > abs(x))


def _turn(corners: F32) -> int:
    return _UP if corners[1, 1] < corners[0, 1] else _DOWN


def _ratio(line: PageLine) -> float:
    """Return height over width."""
    width, height = box_sides(line.corners)
    return height / max(width, 1.0)


def _readings(
    pixels: ImageU8, lines: Sequence[PageLine], turns: Sequence[int], recogniser: LineRecogniser
) -> list[dict[int, LineReading]]:
    """Return what is read of each line in some directions, and of short ones as they stand (0)."""
    tried = [
        (number, turn)
        for number, line in enumerate(lines)
        for turn in (*turns, *((0,) if _ratio(line) <= _MAX_STANDING_RATIO else ()))
    ]
    crops = [_crop(pixels, lines[number].corners, turn) for number, turn in tried]
    readings: list[dict[int, LineReading]] = [{} for _ in lines]
    for (number, turn), reading in zip(tried, recogniser.recognise(crops), strict=True):
        readings[number][turn] = reading
    return readings


def _set_direction(line: PageLine, readings: dict[int, LineReading], usual: int) -> int:
    """Let a line begin where it is read from with most confidence; return that direction, 0 for as it stands.

    6099 is 6609 upside down, and reads as well: the page's usual direction is left for a clear gain only.
    """

    def confidence(turn: int) -> float:
        return readings[turn].confidence - (_MIN_GAIN if turn and turn != usual else 0.0)

    turn = max((turn for turn in readings if turn), key=confidence)
    reading = readings[turn]
    may_stand = 0 in readings and sum(map(str.isalnum, reading.text)) <= _MAX_STANDING_LETTERS
    standing = readings[0].confidence + _MIN_GAIN if may_stand else 0.0
    if not reading.text.strip() or reading.confidence <= max(_MIN_CONFIDENCE, standing):
        if line.kind == "printed" and _is_unsure_number(readings):
            line.reading = LineReading("", 0.0)  # no text rather than a number that nobody printed
        return 0
    line.corners, line.as_print, line.picture = np.roll(line.corners, -turn, axis=0), reading, None
    return turn


def _is_unsure_number(readings: dict[int, LineReading]) -> bool:
    """Return whether no reading is certain, and one has digits."""
    certain = any(reading.confidence > _MIN_CONFIDENCE for reading in readings.values())
    return not certain and any(map(str.isdigit, "".join(reading.text for reading in readings.values())))


def _short_among(part: Sequence[PageLine], lines: Sequence[PageLine]) -> list[PageLine]:
    """Return the lines that are about as wide as high, and stand among sideways ones."""
    corners = np.concatenate([line.corners for line in part])
    (x0, y0), (x1, y1) = corners.min(0), corners.max(0)
    across = float(np.median([box_sides(line.corners)[1] for line in part]))
    short = []
    for line in lines:
        x, y = line.corners.mean(0)
        width, height = box_sides(line.corners)
        is_inside = x0 <= x <= x1 and y0 <= y <= y1
        if is_inside and not is_sideways(line.corners) and max(width, height) < MIN_VERTICAL_RATIO * across:
            short.append(line)
    return short


def _crop(pixels: ImageU8, corners: F32, turn: int) -> ImageU8:
    """Return a line as a picture of text that is upright if it is rotated so."""
    if turn:
        return cut_line(pixels, np.roll(corners, -turn, axis=0))
    (x0, y0), (x1, y1) = np.maximum(corners.min(0), 0).astype(int), np.ceil(corners.max(0)).astype(int)
    return pixels[y0:y1, x0:x1]
