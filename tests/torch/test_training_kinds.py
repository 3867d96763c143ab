"""The classifier of kinds is trained: torch computes what numpy runs, losses fall, a seed gives the same again."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from models.kinds.strokes import LAYERS, StrokeNetwork
from models.training.kinds.examples import Examples
from models.training.kinds.fit import all_features, fit
from models.training.kinds.fit_head import HeadOptions, fit_head
from models.training.kinds.fit_strokes import StrokeOptions, fit_strokes, stroke_features


def examples(count: int = 96) -> Examples:
    """Return windows that are easily classified: upright bars, waves, and one long stroke."""
    rng = np.random.default_rng(0)
    windows = np.zeros((count, 32, 128), np.uint8)
    for number, window in enumerate(windows):
        x = np.arange(128)
        if number % 3 == 0:
            window[6:26, :: int(rng.integers(6, 10))] = 255
        elif number % 3 == 1:
            y = 16 + 8 * np.sin(x / rng.uniform(2, 4))
            window[y.astype(int), x] = 255
        else:
            cv2.line(window, (5, int(rng.integers(8, 24))), (120, int(rng.integers(8, 24))), 255, 3)
    features = rng.normal(0, 1, (count, 198)).astype(np.float32)
    pages = np.array([f"page {number % 4}" for number in range(count)])
    return Examples(features, windows, np.arange(count) % 3, pages)


def test_torch_computes_the_features_that_the_shipped_network_computes() -> None:
    training = examples(12)
    network, _ = fit_strokes(training.windows, training.kinds, StrokeOptions(epochs=1, batch=4))
    assert isinstance(network, StrokeNetwork)
    windows = np.asarray(training.windows / 255, np.float32)
    layers = [
        torch.from_numpy(np.ascontiguousarray(layer))
        for both in zip(network.weights, network.biases, strict=True)
        for layer in both
    ]
    assert stroke_features(layers, torch.from_numpy(windows)).numpy() == pytest.approx(
        network.features(windows), abs=1e-4
    )


def test_training_lowers_the_loss_and_classifies_its_examples() -> None:
    training = examples()
    model, losses = fit(training, training, StrokeOptions(epochs=14, batch=16), HeadOptions(epochs=20, batch=32))
    assert len(losses) == 14 and losses[-1] < 0.5 * losses[0]
    features = all_features(model.strokes, training)
    predicted = model.head.probabilities(features).argmax(1)
    assert (predicted == training.kinds).mean() > 0.9
    assert len(model.strokes.weights) == len(LAYERS)


def test_the_same_seed_trains_the_same_head() -> None:
    training = examples(30)
    (first, losses), (second, again) = (
        fit_head(training.features, training.kinds, HeadOptions(epochs=3)) for _ in "12"
    )
    assert losses == again and losses[-1] < losses[0]
    assert np.array_equal(first.first, second.first)
