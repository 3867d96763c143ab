"""Reading a page line by line: find lines, classify each, route each to the engine for its kind.

The page is rotated upright first, as Tesseract reads no other. Printed lines go to Tesseract, all of them in one
call, and those it has little confidence in to PP-OCR, which reads dirt, photographs and odd faces better.
Handwritten lines go to the recogniser that recognition/registry.py chooses. A signature is a region without text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from importlib.metadata import version

from models.detection.dbnet import shared_dbnet
from models.detection.registry import TextDetectors
from models.document import Kind, PageImage, PageLines, Region, Word
from models.kinds.annotate import LineAnnotator
from models.kinds.classifier import LineKindClassifier
from models.kinds.maps import KindSegmenter
from models.languages import is_latin, is_read_by_ppocr
from models.layout.geometry import box_corners, box_sides, part_of, rounded_angle
from models.options import ReadOptions
from models.pages.glyphs import Glyphs, find_readable_glyphs
from models.pages.ink import has_ink
from models.reading.cell_reading import kind_of, read_rows, without_rows
from models.reading.cell_rows import find_cell_rows
from models.reading.check_boxes import (
    CHECK_BOX,
    SIGN_CONFIDENCE,
    blanked,
    find_check_boxes,
    split_at_boxes,
    without_cells,
)
from models.reading.coverage import UnreadInk, unread_ink
from models.reading.leaders import extended_to_next, with_leaders
from models.reading.line_kinds import classified, settle_kinds
from models.reading.page_line import PageLine, has_print, line_picture, separate_signatures
from models.reading.page_words import WordReader, page_words, take_words
from models.reading.second_look import missed_lines
from models.reading.second_reading import read_again, take_likelier
from models.reading.sideways import set_directions
from models.reading.upright_page import UprightPage, detect_upright
from models.reading.word_places import place_words
from models.recognition.line_images import crop_corners, cut_line
from models.recognition.registry import ChosenRecogniser, LineRecognisers
from models.recognition.types import LineReading, LineRecogniser

# Raw confidence, by engine, below which a reading is no text: logos, rules and struck-out words are read as
# something. Tesseract and TrOCR have refused such lines themselves.
_MIN_RAW_CONFIDENCE = {"ppocr": 0.5, "handwriting": 0.35}


class RoutedReader:
    """Reads pages line by line, with Tesseract beside PP-OCR for print, or without."""

    wants_grey = False

    def __init__(
        self, tesseract: WordReader | None, detectors: TextDetectors, recognisers: LineRecognisers
    ) -> None:
        self._tesseract = tesseract
        self._detectors = detectors
        self._recognisers = recognisers

    def warm_up(self, options: ReadOptions) -> None:
        self._detectors.get(options)
        self._recognisers.ppocr(options)  # it decides which way up a page is, too
        self._recognisers.get(options)
        _ = self._annotator, self._classifier
        if self._tesseract is not None:
            self._tesseract.warm_up(options)

    def read(self, image: PageImage, options: ReadOptions) -> PageLines:
        """Return the page's lines with raw confidences; `dropped` counts those too low to be text."""
        recognisers = self._recognisers.get(options)
        page = self._find_lines(image, options)
        glyphs = find_readable_glyphs(page.image.pixels)
        boxes: list[PageLine] = []
        cells: list[PageLine] = []
        if is_latin(options.languages):  # signs of Chinese and Japanese are squares as well
            page, cells = self._without_cells(page, glyphs.height, recognisers, options)
            page, boxes = _without_check_boxes(page, glyphs.height, self._recognisers.ppocr(options))
        lines = classified(self._classifier, page.image.pixels, page.lines, options)
        unread = _unread(page, glyphs, lines)
        if unread.rows:
            lines += self._look_again(page, lines, unread, options)
        if is_latin(options.languages):  # Chinese and Japanese columns run down the page, of signs that stand
            set_directions(page.image.pixels, lines, self._recognisers.ppocr(options))
        found = [*self._route(page, lines, recognisers, options), *cells, *boxes]
        return _as_regions(page, glyphs, found, with_words=options.words)

    def models(self, options: ReadOptions) -> dict[str, str | None]:
        recognisers = self._recognisers.get(options)
        package = f"rapidocr {version('rapidocr')}"
        names: dict[str, str | None] = {
            kind: f"{package} {chosen.recogniser.name}" if chosen.engine == "ppocr" else chosen.recogniser.name
            for kind, chosen in recognisers.items()
        }
        if self._tesseract and recognisers["printed"].engine == "ppocr":
            names["printed"] = f"{self._tesseract.models(options)['printed']}, {names['printed']}"
        return {"detector": f"{self._detectors.get(options).name}, {KindSegmenter.name}"} | names

    @cached_property
    def _annotator(self) -> LineAnnotator:
        return LineAnnotator(shared_dbnet(), KindSegmenter())

    @cached_property
    def _classifier(self) -> LineKindClassifier:
        return LineKindClassifier()

    def _find_lines(self, image: PageImage, options: ReadOptions) -> UprightPage:
        return detect_upright(
            image, self._detectors.get(options), self._annotator, self._recognisers.ppocr(options)
        )

    def _without_cells(
        self, page: UprightPage, letter_height: float, recognisers: Mapping[Kind, ChosenRecogniser],
        options: ReadOptions,
    ) -> tuple[UprightPage, list[PageLine]]:  # fmt: skip
        """Return the page with paper where rows of cells are, and these as lines that are read."""
        rows = find_cell_rows(page.image.pixels, letter_height)
        if not rows:
            return page, []
        pixels = page.image.pixels
        page, inside = without_rows(page, rows)
        kinds = [kind_of(classified(self._classifier, pixels, lines, options)) for lines in inside]
        return page, read_rows(pixels, rows, kinds, recognisers, self._recognisers.ppocr(options))

    def _look_again(
        self, page: UprightPage, lines: Sequence[PageLine], unread: UnreadInk, options: ReadOptions
    ) -> list[PageLine]:
        missed = missed_lines(page.image.pixels, [line.corners for line in lines], unread, shared_dbnet())
        found = classified(self._classifier, page.image.pixels, [one.line for one in missed], options)
        return [replace(line, picture=one.picture) for line, one in zip(found, missed, strict=True)]

    def _route(
        self, page: UprightPage, lines: list[PageLine], recognisers: Mapping[Kind, ChosenRecogniser],
        options: ReadOptions,
    ) -> list[PageLine]:  # fmt: skip
        """Return the lines, each read by the engine for its kind, and the signatures."""
        if is_latin(options.languages):
            settle_kinds(page.image.pixels, lines, self._recognisers.ppocr(options), options)
        printed_page = has_print(lines)
        if self._tesseract is not None and printed_page and recognisers["printed"].engine == "ppocr":
            words = page_words(self._tesseract, page.image, options)
            lines = lines + take_words(lines, words, certain_only=is_read_by_ppocr(options.languages))
        for kind, chosen in recognisers.items():
            _recognise(page, [line for line in lines if line.kind == kind], chosen)
        take_likelier(lines)
        if options.printed == "auto" and is_latin(options.languages):
            picture_of = partial(line_picture, page.image.pixels)
            read_again(lines, recognisers["handwritten"], picture_of, _MIN_RAW_CONFIDENCE["ppocr"])
        _add_leaders(page, lines)
        return separate_signatures(lines, page.signatures, printed_page=printed_page)


