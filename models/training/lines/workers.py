"""Batches that are drawn by processes of their own: a GPU takes lines faster than one core draws them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from models.training.forking import opencv_on_one_thread
from models.training.lines.mixture import Batch, Mixture, even_batches

_BATCHES_AHEAD = 6  # of each process


class _Batches(IterableDataset[Batch]):
    """What a process iterates over."""

    def __init__(self, mixture: Mixture, seed: int, batch_width_px: int) -> None:
        self._mixture, self._seed, self._batch_width_px = mixture, seed, batch_width_px

    def __iter__(self) -> Iterator[Batch]:
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
    loader = DataLoader(batches, batch_size=None, num_workers=workers, prefetch_factor=_BATCHES_AHEAD)
    with opencv_on_one_thread():
        iterator = iter(loader)
    yield from iterator
