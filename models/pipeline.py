"""The way of one page. READ THIS FIRST.

    is the text layer good?        documents/text_layer.py, reading/layer_check.py
        yes: that is the text, and what the page shows beside it     reading/beside_layer.py
        no:  render                documents/pdf.py, documents/images.py
             deskew, detect        reading/upright_page.py, detection/
             classify              kinds/
             route, recognise      reading/routed.py, recognition/
             calibrate, drop       recognition/confidence.py
    barcodes, where asked for      reading/barcodes.py
    order                          layout/reading_order.py
    paragraphs and tables          layout/page_layout.py
    record                         here: a PageReading

Where the languages are to be found (`languages=auto`), a page is read once to find them, and again where that was
in others than it is written in: reading/page_languages.py. Whatever reads is given languages, never `auto`.

A reader (reading/registry.py) takes the steps from deskewing on: `RoutedReader` line by line,
`PreparingReader` with an engine that reads whole pages.

What a confidence means changes once on this way. Readers give the engines' own (raw) confidences. They have dropped
what their engine's raw confidence calls no text, and counted it in `dropped`; Tesseract, which alone drops words
within a line, has calibrated those words itself to compare them with `min_confidence`. `with_calibrated_confidence`
then makes every region's confidence a probability, and drops and counts the lines below `min_confidence`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from models.document import PageImage, PageLanguages, PageLines, PageReading, Region, weighted_confidence
from models.documents.files import OpenDocument
from models.documents.open_documents import OpenDocuments
from models.documents.text_layer import TextLayer, TextLine
from models.documents.unicode_text import plain_letters
from models.layout.geometry import box_polygon, clip, from_start, scaled
from models.layout.page_layout import lay_out
from models.layout.pieces import join_pieces
from models.layout.reading_order import in_reading_order, page_text, reading_rows
from models.layout.words import evenly_split, with_words_of_text
from models.options import ReadOptions
from models.pages.rules import find_rules
from models.reading.losses import check_anything_read, unread_warnings, with_losses
from models.reading.registry import ReaderSetup, TesseractApi, create_reader
from models.recognition.confidence import with_calibrated_confidence
from models.recognition.machine_readable_zone import with_zones_corrected
from models.recognition.tesseract.data import check_languages
from models.recognition.types import PageReader

if TYPE_CHECKING:  # they import ONNX Runtime, which pages with a text layer do without
    from models.reading.beside_layer import BesideLayer
    from models.recognition.registry import LineRecognisers


class PagePipeline:
    """Transcribes pages of documents. One per reader process, not thread-safe; readers load when first needed."""

    def __init__(self, tesseract_api: TesseractApi = "tesserocr", models_dir: Path | None = None) -> None:
        """Load nothing yet.

        Args:
            models_dir: Folder of the networks that no package brings, such as CRAFT's.
        """
        self._setup = ReaderSetup(tesseract_api, models_dir)
        self._readers: dict[str, PageReader] = {}
        self._documents = OpenDocuments()

    def warm_up(self, options: ReadOptions) -> None:
        """Load what transcribing with these options needs. Raises ModelError."""
        self._reader(options).warm_up(_assumed(options))
        if options.detects_languages:
            from models.recognition import text_language

            text_language.load()

    def transcribe(self, path: Path, pagenum: int, options: ReadOptions) -> PageReading:
        """Return everything read from one page, 0-based.

        Raises:
            DocumentError: The document cannot be opened, or the page not be rendered.
            ModelError: The reader cannot read with these options.
        """
        started = perf_counter()
        document = self._documents.get(path, options.password)
        layer = None if options.force_ocr else self._text_layer(document, pagenum, options)
        if layer is None:
            reading = self._recognise(document, pagenum, options, started)
        else:
            reading = self._take_layer(document, pagenum, layer, options, started)
        if options.barcodes:
            reading = _with_barcodes(document, reading, options)
        return with_losses(document, path, reading)

    def close(self) -> None:
        """Close the documents that are open."""
        self._documents.close()

    def _text_layer(self, document: OpenDocument, pagenum: int, options: ReadOptions) -> TextLayer | None:
        """Return the page's own text, None where it has none that can be trusted."""
        layer = document.text_layer(pagenum, options.dpi, annotations=options.annotations, words=options.words)
        if layer is None or not layer.is_doubtful:
            return layer
        from models.reading.layer_check import CHECK_DPI, agrees_with_picture

        image = document.image(pagenum, CHECK_DPI, options.max_megapixels, grey=True)
        lines = [TextLine(scaled(line.box, image.width / layer.width), line.text) for line in layer.lines]
        return layer if agrees_with_picture(image, lines, self._recognisers.ppocr(_assumed(options))) else None

    @cached_property
    def _recognisers(self) -> LineRecognisers:
        from models.recognition.registry import LineRecognisers

        return LineRecognisers(self._setup.models_dir)

    def _take_layer(
        self, document: OpenDocument, pagenum: int, layer: TextLayer, options: ReadOptions, started: float
    ) -> PageReading:
        """Return the text of a layer, and with it what the page shows beside it."""
        languages = PageLanguages(options.languages, "given")
        if options.detects_languages:
            from models.reading.page_languages import languages_of_layer

            languages = languages_of_layer(layer.text, options)
        beside = None
        if layer.may_show_more:
            from models.reading.beside_layer import read_beside

            beside = read_beside(document, pagenum, layer, _assumed(options), lambda: self._reader(options))
        return _from_text_layer(pagenum, layer, beside, options, languages, started)

    def _recognise(self, document: OpenDocument, pagenum: int, options: ReadOptions, started: float) -> PageReading:
        check_languages(options.assumed_languages)
        reader = self._reader(options)
        image = document.image(pagenum, options.dpi, options.max_megapixels, grey=reader.wants_grey)
        rendered = perf_counter()
        lines, languages = self._read(image, options, reader)
        check_anything_read(pagenum, lines)
        lines = with_calibrated_confidence(lines, options.min_confidence)
        found = [replace(region, text=plain_letters(region.text)) for region in lines.regions]
        ordered = with_zones_corrected(in_reading_order(found, lines.rotation))
        rules = [tuple(map(tuple, ends)) for ends in find_rules(image.pixels, lines.rotation).tolist()]
        layout = lay_out([with_words_of_text(region) for region in ordered], lines.rotation, rules)
        return PageReading(
            pagenum=pagenum, text=page_text(layout.regions, lines.rotation), confidence=_confidence(layout.regions),
            method="ocr",
            width=image.width, height=image.height, dpi=image.dpi, rotation=lines.rotation,
            language=languages.codes, language_source=languages.source, regions=layout.regions,
            models=reader.models(options.in_languages(languages.codes)),
            timings_ms={"decode": _ms(rendered - started), "recognise": _ms_since(rendered)}, dropped=lines.dropped,
            paragraphs=layout.paragraphs, tables=layout.tables,
            warnings=(*languages.warnings, *unread_warnings(lines)),
            coverage=None if lines.coverage is None else round(lines.coverage, 4),
        )  # fmt: skip

    def _read(self, image: PageImage, options: ReadOptions, reader: PageReader) -> tuple[PageLines, PageLanguages]:
        if not options.detects_languages:
            return reader.read(image, options), PageLanguages(options.languages, "given")
        from models.reading.page_languages import read_in_own_languages

        return read_in_own_languages(image, options, reader, in_process=self._setup.tesseract_api == "tesserocr")

    def _reader(self, options: ReadOptions) -> PageReader:
        if options.reader not in self._readers:
            self._readers[options.reader] = create_reader(options.reader, self._setup)
        return self._readers[options.reader]


