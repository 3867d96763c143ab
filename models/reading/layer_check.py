"""Whether a text layer agrees with what its page shows: a few of its lines are read from the picture and compared.

A font whose map of characters is wrong gives letters that nobody sees; statistics of letters show that on long
pages of prose alone, and call lists of abbreviations wrong that are right.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from rapidfuzz import fuzz

from models.arrays import ImageU8
from models.document import PageImage
from models.documents.text_layer import TextLine
from models.layout.geometry import box_corners
from models.pages.ink import has_ink
from models.recognition.line_images import cut_line
from models.recognition.types import LineRecogniser

CHECK_DPI = 150
_LINES_READ = 4  # the longest: short ones are read with less certainty
_MIN_SIMILARITY = 0.7  # median over the lines: print read at 150 dpi reaches .9, a shifted alphabet .1 to .3
_MAX_WORD_RATIO = 1.35  # words of the layer to words read: more where spaces are put into words
_MIN_LETTERS = 4
_MARGIN_HEIGHTS = 0.15  # around a line's box
_MAX_LENGTH_HEIGHTS = 30.0  # of longer lines the beginning is read


def agrees_with_picture(image: PageImage, lines: Sequence[TextLine], recogniser: LineRecogniser) -> bool:
    """Return whether a layer's longest lines are what is read where they stand; True where none can be compared.

    Args:
        image: The page, at any resolution.
        lines: Of the layer, in pixels of `image`.
        recogniser: Of print.

    Raises:
        ModelError: The network cannot be run.
    """
    latin = [line for line in lines if _is_latin(line.text)]
    longest = sorted(latin, key=lambda line: -len(line.text))[:_LINES_READ]
    crops = [(line, _crop(image.pixels, line)) for line in longest]
    inked = [(line, crop) for line, crop in crops if crop.size and has_ink(crop)]
    readings = recogniser.recognise([crop for _, crop in inked])
    pairs = [(_beginning(line), reading.text) for (line, _), reading in zip(inked, readings, strict=True)]
    return not pairs or (
        median(fuzz.ratio(_letters(text), _letters(read)) / 100 for text, read in pairs) >= _MIN_SIMILARITY
        and median(len(text.split()) / max(1, len(read.split())) for text, read in pairs) <= _MAX_WORD_RATIO
    )


def _is_latin(text: str) -> bool:
    """Return whether a line is long enough, and in letters that every recogniser of print knows."""
    letters = [character for character in text if character.isalnum()]
    return len(letters) >= _MIN_LETTERS and 2 * sum(map(str.isascii, letters)) > len(letters)


def _beginning(line: TextLine) -> str:
    """Return the part of a line's text that is read."""
    return line.text[: round(len(line.text) * _share_read(line))]


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


def _share_read(line: TextLine) -> float:
    x0, y0, x1, y1 = line.box
    return min(1.0, _MAX_LENGTH_HEIGHTS * (y1 - y0) / max(x1 - x0, 1e-6))


def _crop(pixels: ImageU8, line: TextLine) -> ImageU8:
    x0, y0, x1, y1 = line.box
    margin = _MARGIN_HEIGHTS * (y1 - y0)
    right = x0 + (x1 - x0) * _share_read(line)
    return cut_line(pixels, box_corners((x0 - margin, y0 - margin, right + margin, y1 + margin)))
