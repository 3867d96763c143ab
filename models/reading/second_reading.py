"""Lines that two recognisers read: which of the readings stays."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from models.arrays import ImageU8
from models.reading.page_line import PageLine
from models.recognition.confidence import calibrated
from models.recognition.registry import ChosenRecogniser

# Raw confidence from which on PP-OCR's reading of print stands. Below it the recogniser of handwriting, which is
# trained on worn print too, makes fewer mistakes: on forms the surer of both has a CER of .26 where PP-OCR has .30
# (at .8 to .9), .10 where it has .12 (at .9 to .95); on receipts .08 and .14, .03 and .05. Above, both are as good.
_SURE_CONFIDENCE = 0.95


def take_likelier(lines: Sequence[PageLine]) -> None:
    """Give handwriting that PP-OCR has read too its reading, where that is likelier right."""
    for line in lines:
        if line.kind == "handwritten" and line.as_print and line.reading and line.recogniser == "handwriting":
            own, other = (
                calibrated(reading.confidence, engine, line.kind)
                for reading, engine in ((line.reading, "handwriting"), (line.as_print, "ppocr"))
            )
            if other > own:
                line.reading, line.recogniser = line.as_print, "ppocr"


def read_again(
    lines: Sequence[PageLine],
    handwritten: ChosenRecogniser,
    crop: Callable[[PageLine], ImageU8],
    least_confidence: float,
) -> None:
    """Give print that PP-OCR is unsure of what the recogniser of handwriting reads, where that is surer.

    Args:
        lines: Read; those of no text may be among them.
        handwritten: What reads handwriting; nothing but our own recogniser is trained on print too.
        crop: Gives what a line is read from.
        least_confidence: PP-OCR's raw confidence, in [0, 1], below which a line is no text.
    """
    if handwritten.engine != "handwriting":
        return
    unsure = [
        (line, line.reading) for line in lines
        if line.kind == "printed" and line.recogniser == "ppocr" and line.reading
        and least_confidence <= line.reading.confidence < _SURE_CONFIDENCE
    ]  # fmt: skip
    readings = handwritten.recogniser.recognise([crop(line) for line, _ in unsure])
    for (line, first), second in zip(unsure, readings, strict=True):
        if second.confidence > first.confidence:
            line.reading, line.recogniser = second, handwritten.engine
