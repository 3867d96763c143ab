"""From detected lines to lines that can be classified, and to signatures.

Any detector's lines will do. DBNet's network runs once a page: where it detected the lines, its features come with
them; where another engine did, it runs for the features alone, which takes about a tenth of CRAFT's time.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.arrays import ImageU8
from models.detection.dbnet import DbnetDetector
from models.detection.types import PageFeatures, TextBox, TextDetector
from models.kinds.maps import KindSegmenter, class_probabilities
from models.kinds.signatures import find_signatures
from models.kinds.types import AnnotatedLine, AnnotatedPage


@dataclass(frozen=True, slots=True)
class DetectedLines:
    """The lines of a page, and DBNet's features of it where its network has run already."""

    boxes: list[TextBox]
    features: PageFeatures | None = None


class LineAnnotator:
    """Gives detected lines the evidence of their kinds, and finds signatures. Keeps nothing of a page."""

    def __init__(self, features: DbnetDetector, segmenter: KindSegmenter) -> None:
        self._features = features
        self._segmenter = segmenter

    def detect(self, pixels: ImageU8, detector: TextDetector) -> DetectedLines:
        """Return what a detector finds on a page, with features where they cost nothing. Raises ModelError."""
        if isinstance(detector, DbnetDetector):
            return DetectedLines(*detector.detect_with_features(pixels))
        return DetectedLines(detector.detect(pixels))

    def annotate(self, pixels: ImageU8, found: DetectedLines) -> AnnotatedPage:
        """Return the lines with what their kinds are classified from, in their order, and the signatures.

        Args:
            pixels: The page on which they were found, (H, W, 3) RGB or (H, W) grey uint8.

        Raises:
            ModelError: A network cannot be run.
        """
        features = found.features or self._features.features_of(pixels, found.boxes)
        kind_map = self._segmenter.segment(features.fpn)
        lines = [
            AnnotatedLine(
                box.corners, box.score, roi, class_probabilities(kind_map, box.corners * features.cells_per_px)
            )
            for box, roi in zip(found.boxes, features.rois, strict=True)
        ]
        height, width = pixels.shape[:2]
        return AnnotatedPage(lines, find_signatures(kind_map, width, height))
