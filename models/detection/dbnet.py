"""DBNet text detection (Liao et al. 2020, "Real-time Scene Text Detection with Differentiable Binarization").

The network and its weights are PP-OCR's, from the rapidocr package; what comes before and after it is ours: a
page is scaled to no more than its letters need, and boxes are grown by arithmetic instead of polygon clipping.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np

from models.arrays import F16, F32, ImageU8
from models.detection.map_scale import scale_for_letters
from models.detection.tiles import run_in_tiles
from models.detection.types import PageFeatures, TextBox
from models.layout.geometry import box_sides, clockwise
from models.options import ReadOptions
from models.weights.onnx_session import create_session
from models.weights.packaged import packaged_weights

# Output of the network's feature pyramid network (FPN), before its head: 96 channels, a quarter of the size.
FPN_OUTPUT = "p2o.pd_op.concat.1.0"
_CELL_PX = 4  # map pixels to a cell of the FPN
_STRIDE_PX = 32  # the network's input is a multiple of it
_TEXT_THRESHOLD = 0.3  # score of a pixel that is text
_BOX_THRESHOLD = 0.5  # mean score over a box
_UNCLIP_RATIO = 1.6  # the network is trained on shrunk boxes; this grows them back
_MIN_BOX_SIDE_PX = 3  # on the map: smaller is dirt
# Measured on scanned forms and letters: at 960 pixels as many lines of ordinary print and handwriting are found as
# at 2,000, which takes five times as long. Where the median line is lower than 11 pixels on that map, the letters
# are too small for the network, and the page is detected again at twice the size.
_LONGEST_SIDE_PX = 960
_MIN_LINE_HEIGHT_PX = 11.0
_FINER_SCALE = 2.0  # times the usual one
_MAX_MAGNIFICATION = 2.0  # thin strokes of small scans are lost otherwise
_MIN_PAGE_SIDE_PX = (
    320  # shorter side: below it the picture is a line or word cut out of a page, and large as it is
)


@dataclass(frozen=True, slots=True)
class NetworkOutput:
    """What the network makes of a page at one size.

    Attributes:
        scores: How probable each pixel is text, (h, w) float32 in [0, 1]: the score map.
        fpn: Features before the head, (96, h/4, w/4) float32; float16 where the page was cut into tiles.
        scale: Map pixels to a page pixel, x and y, (2,) float32.
    """

    scores: F32
    fpn: F32 | F16
    scale: F32

    def roi_features(self, corners: F32) -> F32:
        """Return the features, (192,), inside corners on the score map, (4, 2) map pixels."""
        return _roi_features(self.fpn, self.scores, corners)


class DbnetDetector:
    """Finds the text lines of a page, and gives the features of its network to whoever classifies them."""

    def __init__(self, weights: Path | None = None) -> None:
        """Load the network. Raises ModelError."""
        self.name = f"rapidocr {version('rapidocr')} PP-OCRv6 det small"
        self._session = create_session(weights or packaged_weights("PP-OCRv6_det_small.onnx"), FPN_OUTPUT)

    def detect(self, pixels: ImageU8) -> list[TextBox]:
        """Return the lines of a page, as `TextDetector` promises."""
        output, found = self._find_lines(pixels, self.run_network(pixels, _usual_scale(pixels)))
        return _on_page(pixels, output, found)

    def detect_with_features(self, pixels: ImageU8) -> tuple[list[TextBox], PageFeatures]:
        """Return the lines as `detect` does, and the features that the same run of the network computed."""
        first = self.run_network(pixels, _usual_scale(pixels))
        output, found = self._find_lines(pixels, first)
        rois = [output.roi_features(corners) for corners, _ in found]
        return _on_page(pixels, output, found), _page_features(first, rois)

    def features_of(self, pixels: ImageU8, boxes: Sequence[TextBox]) -> PageFeatures:
        """Return the features of a page and of the lines that another detector found on it."""
        first = output = self.run_network(pixels, _usual_scale(pixels))
        scale = _scale_for_lines(pixels, [min(box_sides(box.corners * first.scale)) for box in boxes])
        if scale > _usual_scale(pixels):
            output = self.run_network(pixels, scale)
        return _page_features(first, [output.roi_features(box.corners * output.scale) for box in boxes])

    def fpn_features(self, pixels: ImageU8) -> F32:
        """Return a page's FPN features, (96, h, w): a cell is four pixels of the page as scaled for the network."""
        return np.asarray(self.run_network(pixels, _usual_scale(pixels)).fpn, np.float32)

    def run_network(self, pixels: ImageU8, scale: float) -> NetworkOutput:
        """Return what the network makes of a page scaled by a factor. This is what takes the time."""
        planes, scales = _input(pixels, scale)
        scores, fpn = run_in_tiles(self._run, planes, _CELL_PX)
        return NetworkOutput(scores, fpn, scales)

    def _run(self, planes: F32) -> tuple[F32, F32]:
        scores, fpn = self._session.run(None, {"x": planes})
        return scores[0, 0], fpn[0]

    def _find_lines(self, pixels: ImageU8, first: NetworkOutput) -> tuple[NetworkOutput, list[tuple[F32, float]]]:
        """Return corners on the map and score of each line, and the output they are of: a finer one if need be."""
        found = _boxes(first.scores)
        scale = _scale_for_lines(pixels, [min(box_sides(corners)) for corners, _ in found])
        if scale <= _usual_scale(pixels):
            return first, found
        finer = self.run_network(pixels, scale)
        return finer, _boxes(finer.scores)


