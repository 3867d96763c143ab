"""Training data of trocr-tiny: backbone features of lines, computed once and kept in files, and text alone."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from torch import Tensor

from models.arrays import F16, F32
from models.errors import ModelError
from models.recognition.ctc.handwriting import NETWORK
from models.training.lines.dataset import LineDataset
from models.training.lines.export import drop_unused
from models.training.lines.mixture import STRIDE_PX, Mixture, batches, grouped
from models.training.trocr.network import FEATURES
from models.weights.files import written_whole
from models.weights.onnx_session import create_session

_LINES_PER_FILE = 500
_POOL_LINES = 600  # sorted by length together, so that a batch has little padding
_BATCH_VECTORS = 4500  # the longest line of a batch, times their number
_BATCH_TEXTS = 48
_BATCHES_PER_POOL = 8  # of texts, sorted by length together
_MAX_CHARACTERS = 84
_TRANSCRIPTIONS = 0.12  # fraction of the texts that are transcriptions of training lines
_WRONG_TOKENS = 0.06  # fraction of the given tokens that are replaced: reading makes mistakes as well


class FeatureLine(NamedTuple):
    """A line's backbone features, (T, 120) float16, and its text."""

    features: F16
    text: str


class Batch(NamedTuple):
    """Features, (N, T, 120), and their lengths, (N,); the decoder's input and targets, (N, L), -100 for none."""

    features: Tensor
    lengths: Tensor
    given: Tensor
    following: Tensor


