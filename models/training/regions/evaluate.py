"""Scores of the segmentation map on pages that were kept for it, and of the signatures found by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from models.arrays import F32, I64
from models.evaluation.boxes import MIN_IOU, pairwise_iou, shapes_of
from models.evaluation.scores import Overlap
from models.kinds.maps import KindSegmenter
from models.kinds.model import KINDS
from models.kinds.signatures import find_signatures
from models.training.regions.dataset import Example, examples_in

_CELL_THRESHOLD = 0.5  # probability from which on a cell is predicted to be of a kind


@dataclass(slots=True)
class RegionScores:
    """Counts over pages.

    Attributes:
        correct: Cells of each of KINDS that are predicted and true, (3,).
        predicted: Cells that are predicted, (3,).
        true: Cells that are true, (3,).
        signatures: Of signatures; one is correct where its IoU with a true one is .5 or more.
    """

    correct: I64 = field(default_factory=lambda: np.zeros(len(KINDS), np.int64))
    predicted: I64 = field(default_factory=lambda: np.zeros(len(KINDS), np.int64))
    true: I64 = field(default_factory=lambda: np.zeros(len(KINDS), np.int64))
    signatures: Overlap = field(default_factory=Overlap)

    def __str__(self) -> str:
        cells = 2 * self.correct / np.maximum(1, self.predicted + self.true)
        kinds = ", ".join(f"{kind} {f1:.3f}" for kind, f1 in zip(KINDS, cells, strict=True))
        found = self.signatures
        return (
            f"F1 of cells: {kinds}; signatures: F1 {found.f1 or 0:.3f}, {found.correct} of {found.true} correct, "
            f"{found.predicted} predicted"
        )


def evaluate(folder: Path, weights: Path, min_score: float) -> RegionScores:
    """Return the scores on a folder's pages.

    Args:
        folder: As `write_examples` left it.
        weights: An ONNX file that `export` wrote.
        min_score: Of a signature, in [0, 1].
    """
    segmenter, scores = KindSegmenter(weights), RegionScores()
    for file in examples_in(folder):
        example = Example.load(file)
        targets = example.targets
        kind_map = segmenter.segment(example.fpn.astype(np.float32))
        counted = targets.loss_mask > 0
        predicted, true = (kind_map >= _CELL_THRESHOLD) & counted, (targets.kinds > 0) & counted
        scores.correct += (predicted & true).sum((1, 2))
        scores.predicted += predicted.sum((1, 2))
        scores.true += true.sum((1, 2))
        height, width = targets.numbers.shape
        found = find_signatures(kind_map, width, height, min_score)
        scores.signatures += _matches(targets.boxes, [signature.corners for signature in found])
    return scores


def _matches(boxes: F32, corners: Sequence[F32]) -> Overlap:
    """Return how many true boxes, (n, 4) left, top, right, bottom, have a signature of enough IoU."""
    true = shapes_of([((x0, y0), (x1, y0), (x1, y1), (x0, y1)) for x0, y0, x1, y1 in boxes.tolist()])
    found = shapes_of([tuple((x, y) for x, y in quad.tolist()) for quad in corners])
    iou = pairwise_iou(true, found)
    correct = int((iou.max(1) >= MIN_IOU).sum()) if iou.size else 0
    return Overlap(correct, len(found), len(true))
