"""Even light on a page: shadows, lamps and grey paper divided out."""

from __future__ import annotations

import cv2
import numpy as np

from models.arrays import ImageU8
from models.pages.pixels import resize, shrink

_CELL = 8  # pixels of the shrunk page to one of the picture of its paper
_REACH = 31  # cells that a median looks over: wider than a headline is high
_UNEVEN = 0.25  # of white: what dark paper may differ from light paper; Tesseract's one threshold takes that much


def paper_illumination(pixels: ImageU8) -> ImageU8:
    """Return how light the paper of a grey page is, much smaller than the page: what is there without its ink."""
    small = resize(shrink(pixels), 1 / _CELL, cv2.INTER_AREA)
    without_ink = cv2.dilate(small, np.ones((3, 3), np.uint8))  # the lightest around, wider than any stroke
    return np.asarray(cv2.medianBlur(without_ink, _REACH), np.uint8)


def is_uneven(paper: ImageU8) -> bool:
    """Return whether the paper is so much darker in places that ink elsewhere is lighter than it."""
    dark, light = np.percentile(paper, (3, 97))
    return bool(light - dark > _UNEVEN * max(float(light), 1.0))


def even_illumination(pixels: ImageU8, paper: ImageU8) -> ImageU8:
    """Return a grey page divided by the light on its paper: paper is white all over."""
    height, width = pixels.shape
    light = cv2.resize(np.maximum(paper, 8), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.divide(pixels, light, scale=255), np.uint8)
