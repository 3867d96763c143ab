"""Where each character of a transcribed line stands, by forced alignment with a recogniser."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from models.arrays import F32
from models.recognition.ctc.alignment import forced_align
from models.recognition.ctc.network import STRIDE_PX, CtcNetwork
from models.recognition.line_images import network_input
from models.training.lines.handwritten import HandwrittenLine

_LINES_AT_ONCE = 32


class Alignment(NamedTuple):
    """Of each character of a line: its middle as a fraction of the line's width, and its probability there.

    Both are (n,) float32, empty where the line is too short for its text or has characters that are no classes.
    """

    middles: F32
    probabilities: F32


NONE = Alignment(np.zeros(0, np.float32), np.zeros(0, np.float32))


def align(network: CtcNetwork, lines: Sequence[HandwrittenLine]) -> Iterator[Alignment]:
    """Yield the alignment of each line's text."""
    classes = {character: number for number, character in enumerate(network.characters) if number}
    for start in range(0, len(lines), _LINES_AT_ONCE):
        group = lines[start : start + _LINES_AT_ONCE]
        inputs = [network_input(line.pixels()) for line in group]
        for line, planes, rows in zip(group, inputs, network.probabilities(inputs), strict=True):
            yield _aligned(rows, line.text, classes, planes.shape[2])


def _aligned(rows: F32, text: str, classes: dict[str, int], width: int) -> Alignment:
    if not text or not classes.keys() >= set(text) or 1.5 * len(text) > len(rows):
        return NONE
    numbers = [classes[character] for character in text]
    steps = np.array(forced_align(rows, numbers))
    # a step sees as much before its first pixel as after it: measured at 1,215 gaps between words
    middles = np.minimum(steps * STRIDE_PX / width, 1.0)
    return Alignment(middles.astype(np.float32), rows[steps, numbers])
