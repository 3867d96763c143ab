"""PP-OCR reading whole pages: DBNet finds the lines, an SVTR network reads them, both from the rapidocr package."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version

import numpy as np
import numpy.typing as npt

from models.detection.dbnet import DbnetDetector, TextBox
from models.document import PageImage, PageLines, ReadOptions, Region
from models.geometry import clip
from models.reading_order import in_reading_order, text_rotation
from models.recognition.base import LineReading
from models.recognition.leaders import up_to_the_next, with_leaders
from models.recognition.line_images import cut_line, has_ink
from models.recognition.ppocr_lines import PpocrLineRecogniser

Pixels = npt.NDArray[np.uint8]

_CONFIDENCE_FLOOR = 0.5  # logos, rules and struck-out words read as something, with less


class PpocrReader:
    """Reads pages with PP-OCR's detector and recogniser."""

    wants_grey = False

    def __init__(self) -> None:
        self._detector: DbnetDetector | None = None
        self._recognisers: dict[str, PpocrLineRecogniser] = {}

    def warm_up(self, options: ReadOptions) -> None:
        self._load(options)

    def read(self, image: PageImage, options: ReadOptions) -> PageLines:
        detector, recogniser = self._load(options)
        found = [(box, cut_line(image.pixels, box.corners)) for box in detector.detect(image.pixels)]
        lines = [(box, line) for box, line in found if has_ink(line)]
        read = recogniser.recognise([line for _, line in lines])
        said = [
            _region(box, text, image)
            for (box, _), text in zip(lines, _add_leaders(image, lines, read), strict=True)
        ]
        floor = max(_CONFIDENCE_FLOOR, options.min_confidence)
        regions = [region for region in said if region.text and (region.confidence or 0) >= floor]
        rotation = text_rotation(regions)
        dropped = sum(bool(region.text) for region in said) - len(regions)
        return PageLines(tuple(in_reading_order(regions, rotation)), round(rotation, 2), dropped)

    def models(self, options: ReadOptions) -> dict[str, str | None]:
        detector, recogniser = self._load(options)
        package = f"rapidocr {version('rapidocr')}"
        names = {"detector": detector.name, "printed": recogniser.name, "handwritten": recogniser.name}
        return {role: f"{package} {name}" for role, name in names.items()}

    def _load(self, options: ReadOptions) -> tuple[DbnetDetector, PpocrLineRecogniser]:
        if self._detector is None:
            self._detector = DbnetDetector()
        if options.languages not in self._recognisers:
            self._recognisers[options.languages] = PpocrLineRecogniser(options.languages)
        return self._detector, self._recognisers[options.languages]


def _add_leaders(
    image: PageImage, lines: Sequence[tuple[TextBox, Pixels]], read: Sequence[LineReading]
) -> Iterator[LineReading]:
    """Yield what was read, with the dashes and dots that lead from a line to the next of its row."""
    wide = up_to_the_next([box.corners for box, _ in lines], image.width)
    for (_, line), corners, reading in zip(lines, wide, read, strict=True):
        longer = cut_line(image.pixels, corners)
        yield with_leaders(reading, longer, min(1.0, line.shape[1] / longer.shape[1]))


def _region(box: TextBox, read: LineReading, image: PageImage) -> Region:
    polygon = clip(box.corners, image.width, image.height)
    return Region(polygon, read.text.strip(), round(read.confidence, 4), "ppocr")
