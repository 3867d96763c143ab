"""TrOCR as a recogniser of lines: what is cut, refused, read, read again, and joined."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from models.arrays import ImageU8
from models.pages.ink import has_ink
from models.recognition.trocr.beam import read_with_beams
from models.recognition.trocr.config import TrocrConfig
from models.recognition.trocr.exported import read_description
from models.recognition.trocr.greedy import Hypothesis, LineReader, read_greedily
from models.recognition.trocr.guards import MIN_MEAN_PROBABILITY, confidence, is_loop, most_tokens, without_loop
from models.recognition.trocr.long_lines import Part, parts
from models.recognition.trocr.network import Network
from models.recognition.trocr.picture import prepared
from models.recognition.trocr.tokenizer import Vocabulary
from models.recognition.types import LineReading

logger = logging.getLogger(__name__)

MOST_TOKENS = 128  # of a line or a part of one: three times what the longest lines of letters have


@dataclass(slots=True)
class _Piece:
    """A part of a line, and its text once it is read."""

    part: Part
    hypothesis: Hypothesis | None = None


class TrocrRecogniser:
    """Reads line pictures, many at a time. Not thread-safe.

    A line is always read whole or marked as doubtful: one whose text does not come to an end is cut in two and
    read again, and if that does not help its confidence is halved. Blank pictures are not read at all.
    """

    def __init__(self, network: Network, config: TrocrConfig, vocabulary: Vocabulary, *, beams: int = 1) -> None:
        """Read with a network.

        Args:
            beams: Texts that are followed at once; 1 takes the likeliest token each time.
        """
        self.name = network.name if beams == 1 else f"{network.name}, {beams} beams"
        self._network, self._config, self._vocabulary = network, config, vocabulary
        self._beams, self._rows = beams, vocabulary.rows()
        self._most = min(MOST_TOKENS, network.positions - 1)

    def following(self, beams: int) -> TrocrRecogniser:
        """Return a recogniser on the same network that follows as many texts at once."""
        if beams == self._beams:
            return self
        return TrocrRecogniser(self._network, self._config, self._vocabulary, beams=beams)

    def recognise(self, lines: Sequence[ImageU8]) -> list[LineReading]:
        """Return each line's text, (H, W, 3) RGB or (H, W) uint8, in their order. Raises ModelError."""
        cut = [[_Piece(part) for part in parts(line)] if _is_readable(line) else [] for line in lines]
        self._read([piece for pieces in cut for piece in pieces])
        for number, pieces in enumerate(cut):
            cut[number] = self._mended(pieces)
        return [self._joined(pieces) for pieces in cut]

    def _read(self, pieces: Sequence[_Piece]) -> None:
        wanted = [piece for piece in pieces if has_ink(piece.part.picture)]
        limits = [most_tokens(piece.part.picture.shape, self._most) for piece in wanted]
        for piece, hypothesis in zip(
            wanted, self._search([piece.part.picture for piece in wanted], limits), strict=True
        ):
            piece.hypothesis = without_loop(hypothesis, self._rows)

    def _search(self, lines: Sequence[ImageU8], limits: Sequence[int]) -> list[Hypothesis]:
        stop = partial(is_loop, rows=self._rows)
        if self._beams == 1 and isinstance(self._network, LineReader):
            return self._network.read(lines, limits, stop)
        pictures = [prepared(line, self._config) for line in lines]
        if self._beams > 1:
            return read_with_beams(self._network, self._config, pictures, limits, self._beams)
        return read_greedily(self._network, self._config, pictures, limits, stop)

    def _mended(self, pieces: Sequence[_Piece]) -> list[_Piece]:
        """Return a line's pieces, those whose text was stopped in two halves that were read again."""
        mended: list[_Piece] = []
        for piece in pieces:
            halves = [] if piece.hypothesis is None or piece.hypothesis.ended else _halves(piece)
            self._read(halves)
            mended += halves or [piece]
        return mended

    def _joined(self, pieces: Sequence[_Piece]) -> LineReading:
        """Return a line's text and the mean probability of its tokens; a guess is no text."""
        read = [(piece, piece.hypothesis) for piece in pieces if piece.hypothesis is not None]
        text = ""
        confidences: list[float] = []
        for piece, hypothesis in read:
            if piece.part.whole and text:
                text, confidences = f"{text} ", [*confidences, 1.0]
            text += self._vocabulary.text(hypothesis.tokens)
            confidences += self._vocabulary.confidences(hypothesis.tokens, hypothesis.scores)
        sure = confidence([score for _, hypothesis in read for score in hypothesis.scores])
        if not all(hypothesis.ended for _, hypothesis in read):
            logger.warning("the text of a line did not come to an end after %d tokens", self._most)
            sure /= 2
        if sure < MIN_MEAN_PROBABILITY:
            return LineReading("", round(sure, 4))
        is_known = len(confidences) == len(text)  # a token may hold a part of a character
        return LineReading(text, round(sure, 4), confidences=tuple(confidences) if is_known else ())


def load_recogniser(folder: Path, *, beams: int = 1, threads: int = 1) -> TrocrRecogniser:
    """Return a recogniser of an exported folder, on ONNX Runtime.

    Raises:
        WeightsMissing: A file of the folder is not there.
        WeightsInvalid: A file of the folder is damaged.
    """
    from models.recognition.trocr.onnx_network import OnnxTrocr

    config, vocabulary = read_description(folder)
    return TrocrRecogniser(OnnxTrocr(folder, config, threads=threads), config, vocabulary, beams=beams)


def _is_readable(line: ImageU8) -> bool:
    return line.size > 0 and has_ink(line)


def _halves(piece: _Piece) -> list[_Piece]:
    first, *rest = parts(piece.part.picture, 2)
    return [_Piece(Part(first.picture, piece.part.whole)), *(_Piece(part) for part in rest)] if rest else []
