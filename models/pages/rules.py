"""The straight lines of a page: what rules its tables."""

from __future__ import annotations

import cv2
import numpy as np

from models.arrays import F64, ImageU8
from models.layout.frames import DeliveredFrame, Points, UprightFrame
from models.pages.deskew import Deskewed, deskew
from models.pages.glyphs import page_ink
from models.pages.pixels import grey, shrink

# Lengths are in pixels of the shrunk page, on which letters of 6 points are 12 pixels high.
_MIN_LENGTH_PX = 60  # strokes of letters are shorter
_MAX_THICKNESS_PX = 9  # thicker are bars and pictures


def find_rules(pixels: ImageU8, degrees: float) -> F64:
    """Return the level and upright rules of a page, (n, 2, 2): both ends of each, in pixels of the page.

    Args:
        pixels: (H, W, 3) RGB or (H, W) grey uint8.
        degrees: By how many degrees its text is rotated clockwise.
    """
    small = shrink(grey(pixels))
    scale = max(pixels.shape[:2]) / max(small.shape)
    upright: Deskewed[DeliveredFrame, UprightFrame] = deskew(small, degrees)
    ink = page_ink(upright.pixels)
    ends = np.concatenate([_level(ink), _level(np.ascontiguousarray(ink.T))[:, :, ::-1]])
    return np.asarray(upright.frame.to_original(Points(ends)).xy.reshape(-1, 2, 2) * scale, np.float64)


def _level(ink: ImageU8) -> F64:
    """Return both ends of the level lines, (n, 2, 2) as x and y: one that slopes a little is a line as well."""
    thick = cv2.dilate(ink, np.ones((3, 1), np.uint8))
    lines = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, _MIN_LENGTH_PX), np.uint8))
    outlines, _ = cv2.findContours(lines, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)  # a fifth of components' time
    x, y, width, height = np.array([cv2.boundingRect(one) for one in outlines], np.float64).reshape(-1, 4).T
    thin = height <= _MAX_THICKNESS_PX + 2
    middle = y + height / 2
    return np.asarray(np.stack([np.stack([x, middle], 1), np.stack([x + width, middle], 1)], 1)[thin], np.float64)
