"""What of a picture is ink and what is paper: the one home of these estimates.

Three questions, by what is known of the picture:

    how much of each pixel is ink?     `ink_coverage`, against a paper that `paper_by_closing` or another estimates
    which pixels are ink?              `ink_on_uneven_paper`, `ink_on_even_paper`, `ink_by_otsu`; then `components`
    is there any ink, and where?       `tones`, `has_ink`, `ink_by_column`

Thresholds that differ between callers are parameters, and stand where they are called with what was measured there.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from models.arrays import F32, F64, I64, ImageU8, Mask
from models.pages.pixels import grey, shrink

Shades = ImageU8 | F32

MIN_INK_PERCENT = 0.2  # of a page or line that has writing: a few lines of a letter's last page
MIN_INK_CONTRAST = 20.0  # grey levels between a line's usual tone and its extreme ones: less is paper
MAX_16_BIT_LABELS = 65_000


class Ink(NamedTuple):
    """How much of each pixel is ink, (H, W) float32 in [0, 1], and by how much full ink differs from its paper."""

    coverage: F32
    depth: float


class Components(NamedTuple):
    """Connected pixels of ink, 8-connected.

    Attributes:
        labels: (H, W), the number of each pixel's component, from 1; 0 is paper.
        boxes: left, top, width, height of each component, (n, 4) pixels; component number 1 is in row 0.
        areas: Their pixels, (n,).
        centres: x and y of their centroids, (n, 2).
    """

    labels: npt.NDArray[Any]
    boxes: I64
    areas: I64
    centres: F64


def paper_by_closing(shades: Shades, window_px: int, *, smooth: bool = False) -> F32:
    """Return the tone of the paper around each pixel of a line, (h, w): what closing leaves of dark strokes.

    Args:
        window_px: Side of the square that is closed; wider than any stroke.
        smooth: Whether to blur by the same window, for paper that is ruled or grainy.
    """
    paper = cv2.morphologyEx(shades, cv2.MORPH_CLOSE, np.ones((window_px, window_px), np.uint8))
    return np.asarray(cv2.blur(paper, (window_px, window_px)) if smooth else paper, np.float32)


def ink_coverage(
    shades: Shades, paper: F32, *, full_percentile: float, min_depth: float, floor: float, span: float
) -> Ink:
    """Return how much of each pixel is ink: dark strokes on paper whose tone is known at each pixel.

    Args:
        shades: (h, w), dark is low.
        paper: Likewise, the tone of the paper.
        full_percentile: The percentile of depth below paper at which a pixel is all ink.
        min_depth: Depth that is taken for full ink at the least, in units of `shades`.
        floor: Share of the full depth up to which a pixel is paper.
        span: Share of the full depth over which coverage grows from 0 to 1 above that.
    """
    depth = np.asarray(np.maximum(paper - shades, 0), np.float32)
    full = float(np.percentile(depth, full_percentile))
    return Ink(coverage(depth, max(full, min_depth), floor, span), full)


def coverage(depth: F32, full: float, floor: float = 0.0, span: float = 1.0) -> F32:
    """Return depth below paper as coverage: 0 up to `floor` of the full depth, 1 from `floor + span` of it on."""
    return np.asarray(np.clip((depth / full - floor) / span, 0, 1), np.float32)


def tones(pixels: ImageU8) -> tuple[float, float]:
    """Return the grey levels of a page's ink and of its paper, (H, W) uint8; they are close where it is blank."""
    sample = shrink(pixels)[::3, ::3]  # of the shrunk page: grain is averaged out
    dark, paper = np.percentile(sample, (MIN_INK_PERCENT, 50))
    return float(dark), float(paper)


def has_ink(line: ImageU8) -> bool:
    """Return whether a line, (H, W, 3) RGB or (H, W), shows anything but paper: dark on light or light on dark.

    What has no ink must not be read: recognisers make words of it.
    """
    shades = grey(line)
    paper = float(np.median(shades))
    dark = float(np.percentile(shades, MIN_INK_PERCENT))
    light = float(np.percentile(shades, 100 - MIN_INK_PERCENT))
    return max(paper - dark, light - paper) >= MIN_INK_CONTRAST


def ink_by_column(line: ImageU8) -> F64:
    """Return how much ink each column of a line has, (w,), in grey levels summed over its pixels.

    Ink is darker than the paper, or lighter where that is dark; a quarter of the greatest contrast is grain.
    """
    shades = grey(line).astype(np.float64)
    distance = np.abs(shades - np.median(shades))
    return np.asarray(np.maximum(distance - 0.25 * distance.max(), 0).sum(0))


def ink_on_uneven_paper(shades: ImageU8, window_px: int, depth: float) -> ImageU8:
    """Return what is darker by `depth` grey levels than the mean of the window around it, (H, W) of 0 and 1."""
    ink = cv2.adaptiveThreshold(shades, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, window_px, depth)
    return np.asarray(ink, np.uint8)


def ink_on_even_paper(pixels: ImageU8, floor: float) -> ImageU8:
    """Return what is darker than the page's paper by a share of its contrast, (H, W) of 0 and 1."""
    dark, paper = tones(pixels)
    return (pixels < paper - floor * (paper - dark)).astype(np.uint8)


def ink_by_otsu(shades: ImageU8) -> ImageU8:
    """Return the dark side of the threshold that parts a picture best (Otsu 1979), (H, W) of 0 and 1."""
    return np.asarray(cv2.threshold(shades, 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)[1], np.uint8)


def components(ink: ImageU8 | Mask) -> Components:
    """Return the connected components of ink, (H, W), that is not 0."""
    marked = np.asarray(ink, np.uint8)
    # there are no more components than rows' runs of ink; labels of 16 bits take a third of the time
    runs = np.count_nonzero(marked[:, 1:] > marked[:, :-1]) + len(marked)
    kind = cv2.CV_16U if runs < MAX_16_BIT_LABELS else cv2.CV_32S
    _, labels, found, centres = cv2.connectedComponentsWithStats(marked, connectivity=8, ltype=kind)
    stats = np.asarray(found[1:], np.int64)
    return Components(labels, stats[:, :4], stats[:, cv2.CC_STAT_AREA], np.asarray(centres[1:], np.float64))
