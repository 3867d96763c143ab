"""Classifies lines as printed, handwritten or signature. models/training/kinds trains the model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.arrays import F32, I64, ImageU8
from models.kinds.model import KINDS, load_model
from models.kinds.types import AnnotatedLine

WEIGHTS = Path(__file__).with_name("kind.npz")
WEIGHTS_SHA256 = "abb4c0317f32884d1b7a5103f3944b9bf6643ae18bd53d45f3ffa48b4e56e0ef"
_MAP_WEIGHT = 0.3  # of the segmentation map beside the model: it has the context of the page, but is overconfident


class LineKindClassifier:
    """Classifies each line of a page. Keeps nothing of a page."""

    def __init__(self, weights: Path | None = None) -> None:
        """Load the model.

        Args:
            weights: A file of `KindModel.save`, taken as it is; None is the package's own, its sha256 checked.

        Raises:
            ModelError: The model is missing or not the one that was released.
        """
        self._model = load_model(weights or WEIGHTS, None if weights else WEIGHTS_SHA256)

    def probabilities(self, page_pixels: ImageU8, lines: Sequence[AnnotatedLine]) -> F32:
        """Return the probability of each of KINDS for each line, (n, 3) float32, rows adding up to 1.

        The model classifies each line alone; the page's segmentation map counts beside it.

        Args:
            page_pixels: The page that the lines are on, (H, W, 3) uint8 RGB or (H, W) grey.
            lines: On that page.
        """
        if not lines:
            return np.zeros((0, len(KINDS)), np.float32)
        probabilities = self._model.probabilities(page_pixels, lines)
        for row, line in enumerate(lines):
            if line.map_probabilities is not None:
                probabilities[row] += _MAP_WEIGHT * (line.map_probabilities - probabilities[row])
        return probabilities


def decide_kind(class_probabilities: F32, threshold: float) -> I64:
    """Return an index into KINDS for each line, (n,) int64.

    A line that was probably written with a pen is handwritten or signature, whichever is more probable; any other
    is printed. So the threshold is compared with the sum of the two: lines in doubt between them are not printed.

    Args:
        class_probabilities: Of each of KINDS, (n, 3), rows adding up to 1.
        threshold: Probability of pen strokes, in [0, 1], from which on a line is not printed. At 0 nothing is
            printed; a higher threshold has less recall and more precision on handwriting.
    """
    pen = class_probabilities[:, 1:]
    return np.where(pen.sum(1) >= threshold, 1 + pen.argmax(1), 0).astype(np.int64)
