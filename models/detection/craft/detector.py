"""CRAFT finds the lines of a page: by its refiner, or by joining the words of its score maps."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np

from models.arrays import F32, ImageU8
from models.detection.craft.canvas import draw_canvas
from models.detection.craft.lines import lines_from_words
from models.detection.craft.postprocess import boxes_from_scores
from models.detection.craft.runtime import OnnxScores, ScoreNetwork, network_files
from models.detection.types import TextBox
from models.document import Polygon
from models.errors import WeightsMissing
from models.layout.geometry import clip, clockwise
from models.options import CraftOptions, ReadOptions

# Fraction of a line's height, on every side. CRAFT's boxes end where letters do; recognisers and the classifier of
# kinds were trained on DBNet's, which are wider. On eight pages padding took the error rate from 6.1 % to 4.1 %.
_PADDING = 0.08


class CraftDetector:
    """Finds text lines with CRAFT; rotated ones as they lie."""

    def __init__(self, network: ScoreNetwork, options: CraftOptions | None = None) -> None:
        self.name = network.name
        self._network = network
        self._options = options or CraftOptions()

    def detect(self, pixels: ImageU8) -> list[TextBox]:
        """Return the lines of a page, as `TextDetector` promises."""
        canvas = draw_canvas(pixels, self._options)
        scores = self._network.scores(canvas.pixels)
        if scores.line_affinity is None:
            lines = lines_from_words(boxes_from_scores(scores.region, scores.affinity, self._options))
        else:
            lines = boxes_from_scores(scores.region, scores.line_affinity, self._options, bent=True)
        height, width = pixels.shape[:2]
        polygons = [clip(canvas.to_page(line.polygon).tolist(), width, height) for line in lines]
        limits = np.array([width, height], np.float32)
        return [
            TextBox(_padded_corners(polygon, limits), line.score)
            for polygon, line in zip(polygons, lines, strict=True)
        ]


def load_craft(options: ReadOptions, models_dir: Path | None) -> CraftDetector:
    """Return CRAFT on the files that `inkstream models export craft` left in a folder, as a `DetectorLoader`.

    Raises:
        WeightsMissing: A file is not there; the message names the command that makes it.
        WeightsInvalid: A file is no ONNX network.
    """
    if models_dir is None:
        raise WeightsMissing("CRAFT's network lies in a folder, and none was given: set models_dir")
    return CraftDetector(_shared_network(*network_files(models_dir, options.craft)), options.craft)


@cache
def _shared_network(network: Path, refiner: Path | None) -> OnnxScores:
    """Return the network of this process: documents that differ in thresholds only share it."""
    return OnnxScores(network, refiner)


def _padded_corners(polygon: Polygon, limits: F32) -> F32:
    """Return the corners of the rectangle around a line, padded, (4, 2) clockwise, inside (width, height)."""
    centre, size, angle = cv2.minAreaRect(np.array(polygon, np.float32))
    padding = 2 * _PADDING * min(size)
    points = cv2.boxPoints((centre, (size[0] + padding, size[1] + padding), angle))
    return clockwise(np.clip(points, 0, limits).astype(np.float32))
