"""The readers of pages that a document may ask for, and the ways to run Tesseract.

models/engines.py lists them. Modules are imported when a reader is made: each needs libraries that the others do
without.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Literal

from models.engines import PAGE_READERS
from models.recognition.types import PageReader

if TYPE_CHECKING:
    from models.recognition.tesseract.in_process import TesseractReader
    from models.recognition.tesseract.program import TesseractProgramReader

TesseractApi = Literal["tesserocr", "pytesseract"]


@dataclass(frozen=True, slots=True)
class ReaderSetup:
    """What readers are made with.

    Attributes:
        tesseract_api: Whether Tesseract runs in this process (tesserocr) or as a program (pytesseract).
        models_dir: Folder of the networks that no package brings; None where there is none.
    """

    tesseract_api: TesseractApi = "tesserocr"
    models_dir: Path | None = None


def create_reader(name: str, setup: ReaderSetup | None = None) -> PageReader:
    """Return a new reader by its name in PAGE_READERS; its networks are loaded when they are first needed."""
    reader: PageReader = resolve_name(PAGE_READERS[name])(setup or ReaderSetup())
    return reader


def tesseract_reader(setup: ReaderSetup) -> PageReader:
    """See PAGE_READERS."""
    from models.reading.whole_page import PreparingReader

    return PreparingReader(TESSERACT_APIS[setup.tesseract_api]())


def auto_reader(setup: ReaderSetup) -> PageReader:
    """See PAGE_READERS."""
    return _routed_reader(setup, TESSERACT_APIS[setup.tesseract_api]())


def ppocr_reader(setup: ReaderSetup) -> PageReader:
    """See PAGE_READERS."""
    return _routed_reader(setup, None)


def _routed_reader(setup: ReaderSetup, tesseract: TesseractReader | TesseractProgramReader | None) -> PageReader:
    from models.detection.registry import TextDetectors
    from models.reading.routed import RoutedReader
    from models.recognition.registry import LineRecognisers

    return RoutedReader(tesseract, TextDetectors(setup.models_dir), LineRecognisers(setup.models_dir))


def _tesserocr() -> TesseractReader:
    from models.recognition.tesseract.in_process import TesseractReader

    return TesseractReader()


def _pytesseract() -> TesseractProgramReader:
    from models.recognition.tesseract.program import TesseractProgramReader

    return TesseractProgramReader()


TESSERACT_APIS: Mapping[TesseractApi, Callable[[], TesseractReader | TesseractProgramReader]] = {
    "tesserocr": _tesserocr,
    "pytesseract": _pytesseract,
}
