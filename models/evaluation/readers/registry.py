"""The readers by name. A new one is a module in this folder and an entry in READERS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from models.errors import OptionsError
from models.evaluation.readers.types import DocumentReader
from models.options import ReadOptions

# Engines are imported where one is created: listing the names must not load any of them.


def _ours(options: ReadOptions, models_dir: Path | None) -> DocumentReader:
    from models.evaluation.readers.ours import PipelineReader

    return PipelineReader(options, models_dir)


def _tesseract(options: ReadOptions, models_dir: Path | None) -> DocumentReader:
    from models.evaluation.readers.tesseract import PlainTesseract

    return PlainTesseract()


def _rapidocr(options: ReadOptions, models_dir: Path | None) -> DocumentReader:
    from models.evaluation.readers.rapidocr import PlainRapidocr

    return PlainRapidocr()


def _ppocr_line(options: ReadOptions, models_dir: Path | None) -> DocumentReader:
    from models.evaluation.readers.lines import LineReader
    from models.recognition.ctc.ppocr import PpocrLineRecogniser

    return LineReader(PpocrLineRecogniser(options.assumed_languages))


def _handwriting_line(options: ReadOptions, models_dir: Path | None) -> DocumentReader:
    from models.evaluation.readers.lines import LineReader
    from models.recognition.ctc.handwriting import HandwritingRecogniser

    return LineReader(HandwritingRecogniser(options.assumed_languages))


def _rapidocr_line(options: ReadOptions, models_dir: Path | None) -> DocumentReader:
    from models.evaluation.readers.lines import LineReader, RapidocrLines

    return LineReader(RapidocrLines())


@dataclass(frozen=True, slots=True)
class ReaderEntry:
    """How a reader is created, and whether it takes every picture for one line."""

    create: Callable[[ReadOptions, Path | None], DocumentReader]
    single_lines_only: bool = False


READERS: Mapping[str, ReaderEntry] = {
    "ours": ReaderEntry(_ours),
    "tesseract": ReaderEntry(_tesseract),
    "rapidocr": ReaderEntry(_rapidocr),
    "ppocr-line": ReaderEntry(_ppocr_line, single_lines_only=True),
    "handwriting-line": ReaderEntry(_handwriting_line, single_lines_only=True),
    "rapidocr-line": ReaderEntry(_rapidocr_line, single_lines_only=True),
}


@dataclass(frozen=True, slots=True)
class ReaderSpec:
    """A reader to be created in whichever process it runs; `label` names it in tables."""

    name: str
    label: str
    options: ReadOptions = field(default_factory=ReadOptions)
    models_dir: Path | None = None

    def create(self) -> DocumentReader:
        """Return a new reader; what it needs is loaded by `warm_up`."""
        return READERS[self.name].create(self.options, self.models_dir)

    @property
    def single_lines_only(self) -> bool:
        """Whether it can be measured on pictures of single lines only."""
        return READERS[self.name].single_lines_only


def reader_spec(name: str) -> ReaderSpec:
    """Return a reader by its name.

    Raises:
        OptionsError: There is none of that name.
    """
    if name not in READERS:
        raise OptionsError(f"no reader {name}: choose from {', '.join(READERS)}")
    return ReaderSpec(name, name)
