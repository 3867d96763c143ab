"""Segmentation maps of print, handwriting and signatures, from DBNet's features.

models/training/regions trains the network.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from models.arrays import F32
from models.weights.onnx_session import create_session
from models.weights.packaged import shipped_weights

_PRIOR = np.float32(1e-4)  # of each kind: where the map is empty, all are as probable


class KindSegmenter:
    """Segments a page into kinds of text, in some 35 ms. Not thread-safe; one thread of computing."""

    name = "inkstream regions"

    def __init__(self, weights: Path | None = None) -> None:
        """Load the network, by default the package's own. Raises ModelError."""
        self._session = create_session(weights or shipped_weights("regions.onnx"))

    def segment(self, fpn: F32) -> F32:
        """Return how probable each of KINDS is in each cell, (3, h, w) float32, from FPN features, (96, h, w).

        A cell is four pixels of the page as DBNet's network takes it. Probabilities of a cell need not add up to 1,
        as a signature may cross print.
        """
        (kind_map,) = self._session.run(None, {"pyramid": fpn[None]})
        return np.asarray(kind_map[0], np.float32)


def class_probabilities(kind_map: F32, corners: F32) -> F32:
    """Return how probable each of KINDS is for a line by the segmentation map: (3,) float32 that add up to 1.

    Args:
        kind_map: As `segment` returns it, (3, h, w).
        corners: Of the line, (4, 2) cells.
    """
    height, width = kind_map.shape[1:]
    low = np.clip(np.floor(corners.min(0)).astype(int), 0, (width - 1, height - 1))
    high = np.clip(np.ceil(corners.max(0)).astype(int), 0, (width - 1, height - 1))
    window = kind_map[:, low[1] : high[1] + 1, low[0] : high[0] + 1]
    mask = np.zeros(window.shape[1:], np.uint8)
    cv2.fillPoly(mask, [np.rint(corners - low).astype(np.int32)], 1)
    mean = window[:, mask > 0].mean(1) + _PRIOR
    return np.asarray(mean / mean.sum(), np.float32)
