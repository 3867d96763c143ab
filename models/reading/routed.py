"""Reading a page line by line: lines are found, told print from hand from signature, and each goes to who reads it.

The page is turned upright first, as Tesseract reads no other. Print goes to Tesseract, all of it in one call, and
what it is not sure of to PP-OCR, which reads dirt, photographs and odd faces better; handwriting goes to a
recogniser of its own (choice.py says which); a signature is a place without text.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Protocol

from models.detection.registry import TextDetectors
from models.document import Kind, PageImage, PageLines, Region
from models.errors import PageTooLarge
from models.kinds.classifier import LineKinds
from models.kinds.maps import RegionHead
from models.layout.frames import Points, PreparedFrame, UprightFrame
from models.layout.geometry import box_corners, box_sides, wrapped_angle
from models.layout.reading_order import in_reading_order
from models.options import ReadOptions
from models.pages.ink import has_ink
from models.pages.prepare import Prepared, prepare_upright
from models.reading.leaders import up_to_the_next, with_leaders
from models.reading.page_line import PageLine, apart_from_signatures, mostly_print
from models.reading.upright_page import StraightPage, straighten_page
from models.recognition.line_images import cut_line
from models.recognition.registry import ChosenRecogniser, LineRecognisers
from models.recognition.tesseract.line_words import words_by_line
from models.recognition.tesseract.words import PlacedWord
from models.recognition.types import LineReading

# What is read with less is no text: logos, rules and struck-out words read as something. Tesseract and TrOCR have
# refused already what they are not sure of.
_FLOORS = {"ppocr": 0.5, "handwriting": 0.35}
_MISSED = 0.9  # a word of Tesseract's that no line has is believed from here on


class WordReader(Protocol):
    """Reads the words of a whole upright page: Tesseract, in process or as a program."""

    def warm_up(self, options: ReadOptions) -> None: ...

    def words(self, image: PageImage, options: ReadOptions) -> list[PlacedWord]: ...

    def models(self, options: ReadOptions) -> dict[str, str | None]: ...


class RoutedReader:
    """Reads pages line by line, with Tesseract beside PP-OCR for print, or without."""

    wants_grey = False

    def __init__(
        self, tesseract: WordReader | None, detectors: TextDetectors, recognisers: LineRecognisers
    ) -> None:
        self._tesseract = tesseract
        self._detectors = detectors
        self._recognisers = recognisers
        self._told_at: dict[float, LineKinds] = {}

    def warm_up(self, options: ReadOptions) -> None:
        self._detectors.get(options)
        self._recognisers.ppocr(options)  # which tells what is upright, too
        self._recognisers.get(options)
        self._kinds(options)
        if self._tesseract is not None:
            self._tesseract.warm_up(options)

    def read(self, image: PageImage, options: ReadOptions) -> PageLines:
        recognisers = self._recognisers.get(options)
        page = straighten_page(image, self._detectors.get(options), self._recognisers.ppocr(options))
        kinds = self._kinds(options).classify(page.image.pixels, page.boxes)
        lines = [PageLine(box.corners, _readable(kind)) for box, (kind, _) in zip(page.boxes, kinds, strict=True)]
        if recognisers["printed"].engine == "ppocr" and mostly_print(lines):
            lines += _read_print(page, lines, self._words(page, options))
        for kind, chosen in recognisers.items():
            _read_lines(page, [line for line in lines if line.kind == kind], chosen)
        _add_leaders(page, lines)
        lines = apart_from_signatures(lines, page.signatures)
        said = [_region(page, line) for line in lines if line.is_signature or _says_something(line.reading)]
        return _page_lines(page, said)

    def models(self, options: ReadOptions) -> dict[str, str | None]:
        detector, recognisers = self._detectors.get(options), self._recognisers.get(options)
        package = f"rapidocr {version('rapidocr')}"
        names: dict[str, str | None] = {
            kind: f"{package} {chosen.recogniser.name}" if chosen.engine == "ppocr" else chosen.recogniser.name
            for kind, chosen in recognisers.items()
        }
        if self._tesseract and recognisers["printed"].engine == "ppocr":
            names["printed"] = f"{self._tesseract.models(options)['printed']}, {names['printed']}"
        found = f"{package} {detector.name}" if options.detector == "dbnet" else detector.name
        return {"detector": f"{found}, {RegionHead.name}"} | names

    def _kinds(self, options: ReadOptions) -> LineKinds:
        if options.kind_threshold not in self._told_at:
            self._told_at[options.kind_threshold] = LineKinds(options.kind_threshold)
        return self._told_at[options.kind_threshold]

    def _words(self, page: StraightPage, options: ReadOptions) -> list[PlacedWord]:
        try:
            if self._tesseract is None:
                return []
            prepared = prepare_upright(page.image)
            return [_moved(word, prepared) for word in self._tesseract.words(prepared.image, options)]
        except PageTooLarge:
            return []  # for Tesseract: PP-OCR reads lines of any page


def _readable(kind: Kind) -> Kind:
    """Return what a line is read as: whether it is a signature is told by the page's map, which sees it whole."""
    return "handwritten" if kind == "signature" else kind