def _without_check_boxes(
    page: UprightPage, letter_height: float, ppocr: LineRecogniser
) -> tuple[UprightPage, list[PageLine]]:
    """Return the page with paper where its check boxes are, and the boxes as lines that are read."""
    found = without_cells(page.image.pixels, find_check_boxes(page.image.pixels, letter_height), ppocr)
    if not found:
        return page, []
    lines = [
        PageLine(box_corners(one.box), "printed", LineReading(one.sign, SIGN_CONFIDENCE), CHECK_BOX)
        for one in found
    ]
    image = PageImage(blanked(page.image.pixels, found), page.image.dpi)
    return replace(page, image=image, lines=split_at_boxes(page.lines, found)), lines


def _recognise(page: UprightPage, lines: Sequence[PageLine], chosen: ChosenRecogniser) -> None:
    """Give every line that has ink, and no reading yet, what a recogniser reads there."""
    if chosen.engine == "ppocr":
        for line in lines:
            if line.as_print and not line.reading:
                line.reading, line.recogniser = line.as_print, chosen.engine
    crops = [(line, line_picture(page.image.pixels, line)) for line in lines if not line.reading]
    inked = [(line, crop) for line, crop in crops if has_ink(crop)]
    readings = chosen.recogniser.recognise([crop for _, crop in inked])
    for (line, _), reading in zip(inked, readings, strict=True):
        line.reading, line.recogniser = reading, chosen.engine


