"""What is learnt to tell kinds of lines apart, and the file that it is kept in."""

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
    """The network that looks at strokes, and the head that decides by that and by what the detector tells."""

    strokes: StrokeNetwork
    head: KindHead

    def probabilities(self, pixels: ImageU8, boxes: Sequence[TextBox]) -> F32:
        """Return the probability of each of KINDS for each box on a page, (n, 3) float32."""
        features = [self.strokes.look(pixels, boxes), describe(pixels.shape, boxes)]
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
        raise WeightsMissing(
            f"{file}, which tells kinds of lines: {error.strerror}; reinstall inkstream"
        ) from error
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
        raise ModelError(f"{file} holds no model that tells kinds of lines: {error}") from error


def describe(shape: tuple[int, ...], boxes: Sequence[TextBox]) -> F32:
    """Return the detector's descriptor of each box and how the box stands among the others, (n, 198) float32.

    Args:
        shape: Of the page: height and width, and perhaps channels.
    """
    if not boxes:
        return np.zeros((0, 198), np.float32)
    height, width = shape[:2]
    corners = np.stack([box.corners for box in boxes])
    across = np.linalg.norm(corners[:, 1] - corners[:, 0], axis=1) + 1
    tall = np.linalg.norm(corners[:, 3] - corners[:, 0], axis=1) + 1
    among = [
        np.log(tall / np.median(tall)), np.log(across / tall), np.log(tall / height), np.log(across / width),
        corners[:, :, 1].mean(1) / height, np.array([box.score for box in boxes]),
    ]  # fmt: skip
    descriptors = np.stack([box.descriptor for box in boxes])
    return np.concatenate([descriptors, np.stack(among, 1)], 1).astype(np.float32)
