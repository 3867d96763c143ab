"""What is measured: our own pipeline, and the peers as their users call them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

from models.document import PageReading
from models.errors import OptionsError, ReaderFailed, WeightsMissing
from models.options import ReadOptions

ReaderName = Literal["ours", "tesseract", "rapidocr", "ppocr-line", "handwriting-line", "rapidocr-line"]
READERS: tuple[ReaderName, ...] = get_args(ReaderName)
_PEER_DPI = 300
_PEER_MEGAPIXELS = 200.0


@dataclass(frozen=True, slots=True)
class Said:
    """What a reader says of a document of so many pages; `readings` is None where a reader only gives text."""

    text: str
    pages: int
    readings: tuple[PageReading, ...] | None = None


class DocumentReader(Protocol):
    """Reads whole documents, one after the other, in one thread of one process."""

    gives_places: bool
    """Whether it says where on the page it read what, and how sure it is."""

    def warm_up(self) -> None:
        """Load what reading needs, so that loading is not timed. Raises ModelError."""

    def read(self, path: Path) -> Said:
        """Read every page. Raises InkstreamError or OSError."""


@dataclass(frozen=True, slots=True)
class ReaderSpec:
    """A reader to be made in whichever process it runs; `label` names it in tables."""

    name: ReaderName
    label: str
    options: ReadOptions = field(default_factory=ReadOptions)
    models_dir: Path | None = None

    def create(self) -> DocumentReader:
        """Return a new reader; what it needs is loaded by `warm_up`."""
        if self.name == "ours":
            return _Pipeline(self.options, self.models_dir)
        if self.name == "tesseract":
            return _PlainTesseract()
        if self.name == "rapidocr":
            return _PlainRapidocr()
        from models.evaluation.line_readers import LineReader, RapidocrLines

        if self.name == "rapidocr-line":
            return LineReader(RapidocrLines())
        if self.name == "handwriting-line":
            from models.recognition.ctc.handwriting import HandwritingRecogniser

            return LineReader(HandwritingRecogniser(self.options.languages))
        from models.recognition.ctc.ppocr import PpocrLineRecogniser

        return LineReader(PpocrLineRecogniser(self.options.languages))

    @property
    def reads_lines_only(self) -> bool:
        """Whether it takes every picture for one line, and so can only be measured on pictures of lines."""
        return self.name.endswith("-line")


def reader_spec(name: str) -> ReaderSpec:
    """Return a reader by its name.

    Raises:
        OptionsError: There is none of that name.
    """
    found = next((known for known in READERS if known == name), None)
    if found is None:
        raise OptionsError(f"no reader {name}: choose from {', '.join(READERS)}")
    return ReaderSpec(found, found)


class _Pipeline:
    """Our pipeline, as `inkstream read` and the workers run it."""

    gives_places = True

    def __init__(self, options: ReadOptions, models_dir: Path | None) -> None:
        from models.pipeline import PagePipeline

        self._options = options
        self._pipeline = PagePipeline(models_dir=models_dir)

    def warm_up(self) -> None:
        self._pipeline.warm_up(self._options)

    def read(self, path: Path) -> Said:
        from models.documents.files import inspect

        pages = inspect(path, [self._options.password] if self._options.password else []).total_pages
        try:
            readings = tuple(self._pipeline.read(path, pagenum, self._options) for pagenum in range(pages))
        finally:
            self._pipeline.close()
        return Said("\n".join(reading.text for reading in readings), pages, readings)


class _PlainTesseract:
    """`pytesseract.image_to_string` at its defaults; pages of a PDF are drawn at 300 dpi."""

    gives_places = False

    def warm_up(self) -> None:
        import pytesseract

        try:
            pytesseract.get_tesseract_version()
        except pytesseract.TesseractNotFoundError as error:
            raise WeightsMissing("there is no tesseract program: `apt-get install tesseract-ocr`") from error

    def read(self, path: Path) -> Said:
        import pytesseract

        try:
            texts = [pytesseract.image_to_string(image) for image in _pictures(path)]
        except RuntimeError as error:  # what TesseractError is
            raise ReaderFailed(f"tesseract: {error}") from error
        return Said("\n".join(texts), len(texts))


class _PlainRapidocr:
    """`RapidOCR()(image)` at its defaults, the lines in the order it gives them."""

    gives_places = False

    def __init__(self) -> None:
        self._engine: Any = None

    def warm_up(self) -> None:
        from rapidocr import RapidOCR

        self._engine = self._engine or RapidOCR(params={"Global.log_level": "error"})

    def read(self, path: Path) -> Said:
        from rapidocr.utils.load_image import LoadImageError

        from models.documents.images import FAULTS

        self.warm_up()
        try:
            texts = ["\n".join(self._engine(image).txts or ()) for image in _pictures(path)]
        except (LoadImageError, *FAULTS) as error:
            raise ReaderFailed(f"rapidocr: {error}") from error
        return Said("\n".join(texts), len(texts))


def _pictures(path: Path) -> list[Any]:
    """Return what a user of the peers would hand them: a picture's path, or the drawn pages of a PDF or TIFF."""
    from PIL import Image

    from models.documents.files import content_type, open_document
    from models.documents.media_types import PDF, TIFF

    if content_type(path) not in (PDF, TIFF):
        return [str(path)]
    document = open_document(path)
    try:
        pages = range(document.page_count)
        pixels = [document.image(page, _PEER_DPI, _PEER_MEGAPIXELS, grey=False).pixels for page in pages]
    finally:
        document.close()
    return [Image.fromarray(page) for page in pixels]
