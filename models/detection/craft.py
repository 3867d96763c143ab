"""CRAFT finds the text of a page: words from its score maps, lines from its refiner or from the words' own run."""

from __future__ import annotations

from pathlib import Path

from models.detection.base import DetectedLine
from models.detection.craft_canvas import Canvas, draw_canvas
from models.detection.craft_lines import lines_from_words
from models.detection.craft_onnx import OnnxScores, Precision, ScoreNetwork, Scores, fitting_precision, onnx_path
from models.detection.craft_options import CraftOptions
from models.detection.craft_postprocess import ScoredBox, boxes_from_scores
from models.document import PageImage, Polygon
from models.geometry import clip
from models.weights import CRAFT, CRAFT_REFINER


class CraftDetector:
    """Finds lines, and words, with CRAFT. Says "printed" of all of them: telling kinds apart is another's part."""

    def __init__(self, network: ScoreNetwork, options: CraftOptions | None = None) -> None:
        self.name = network.name
        self._network = network
        self._options = options or CraftOptions()

    def detect(self, image: PageImage) -> list[DetectedLine]:
        """Return the lines of a page: the refiner's, bent ones included, or rotated rectangles of joined words."""
        canvas, scores = self._score(image)
        if scores.line_affinity is None:
            lines = lines_from_words(boxes_from_scores(scores.region, scores.affinity, self._options))
        else:
            lines = boxes_from_scores(scores.region, scores.line_affinity, self._options, bent=True)
        return [DetectedLine(_on_page(line, canvas, image), line.score) for line in lines]

    def words(self, image: PageImage) -> list[tuple[Polygon, float]]:
        """Return (polygon in page pixels, score in [0, 1]) per word, in no particular order."""
        canvas, scores = self._score(image)
        words = boxes_from_scores(scores.region, scores.affinity, self._options)
        return [(_on_page(word, canvas, image), word.score) for word in words]

    def _score(self, image: PageImage) -> tuple[Canvas, Scores]:
        canvas = draw_canvas(image, self._options)
        return canvas, self._network.scores(canvas.pixels)


def load_craft(
    cache_dir: Path,
    options: CraftOptions | None = None,
    precision: Precision | None = None,
    *,
    network: Path | None = None,
    threads: int = 1,
) -> CraftDetector:
    """Return CRAFT on the files that `inkstream models export craft` left in the cache folder; torch is not needed.

    Args:
        precision: None takes int8 where this processor computes it without overflow, else fp32.
        network: The exported file of another checkpoint, to take instead.

    Raises:
        WeightsMissing: A file is not there; the message says which command makes it.
        WeightsInvalid: A file is no ONNX network.
    """
    options = options or CraftOptions()
    refiner = onnx_path(CRAFT_REFINER, cache_dir, "fp32") if options.with_refiner else None
    found = network or onnx_path(CRAFT, cache_dir, precision or fitting_precision())
    return CraftDetector(OnnxScores(found, refiner, threads), options)


def _on_page(found: ScoredBox, canvas: Canvas, image: PageImage) -> Polygon:
    return clip([(x, y) for x, y in canvas.to_page(found.polygon).tolist()], image.width, image.height)
