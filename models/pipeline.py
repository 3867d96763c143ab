"""Reading one page: the text layer where it is good, else the picture through a reader. READ THIS FIRST."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Literal

from models.document import PageReading, Region, weighted_confidence
from models.documents.files import OpenDocument, open_document
from models.documents.text_layer import TextLayer
from models.errors import CorruptFile
from models.layout.geometry import box_polygon
from models.layout.paragraphs import in_paragraphs
from models.layout.reading_order import page_text
from models.options import ReadOptions
from models.recognition.confidence import with_calibrated_confidence
from models.recognition.types import PageReader

if TYPE_CHECKING:
    from models.recognition.tesseract.in_process import TesseractReader
    from models.recognition.tesseract.program import TesseractProgramReader

logger = logging.getLogger(__name__)

# Opening a 1,000-page PDF takes longer than drawing a page of it: the last few stay open.
_OPEN_DOCUMENTS = 3
_LOSSES_TOLD = 3  # a stream of garbage is reported operator by operator

TesseractApi = Literal["tesserocr", "pytesseract"]


class PagePipeline:
    """Reads pages of documents. One per reader process, not thread-safe; readers are loaded when first needed."""

    def __init__(self, tesseract_api: TesseractApi = "tesserocr", models_dir: Path | None = None) -> None:
        """Load nothing yet.

        Args:
            models_dir: Folder of the networks that do not come with a package, which CRAFT's does not.
        """
        self._tesseract_api = tesseract_api
        self._models_dir = models_dir
        self._readers: dict[str, PageReader] = {}
        self._open: OrderedDict[tuple[object, ...], OpenDocument] = OrderedDict()

    def warm_up(self, options: ReadOptions) -> None:
        """Load what reading with these options needs. Raises ModelError."""
        self._reader(options).warm_up(options)

    def read(self, path: Path, pagenum: int, options: ReadOptions) -> PageReading:
        """Read one page, 0-based.

        Raises:
            DocumentError: The document cannot be opened, or the page not be drawn.
            ModelError: The reader cannot read with these options.
        """
        started = perf_counter()
        document = self._document(path, options.password)
        layer = None if options.force_ocr else document.text_layer(pagenum, options.dpi)
        if layer is not None:
            _check_losses(document, path, pagenum, layer.text)
            return _from_text_layer(pagenum, layer, options, _ms_since(started))
        reader = self._reader(options)
        image = document.image(pagenum, options.dpi, options.max_megapixels, grey=reader.wants_grey)
        decoded = perf_counter()
        lines = with_calibrated_confidence(reader.read(image, options), options.min_confidence)
        regions = in_paragraphs(lines.regions, lines.rotation)
        text = page_text(regions, lines.rotation)
        _check_losses(document, path, pagenum, text)
        return PageReading(
            pagenum=pagenum, text=text, confidence=_confidence(regions), method="ocr",
            width=image.width, height=image.height, dpi=image.dpi, rotation=lines.rotation,
            language=options.languages, regions=regions, models=reader.models(options),
            timings_ms={"decode": _ms(decoded - started), "recognise": _ms_since(decoded)}, dropped=lines.dropped,
        )  # fmt: skip

    def close(self) -> None:
        """Close the documents that are open."""
        while self._open:
            self._open.popitem()[1].close()

    def _reader(self, options: ReadOptions) -> PageReader:
        if options.reader not in self._readers:
            self._readers[options.reader] = create_reader(options.reader, self._tesseract_api, self._models_dir)
        return self._readers[options.reader]

    def _document(self, path: Path, password: str | None) -> OpenDocument:
        """Return the open document at a path; a file that was replaced is opened again."""
        found = path.stat()
        key = (path, found.st_mtime_ns, found.st_size, password)
        if key not in self._open:
            self._open[key] = open_document(path, () if password is None else (password,))
            if len(self._open) > _OPEN_DOCUMENTS:
                self._open.popitem(last=False)[1].close()
        self._open.move_to_end(key)
        return self._open[key]


def _check_losses(document: OpenDocument, path: Path, pagenum: int, text: str) -> None:
    """Log what could not be decoded of a page. Raises CorruptFile where nothing was read: that is no blank page."""
    if not document.losses:
        return
    said = "; ".join(document.losses[:_LOSSES_TOLD])
    if not text.strip():
        raise CorruptFile(f"page {pagenum} shows no text, and not all of it could be drawn: {said}")
    logger.warning("page %d of %s was read without what could not be decoded: %s", pagenum, path.name, said)


def create_reader(
    name: str, tesseract_api: TesseractApi = "tesserocr", models_dir: Path | None = None
) -> PageReader:
    """Return a new reader. Imported here: each drags in libraries that the others do without."""
    if name == "tesseract":
        from models.reading.whole_page import PreparingReader

        return PreparingReader(_create_tesseract(tesseract_api))
    from models.detection.registry import TextDetectors
    from models.reading.routed import RoutedReader
    from models.recognition.registry import LineRecognisers

    tesseract = _create_tesseract(tesseract_api) if name == "auto" else None
    return RoutedReader(tesseract, TextDetectors(models_dir), LineRecognisers(models_dir))


def _create_tesseract(tesseract_api: TesseractApi) -> TesseractReader | TesseractProgramReader:
    if tesseract_api == "pytesseract":
        from models.recognition.tesseract.program import TesseractProgramReader

        return TesseractProgramReader()
    from models.recognition.tesseract.in_process import TesseractReader

    return TesseractReader()


def _from_text_layer(pagenum: int, layer: TextLayer, options: ReadOptions, decode_ms: float) -> PageReading:
    lines = [
        Region(box_polygon(line.box, layer.width, layer.height), line.text, None, "text_layer")
        for line in layer.lines
    ]
    return PageReading(
        pagenum=pagenum, text=layer.text, confidence=None, method="text_layer",
        width=layer.width, height=layer.height, dpi=options.dpi, rotation=0.0, language=options.languages,
        regions=in_paragraphs(lines), models={"detector": None, "printed": None, "handwritten": None},
        timings_ms={"decode": decode_ms},
    )  # fmt: skip


def _confidence(regions: Sequence[Region]) -> float | None:
    """Return the regions' confidence weighted by the length of their texts, None where there is none."""
    mean = weighted_confidence((one.text, one.confidence) for one in regions if one.confidence is not None)
    return None if mean is None else round(mean, 4)


def _ms_since(moment: float) -> float:
    return _ms(perf_counter() - moment)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
