"""Signatures from the maps: every cell of a signature tells where its sides are, and the cells of one agree.

Cells vote as in EAST's locality-aware suppression (Zhou et al. 2017, section 3.6), with a weighted median in place
of the mean, since cells where two signatures meet are far off.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.detection.base import SignatureBox
from models.detection.kind_model import KINDS
from models.detection.region_maps import RegionMaps

Floats = npt.NDArray[np.float32]

_SIGNATURE = KINDS.index("signature")
_CELL = 0.5  # probability from which on a cell votes
_AGREE = 0.35  # IoU of the boxes of two cells of one signature
_LEAST_CELLS = 6  # fewer are dirt
_LEAST_SHARE = 0.2  # of a box's cells: a box that hardly any cell in it votes for is none
_SURE = 0.7  # mean probability of the best half of its cells
_INSIDE = 0.6  # of the smaller of two boxes: they are one signature


def find_signatures(maps: RegionMaps, width: int, height: int, sure: float = _SURE) -> list[SignatureBox]:
    """Return the signatures of a page, the surest first.

    Args:
        maps: Of the page.
        width: Of the page, in pixels; the maps cover it all.
        height: Likewise.
        sure: The least score that is believed.
    """
    rows, columns = np.nonzero(maps.kinds[_SIGNATURE] >= _CELL)
    scores = maps.kinds[_SIGNATURE, rows, columns]
    left, top, right, bottom = maps.sides[:, rows, columns]
    x, y = columns + 0.5, rows + 0.5
    boxes = np.stack([x - left, y - top, x + right, y + bottom], 1)
    cells_high, cells_wide = maps.sides.shape[1:]
    scale = np.array([width / cells_wide, height / cells_high] * 2)
    limits = np.array([width, height] * 2)
    found = [
        SignatureBox(_corners(np.clip(box * scale, 0, limits)), score)
        for box, score in _voted(boxes, scores)
        if score >= sure
    ]
    return sorted(found, key=lambda signature: -signature.score)


def _voted(boxes: Floats, scores: Floats) -> list[tuple[Floats, float]]:
    """Return (box, score) of each group of agreeing cells; (n, 4) boxes in cells, (n,) scores."""
    left = np.arange(len(boxes))
    found: list[tuple[Floats, float]] = []
    while len(left):
        best = left[int(scores[left].argmax())]
        agreed = _iou(boxes[best], boxes[left]) >= _AGREE
        group, left = left[agreed], left[~agreed]
        box = _weighted_median(boxes[group], scores[group])
        area = max(1.0, float((box[2] - box[0]) * (box[3] - box[1])))
        upper = np.sort(scores[group])[len(group) // 2 :]
        if len(group) >= max(_LEAST_CELLS, _LEAST_SHARE * area) and not _lies_in_one(box, found):
            found.append((box, float(upper.mean())))
    return found


def _weighted_median(boxes: Floats, weights: Floats) -> Floats:
    order = boxes.argsort(0)
    reached = np.cumsum(weights[order], 0)
    middle = (reached >= reached[-1] / 2).argmax(0)
    return np.asarray(boxes[order[middle, np.arange(4)], np.arange(4)], np.float32)


def _corners(box: Floats) -> Floats:
    left, top, right, bottom = box
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def _lies_in_one(box: Floats, found: list[tuple[Floats, float]]) -> bool:
    if not found:
        return False
    others = np.stack([other for other, _ in found])
    smaller = np.minimum(_areas(others), _areas(box[None]))
    return bool((_shared(box, others) > _INSIDE * smaller).any())


def _iou(box: Floats, others: Floats) -> Floats:
    shared = _shared(box, others)
    return np.asarray(shared / (_areas(box[None]) + _areas(others) - shared), np.float32)


def _shared(box: Floats, others: Floats) -> Floats:
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    return np.asarray(np.maximum(sides, 0).prod(1), np.float32)


def _areas(boxes: Floats) -> Floats:
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).prod(1), np.float32)
