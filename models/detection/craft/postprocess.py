"""CRAFT's score maps become words: one component of linked characters each (Baek et al. 2019, section 3.3)."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import cv2
import numpy as np
import numpy.typing as npt

from models.arrays import F32, Mask
from models.detection.craft.polygon import bent_polygon
from models.layout.geometry import box_corners
from models.options import CraftOptions

# A box whose sides differ by less than this is taken for upright: the angle of a square is noise.
_MIN_SIDE_DIFFERENCE = 0.1


@dataclass(frozen=True, slots=True)
class ScoredBox:
    """A word or line in pixels of the score maps.

    Attributes:
        box: (4, 2) corners of the rotated rectangle around it, clockwise from the one nearest the origin.
        polygon: (N, 2) its outline, clockwise; the box itself unless it is bent.
        score: The highest region score in it, in [0, 1].
    """

    box: F32
    polygon: F32
    score: float


def boxes_from_scores(
    region_score: F32, affinity_score: F32, options: CraftOptions, *, bent: bool = False
) -> list[ScoredBox]:
    """Return one box per run of linked characters: a word, or a line where a refiner made the affinity.

    Args:
        region_score: Score of a character's centre, (H/2, W/2) float32, about 0 to 1.
        affinity_score: Same shape; score of the gap between two characters. All zeros: one box per character.
        bent: Follow bent text with a polygon of more than four corners.

    A blank page returns an empty list: blank is not an error.
    """
    text = region_score > options.low_text
    linked = text | (affinity_score > options.link_threshold)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(linked.astype(np.uint8), connectivity=4)
    peaks = np.zeros(count, np.float32)
    np.maximum.at(peaks, labels[linked].astype(np.intp), region_score[linked])
    wanted = (stats[:, cv2.CC_STAT_AREA] >= options.size_threshold) & (peaks >= options.text_threshold)
    wanted[0] = False  # what is neither text nor link
    found = []
    for label in np.flatnonzero(wanted):
        window = _Window.around(stats[label], labels.shape)
        mask = (labels[window.rows, window.columns] == label) & text[window.rows, window.columns]
        box = _box(mask, window)
        polygon = bent_polygon(mask, box - window.origin) if bent else None
        outline = box if polygon is None else polygon + window.origin
        found.append(ScoredBox(box, outline, min(float(peaks[label]), 1.0)))
    return found


@dataclass(frozen=True, slots=True)
class _Window:
    """The part of the score maps that holds a component and what its dilation adds."""

    rows: slice
    columns: slice
    growth: int

    @classmethod
    def around(cls, stats: npt.NDArray[np.int32], shape: tuple[int, ...]) -> _Window:
        x, y, width, height, area = (int(value) for value in stats[:5])
        # The region score falls off inside a character's box: the thinner the component, the more is given back.
        growth = int(2 * sqrt(area * min(width, height) / (width * height)))
        return cls(
            slice(max(y - growth, 0), min(y + height + growth + 1, shape[0])),
            slice(max(x - growth, 0), min(x + width + growth + 1, shape[1])),
            growth,
        )

    @property
    def origin(self) -> F32:
        return np.array([self.columns.start, self.rows.start], np.float32)


def _box(mask: Mask, window: _Window) -> F32:
    """Return the rotated rectangle around a component after dilation, (4, 2), clockwise."""
    kernel = np.ones((1 + window.growth, 1 + window.growth), np.uint8)
    points = cv2.findNonZero(cv2.dilate(mask.astype(np.uint8), kernel)).reshape(-1, 2)
    box = cv2.boxPoints(cv2.minAreaRect(points))
    one, other = np.linalg.norm(box[0] - box[1]), np.linalg.norm(box[1] - box[2])
    if abs(1 - max(one, other) / (min(one, other) + 1e-5)) <= _MIN_SIDE_DIFFERENCE:
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        box = box_corners((left, top, right, bottom))
    return np.roll(box, -int(box.sum(axis=1).argmin()), axis=0) + window.origin
