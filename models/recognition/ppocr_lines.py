"""PP-OCR's recogniser of lines (SVTR with CTC): for Latin letters, in eight bits, shipped; else from rapidocr."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.detection.dbnet import packaged_weights
from models.onnx_session import create_session
from models.recognition.alphabets import letter_weights
from models.recognition.base import LineReading
from models.recognition.ctc import decode
from models.recognition.line_images import network_input

Floats = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]

LATIN = Path(__file__).resolve().parents[1] / "shipped/ppocr_latin_int8.onnx"
# Nine lines of print in ten are; reading the others twice saves a word in a hundred on forms and letters.
_SURE = 0.9
_STRIDE = 8  # pixels of width per step of the output
_BUCKET = 64  # pixels of width: a line's text depends on its own bucket, never on its neighbours
_AT_ONCE_WIDTH = 2048  # pixels of width in one call; more is no faster and takes memory
# Tesseract's codes of languages that are not written in Latin letters: for them, the network of all scripts.
_OTHER_SCRIPTS = {
    "chi_sim", "chi_tra", "chi_sim_vert", "chi_tra_vert", "jpn", "jpn_vert", "kor", "rus", "ukr", "bul", "bel",
    "srp", "mkd", "ell", "grc", "ara", "fas", "heb", "hin", "tha",
}  # fmt: skip


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
        self._latin = not _OTHER_SCRIPTS.intersection(languages.split("+"))
        self.name = "PP-OCRv6 rec small" + (" (Latin, 8 bits first)" if self._latin else "")
        self._quick = _CtcNetwork(LATIN, languages) if self._latin else None
        self._exact: _CtcNetwork | None = None

    def recognise(self, lines: Sequence[Pixels]) -> list[LineReading]:
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

    def _network(self) -> _CtcNetwork:
        if self._exact is None:
            weights = packaged_weights("PP-OCRv6_rec_small.onnx")
            self._exact = _CtcNetwork(weights, self._languages, only=self._quick)
        return self._exact


class _CtcNetwork:
    """One network, its characters, and how likely each is in the languages that are read."""

    def __init__(self, weights: Path, languages: str, only: _CtcNetwork | None = None) -> None:
        self._session = create_session(weights)
        names = self._session.get_modelmeta().custom_metadata_map["character"].split("\n")
        self.characters = ["", *names, " "]
        self._weights = letter_weights(self.characters, languages)
        if only is not None:
            allowed = np.isin(self.characters, only.characters).astype(np.float32)
            self._weights = allowed if self._weights is None else allowed * self._weights

    def read(self, lines: Sequence[Floats]) -> list[LineReading]:
        """Return what each line, (3, 48, w), says, in their order."""
        inputs = [_padded(line) for line in lines]
        read: dict[int, LineReading] = {}
        for batch in _batches([line.shape[2] for line in inputs]):
            (probabilities,) = self._session.run(None, {"x": np.stack([inputs[number] for number in batch])})
            for number, rows in zip(batch, probabilities, strict=True):
                steps = -(-lines[number].shape[2] // _STRIDE) + 1  # the last letter may come a step late
                read[number] = decode(rows[:steps], self.characters, self._weights)
        return [read[number] for number in range(len(lines))]


def _padded(planes: Floats) -> Floats:
    return np.pad(planes, ((0, 0), (0, 0), (0, -planes.shape[2] % _BUCKET)))


def _batches(widths: Sequence[int]) -> list[list[int]]:
    """Return the lines' numbers in batches of one width each."""
    batches: list[list[int]] = []
    for number in sorted(range(len(widths)), key=lambda n: widths[n]):
        width = widths[number]
        if batches and widths[batches[-1][0]] == width and (len(batches[-1]) + 1) * width <= _AT_ONCE_WIDTH:
            batches[-1].append(number)
        else:
            batches.append([number])
    return batches
