"""Maps of print, handwriting and signatures, from what DBNet sees. models/training/regions learns them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from models.arrays import F32
from models.weights.onnx_session import create_session
from models.weights.packaged import shipped_weights

_NOTHING = np.float32(1e-4)  # of each kind: where the map shows nothing, all are as likely


class RegionHead:
    """Makes maps of DBNet's pyramid, in some 35 ms for a page. Not thread-safe; one thread of computing."""

    name = "inkstream regions"

    def __init__(self, weights: Path | None = None) -> None:
        """Load the head, by default the package's own. Raises ModelError."""
        self._session = create_session(weights or shipped_weights("regions.onnx"))

    def kinds(self, pyramid: F32) -> F32:
        """Return how probable each of KINDS is in each cell, (3, h, w) float32, from a pyramid, (96, h, w) float32.

        A cell is four pixels of the page as DBNet looks at it. Probabilities of a cell need not add up to 1, as a
        signature may cross print.
        """
        (kinds,) = self._session.run(None, {"pyramid": pyramid[None]})
        return np.asarray(kinds[0], np.float32)


def shares_inside(kinds: F32, corners: F32) -> F32:
    """Return the share of each kind inside corners on a map, (4, 2) cells: (3,) that add up to 1."""
    height, width = kinds.shape[1:]
    low = np.clip(np.floor(corners.min(0)).astype(int), 0, (width - 1, height - 1))
    high = np.clip(np.ceil(corners.max(0)).astype(int), 0, (width - 1, height - 1))
    window = kinds[:, low[1] : high[1] + 1, low[0] : high[0] + 1]
    mask = np.zeros(window.shape[1:], np.uint8)
    cv2.fillPoly(mask, [np.rint(corners - low).astype(np.int32)], 1)
    seen = window[:, mask > 0].mean(1) + _NOTHING
    return np.asarray(seen / seen.sum(), np.float32)
