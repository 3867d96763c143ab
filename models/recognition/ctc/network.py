"""A CTC recognition network on ONNX Runtime: line images in, probabilities of characters at each step out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.arrays import F32
from models.weights.onnx_session import create_session

STRIDE_PX = 8  # width of the line image per step of the output
_BUCKET_PX = 64  # of handwriting, which less paper at a line's end makes harder to read (.174 → .179 on old French)
_BATCH_WIDTH_PX = 2048  # widths of the lines of one call together; more is no faster and takes memory


class CtcNetwork:
    """PP-OCR's recogniser (SVTR with a CTC head), as published or fine-tuned, and the characters of its classes.

    `characters` has what each class stands for: nothing for the blank, which comes first, and a space at the end.
    """

    def __init__(self, weights: Path, bucket_px: int = _BUCKET_PX) -> None:
        """Load the network.

        Args:
            bucket_px: Lines are padded to a multiple of this width and batched by it: what a line is padded to
                depends on itself alone, and so does its text.

        Raises ModelError.
        """
        self._bucket_px = bucket_px
        self._session = create_session(weights)
        names = self._session.get_modelmeta().custom_metadata_map["character"].split("\n")
        self.characters = ["", *names, " "]

    def probabilities(self, lines: Sequence[F32]) -> list[F32]:
        """Return the class probabilities along each line, in their order.

        Args:
            lines: Each (3, 48, w) float32 in [-1, 1], as `network_input` gives it.

        Each is (T, C) float32, its rows summing to one, with T = ceil(w / 8) + 1.
        """
        inputs = [_padded(line, self._bucket_px) for line in lines]
        outputs: dict[int, F32] = {}
        for batch in _batches([line.shape[2] for line in inputs]):
            (probabilities,) = self._session.run(None, {"x": np.stack([inputs[number] for number in batch])})
            for number, rows in zip(batch, probabilities, strict=True):
                # The steps over the padding go, but for one: the last letter may come a step late.
                steps = -(-lines[number].shape[2] // STRIDE_PX) + 1
                outputs[number] = rows[:steps]
        return [outputs[number] for number in range(len(lines))]


def _padded(planes: F32, bucket_px: int) -> F32:
    return np.pad(planes, ((0, 0), (0, 0), (0, -planes.shape[2] % bucket_px)))


def _batches(widths: Sequence[int]) -> list[list[int]]:
    """Return the lines' indices in batches of one width each, by ascending width."""
    batches: list[list[int]] = []
    for number in sorted(range(len(widths)), key=lambda n: widths[n]):
        width = widths[number]
        if batches and widths[batches[-1][0]] == width and (len(batches[-1]) + 1) * width <= _BATCH_WIDTH_PX:
            batches[-1].append(number)
        else:
            batches.append([number])
    return batches