class Backbone:
    """The shipped recogniser without its classifier."""

    def __init__(self, network: Path = NETWORK) -> None:
        self._output = backbone_of(onnx.load(network)).graph.output[0].name
        self._session = create_session(network, self._output)

    def features(self, pictures: F32, widths: Sequence[int]) -> list[F16]:
        """Return the features of lines, (N, 3, 48, W) with their own widths in pixels: (T, 120) float16 each."""
        (rows,) = self._session.run([self._output], {"x": pictures})
        # a line's last letter may come a step after its end
        steps = [-(-width // STRIDE_PX) + 1 for width in widths]
        return [row[:count].astype(np.float16) for row, count in zip(rows, steps, strict=True)]


def backbone_of(network: onnx.ModelProto) -> onnx.ModelProto:
    """Return the recogniser without its classifier: without the last product, its bias and the softmax."""
    cut = onnx.ModelProto()
    cut.CopyFrom(network)
    product = next(node for node in reversed(cut.graph.node) if node.op_type == "MatMul")
    output = product.input[0]
    nodes = list(cut.graph.node)[: list(cut.graph.node).index(product)]
    del cut.graph.node[:], cut.graph.output[:]
    cut.graph.node.extend(nodes)
    cut.graph.output.append(helper.make_tensor_value_info(output, TensorProto.FLOAT, ["lines", "steps", FEATURES]))
    drop_unused(cut.graph)
    return cut


def write_features(folder: Path, mixture: Mixture, backbone: Backbone, lines: int, seed: int) -> int:
    """Write the features of `lines` lines or a few more; return how many."""
    folder.mkdir(parents=True, exist_ok=True)
    group: list[FeatureLine] = []
    written = 0
    for pictures, texts, widths in batches(mixture.examples(np.random.default_rng(seed))):
        features = backbone.features(pictures, widths)
        group += [FeatureLine(*row) for row in zip(features, texts, strict=True)]
        if len(group) >= _LINES_PER_FILE or written + len(group) >= lines:
            _write(folder / f"{seed}-{written:06}.npz", group)
            written, group = written + len(group), []
        if written >= lines:
            return written
    return written


def read_features(folder: Path) -> list[FeatureLine]:
    """Return the lines of a folder. Raises ModelError where there are none."""
    lines = [line for file in sorted(folder.glob("*.npz")) for line in _read(file)]
    if not lines:
        raise ModelError(f"{folder} has no lines; make them with `python -m models.training.trocr features`")
    return lines


class Alphabet:
    """Characters as tokens; other characters are left out."""

    def __init__(self, characters: Sequence[str]) -> None:
        """Number characters; the first is the blank, whose index begins and ends a text."""
        self.characters = list(characters)
        self._numbers: Mapping[str, int] = {one: number for number, one in enumerate(characters) if number}

    def tokens(self, text: str) -> list[int]:
        """Return a text's tokens."""
        return [self._numbers[character] for character in text if character in self._numbers]

    def given_and_following(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Return the decoder's input and its targets, (N, L) each: the tokens after a boundary, and before one."""
        rows = [self.tokens(text) for text in texts]
        given = torch.zeros(len(rows), max(map(len, rows)) + 1, dtype=torch.long)
        following = torch.full_like(given, -100)
        for number, row in enumerate(rows):
            given[number, 1 : len(row) + 1] = torch.tensor(row, dtype=torch.long)
            following[number, : len(row) + 1] = torch.tensor([*row, 0], dtype=torch.long)
        return given, following


class Lines:
    """Batches of lines of similar length, with augmented features."""

    def __init__(self, lines: Sequence[FeatureLine], alphabet: Alphabet) -> None:
        """Compute mean and deviation of the features, over some 500 of the lines."""
        some = np.concatenate([line.features for line in lines[:: max(1, len(lines) // 500)]]).astype(np.float32)
        self.normal = some.mean(0), some.std(0) + np.float32(1e-3)
        self._lines, self._alphabet = lines, alphabet

    def batches(self, rng: np.random.Generator) -> Iterator[Batch]:
        """Yield batches without end."""
        while True:
            pool = [self._lines[int(number)] for number in rng.integers(0, len(self._lines), _POOL_LINES)]
            pool.sort(key=lambda line: len(line.features))
            groups = grouped(pool, lambda line: len(line.features), _BATCH_VECTORS)
            for number in rng.permutation(len(groups)):
                yield self._batch(rng, groups[int(number)])

    def _batch(self, rng: np.random.Generator, lines: Sequence[FeatureLine]) -> Batch:
        lengths = torch.tensor([len(line.features) for line in lines])
        features = torch.zeros(len(lines), int(lengths.max()), FEATURES)
        mean, deviation = self.normal
        for number, line in enumerate(lines):
            augmented = _augment(rng, (line.features.astype(np.float32) - mean) / deviation)
            features[number, : len(augmented)] = torch.from_numpy(augmented)
        given, following = self._alphabet.given_and_following([line.text for line in lines])
        others = torch.from_numpy(rng.integers(1, len(self._alphabet.characters), given.shape))
        wrong = torch.from_numpy(rng.random(given.shape) < _WRONG_TOKENS) & (given > 0)
        return Batch(features, lengths, torch.where(wrong, others, given), following)


def text_batches(
    dataset: LineDataset, alphabet: Alphabet, rng: np.random.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield inputs and targets of the decoder (see Alphabet), of English and of the lines' transcriptions."""
    words = dataset.text.words
    while True:
        texts = []
        for _ in range(_BATCHES_PER_POOL * _BATCH_TEXTS):
            start = int(rng.integers(0, max(1, len(words) - 20)))
            english = " ".join(words[start : start + int(rng.integers(3, 18))])
            real = dataset.train[int(rng.integers(0, len(dataset.train)))].text
            texts.append((real if rng.random() < _TRANSCRIPTIONS else english)[:_MAX_CHARACTERS])
        texts.sort(key=len)
        for number in rng.permutation(_BATCHES_PER_POOL):
            yield alphabet.given_and_following(texts[int(number) * _BATCH_TEXTS : (int(number) + 1) * _BATCH_TEXTS])


def _augment(rng: np.random.Generator, features: F32) -> F32:
    """Return features, (T, 120), with noise, with some steps and at times some channels set to zero."""
    features = features + rng.normal(0, 0.1, features.shape).astype(np.float32)
    for _ in range(int(rng.integers(0, 4))):
        width = int(rng.integers(1, 7))
        start = int(rng.integers(0, max(1, len(features) - width)))
        features[start : start + width] = 0
    if rng.random() < 0.5:
        features *= rng.random(features.shape[1]) > 0.1
    return features


def _write(file: Path, lines: Sequence[FeatureLine]) -> None:
    stream = io.BytesIO()
    np.savez(
        stream,
        features=np.concatenate([line.features for line in lines]),
        ends=np.cumsum([len(line.features) for line in lines]),
        texts=np.frombuffer(json.dumps([line.text for line in lines]).encode(), np.uint8),
    )
    with written_whole(file) as part:  # a run may read meanwhile
        part.write_bytes(stream.getvalue())


def _read(file: Path) -> list[FeatureLine]:
    with np.load(file, allow_pickle=False) as arrays:
        features, ends = arrays["features"], arrays["ends"].tolist()
        texts = json.loads(arrays["texts"].tobytes())
    return [FeatureLine(features[a:b], text) for a, b, text in zip([0, *ends], ends, texts, strict=False)]
