"""How well the maps of kept pages are told, and the signatures found by them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import shapely

from models.arrays import I64
from models.kinds.maps import KindSegmenter
from models.kinds.model import KINDS
from models.kinds.signatures import find_signatures
from models.training.regions.dataset import Example, examples_in

_IOU = 0.5


@dataclass(slots=True)
class RegionScores:
    """Counts over pages: of cells by kind, and of signatures.

    `shared`, `said` and `true` are cells of each of KINDS, (3,); of signatures `right` were `found` of `wanted`.
    """

    shared: I64 = field(default_factory=lambda: np.zeros(len(KINDS), np.int64))
    said: I64 = field(default_factory=lambda: np.zeros(len(KINDS), np.int64))
    true: I64 = field(default_factory=lambda: np.zeros(len(KINDS), np.int64))
    right: int = 0
    found: int = 0
    wanted: int = 0

    def __str__(self) -> str:
        cells = 2 * self.shared / np.maximum(1, self.said + self.true)
        f1 = 2 * self.right / max(1, self.found + self.wanted)
        told = ", ".join(f"{kind} {share:.3f}" for kind, share in zip(KINDS, cells, strict=True))
        return (
            f"F1 of cells: {told}; signatures: F1 {f1:.3f}, {self.right} of {self.wanted} right, {self.found} said"
        )


def evaluate(folder: Path, weights: Path, sure: float) -> RegionScores:
    """Return the scores on a folder's pages; signatures are right where IoU with a true one is .5 or more."""
    head, scores = KindSegmenter(weights), RegionScores()
    for file in examples_in(folder):
        example = Example.load(file)
        targets = example.targets
        kinds = head.segment(example.pyramid.astype(np.float32))
        counted = targets.counted > 0
        said, true = (kinds >= 0.5) & counted, (targets.kinds > 0) & counted
        scores.shared += (said & true).sum((1, 2))
        scores.said += said.sum((1, 2))
        scores.true += true.sum((1, 2))
        height, width = targets.numbers.shape
        found = [shapely.Polygon(signature.corners) for signature in find_signatures(kinds, width, height, sure)]
        for box in targets.boxes:
            wanted = shapely.box(*box)
            best = max(found, key=lambda other: _iou(wanted, other), default=None)
            if best is not None and _iou(wanted, best) >= _IOU:
                scores.right += 1
        scores.found += len(found)
        scores.wanted += len(targets.boxes)
    return scores


def _iou(one: shapely.Polygon, other: shapely.Polygon) -> float:
    return float(one.intersection(other).area / max(1e-6, one.union(other).area))
