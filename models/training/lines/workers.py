"""Batches that are drawn by processes of their own: a GPU takes lines faster than one core draws them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from models.arrays import F32
from models.training.lines.mixture import Mixture, even_batches

Batch: TypeAlias = tuple[F32, list[str], list[int]]

_BATCHES_AHEAD = 6  # of each process


class _Batches(IterableDataset[Batch]):
    """What a process iterates over."""

    def __init__(self, mixture: Mixture, seed: int, batch_width_px: int) -> None:
        self._mixture, self._seed, self._batch_width_px = mixture, seed, batch_width_px

    def __iter__(self) -> Iterator[Batch]:
        cv2.setNumThreads(1)
        torch.set_num_threads(1)
        worker = get_worker_info()
        assert worker is not None
        examples = self._mixture.examples(np.random.default_rng([self._seed, worker.id]))
        yield from even_batches(examples, self._batch_width_px)


def drawn_by_workers(mixture: Mixture, seed: int, workers: int, batch_width_px: int) -> Iterator[Batch]:
    """Yield batches without end.

    Args:
        mixture: What they are drawn from.
        seed: Each process draws otherwise.
        workers: Processes, at least one.
        batch_width_px: The lines' width at the network's height, times their number.
    """
    batches = _Batches(mixture, seed, batch_width_px)
    yield from DataLoader(batches, batch_size=None, num_workers=workers, prefetch_factor=_BATCHES_AHEAD)
