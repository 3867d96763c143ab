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

LATIN = Path(__file__).resolve().parents[1] / "weights/ppocr_latin_int8.onnx"
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

    Batches do not pay on a processor (21 ms a line of 640 pixels, alone or by four); they save the cost of a call
    for short lines, which is why lines of one width bucket go together.
    """

    def __init__(self, languages: str = "eng") -> None:
        """Load the network that reads these languages (Tesseract's codes joined by +). Raises ModelError."""
        latin = not _OTHER_SCRIPTS.intersection(languages.split("+"))
        self.name = "PP-OCRv6 rec small " + ("Latin int8" if latin else "all scripts")
        self._session = create_session(LATIN if latin else packaged_weights("PP-OCRv6_rec_small.onnx"))
        names = self._session.get_modelmeta().custom_metadata_map["character"].split("\n")
        self._characters = ["", *names, " "]
        self._weights = letter_weights(self._characters, languages) if latin else None

    def recognise(self, lines: Sequence[Pixels]) -> list[LineReading]:
        """Return what each line says, (H, W, 3) RGB or (H, W) uint8, in their order."""
        planes = [network_input(line) for line in lines]
        inputs = [_padded(line) for line in planes]
        read: list[LineReading | None] = [None] * len(inputs)
        for batch in _batches([line.shape[2] for line in inputs]):
            (probabilities,) = self._session.run(None, {"x": np.stack([inputs[number] for number in batch])})
            for number, rows in zip(batch, probabilities, strict=True):
                read[number] = decode(
                    rows[: -(-planes[number].shape[2] // _STRIDE)], self._characters, self._weights
                )
        return [decoded for decoded in read if decoded is not None]


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
