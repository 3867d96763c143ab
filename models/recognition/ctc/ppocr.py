"""PP-OCR's recogniser of lines (SVTR with CTC): for Latin letters, in eight bits, shipped; else from rapidocr."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.arrays import F32, ImageU8
from models.recognition.alphabets import is_latin, letter_weights
from models.recognition.ctc.best_path import decode
from models.recognition.ctc.network import CtcNetwork
from models.recognition.line_images import network_input
from models.recognition.sources import ByLanguages
from models.recognition.types import LineReading
from models.weights.packaged import packaged_weights, shipped_weights

LATIN = shipped_weights("ppocr_latin_int8.onnx")
# Nine lines of print in ten are; reading the others twice saves a word in a hundred on forms and letters.
_SURE = 0.9


class PpocrLineRecogniser:
    """Reads line pictures. Not thread-safe; one thread of computing.

    Latin lines are read in eight bits first, and those that this is not sure of again in 32: half the computing for
    print, and on hand and dirt the text of the network as it was trained. (Squeezing lines to .8 of their width for
    the first reading saves a fifth more and reads no worse on average, but narrow letters are misread with high
    confidence: it is not done.)

    Batches do not pay on a processor (21 ms a line of 640 pixels, alone or by four); they save the cost of a call
    for short lines, which is why lines of one width bucket go together.
    """

    def __init__(self, languages: str = "eng") -> None:
        """Load the network that reads these languages (Tesseract's codes joined by +). Raises ModelError."""
        self._languages = languages
        self._latin = is_latin(languages)
        self.name = "PP-OCRv6 rec small" + (" (Latin, 8 bits first)" if self._latin else "")
        self._quick = _Reader(LATIN, languages) if self._latin else None
        self._exact: _Reader | None = None

    def recognise(self, lines: Sequence[ImageU8]) -> list[LineReading]:
        """Return what each line says, (H, W, 3) RGB or (H, W) uint8, in their order. Raises ModelError."""
        planes = [network_input(line) for line in lines]
        if self._quick is None:
            return self._network().read(planes)
        read = self._quick.read(planes)
        doubtful = [number for number, reading in enumerate(read) if reading.confidence < _SURE]
        again = self._network().read([planes[number] for number in doubtful]) if doubtful else []
        for number, reading in zip(doubtful, again, strict=True):
            read[number] = reading
        return read

    def _network(self) -> _Reader:
        if self._exact is None:
            weights = packaged_weights("PP-OCRv6_rec_small.onnx")
            self._exact = _Reader(weights, self._languages, only=self._quick)
        return self._exact


class _Reader:
    """One network, and how likely each of its characters is in the languages that are read."""

    def __init__(self, weights: Path, languages: str, only: _Reader | None = None) -> None:
        self._network = CtcNetwork(weights)
        self.characters = self._network.characters
        self._weights = letter_weights(self.characters, languages)
        if only is not None:
            allowed = np.isin(self.characters, only.characters).astype(np.float32)
            self._weights = allowed if self._weights is None else allowed * self._weights

    def read(self, lines: Sequence[F32]) -> list[LineReading]:
        """Return what each line, (3, 48, w), says, in their order."""
        seen = self._network.probabilities(lines)
        return [decode(probabilities, self.characters, self._weights) for probabilities in seen]


def source(models_dir: Path | None) -> ByLanguages:
    """Return PP-OCR's recognisers: they are packaged, whatever the folder of fetched networks has."""
    return ByLanguages(PpocrLineRecogniser)
