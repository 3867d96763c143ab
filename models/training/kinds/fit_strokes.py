"""Learns the network that looks at strokes, by backpropagation in numpy: a linear layer on top tells the kinds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.arrays import F32, I64, ImageU8
from models.kinds.model import KINDS
from models.kinds.strokes import FEATURES, LAYERS, StrokeNetwork, patches_of
from models.training.kinds.adam import Adam
from models.training.kinds.losses import cross_entropy, weights_of


@dataclass(frozen=True, slots=True)
class StrokeOptions:
    """How the network is learnt."""

    epochs: int = 10
    batch: int = 32
    rate: float = 2e-3
    decay: float = 0.02
    seed: int = 0


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a layer keeps for the way back: its patches, the maps it gave, and the shape of those it was given."""

    patches: F32
    maps: F32
    given: tuple[int, ...]


def fit_strokes(windows: ImageU8, kinds: I64, options: StrokeOptions) -> tuple[StrokeNetwork, list[float]]:
    """Return the network learnt from windows, (n, 32, 128), of (n,) KINDS indices; and each epoch's mean loss."""
    rng = np.random.default_rng(options.seed)
    layers = _begin(rng)
    weights = weights_of(kinds)
    adam = Adam(layers, options.rate, options.decay, options.epochs * -(-len(kinds) // options.batch))
    losses = []
    for _ in range(options.epochs):
        order = rng.permutation(len(kinds))
        seen = 0.0
        for start in range(0, len(order), options.batch):
            some = order[start : start + options.batch]
            loss, slopes = _slopes(layers, varied(rng, windows[some]), kinds[some], weights[some])
            adam.step(slopes)
            seen += loss * len(some)
        losses.append(seen / len(order))
    return StrokeNetwork(tuple(layers[:-2:2]), tuple(layers[1:-2:2])), losses


def varied(rng: np.random.Generator, windows: ImageU8) -> F32:
    """Return windows as ink in [0, 1], moved, paler or darker, and noisier than they were."""
    ink = windows.astype(np.float32) / 255
    ink = np.roll(ink, (int(rng.integers(-3, 4)), int(rng.integers(-16, 17))), (1, 2))
    ink = ink ** rng.uniform(0.6, 1.7, (len(ink), 1, 1)).astype(np.float32)
    return np.asarray(ink + rng.normal(0, rng.uniform(0, 0.08), ink.shape), np.float32)


def _begin(rng: np.random.Generator) -> list[F32]:
    """Return weights (He et al. 2015) and biases, layer by layer, those of the kinds last."""
    layers: list[F32] = []
    before = 1
    for side, _, channels in LAYERS:
        size = before * side**2
        layers.append(rng.normal(0, np.sqrt(2 / size), (channels, size)).astype(np.float32))
        layers.append(np.zeros(channels, np.float32))
        before = channels
    layers.append(rng.normal(0, np.sqrt(1 / FEATURES), (FEATURES, len(KINDS))).astype(np.float32))
    layers.append(np.zeros(len(KINDS), np.float32))
    return layers


def _slopes(layers: list[F32], windows: F32, kinds: I64, weights: F32) -> tuple[float, list[F32]]:
    """Return a batch's loss and its slope at each of the layers."""
    maps = windows[None]
    seen = []
    for (side, step, _), weight, bias in zip(LAYERS, layers[:-2:2], layers[1:-2:2], strict=True):
        patches, places = patches_of(maps, side, step)
        given = maps.shape
        maps = np.maximum(weight @ patches + bias[:, None], 0).reshape(-1, *places)
        seen.append(_Seen(patches, maps, given))
    flat = maps.reshape(*maps.shape[:2], -1)
    features = np.concatenate([flat.mean(2), flat.max(2)]).T
    loss, error = cross_entropy(features @ layers[-2] + layers[-1], kinds, weights)
    slopes = [features.T @ error, error.sum(0)]
    at_maps = _through_pooling(layers[-2] @ error.T, flat)
    for number in reversed(range(len(LAYERS))):
        layer = seen[number]
        at_sums = at_maps.reshape(len(layer.maps), -1) * (layer.maps > 0).reshape(len(layer.maps), -1)
        slopes = [at_sums @ layer.patches.T, at_sums.sum(1), *slopes]
        if number:
            at_maps = _through_patches(layers[2 * number].T @ at_sums, layer, *LAYERS[number][:2])
    return loss, slopes


def _through_pooling(slope: F32, flat: F32) -> F32:
    """Return the slope at maps, (channels, n, places), from that at their mean and greatest, (2 channels, n)."""
    channels, count, places = flat.shape
    at_flat = np.repeat(slope[:channels, :, None] / places, places, 2)
    rows, columns = np.indices((channels, count))
    at_flat[rows, columns, flat.argmax(2)] += slope[channels:]
    return np.asarray(at_flat, np.float32)


def _through_patches(slope: F32, layer: _Seen, side: int, step: int) -> F32:
    """Return the slope at a layer's maps from that at its patches: each place adds up what it was in."""
    channels, count, height, width = layer.given
    edge = side // 2
    _, _, down, across = layer.maps.shape
    each = slope.reshape(side, side, channels, count, down, across)
    padded = np.zeros((channels, count, height + 2 * edge, width + 2 * edge), np.float32)
    for row in range(side):
        for column in range(side):
            window = padded[..., row : row + step * down : step, column : column + step * across : step]
            window += each[row, column]
    return padded[..., edge : edge + height, edge : edge + width]
