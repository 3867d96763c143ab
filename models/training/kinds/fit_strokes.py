"""Trains the stroke network: a linear classifier on top, which is not kept, classifies single windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from models.arrays import F32, I64, ImageU8
from models.kinds.model import KINDS
from models.kinds.strokes import FEATURES, LAYERS, StrokeNetwork
from models.training.kinds.loop import FitOptions, fit_parameters, parameters_of
from models.training.kinds.losses import weighted_cross_entropy, weights_of


@dataclass(frozen=True, slots=True)
class StrokeOptions(FitOptions):
    """Hyperparameters."""

    epochs: int = 10
    batch: int = 32
    rate: float = 2e-3
    decay: float = 0.02


def fit_strokes(windows: ImageU8, kinds: I64, options: StrokeOptions) -> tuple[StrokeNetwork, list[float]]:
    """Return the network fitted to windows, (n, 32, 128), of (n,) KINDS indices; and each epoch's mean loss."""
    rng = np.random.default_rng(options.seed)
    parameters = parameters_of(_initial_layers(rng))
    weights = weights_of(kinds)

    def batch_loss(some: I64) -> Tensor:
        features = stroke_features(parameters[:-2], torch.from_numpy(augment(rng, windows[some])))
        return weighted_cross_entropy(features @ parameters[-2] + parameters[-1], kinds[some], weights[some])

    losses = fit_parameters(parameters, len(kinds), options, rng, batch_loss)
    layers = [layer.detach().numpy() for layer in parameters[:-2]]
    return StrokeNetwork(tuple(layers[::2]), tuple(layers[1::2])), losses


def augment(rng: np.random.Generator, windows: ImageU8) -> F32:
    """Return windows as ink in [0, 1], shifted, paler or darker, and with noise."""
    ink = windows.astype(np.float32) / 255
    ink = np.roll(ink, (int(rng.integers(-3, 4)), int(rng.integers(-16, 17))), (1, 2))
    ink = ink ** rng.uniform(0.6, 1.7, (len(ink), 1, 1)).astype(np.float32)
    return np.asarray(ink + rng.normal(0, rng.uniform(0, 0.08), ink.shape), np.float32)


def stroke_features(layers: list[Tensor], windows: Tensor) -> Tensor:
    """Return what StrokeNetwork.features computes, (n, FEATURES), for weights and biases in turn."""
    maps = windows[:, None]
    for (side, step, _), weight, bias in zip(LAYERS, layers[::2], layers[1::2], strict=True):
        # StrokeNetwork's weights are (out, side · side · in)
        kernel = weight.unflatten(1, (side, side, -1)).permute(0, 3, 1, 2)
        maps = functional.conv2d(maps, kernel, bias, step, side // 2).relu()
    return torch.cat([maps.mean((2, 3)), maps.amax((2, 3))], 1)


def _initial_layers(rng: np.random.Generator) -> list[F32]:
    """Return weights (He et al. 2015) and biases, layer by layer, those of the classifier last."""
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
