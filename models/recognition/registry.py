"""Who reads which lines, by their kind, their languages and what a document asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from models.document import Kind
from models.options import ReadOptions
from models.recognition.alphabets import is_latin
from models.recognition.ctc.handwriting import HandwritingRecogniser
from models.recognition.ctc.ppocr import PpocrLineRecogniser
from models.recognition.trocr.registry import TrocrRecognisers
from models.recognition.types import LineRecogniser

_LANGUAGE_SETS = 4  # tens of MB each: documents may ask for any set of languages, and memory is bounded


@dataclass(frozen=True, slots=True)
class ChosenRecogniser:
    """A recogniser, and the name that regions it has read carry: its engine's."""

    engine: str
    recogniser: LineRecogniser


class LineRecognisers:
    """The recognisers of one process; networks are loaded once, when first asked for. Not thread-safe."""

    def __init__(self, models_dir: Path | None = None) -> None:
        """Load nothing yet.

        Args:
            models_dir: Folder of the networks that do not come with a package; None where there is none.
        """
        self._trocr = TrocrRecognisers(models_dir)
        self._ppocr = lru_cache(maxsize=_LANGUAGE_SETS)(PpocrLineRecogniser)
        self._handwriting = lru_cache(maxsize=_LANGUAGE_SETS)(HandwritingRecogniser)

    def get(self, options: ReadOptions) -> Mapping[Kind, ChosenRecogniser]:
        """Return who reads printed and who handwritten lines; print may go to Tesseract before.

        Raises:
            WeightsMissing: A network that is named is not on this machine; the message says how to get it.
            ModelError: A network cannot be run.
        """
        return {"printed": self._printed(options), "handwritten": self._handwritten(options)}

    def ppocr(self, options: ReadOptions) -> PpocrLineRecogniser:
        """Return the recogniser that reads lines of any kind. Raises ModelError."""
        return self._ppocr(options.languages)

    def _printed(self, options: ReadOptions) -> ChosenRecogniser:
        if trocr := self._trocr.get(options.printed, "printed", options.beams):
            return ChosenRecogniser("trocr", trocr)
        return ChosenRecogniser("ppocr", self.ppocr(options))

    def _handwritten(self, options: ReadOptions) -> ChosenRecogniser:
        # the published checkpoints read English: who reads other languages has to name one
        if (options.handwritten != "auto" or options.languages == "eng") and (
            trocr := self._trocr.get(options.handwritten, "handwritten", options.beams)
        ):
            return ChosenRecogniser("trocr", trocr)
        if options.handwritten == "ppocr" or not is_latin(options.languages):
            return ChosenRecogniser("ppocr", self.ppocr(options))
        return ChosenRecogniser("handwriting", self._handwriting(options.languages))
