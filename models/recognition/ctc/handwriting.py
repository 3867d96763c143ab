"""Our recogniser of handwritten lines: PP-OCR's, fine-tuned on handwriting, with a character language model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from models.arrays import F32, ImageU8
from models.recognition.alphabets import letter_priors
from models.recognition.ctc.beam import CtcBeamDecoder
from models.recognition.ctc.best_path import BLANK
from models.recognition.ctc.crossed_out import ink_density, may_be_crossed_out, without_crossed_out
from models.recognition.ctc.network import CtcNetwork
from models.recognition.ctc.ngrams import CharNgramLM
from models.recognition.line_images import network_input
from models.recognition.sources import ByLanguages
from models.recognition.types import LineReading
from models.weights.packaged import shipped_weights

NETWORK = shipped_weights("handwriting_latin.onnx")
CROSSED_OUT = shipped_weights("handwriting_crossed_out.onnx")
LANGUAGE_MODEL = shipped_weights("letter_sequences.npz")
# The language model is counted from English and French: lines in other languages are read without it.
_LM_LANGUAGES = {"eng", "fra"}
# The language model's weight against the network, chosen on the first 80 lines of IAM and of 2024.
_LM_WEIGHT = 0.4
# The prior of a blank, where that of a plain letter is 1: on writers that it was not trained on, the network leaves
# out more letters than it inserts. Chosen on the same lines.
_BLANK_PRIOR = 0.4


class HandwritingRecogniser:
    """Reads handwritten lines in Latin letters. Not thread-safe; computes on one core."""

    name = "handwriting (PP-OCRv6 rec small, fine-tuned)"

    def __init__(self, languages: str = "eng", network: Path = NETWORK, lm_weight: float | None = None) -> None:
        """Load the network and the language model.

        Args:
            languages: Tesseract's codes joined by +.
            network: Another network of the same architecture.
            lm_weight: The language model's weight, 0 for none; None is what was found best for these languages.

        Raises ModelError.
        """
        self._network = CtcNetwork(network)
        priors = letter_priors(self._network.characters, languages)
        self._priors = np.ones(len(self._network.characters), np.float32) if priors is None else priors
        self._priors[BLANK] = _BLANK_PRIOR
        if lm_weight is None:
            lm_weight = _LM_WEIGHT if _LM_LANGUAGES.issuperset(languages.split("+")) else 0.0
        self._decoder = CtcBeamDecoder(self._network.characters, CharNgramLM(LANGUAGE_MODEL), lm_weight)

    def recognise(self, lines: Sequence[ImageU8]) -> list[LineReading]:
        """Return the reading of each line (see LineRecogniser). Raises ModelError."""
        inputs = [network_input(line) for line in lines]
        probabilities = self._network.probabilities(inputs)
        for number, cleared in self._without_crossed_out(inputs, probabilities):
            probabilities[number] = cleared
        return [self._decoder.decode(rows, self._priors) for rows in probabilities]

    def _without_crossed_out(
        self, inputs: Sequence[F32], probabilities: Sequence[F32]
    ) -> Iterator[tuple[int, F32]]:
        """Yield the index of each line that may have crossed-out words, and its probabilities without them."""
        densities = [ink_density(planes) for planes in inputs]
        suspects = [number for number, density in enumerate(densities) if may_be_crossed_out(density)]
        if not suspects:
            return
        space = self._network.characters.index(" ")
        second = _crossed_out_network().probabilities([inputs[number] for number in suspects])
        for number, rows in zip(suspects, second, strict=True):
            yield number, without_crossed_out(probabilities[number], rows, densities[number], space)


@lru_cache(maxsize=1)
def _crossed_out_network() -> CtcNetwork:
    """Return the network that is trained to read crossed-out words as blanks. Raises ModelError."""
    return CtcNetwork(CROSSED_OUT)


def source(models_dir: Path | None) -> ByLanguages:
    """Return the recognisers of handwriting: they are packaged, whatever the folder of fetched networks has."""
    return ByLanguages(HandwritingRecogniser)
