"""The trained model that classifies lines, and the file that it is kept in."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.arrays import F32, ImageU8
from models.detection.types import TextBox
from models.document import Kind
from models.errors import ModelError, WeightsMissing
from models.kinds.strokes import LAYERS, StrokeNetwork
from models.kinds.types import AnnotatedLine

KINDS: tuple[Kind, ...] = ("printed", "handwritten", "signature")
_HEAD = ("mean", "spread", "first", "first_bias", "second", "second_bias")


@dataclass(frozen=True, slots=True)
class KindHead:
    """Two layers on standardised features: softmax(relu((x - mean) / spread · first + bias) · second + bias)."""

    mean: F32  # (F,)
    spread: F32  # (F,)
    first: F32  # (F, H)
    first_bias: F32  # (H,)
    second: F32  # (H, 3)
    second_bias: F32  # (3,)

    def probabilities(self, features: F32) -> F32:
        """Return the probability of each of KINDS, (n, 3) float32, rows adding up to 1, for (n, F) features."""
        hidden = np.maximum((features - self.mean) / self.spread @ self.first + self.first_bias, 0)
        logits = hidden @ self.second + self.second_bias
        likelihoods = np.exp(logits - logits.max(1, keepdims=True))
        return np.asarray(likelihoods / likelihoods.sum(1, keepdims=True), np.float32)


@dataclass(frozen=True, slots=True)
class KindModel:
    """The network that looks at strokes, and the head that classifies by its features and the detector's."""

    strokes: StrokeNetwork
    head: KindHead

    def probabilities(self, pixels: ImageU8, lines: Sequence[AnnotatedLine]) -> F32:
        """Return the probability of each of KINDS for each line on a page, (n, 3) float32."""
        rois = [line.roi_features for line in lines]
        features = [self.strokes.line_features(pixels, lines), detector_features(pixels.shape, lines, rois)]
        return self.head.probabilities(np.concatenate(features, 1))

    def save(self, file: Path) -> str:
        """Write the model as .npz, the same bytes for the same model, and return their sha256."""
        layers = {f"weights{i}": layer for i, layer in enumerate(self.strokes.weights)}
        layers |= {f"biases{i}": layer for i, layer in enumerate(self.strokes.biases)}
        layers |= {name: getattr(self.head, name) for name in _HEAD}
        np.savez(file, **{name: layer.astype(np.float32) for name, layer in layers.items()})  # type: ignore[arg-type]  # a layer is not allow_pickle
        return hashlib.sha256(file.read_bytes()).hexdigest()


def load_model(file: Path, sha256: str | None) -> KindModel:
    """Return a saved model.

    Args:
        sha256: What the file's must be, None where any is right.

    Raises:
        WeightsMissing: There is no such file.
        ModelError: It holds another model than was released, or none.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise WeightsMissing(f"{file}, which classifies lines: {error.strerror}; reinstall inkstream") from error
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise ModelError(f"{file} is not the model that was released (its sha256 is another): reinstall inkstream")
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as layers:
            numbers = range(len(LAYERS))
            return KindModel(
                StrokeNetwork(
                    tuple(layers[f"weights{i}"] for i in numbers), tuple(layers[f"biases{i}"] for i in numbers)
                ),
                KindHead(*(layers[name] for name in _HEAD)),
            )
    except (ValueError, KeyError, OSError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise ModelError(f"{file} holds no model that classifies lines: {error}") from error


def detector_features(page_shape: tuple[int, ...], boxes: Sequence[TextBox], rois: Sequence[F32]) -> F32:
    """Return what detection gives the head of each box, (n, 198) float32: ROI features and its place on the page.

    Args:
        page_shape: Height and width, and perhaps channels.
        rois: ROI features of each box, (192,) float32; see `PageFeatures.rois`.
    """
    if not boxes:
        return np.zeros((0, 198), np.float32)
    page_height, page_width = page_shape[:2]
    corners = np.stack([box.corners for box in boxes])
    lengths = np.linalg.norm(corners[:, 1] - corners[:, 0], axis=1) + 1
    heights = np.linalg.norm(corners[:, 3] - corners[:, 0], axis=1) + 1
    layout = [
        np.log(heights / np.median(heights)), np.log(lengths / heights),
        np.log(heights / page_height), np.log(lengths / page_width),
        corners[:, :, 1].mean(1) / page_height, np.array([box.score for box in boxes]),
    ]  # fmt: skip
    return np.concatenate([np.stack(rois), np.stack(layout, 1)], 1).astype(np.float32)