def _read_print(page: StraightPage, lines: Sequence[PageLine], words: Sequence[PlacedWord]) -> list[PageLine]:
    """Give printed lines what Tesseract is sure of, and return lines of words that the detector missed."""
    found, elsewhere = words_by_line(words, [line.corners for line in lines])
    for line, text in zip(lines, found, strict=True):
        if line.kind == "printed" and text.words and text.is_sure:
            line.reading, line.recogniser = text.reading(), "tesseract"
    return [
        PageLine(box_corners(word.box), "printed", LineReading(word.text, round(word.confidence, 4)), "tesseract")
        for word in elsewhere
        if word.confidence >= _MISSED and sum(map(str.isalnum, word.text)) > 1
    ]


def _read_lines(page: StraightPage, lines: Sequence[PageLine], chosen: ChosenRecogniser) -> None:
    """Give every line that has no reading yet, and ink, what a recogniser reads there."""
    cut = [(line, cut_line(page.image.pixels, line.corners)) for line in lines if not line.reading]
    wanted = [(line, picture) for line, picture in cut if has_ink(picture)]
    read = chosen.recogniser.recognise([picture for _, picture in wanted])
    for (line, _), reading in zip(wanted, read, strict=True):
        line.reading, line.recogniser = reading, chosen.engine


def _add_leaders(page: StraightPage, lines: Sequence[PageLine]) -> None:
    """Add the dashes and dots that lead from printed lines to the next of their row."""
    wide = up_to_the_next([line.corners for line in lines], page.image.width)
    for line, corners in zip(lines, wide, strict=True):
        if line.kind == "printed" and line.reading is not None:
            longer = cut_line(page.image.pixels, corners)
            share = box_sides(line.corners)[0] / max(1, longer.shape[1])
            line.reading = with_leaders(line.reading, longer, min(1.0, share))


def _page_lines(page: StraightPage, said: Sequence[Region]) -> PageLines:
    kept = [
        region
        for region in said
        if region.confidence is None or region.confidence >= _FLOORS.get(region.recogniser, 0.0)
    ]
    ordered = in_reading_order(kept, page.rotation)
    return PageLines(tuple(ordered), wrapped_angle(page.rotation), len(said) - len(kept))


def _region(page: StraightPage, line: PageLine) -> Region:
    polygon = page.polygon(line.corners)
    if line.reading is None:
        return Region(polygon, "", None, "none", line.kind)
    reading = line.reading
    return Region(polygon, reading.text.strip(), round(reading.confidence, 4), line.recogniser, line.kind)


def _says_something(reading: LineReading | None) -> bool:
    """Return whether a line is more than a speck: one that is read as a lone full stop or comma is none."""
    return reading is not None and bool(reading.text.strip(" .,:;'`´·‘’\"“”"))


def _moved(word: PlacedWord, prepared: Prepared[UprightFrame]) -> PlacedWord:
    """Return a word of the prepared page where it stands on the upright one."""
    corners = Points[PreparedFrame]([word.box[:2], word.box[2:]])
    (x0, y0), (x1, y1) = prepared.frame.to_original(corners).xy.tolist()
    return PlacedWord((x0, y0, x1, y1), word.text, word.confidence)
