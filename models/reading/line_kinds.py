"""Which lines of a page are printed: by their strokes, what is read there, and the page's other lines."""

from __future__ import annotations

from collections.abc import Sequence

from models.arrays import ImageU8
from models.document import Kind
from models.kinds.classifier import LineKindClassifier
from models.kinds.types import AnnotatedLine
from models.options import ReadOptions
from models.pages.ink import has_ink
from models.reading.kind_evidence import is_doubtful, settled_pen_probabilities
from models.reading.page_line import PageLine, line_picture
from models.recognition.types import LineRecogniser


def classified(
    classifier: LineKindClassifier, pixels: ImageU8, lines: Sequence[AnnotatedLine], options: ReadOptions
) -> list[PageLine]:
    """Return the lines, each printed or handwritten by its strokes.

    Signatures are handwriting here: where they are is decided later, on the segmentation map, which has all of
    one where a detector has pieces.

    Args:
        pixels: The page that the lines are on, (H, W, 3) RGB or (H, W) grey.
    """
    pen = classifier.probabilities(pixels, lines)[:, 1:].sum(1).tolist()
    return [
        PageLine(line.corners, _kind(one, options), pen_probability=one)
        for line, one in zip(lines, pen, strict=True)
    ]


def settle_kinds(pixels: ImageU8, lines: Sequence[PageLine], ppocr: LineRecogniser, options: ReadOptions) -> None:
    """Decide the kind of lines that are in doubt by what PP-OCR reads, and by the page's other lines.

    Args:
        pixels: The page that the lines are on, (H, W, 3) RGB or (H, W) grey.
    """
    doubtful = [line for line in lines if is_doubtful(line.pen_probability)]
    pictures = [(line, picture) for line in doubtful if has_ink(picture := line_picture(pixels, line))]
    readings = ppocr.recognise([picture for _, picture in pictures])
    for (line, _), reading in zip(pictures, readings, strict=True):
        line.as_print = reading
    for line, pen_probability in zip(lines, settled_pen_probabilities(lines), strict=True):
        line.kind = _kind(pen_probability, options)


def _kind(pen_probability: float, options: ReadOptions) -> Kind:
    return "handwritten" if pen_probability >= options.kind_threshold else "printed"
