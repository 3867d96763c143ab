"""Fits the whole model: the stroke network to synthetic pages alone, then the head to all examples."""

from __future__ import annotations

import numpy as np

from models.arrays import F32, I64
from models.kinds.classifier import decide_kind
from models.kinds.model import KINDS, KindModel
from models.kinds.strokes import StrokeNetwork
from models.training.kinds.examples import Examples
from models.training.kinds.fit_head import HeadOptions, fit_head
from models.training.kinds.fit_strokes import StrokeOptions, fit_strokes

_THRESHOLD = 0.25  # of `decide_kind`, as reading has it by default
_MAX_WINDOWS = 6000  # of one kind: print is abundant


def fit(
    synthetic: Examples, scans: Examples, strokes: StrokeOptions, head: HeadOptions
) -> tuple[KindModel, list[float]]:
    """Return the model fitted to synthetic pages and scans, and the mean loss of the stroke network by epoch."""
    network, losses = fit_network(synthetic, strokes)
    both = Examples.joined([synthetic, scans])
    return KindModel(network, fit_head(all_features(network, both), both.kinds, head)[0]), losses


def fit_network(synthetic: Examples, options: StrokeOptions) -> tuple[StrokeNetwork, list[float]]:
    """Return the network fitted to windows of synthetic pages, and the mean loss by epoch."""
    rng = np.random.default_rng(options.seed)
    some = np.concatenate(
        [rng.permutation(np.flatnonzero(synthetic.kinds == k))[:_MAX_WINDOWS] for k in range(len(KINDS))]
    )
    return fit_strokes(synthetic.windows[some], synthetic.kinds[some], options)


def leave_one_letter_out(
    network: StrokeNetwork, synthetic: Examples, scans: Examples, plain: Examples, options: HeadOptions
) -> I64:
    """Return the predicted kind of each plain line, (n,) KINDS indices, by a head trained without its letter.

    Args:
        network: Fitted to synthetic pages, so that no letter is known to it.
        synthetic: Training examples.
        scans: Training examples, whose `pages` name the letter.
        plain: The same letters without augmentation, to classify.
        options: Of the head.
    """
    synthetic_features, scan_features, plain_features = (
        all_features(network, part) for part in (synthetic, scans, plain)
    )
    predicted = np.zeros(len(plain), np.int64)
    for letter in np.unique(plain.pages):
        others, out = scans.pages != letter, plain.pages == letter
        features = np.concatenate([synthetic_features, scan_features[others]])
        head, _ = fit_head(features, np.concatenate([synthetic.kinds, scans.kinds[others]]), options)
        predicted[out] = decide_kind(head.probabilities(plain_features[out]), _THRESHOLD)
    return predicted


def all_features(network: StrokeNetwork, examples: Examples) -> F32:
    """Return the head's input for each example, (n, F)."""
    strokes = network.features(np.asarray(examples.windows / 255, np.float32))
    return np.concatenate([strokes, examples.features], 1)
