"""CRAFT as a detector of the reading path: its lines, and what the kinds of lines are told by."""

from __future__ import annotations

import cv2
import numpy as np

from models.detection.base import Floats, Pixels, TextBox
from models.detection.craft import CraftDetector
from models.detection.dbnet import DbnetDetector, clockwise
from models.document import PageImage, Polygon

_ANY_DPI = 300  # CRAFT goes by pixels


class CraftTextDetector:
    """Finds lines with CRAFT, turned ones as they lie, and looks at them with DBNet's network for their kinds.

    That network takes about a tenth of CRAFT's time.
    """

    def __init__(self, craft: CraftDetector, features: DbnetDetector) -> None:
        self._craft = craft
        self._features = features

    @property
    def name(self) -> str:
        return self._craft.name

    def detect(self, pixels: Pixels) -> list[TextBox]:
        lines = self._craft.detect(PageImage(pixels, _ANY_DPI))
        corners = [_corners(line.polygon) for line in lines]
        told = self._features.describe(pixels, corners)
        return [
            TextBox(box, line.score, descriptor) for box, line, descriptor in zip(corners, lines, told, strict=True)
        ]


def _corners(polygon: Polygon) -> Floats:
    """Return the corners of a line, (4, 2) clockwise: of a bent one, those of the rectangle around it."""
    points = np.array(polygon, np.float32)
    if len(points) != 4:
        points = cv2.boxPoints(cv2.minAreaRect(points)).astype(np.float32)
    return clockwise(points)
