"""Illumination of a page made even: shadows, lamps and grey paper are divided out."""

from __future__ import annotations

import cv2
import numpy as np

from models.arrays import ImageU8
from models.pages.pixels import resize, shrink

CELL_PX = 8  # pixels of the shrunk page to one of the picture of its paper
MEDIAN_CELLS = 31  # side of the window of the median: wider than a headline is high
PAPER_PERCENTILES = 3, 97  # of the paper's tone, taken for its darkest and its lightest
MAX_UNEVENNESS = 0.25  # of white, between dark and light paper: Tesseract's one threshold takes that much
MIN_ILLUMINATION = 8  # grey levels: darker paper is taken to be this dark


def paper_illumination(pixels: ImageU8) -> ImageU8:
    """Return the tone of a grey page's paper, much smaller than the page: what is there without its ink."""
    small = resize(shrink(pixels), 1 / CELL_PX, cv2.INTER_AREA)
    without_ink = cv2.dilate(small, np.ones((3, 3), np.uint8))  # the lightest tone around, wider than any stroke
    return np.asarray(cv2.medianBlur(without_ink, MEDIAN_CELLS), np.uint8)


def is_uneven(paper: ImageU8) -> bool:
    """Return whether the paper is in parts so much darker that ink elsewhere is lighter than it."""
    darkest, lightest = np.percentile(paper, PAPER_PERCENTILES)
    return bool(lightest - darkest > MAX_UNEVENNESS * max(float(lightest), 1.0))


def even_illumination(pixels: ImageU8, paper: ImageU8) -> ImageU8:
    """Return a grey page divided by the illumination of its paper, which is white all over then."""
    height, width = pixels.shape
    smooth = cv2.resize(np.maximum(paper, MIN_ILLUMINATION), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.divide(pixels, smooth, scale=255), np.uint8)