def _add_leaders(page: UprightPage, lines: Sequence[PageLine]) -> None:
    """Add the dashes and dots that lead from printed lines to the next of their row."""
    extended = extended_to_next([line.corners for line in lines], page.image.width)
    for line, corners in zip(lines, extended, strict=True):
        if line.kind == "printed" and line.reading is not None:
            crop = cut_line(page.image.pixels, corners)
            text_width = box_sides(line.corners)[0] / max(1, crop.shape[1])
            line.reading = with_leaders(line.reading, crop, min(1.0, text_width))


def _unread(page: UprightPage, glyphs: Glyphs, lines: Sequence[PageLine]) -> UnreadInk:
    signatures = [signature.corners for signature in page.signatures]
    return unread_ink(glyphs, page.image.pixels.shape, [*(line.corners for line in lines), *signatures])


def _as_regions(
    page: UprightPage, glyphs: Glyphs, lines: Sequence[PageLine], *, with_words: bool = False
) -> PageLines:
    """Return regions in pixels of the page as delivered, without specks and what is no text."""
    read = [line for line in lines if line.is_signature or _has_text(line.reading)]
    kept = [line for line in read if not _is_doubtful(line)]
    unread = _unread(page, glyphs, kept)
    regions = tuple(_region(page, line) for line in kept)
    if with_words:
        regions = tuple(
            replace(region, words=_words(page, line)) for region, line in zip(regions, kept, strict=True)
        )
    return PageLines(regions, rounded_angle(page.rotation), len(read) - len(kept), unread.coverage, unread.glyphs)


def _is_doubtful(line: PageLine) -> bool:
    """Return whether a reading has too little confidence to be text."""
    return line.reading is not None and line.reading.confidence < _MIN_RAW_CONFIDENCE.get(line.recogniser, 0.0)


def _region(page: UprightPage, line: PageLine) -> Region:
    polygon = page.polygon(line.corners)
    if line.reading is None:
        return Region(polygon, "", None, "none", line.kind)
    reading = line.reading
    return Region(polygon, reading.text.strip(), round(reading.confidence, 4), line.recogniser, line.kind)


def _words(page: UprightPage, line: PageLine) -> tuple[Word, ...]:
    """Return the words of a line, with raw confidences, in pixels of the page as delivered."""
    if line.reading is None:
        return ()
    picture = line_picture(page.image.pixels, line)
    corners = crop_corners(line.corners, page.image.pixels.shape)
    return tuple(
        Word(place.text, page.polygon(part_of(corners, place.box)), place.confidence)
        for place in place_words(line.reading, picture)
    )


def _has_text(reading: LineReading | None) -> bool:
    """Return whether a line is more than a speck: one that is read as a lone full stop or comma is not."""
    return reading is not None and bool(reading.text.strip(" .,:;'`´·‘’\"“”"))
