"""Choices at random, as every module that draws makes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def one_of(rng: np.random.Generator, choices: Sequence[T]) -> T:
    """Return one of some choices; each is as likely."""
    return choices[int(rng.integers(0, len(choices)))]


def weighted(rng: np.random.Generator, choices: Sequence[tuple[T, float]]) -> T:
    """Return one of some choices, each with its weight; only their proportions matter."""
    weights = np.array([weight for _, weight in choices])
    return choices[int(rng.choice(len(choices), p=weights / weights.sum()))][0]
