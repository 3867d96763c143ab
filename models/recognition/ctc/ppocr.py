"""PP-OCR's recogniser of lines (SVTR with CTC): for Latin letters ours in int8 first; else rapidocr's in fp32."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.arrays import F32, ImageU8
from models.languages import is_latin
from models.recognition.alphabets import letter_priors
from models.recognition.ctc.best_path import decode
from models.recognition.ctc.network import CtcNetwork
from models.recognition.line_images import network_input
from models.recognition.sources import ByLanguages
from models.recognition.types import LineReading
from models.weights.packaged import packaged_weights, shipped_weights

LATIN = shipped_weights("ppocr_latin_int8.onnx")
# Lines that int8 reads with less confidence are read again in fp32. Nine printed lines in ten reach it; reading the
# others twice saves a word in a hundred on forms and letters.
_MIN_INT8_CONFIDENCE = 0.9
# Print is padded to multiples of it. On 400 lines of receipts 64 takes 6 % longer, and so does 16, as fewer
# lines go together; neither is read better.
_BUCKET_PX = 32


class PpocrLineRecogniser:
    """Reads lines of print, and handwriting where nothing better is there. Not thread-safe; computes on one core.

    Latin lines are read in int8 first, and those with little confidence again in fp32: half the computing for
    print, and for handwriting and dirt the text of the network as published. (Squeezing lines to .8 of their width
    for the first reading saves a fifth more and reads no worse on average, but narrow letters are misread with high
    confidence: it is not done.)

    Batches do not pay on a processor (21 ms a line of 640 pixels, alone or by four); they save the cost of a call
    for short lines, which is why lines of one width bucket go together.
    """

    def __init__(self, languages: str = "eng") -> None:
        """Load the network that reads these languages (Tesseract's codes joined by +). Raises ModelError."""
        self._languages = languages
        self._latin = is_latin(languages)
        self.name = "PP-OCRv6 rec small" + (" (Latin, 8 bits first)" if self._latin else "")
        self._int8 = _Decoded(LATIN, languages) if self._latin else None
        self._fp32: _Decoded | None = None

    def recognise(self, lines: Sequence[ImageU8]) -> list[LineReading]:
        """Return the reading of each line (see LineRecogniser). Raises ModelError."""
        planes = [network_input(line) for line in lines]
        if self._int8 is None:
            return self._published().read(planes)
        readings = self._int8.read(planes)
        doubtful = [n for n, reading in enumerate(readings) if reading.confidence < _MIN_INT8_CONFIDENCE]
        again = self._published().read([planes[number] for number in doubtful]) if doubtful else []
        for number, reading in zip(doubtful, again, strict=True):
            readings[number] = reading
        return readings

    def _published(self) -> _Decoded:
        """Return rapidocr's network, loaded when first needed: clean print never does."""
        if self._fp32 is None:
            weights = packaged_weights("PP-OCRv6_rec_small.onnx")
            self._fp32 = _Decoded(weights, self._languages, only=self._int8)
        return self._fp32


class _Decoded:
    """One network with its decoding: characters weighted by how usual they are in the languages that are read."""

    def __init__(self, weights: Path, languages: str, only: _Decoded | None = None) -> None:
        """Load a network; of its characters, those that `only` has too are read."""
        self._network = CtcNetwork(weights, _BUCKET_PX)
        self.characters = self._network.characters
        self._priors = letter_priors(self.characters, languages)
        if only is not None:
            allowed = np.isin(self.characters, only.characters).astype(np.float32)
            self._priors = allowed if self._priors is None else allowed * self._priors

    def read(self, lines: Sequence[F32]) -> list[LineReading]:
        """Return the reading of each line, (3, 48, w), in their order."""
        return [decode(rows, self.characters, self._priors) for rows in self._network.probabilities(lines)]


def source(models_dir: Path | None) -> ByLanguages:
    """Return PP-OCR's recognisers: they are packaged, whatever the folder of fetched networks has."""
    return ByLanguages(PpocrLineRecogniser)