def _with_barcodes(document: OpenDocument, reading: PageReading, options: ReadOptions) -> PageReading:
    """Return a reading with the page's barcodes; their corners are in its pixels, whatever they were read on."""
    from models.reading.barcodes import find_barcodes

    started = perf_counter()
    image = document.image(reading.pagenum, options.dpi, options.max_megapixels, grey=True)
    across, down = reading.width / image.width, reading.height / image.height
    codes = tuple(
        replace(code, polygon=tuple((round(x * across, 1), round(y * down, 1)) for x, y in code.polygon))
        for code in find_barcodes(image)
    )
    return replace(reading, barcodes=codes, timings_ms={**reading.timings_ms, "barcodes": _ms_since(started)})


def _from_text_layer(
    pagenum: int,
    layer: TextLayer,
    beside: BesideLayer | None,
    options: ReadOptions,
    languages: PageLanguages,
    started: float,
) -> PageReading:
    width, height = (layer.width, layer.height) if beside is None else (beside.image.width, beside.image.height)
    factor = width / layer.width
    lines = [_region_of_layer(line, factor, (width, height), with_words=options.words) for line in layer.lines]
    found = () if beside is None else beside.regions
    rules = [tuple((x * factor, y * factor) for x, y in ends) for ends in layer.rules]
    pieces = [region for row in reading_rows([*lines, *found]) for region in join_pieces(row)]
    layout = lay_out(pieces, rules=rules)
    names: dict[str, str | None] = {"detector": None, "printed": None, "handwritten": None}
    return PageReading(
        pagenum=pagenum, text=page_text(layout.regions), confidence=_confidence(found),
        method="text_layer" if beside is None else "mixed",
        width=width, height=height, dpi=options.dpi if beside is None else beside.image.dpi, rotation=0.0,
        language=languages.codes, language_source=languages.source, regions=layout.regions,
        models=names if beside is None else beside.models,
        timings_ms={"decode": _ms_since(started)}, paragraphs=layout.paragraphs, tables=layout.tables,
        dropped=0 if beside is None else beside.dropped,
    )  # fmt: skip


def _assumed(options: ReadOptions) -> ReadOptions:
    return options.in_languages(options.assumed_languages)


def _region_of_layer(line: TextLine, factor: float, size: tuple[int, int], *, with_words: bool) -> Region:
    """Return a line of a layer on a page of a size, (width, height) in pixels, by the factor it is scaled by."""
    polygon = from_start(box_polygon(scaled(line.box, factor), *size), line.turn)
    text = plain_letters(line.text)
    if not with_words:
        return Region(polygon, text, None, "text_layer")
    words = tuple(
        replace(word, polygon=clip([(x * factor, y * factor) for x, y in word.polygon], *size))
        for word in line.words
    )
    if not words:  # what form fields hold has no glyphs
        words = evenly_split(text, polygon, None)
    return with_words_of_text(Region(polygon, text, None, "text_layer", words=words))


def _confidence(regions: Sequence[Region]) -> float | None:
    """Return the regions' confidence weighted by the length of their texts, None where there is none."""
    mean = weighted_confidence((one.text, one.confidence) for one in regions if one.confidence is not None)
    return None if mean is None else round(mean, 4)


def _ms_since(moment: float) -> float:
    return _ms(perf_counter() - moment)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