@cache
def shared_dbnet() -> DbnetDetector:
    """Return the one DBNet of this process: it detects, and other detectors' lines need its features too."""
    return DbnetDetector()


def load_dbnet(options: ReadOptions, models_dir: Path | None) -> DbnetDetector:
    """Return the DBNet of this process, as a `DetectorLoader`: it has no options and comes with a package."""
    return shared_dbnet()


def _usual_scale(pixels: ImageU8) -> float:
    """Return by what factor a page of this size is scaled for the network as a rule."""
    return float(min(_most_magnification(pixels), _LONGEST_SIDE_PX / max(pixels.shape[:2])))


def _most_magnification(pixels: ImageU8) -> float:
    return _MAX_MAGNIFICATION if min(pixels.shape[:2]) >= _MIN_PAGE_SIDE_PX else 1.0


def _scale_for_lines(pixels: ImageU8, line_heights_px: Sequence[float]) -> float:
    """Return the scale that a page is detected at, given the heights of the lines on its map of the usual scale."""
    usual = _usual_scale(pixels)
    if usual >= 1:
        return usual  # the page has no more pixels to show
    scale = scale_for_letters(pixels, usual)
    if scale == usual and line_heights_px and np.median(line_heights_px) < _MIN_LINE_HEIGHT_PX:
        return min(_most_magnification(pixels), _FINER_SCALE * usual)
    return scale


def _page_features(output: NetworkOutput, rois: Sequence[F32]) -> PageFeatures:
    return PageFeatures(np.asarray(output.fpn, np.float32), output.scale / np.float32(_CELL_PX), rois)


def _on_page(pixels: ImageU8, output: NetworkOutput, found: Sequence[tuple[F32, float]]) -> list[TextBox]:
    """Return boxes found on the map in page pixels."""
    height, width = pixels.shape[:2]
    limits = np.array([width, height], np.float32)
    return [
        TextBox(np.clip(corners / output.scale, 0, limits).astype(np.float32), score) for corners, score in found
    ]


def _input(pixels: ImageU8, scale: float) -> tuple[F32, F32]:
    """Return the page as the network takes it, (1, 3, h, w) in [-1, 1], and the scale of each axis, (2,)."""
    height, width = pixels.shape[:2]
    size = [max(_STRIDE_PX, round(side * scale / _STRIDE_PX) * _STRIDE_PX) for side in (width, height)]
    sized = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    # it was trained on BGR, as OpenCV reads
    colours = cv2.cvtColor(sized, cv2.COLOR_GRAY2BGR if sized.ndim == 2 else cv2.COLOR_RGB2BGR)
    planes = cv2.dnn.blobFromImage(colours, 1 / 127.5, mean=(127.5, 127.5, 127.5))
    return np.asarray(planes, np.float32), np.array([size[0] / width, size[1] / height], np.float32)


def _boxes(scores: F32) -> list[tuple[F32, float]]:
    """Return (corners on the map, score) of each run of text pixels."""
    text = cv2.dilate((scores > _TEXT_THRESHOLD).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(text, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for contour in contours:
        centre, size, angle = cv2.minAreaRect(contour)
        if min(size) < _MIN_BOX_SIDE_PX:
            continue
        score = _mean_inside(scores, _corners(centre, size, angle))
        if score < _BOX_THRESHOLD:
            continue
        growth = 2 * size[0] * size[1] * _UNCLIP_RATIO / (2 * (size[0] + size[1]))
        grown = (size[0] + growth, size[1] + growth)
        if min(grown) >= _MIN_BOX_SIDE_PX + 2:
            found.append((clockwise(_corners(centre, grown, angle)), score))
    return found


def _corners(centre: Sequence[float], size: Sequence[float], angle: float) -> F32:
    return np.asarray(cv2.boxPoints((centre, size, angle)), np.float32)


def _mean_inside(scores: F32, corners: F32) -> float:
    """Return the mean score inside a quadrilateral."""
    height, width = scores.shape
    x0, y0 = np.clip(np.floor(corners.min(0)).astype(int), 0, (width - 1, height - 1))
    x1, y1 = np.clip(np.ceil(corners.max(0)).astype(int), 0, (width - 1, height - 1))
    mask = np.zeros((y1 - y0 + 1, x1 - x0 + 1), np.uint8)
    cv2.fillPoly(mask, [(corners - (x0, y0)).astype(np.int32)], 1)
    return float(cv2.mean(scores[y0 : y1 + 1, x0 : x1 + 1], mask)[0])


def _roi_features(fpn: F32 | F16, scores: F32, corners: F32) -> F32:
    """Return mean and standard deviation of the features, (C, h/4, w/4), over a box's text pixels, (2C,)."""
    height, width = fpn.shape[1:]
    x0, y0 = np.clip((corners.min(0) / _CELL_PX).astype(int), 0, (width - 1, height - 1))
    x1, y1 = np.clip((corners.max(0) / _CELL_PX).astype(int), 0, (width - 1, height - 1))
    window = fpn[:, y0 : y1 + 1, x0 : x1 + 1].reshape(len(fpn), -1).astype(np.float32, copy=False)
    # each cell counts by the score of its first pixel; the small constant keeps a box without any text defined
    rows, columns = (slice(low * _CELL_PX, (high + 1) * _CELL_PX, _CELL_PX) for low, high in ((y0, y1), (x0, x1)))
    weights = scores[rows, columns].reshape(-1) + 1e-3
    weights = weights / weights.sum()
    mean = window @ weights
    deviation = np.sqrt(np.maximum((window**2) @ weights - mean**2, 0))
    return np.concatenate([mean, deviation]).astype(np.float32)
