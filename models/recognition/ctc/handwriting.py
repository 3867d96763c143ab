"""Our recogniser of handwritten lines: PP-OCR's, learnt further on hands, with a word from the language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from models.arrays import F32, ImageU8
from models.recognition.alphabets import letter_weights
from models.recognition.ctc.beam import CtcBeamDecoder
from models.recognition.ctc.crossed_out import ink_density, may_be_crossed_out, without_crossed_out
from models.recognition.ctc.network import CtcNetwork
from models.recognition.ctc.ngrams import CharNgramLM
from models.recognition.line_images import network_input
from models.recognition.sources import ByLanguages
from models.recognition.types import LineReading
from models.weights.packaged import shipped_weights

NETWORK = shipped_weights("handwriting_latin.onnx")
CROSSED_OUT = shipped_weights("handwriting_crossed_out.onnx")
SEQUENCES = shipped_weights("letter_sequences.npz")
# What letters follow which is counted from English and French: other languages are read by sight alone.
_COUNTED = {"eng", "fra"}
# How much that weighs against what is seen. Chosen on lines of validation; models/README.md has the curve.
_LANGUAGE = 0.35
# How likely it is that nothing new stands at a step, before anything was seen, relative to a letter: of hands that
# it does not know the network leaves out more letters than it makes up. Chosen on the same lines.
_BLANK = 0.3


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
        letters = letter_weights(self._network.characters, languages)
        self._weights = np.ones(len(self._network.characters), np.float32) if letters is None else letters
        self._weights[0] = _BLANK
        if language_weight is None:
            language_weight = _LANGUAGE if _COUNTED.issuperset(languages.split("+")) else 0.0
        self._decoder = CtcBeamDecoder(self._network.characters, CharNgramLM(SEQUENCES), language_weight)

    def recognise(self, lines: Sequence[ImageU8]) -> list[LineReading]:
        """Return what each line says, (H, W, 3) RGB or (H, W) uint8, in their order. Raises ModelError."""
        inputs = [network_input(line) for line in lines]
        seen = self._network.probabilities(inputs)
        for number, probabilities in self._without_crossed_out(inputs, seen):
            seen[number] = probabilities
        return [self._decoder.decode(probabilities, self._weights) for probabilities in seen]

    def _without_crossed_out(self, inputs: Sequence[F32], seen: Sequence[F32]) -> Iterator[tuple[int, F32]]:
        """Yield the numbers of lines that may have words crossed out, and what is seen of them without those."""
        densities = [ink_density(planes) for planes in inputs]
        doubtful = [number for number, density in enumerate(densities) if may_be_crossed_out(density)]
        if not doubtful:
            return
        space = self._network.characters.index(" ")
        second = _second_network().probabilities([inputs[number] for number in doubtful])
        for number, told in zip(doubtful, second, strict=True):
            yield number, without_crossed_out(seen[number], told, densities[number], space)


@lru_cache(maxsize=1)
def _second_network() -> CtcNetwork:
    """Return the network that tells nothing of words that are crossed out. Raises ModelError."""
    return CtcNetwork(CROSSED_OUT)


def source(models_dir: Path | None) -> ByLanguages:
    """Return the recognisers of handwriting: they are packaged, whatever the folder of fetched networks has."""
    return ByLanguages(HandwritingRecogniser)
