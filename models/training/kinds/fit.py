"""Learns the whole model: first what strokes look like, from drawn pages only, then the head, from all there is."""

from __future__ import annotations

import numpy as np

from models.arrays import F32, I64
from models.kinds.model import KINDS, KindHead, KindModel
from models.kinds.strokes import StrokeNetwork
from models.training.kinds.examples import Examples
from models.training.kinds.fit_head import HeadOptions, fit_head
from models.training.kinds.fit_strokes import StrokeOptions, fit_strokes

_MOST = 6000  # windows of one kind that the network is shown: print is easily had


def fit(
    drawn: Examples, scans: Examples, strokes: StrokeOptions, head: HeadOptions
) -> tuple[KindModel, list[float]]:
    """Return the model learnt from drawn pages and from scans, and the mean loss of the strokes by epoch."""
    network, losses = fit_network(drawn, strokes)
    both = Examples.joined([drawn, scans])
    return KindModel(network, fit_head(all_features(network, both), both.kinds, head)[0]), losses


def fit_network(drawn: Examples, options: StrokeOptions) -> tuple[StrokeNetwork, list[float]]:
    """Return the network learnt from windows of drawn pages, and the mean loss by epoch."""
    rng = np.random.default_rng(options.seed)
    some = np.concatenate([rng.permutation(np.flatnonzero(drawn.kinds == k))[:_MOST] for k in range(len(KINDS))])
    return fit_strokes(drawn.windows[some], drawn.kinds[some], options)


def without_each_letter(
    network: StrokeNetwork, drawn: Examples, scans: Examples, plain: Examples, options: HeadOptions
) -> I64:
    """Return what each of the plain scans' lines is told by a head that never saw its letter, (n,) KINDS indices.

    Args:
        scans: Lines to learn from, in which `pages` names the letter.
        plain: The same letters as they are, to be told.
    """
    seen = {id(part): all_features(network, part) for part in (drawn, scans, plain)}
    told = np.zeros(len(plain), np.int64)
    for letter in np.unique(plain.pages):
        others, out = scans.pages != letter, plain.pages == letter
        features = np.concatenate([seen[id(drawn)], seen[id(scans)][others]])
        head, _ = fit_head(features, np.concatenate([drawn.kinds, scans.kinds[others]]), options)
        told[out] = decide(head, seen[id(plain)][out])
    return told


def decide(head: KindHead, features: F32, threshold: float = 0.25) -> I64:
    """Return KINDS indices as LineKinds tells them, (n,), for (n, F) features."""
    probabilities = head.probabilities(features)
    pens = 1 + probabilities[:, 1:].argmax(1)
    return np.where(probabilities[np.arange(len(pens)), pens] >= threshold, pens, 0).astype(np.int64)


def all_features(network: StrokeNetwork, examples: Examples) -> F32:
    """Return what the head is given of each example, (n, F)."""
    seen = network.features(np.asarray(examples.windows / 255, np.float32))
    return np.concatenate([seen, examples.features], 1)
