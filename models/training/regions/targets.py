"""Targets of a page: the cells of print, handwriting and signatures, and the box of each signature."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from models.arrays import F32, ImageU8, Mask
from models.kinds.model import KINDS
from models.training.synthesis.signed_draft import SIGNATURE

_MIN_INK = 0.03  # of a cell's area, for the cell to be of a kind
# Gaps that are closed, in cells down and across: those between letters and words belong to their line, and a
# signature has wider ones in both directions.
_CLOSED_CELLS = {"printed": (1, 5), "handwritten": (3, 5), "signature": (5, 9)}


@dataclass(frozen=True, slots=True)
class Targets:
    """Targets on the cells of DBNet's FPN features, four pixels of the network's input to a side.

    Attributes:
        kinds: Which of KINDS lies there, (3, h, w) uint8: 1 yes, 0 no; a cell may be of several.
        loss_mask: Where the label counts, (3, h, w) uint8: not on the seam around each area, where it is uncertain.
        numbers: The signature that a cell belongs to, (h, w) uint8, 0 for none.
        boxes: (n, 4) float32, left, top, right and bottom of signatures 1 … n, in cells.
    """

    kinds: ImageU8
    loss_mask: ImageU8
    numbers: ImageU8
    boxes: F32


def targets_of(ink: ImageU8, height: int, width: int) -> Targets:
    """Return the targets of an ink map (see MarkedPage) on height × width cells."""
    labels = [ink == 1, ink == 2, ink >= SIGNATURE]
    kinds, loss_mask = [], []
    for kind, mask in zip(KINDS, labels, strict=True):
        core = _closed(_cells(mask, height, width), _CLOSED_CELLS[kind])
        seam = cv2.dilate(core, np.ones((3, 3), np.uint8)) - core
        kinds.append(core)
        loss_mask.append(1 - seam)
    numbers = np.zeros((height, width), np.uint8)
    boxes = []
    for number in range(SIGNATURE, int(ink.max()) + 1):
        rows, columns = np.nonzero(ink == number)
        area = _cells(ink == number, height, width)
        if not area.any():
            continue
        up, across = height / ink.shape[0], width / ink.shape[1]
        low, high = (columns.min() * across, rows.min() * up), ((columns.max() + 1) * across, (rows.max() + 1) * up)
        boxes.append([*low, *high])
        numbers[_closed(area, _CLOSED_CELLS["signature"]) > 0] = len(boxes)
    return Targets(np.stack(kinds), np.stack(loss_mask), numbers, np.array(boxes, np.float32).reshape(-1, 4))


def _cells(mask: Mask, height: int, width: int) -> ImageU8:
    coverage = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return (coverage > _MIN_INK).astype(np.uint8)


def _closed(cells: ImageU8, size: tuple[int, int]) -> ImageU8:
    return np.asarray(cv2.morphologyEx(cells, cv2.MORPH_CLOSE, np.ones(size, np.uint8)), np.uint8)
