"""Our recogniser of handwritten lines: PP-OCR's, learnt further on hands, with a word from the language."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.recognition.alphabets import letter_weights
from models.recognition.base import LineReading
from models.recognition.ctc_beam import LanguageDecoder
from models.recognition.ctc_network import CtcNetwork
from models.recognition.letter_sequences import LetterSequences
from models.recognition.line_images import network_input

Pixels = npt.NDArray[np.uint8]

_SHIPPED = Path(__file__).resolve().parents[1] / "shipped"
NETWORK = _SHIPPED / "handwriting_latin.onnx"
SEQUENCES = _SHIPPED / "letter_sequences.npz"
# What letters follow which is counted from English and French: other languages are read by sight alone.
_COUNTED = {"eng", "fra"}
# How much that weighs against what is seen. Chosen on lines of validation; models/README.md has the curve.
_LANGUAGE = 0.3


class HandwritingRecogniser:
    """Reads pictures of handwritten lines in Latin letters. Not thread-safe; one thread of computing."""

    name = "handwriting (PP-OCRv6 rec small, learnt further)"

    def __init__(
        self, languages: str = "eng", network: Path = NETWORK, language_weight: float | None = None
    ) -> None:
        """Load the network.

        Args:
            languages: Tesseract's codes joined by +.
            network: Another network of the same kind.
            language_weight: How much the language counts; None for what was found best for these languages.

        Raises ModelError.
        """
        self._network = CtcNetwork(network)
        self._weights = letter_weights(self._network.characters, languages)
        if language_weight is None:
            language_weight = _LANGUAGE if _COUNTED.issuperset(languages.split("+")) else 0.0
        self._decoder = LanguageDecoder(self._network.characters, LetterSequences(SEQUENCES), language_weight)

    def recognise(self, lines: Sequence[Pixels]) -> list[LineReading]:
        """Return what each line says, (H, W, 3) RGB or (H, W) uint8, in their order. Raises ModelError."""
        seen = self._network.probabilities([network_input(line) for line in lines])
        return [self._decoder.decode(probabilities, self._weights) for probabilities in seen]
