"""CRAFT finds the text of a page: words from its score maps, lines from its refiner or from the words' own run."""

from __future__ import annotations

from pathlib import Path

from models.detection.craft.canvas import Canvas, draw_canvas
from models.detection.craft.lines import lines_from_words
from models.detection.craft.postprocess import ScoredBox, boxes_from_scores
from models.detection.craft.runtime import OnnxScores, ScoreNetwork, Scores, fitting_precision, onnx_path
from models.detection.types import DetectedLine
from models.document import PageImage, Polygon
from models.layout.geometry import clip
from models.options import CraftOptions
from models.weights.store import CRAFT, CRAFT_REFINER


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
    *,
    network: Path | None = None,
    threads: int = 1,
) -> CraftDetector:
    """Return CRAFT on the files that `inkstream models export craft` left in the cache folder; torch is not needed.

    Args:
        network: The exported file of another checkpoint, to take instead.

    Raises:
        WeightsMissing: A file is not there; the message says which command makes it.
        WeightsInvalid: A file is no ONNX network.
    """
    options = options or CraftOptions()
    published, refiner = network_files(cache_dir, options)
    return CraftDetector(OnnxScores(network or published, refiner, threads), options)


def network_files(cache_dir: Path, options: CraftOptions) -> tuple[Path, Path | None]:
    """Return where the exports of CRAFT and, if asked for, of its refiner are kept; they may be missing.

    Precision "auto" is what fits this machine, or fp32, which all compute well, where only that was exported.
    """
    precision = fitting_precision() if options.precision == "auto" else options.precision
    network = onnx_path(CRAFT, cache_dir, precision)
    exact = onnx_path(CRAFT, cache_dir, "fp32")
    if options.precision == "auto" and exact.is_file() and not network.is_file():
        network = exact
    return network, onnx_path(CRAFT_REFINER, cache_dir, "fp32") if options.with_refiner else None


def _on_page(found: ScoredBox, canvas: Canvas, image: PageImage) -> Polygon:
    return clip([(x, y) for x, y in canvas.to_page(found.polygon).tolist()], image.width, image.height)
