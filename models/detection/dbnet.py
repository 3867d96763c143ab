"""DBNet text detection (Liao et al. 2020, "Real-time Scene Text Detection with Differentiable Binarization").

The network and its weights are PP-OCR's, from the rapidocr package; what comes before and after it is ours: a
page is looked at no larger than its letters need, and boxes are grown by arithmetic instead of polygon clipping.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from models.arrays import F32, ImageU8
from models.detection.types import Found, TextBox
from models.kinds.maps import RegionHead, shares_inside
from models.kinds.signatures import find_signatures
from models.layout.geometry import box_sides
from models.weights.onnx_session import create_session
from models.weights.packaged import packaged_weights

# The network's feature pyramid before its head: 96 channels, a quarter of the size.
PYRAMID = "p2o.pd_op.concat.1.0"
_CELL = 4  # pixels of the map to a cell of the pyramid
_STRIDE = 32
_THRESHOLD = 0.3  # of a pixel that is text
_BOX_THRESHOLD = 0.5  # of the mean over a box
_UNCLIP_RATIO = 1.6  # the network is trained on shrunk boxes; this grows them back
_SHORTEST = 3  # pixels of the map: smaller is dirt
# Measured on scanned forms and letters: of lines of ordinary print and hand as many are found as at 2,000, which
# takes five times as long. Where lines turn out this low, the letters are too small for it, and it looks again.
_LONGEST_SIDE = 960
_MOST_ENLARGED = 2.0  # times; thin strokes of small scans are lost otherwise
_PAGE = 320  # pixels of the shorter side: what is lower is a line or a word cut out of a page, and large as it is
_LOOK_AGAIN_BELOW = 11.0  # pixels of line height on the map
_LONGEST_SIDE_AGAIN = 1920


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the network sees of a page at a size: scores, (h, w); pyramid, (96, h/4, w/4); map pixels per page's."""

    scores: F32
    pyramid: F32
    scale: F32

    def descriptor(self, corners: F32) -> F32:
        """Return what was seen inside corners on the map, (4, 2)."""
        return _descriptor(self.pyramid, self.scores, corners)


class DbnetDetector:
    """Finds the text lines of a page. Not thread-safe; one thread of computing."""

    name = "PP-OCRv6 det small"

    def __init__(self, weights: Path | None = None) -> None:
        """Load the network. Raises ModelError."""
        self._session = create_session(weights or packaged_weights("PP-OCRv6_det_small.onnx"), PYRAMID)

    @cached_property
    def regions(self) -> RegionHead:
        """The head that tells kinds, which `find` and `add_kinds` need; loaded when it is first asked for."""
        return RegionHead()

    def detect(self, pixels: ImageU8) -> list[TextBox]:
        """Return the lines of a page, (H, W, 3) uint8 RGB or (H, W) grey, in no particular order."""
        return self._lines(pixels, self._see(pixels, _LONGEST_SIDE))

    def find(self, pixels: ImageU8) -> Found:
        """Return the lines and the signatures of a page, with one look at it. Raises ModelError."""
        seen = self._see(pixels, _LONGEST_SIDE)
        return self._with_kinds(pixels, seen, self._lines(pixels, seen))

    def add_kinds(self, pixels: ImageU8, lines: Sequence[TextBox]) -> Found:
        """Return the lines that another detector found, with their kinds, and the signatures. Raises ModelError."""
        return self._with_kinds(pixels, self._see(pixels, _LONGEST_SIDE), lines)

    def describe(self, pixels: ImageU8, lines: Sequence[F32]) -> list[F32]:
        """Return the descriptor, (192,), of each of the lines that another detector found on a page.

        Args:
            pixels: As for `detect`.
            lines: Their corners, (4, 2) page pixels.
        """
        if not lines:
            return []
        seen = self._see(pixels, _LONGEST_SIDE)
        heights = [min(box_sides(corners * seen.scale)) for corners in lines]
        if np.median(heights) < _LOOK_AGAIN_BELOW and max(pixels.shape[:2]) > _LONGEST_SIDE:
            seen = self._see(pixels, _LONGEST_SIDE_AGAIN)
        return [seen.descriptor(corners * seen.scale) for corners in lines]

    def pyramid(self, pixels: ImageU8) -> F32:
        """Return a page's feature pyramid, (96, h, w): a cell is four pixels of the page as looked at."""
        return self._see(pixels, _LONGEST_SIDE).pyramid

    def _lines(self, pixels: ImageU8, seen: _Seen) -> list[TextBox]:
        """Return the lines, of letters that were large enough: else it looks again."""
        boxes, heights = _text_boxes(pixels, seen)
        if heights and np.median(heights) < _LOOK_AGAIN_BELOW and max(pixels.shape[:2]) > _LONGEST_SIDE:
            boxes, _ = _text_boxes(pixels, self._see(pixels, _LONGEST_SIDE_AGAIN))
        return boxes

    def _with_kinds(self, pixels: ImageU8, seen: _Seen, lines: Sequence[TextBox]) -> Found:
        kinds = self.regions.kinds(seen.pyramid)
        cells = seen.scale / np.float32(_CELL)
        told = [replace(line, kinds=shares_inside(kinds, line.corners * cells)) for line in lines]
        height, width = pixels.shape[:2]
        return Found(told, find_signatures(kinds, width, height))

    def _see(self, pixels: ImageU8, longest_side: int) -> _Seen:
        planes, scale = _input(pixels, longest_side)
        scores, pyramid = self._session.run(None, {"x": planes})
        return _Seen(scores[0, 0], pyramid[0], scale)


