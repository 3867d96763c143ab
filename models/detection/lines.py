"""DBNet and the kinds of its lines as one LineDetector; the reading path composes the two itself, page upright."""

from __future__ import annotations

from pathlib import Path

from models.detection.base import DetectedLine
from models.detection.dbnet import DbnetDetector
from models.detection.kind import LineKinds
from models.document import PageImage


class DbnetLineDetector:
    """Finds lines with DBNet and tells print from handwriting and signatures. Not thread-safe; one thread."""

    name = f"{DbnetDetector.name} with kinds"

    def __init__(self, kind_threshold: float = 0.25, weights: Path | None = None) -> None:
        """Load both models.

        Args:
            kind_threshold: See LineKinds.
            weights: Of the detector; None is the network in the rapidocr package.

        Raises:
            OptionsError: The threshold is outside [0, 1].
            ModelError: A model is missing or is not one.
        """
        self._boxes = DbnetDetector(weights)
        self._kinds = LineKinds(kind_threshold)

    def detect(self, image: PageImage) -> list[DetectedLine]:
        """Return the lines of a page, rotated rectangles, in no particular order."""
        boxes = self._boxes.detect(image.pixels)
        told = self._kinds.classify(image.pixels, boxes)
        return [
            DetectedLine(tuple((float(x), float(y)) for x, y in box.corners), box.score, kind, score)
            for box, (kind, score) in zip(boxes, told, strict=True)
        ]
