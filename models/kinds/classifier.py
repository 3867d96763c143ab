"""Tells lines of print from handwriting and from signatures. models/training/kinds learns how."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.arrays import ImageU8
from models.detection.types import TextBox
from models.document import Kind
from models.errors import OptionsError
from models.kinds.model import KINDS, load_model

WEIGHTS = Path(__file__).with_name("kind.npz")
_MAP_SHARE = 0.3  # of what is said; the map sees the page, and is surer of itself than it should be
WEIGHTS_SHA256 = "8674a3008f1818bbee497780038244d744d5d0b1d6fcf5ec39bb85e093023854"


class LineKinds:
    """Tells each line of a page printed, handwritten or signature. Keeps nothing of a page."""

    def __init__(self, threshold: float = 0.5, weights: Path | None = None) -> None:
        """Load the model.

        Args:
            threshold: A line is called handwritten or signature, whichever is likelier, where it is at least this
                probable that a pen made it; else it is printed. At 0 nothing is printed; a higher threshold finds
                less of what a pen made and is surer of it.
            weights: A file of `KindModel.save`, taken as it is; None is the package's own, its sha256 checked.

        Raises:
            OptionsError: The threshold is outside [0, 1].
            ModelError: The model is missing or not the one that was released.
        """
        if not 0 <= threshold <= 1:
            raise OptionsError(f"the threshold of kinds is a probability: give one in [0, 1], not {threshold}")
        self._threshold = threshold
        self._model = load_model(weights or WEIGHTS, None if weights else WEIGHTS_SHA256)

    def classify(self, page_pixels: ImageU8, boxes: Sequence[TextBox]) -> list[tuple[Kind, float]]:
        """Return each box's kind and that kind's probability in [0, 1], in the order of the boxes.

        The model tells by the line alone; what the map of the page shows there counts beside it.

        Args:
            page_pixels: The page that the boxes are on, (H, W, 3) uint8 RGB or (H, W) grey.
        """
        if not boxes:
            return []
        probabilities = self._model.probabilities(page_pixels, boxes)
        for row, box in enumerate(boxes):
            if box.kinds is not None:
                probabilities[row] += _MAP_SHARE * (box.kinds - probabilities[row])
        pens = 1 + probabilities[:, 1:].argmax(1)
        told = np.where(probabilities[:, 1:].sum(1) >= self._threshold, pens, 0)
        return [(KINDS[kind], float(probabilities[row, kind])) for row, kind in enumerate(told)]