def _text_boxes(pixels: ImageU8, seen: _Seen) -> tuple[list[TextBox], list[float]]:
    """Return the lines as seen, in page pixels, and their heights on the map."""
    found = _boxes(seen.scores)
    height, width = pixels.shape[:2]
    limits = np.array([width, height], np.float32)
    boxes = [
        TextBox(np.clip(corners / seen.scale, 0, limits).astype(np.float32), score, seen.descriptor(corners))
        for corners, score in found
    ]
    return boxes, [min(box_sides(corners)) for corners, _ in found]


def _input(pixels: ImageU8, longest_side: int) -> tuple[F32, F32]:
    """Return the page as the network takes it, (1, 3, h, w) in [-1, 1], and the scale of each axis, (2,)."""
    height, width = pixels.shape[:2]
    most = _MOST_ENLARGED if min(height, width) >= _PAGE else 1.0
    scale = min(most, longest_side / max(height, width))
    size = [max(_STRIDE, round(side * scale / _STRIDE) * _STRIDE) for side in (width, height)]
    sized = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    # it was trained on BGR, as OpenCV reads
    colours = cv2.cvtColor(sized, cv2.COLOR_GRAY2BGR if sized.ndim == 2 else cv2.COLOR_RGB2BGR)
    planes = cv2.dnn.blobFromImage(colours, 1 / 127.5, mean=(127.5, 127.5, 127.5))
    return np.asarray(planes, np.float32), np.array([size[0] / width, size[1] / height], np.float32)


def _boxes(scores: F32) -> list[tuple[F32, float]]:
    """Return (corners on the map, score) of each run of text pixels."""
    text = cv2.dilate((scores > _THRESHOLD).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(text, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for contour in contours:
        centre, size, angle = cv2.minAreaRect(contour)
        if min(size) < _SHORTEST:
            continue
        score = _mean_inside(scores, _corners(centre, size, angle))
        if score < _BOX_THRESHOLD:
            continue
        growth = 2 * size[0] * size[1] * _UNCLIP_RATIO / (2 * (size[0] + size[1]))
        grown = (size[0] + growth, size[1] + growth)
        if min(grown) >= _SHORTEST + 2:
            found.append((clockwise(_corners(centre, grown, angle)), score))
    return found


def _corners(centre: Sequence[float], size: Sequence[float], angle: float) -> F32:
    return np.asarray(cv2.boxPoints((centre, size, angle)), np.float32)


def _mean_inside(scores: F32, corners: F32) -> float:
    """Return the mean score inside a quadrilateral."""
    height, width = scores.shape
    x0, y0 = np.clip(np.floor(corners.min(0)).astype(int), 0, (width - 1, height - 1))
    x1, y1 = np.clip(np.ceil(corners.max(0)).astype(int), 0, (width - 1, height - 1))
    mask = np.zeros((y1 - y0 + 1, x1 - x0 + 1), np.uint8)
    cv2.fillPoly(mask, [(corners - (x0, y0)).astype(np.int32)], 1)
    return float(cv2.mean(scores[y0 : y1 + 1, x0 : x1 + 1], mask)[0])


def clockwise(corners: F32) -> F32:
    """Return the corners clockwise from top-left, where a line is read from left to right."""
    by_x = corners[np.argsort(corners[:, 0], kind="stable")]
    (top_left, bottom_left), (top_right, bottom_right) = (
        side[np.argsort(side[:, 1], kind="stable")] for side in (by_x[:2], by_x[2:])
    )
    return np.array([top_left, top_right, bottom_right, bottom_left], np.float32)


def _descriptor(pyramid: F32, scores: F32, corners: F32) -> F32:
    """Return mean and standard deviation of the pyramid, (C, h/4, w/4), over a box's text pixels, (2C,)."""
    height, width = pyramid.shape[1:]
    x0, y0 = np.clip((corners.min(0) / 4).astype(int), 0, (width - 1, height - 1))
    x1, y1 = np.clip((corners.max(0) / 4).astype(int), 0, (width - 1, height - 1))
    window = pyramid[:, y0 : y1 + 1, x0 : x1 + 1].reshape(len(pyramid), -1)
    weights = scores[y0 * 4 : (y1 + 1) * 4 : 4, x0 * 4 : (x1 + 1) * 4 : 4].reshape(-1) + 1e-3
    weights = weights / weights.sum()
    mean = window @ weights
    spread = np.sqrt(np.maximum((window**2) @ weights - mean**2, 0))
    return np.concatenate([mean, spread]).astype(np.float32)
