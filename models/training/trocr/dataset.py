"""What trocr-tiny learns from: lines as the trunk sees them, kept in files, and text alone."""

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
from models.training.lines.dataset import Pack
from models.training.lines.export import drop_unused
from models.training.lines.mixture import STRIDE, Mixture, batches, grouped
from models.training.trocr.network import FEATURES
from models.weights.files import written_whole
from models.weights.onnx_session import create_session

_IN_A_FILE = 500
_POOL = 600  # lines that are sorted by length together
_VECTORS = 4500  # of a batch
_TEXTS = 48  # of a batch
_LONGEST = 84  # characters
_REAL_TEXT = 0.12  # share of texts that are transcriptions of the lines learnt from


class SeenLine(NamedTuple):
    """A line as the trunk sees it, (T, 120) float16, and its text."""

    features: F16
    text: str


class Batch(NamedTuple):
    """Features, (N, T, 120), and their lengths; tokens, (N, L), and what follows each, -100 for none."""

    features: Tensor
    lengths: Tensor
    given: Tensor
    following: Tensor


class Trunk:
    """The shipped recogniser up to where it tells characters."""

    def __init__(self, network: Path = NETWORK) -> None:
        self._told = trunk_of(onnx.load(network)).graph.output[0].name
        self._session = create_session(network, self._told)

    def features(self, pictures: F32, widths: Sequence[int]) -> list[F16]:
        """Return what it tells of lines, (N, 3, 48, W) with their own widths: (T, 120) each."""
        (told,) = self._session.run([self._told], {"x": pictures})
        return [row[: -(-width // STRIDE) + 1].astype(np.float16) for row, width in zip(told, widths, strict=True)]


def trunk_of(network: onnx.ModelProto) -> onnx.ModelProto:
    """Return the recogniser without its classifier: the last product, its bias and the softmax."""
    cut = onnx.ModelProto()
    cut.CopyFrom(network)
    product = next(node for node in reversed(cut.graph.node) if node.op_type == "MatMul")
    told = product.input[0]
    nodes = list(cut.graph.node)[: list(cut.graph.node).index(product)]
    del cut.graph.node[:], cut.graph.output[:]
    cut.graph.node.extend(nodes)
    cut.graph.output.append(helper.make_tensor_value_info(told, TensorProto.FLOAT, ["lines", "steps", FEATURES]))
    drop_unused(cut.graph)
    return cut


def write_features(folder: Path, mixture: Mixture, trunk: Trunk, lines: int, seed: int) -> int:
    """Write files of lines as the trunk sees them until there are as many; return how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    seen: list[SeenLine] = []
    written = 0
    for pictures, texts, widths in batches(mixture.examples(np.random.default_rng(seed))):
        seen += [SeenLine(*row) for row in zip(trunk.features(pictures, widths), texts, strict=True)]
        if len(seen) >= _IN_A_FILE or written + len(seen) >= lines:
            _write(folder / f"{seed}-{written:06}.npz", seen)
            written, seen = written + len(seen), []
        if written >= lines:
            return written
    return written


def read_features(folder: Path) -> list[SeenLine]:
    """Return the lines of a folder. Raises ModelError where there are none."""
    lines = [line for file in sorted(folder.glob("*.npz")) for line in _read(file)]
    if not lines:
        raise ModelError(f"{folder} has no lines; make them with `python -m models.training.trocr features`")
    return lines


class Alphabet:
    """Characters as tokens; what is none of them is left out."""

    def __init__(self, characters: Sequence[str]) -> None:
        """Number characters; the first is the blank, whose number begins and ends a text."""
        self.characters = list(characters)
        self._numbers: Mapping[str, int] = {one: number for number, one in enumerate(characters) if number}

    def tokens(self, text: str) -> list[int]:
        """Return a text's tokens."""
        return [self._numbers[character] for character in text if character in self._numbers]

    def given_and_following(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Return each text's tokens, the boundary before them, and what follows each, the boundary at the end."""
        rows = [self.tokens(text) for text in texts]
        given = torch.zeros(len(rows), max(map(len, rows)) + 1, dtype=torch.long)
        following = torch.full_like(given, -100)
        for number, row in enumerate(rows):
            given[number, 1 : len(row) + 1] = torch.tensor(row, dtype=torch.long)
            following[number, : len(row) + 1] = torch.tensor([*row, 0], dtype=torch.long)
        return given, following


class Lines:
    """Batches of lines of about one length, a little different each time."""

    def __init__(self, lines: Sequence[SeenLine], alphabet: Alphabet) -> None:
        """Take mean and deviation from some of the lines."""
        some = np.concatenate([line.features for line in lines[:: max(1, len(lines) // 500)]]).astype(np.float32)
        self.normal = some.mean(0), some.std(0) + np.float32(1e-3)
        self._lines, self._alphabet = lines, alphabet

    def batches(self, rng: np.random.Generator) -> Iterator[Batch]:
        """Yield batches without end."""
        while True:
            pool = [self._lines[int(number)] for number in rng.integers(0, len(self._lines), _POOL)]
            pool.sort(key=lambda line: len(line.features))
            groups = grouped(pool, lambda line: len(line.features), _VECTORS)
            for number in rng.permutation(len(groups)):
                yield self._batch(rng, groups[int(number)])

    def _batch(self, rng: np.random.Generator, lines: Sequence[SeenLine]) -> Batch:
        lengths = torch.tensor([len(line.features) for line in lines])
        features = torch.zeros(len(lines), int(lengths.max()), FEATURES)
        mean, deviation = self.normal
        for number, line in enumerate(lines):
            told = _varied(rng, (line.features.astype(np.float32) - mean) / deviation)
            features[number, : len(told)] = torch.from_numpy(told)
        given, following = self._alphabet.given_and_following([line.text for line in lines])
        others = torch.from_numpy(rng.integers(1, len(self._alphabet.characters), given.shape))
        mistaken = torch.from_numpy(rng.random(given.shape) < 0.06) & (given > 0)
        return Batch(features, lengths, torch.where(mistaken, others, given), following)


def text_batches(pack: Pack, alphabet: Alphabet, rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield tokens that are given and those that follow, of English and of the lines' transcriptions."""
    words = pack.text.words
    while True:
        texts = []
        for _ in range(8 * _TEXTS):
            start = int(rng.integers(0, max(1, len(words) - 20)))
            english = " ".join(words[start : start + int(rng.integers(3, 18))])
            real = pack.train[int(rng.integers(0, len(pack.train)))].text
            texts.append((real if rng.random() < _REAL_TEXT else english)[:_LONGEST])
        texts.sort(key=len)
        for number in rng.permutation(8):
            yield alphabet.given_and_following(texts[int(number) * _TEXTS : (int(number) + 1) * _TEXTS])


def _varied(rng: np.random.Generator, features: F32) -> F32:
    """Return features with noise, some steps hidden and at times some numbers of each step."""
    features = features + rng.normal(0, 0.1, features.shape).astype(np.float32)
    for _ in range(int(rng.integers(0, 4))):
        wide = int(rng.integers(1, 7))
        start = int(rng.integers(0, max(1, len(features) - wide)))
        features[start : start + wide] = 0
    if rng.random() < 0.5:
        features *= rng.random(features.shape[1]) > 0.1
    return features


def _write(file: Path, lines: Sequence[SeenLine]) -> None:
    stream = io.BytesIO()
    np.savez(
        stream,
        features=np.concatenate([line.features for line in lines]),
        ends=np.cumsum([len(line.features) for line in lines]),
        texts=np.frombuffer(json.dumps([line.text for line in lines]).encode(), np.uint8),
    )
    with written_whole(file) as part:  # a run may read meanwhile
        part.write_bytes(stream.getvalue())


def _read(file: Path) -> list[SeenLine]:
    with np.load(file, allow_pickle=False) as arrays:
        features, ends = arrays["features"], arrays["ends"].tolist()
        texts = json.loads(arrays["texts"].tobytes())
    return [SeenLine(features[a:b], text) for a, b, text in zip([0, *ends], ends, texts, strict=False)]
