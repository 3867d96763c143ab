"""The training loop: one page a step, a checkpoint now and then, and a log of both losses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from models.errors import ModelError
from models.training.regions.dataset import Example, examples_in
from models.training.regions.losses import Batch, loss_of
from models.training.regions.network import RegionHead
from models.training.runs import append_row, save_checkpoint

CHECKPOINT = "checkpoint.pt"
LOG = "log.csv"

_RATE = 2e-3
_DECAY = 1e-4
_PAGES_A_STEP = 2
_EVERY = 100  # steps between two lines of the log


@dataclass(slots=True)
class Training:
    """A head being learnt. `taken` steps have been."""

    head: RegionHead
    optimiser: torch.optim.Optimizer
    taken: int = 0

    @staticmethod
    def begin(device: str = "cpu", seed: int = 1) -> Training:
        """Return a head that knows nothing yet."""
        torch.manual_seed(seed)
        head = RegionHead().to(device)
        return Training(head, torch.optim.AdamW(head.parameters(), _RATE, weight_decay=_DECAY))

    def step(self, batches: list[Batch], rate: float = _RATE) -> tuple[float, float]:
        """Learn from some pages; return the losses of maps and boxes."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad()
        losses = np.zeros(2)
        for batch in batches:
            kinds, sides = self.head(batch.pyramid)
            maps, boxes = loss_of(kinds, sides, batch)
            ((maps + boxes) / len(batches)).backward()
            losses += (float(maps.detach()), float(boxes.detach()))
        self.optimiser.step()
        self.taken += 1
        return float(losses[0]) / len(batches), float(losses[1]) / len(batches)

    def save(self, file: Path) -> None:
        """Keep all that going on needs."""
        state = {"head": self.head.state_dict(), "optimiser": self.optimiser.state_dict(), "taken": self.taken}
        save_checkpoint(state, file)

    @staticmethod
    def resume(file: Path, device: str = "cpu") -> Training:
        """Return what `save` kept."""
        kept = torch.load(file, map_location=device, weights_only=True)
        training = Training.begin(device)
        training.head.load_state_dict(kept["head"])
        training.optimiser.load_state_dict(kept["optimiser"])
        training.taken = kept["taken"]
        return training


def train(pages: Path, run: Path, *, steps: int, device: str = "cpu", seed: int = 1) -> Training:
    """Learn until `steps` have been taken, going on from the run folder's checkpoint where there is one.

    Raises:
        ModelError: The folder of pages has none.
    """
    if not examples_in(pages):
        raise ModelError(
            f"{pages} holds no pages: `python -m models.training.regions draw HANDS {pages}` makes some"
        )
    run.mkdir(parents=True, exist_ok=True)
    checkpoint = run / CHECKPOINT
    training = Training.resume(checkpoint, device) if checkpoint.is_file() else Training.begin(device, seed)
    training.head.train()
    losses = []
    while training.taken < steps:
        rng = np.random.default_rng([seed, training.taken])
        files = examples_in(pages)  # more may have been drawn by now
        chosen = rng.choice(len(files), _PAGES_A_STEP)
        batches = [batch_of(Example.load(files[i]), device) for i in chosen]
        losses.append(training.step(batches, _rate(training.taken, steps)))
        if training.taken % _EVERY == 0 or training.taken == steps:
            _log(run / LOG, training.taken, np.mean(losses, 0).tolist())
            losses.clear()
            training.save(checkpoint)
    return training


def batch_of(example: Example, device: str = "cpu") -> Batch:
    """Return a page's tensors."""
    targets = example.targets
    height, width = targets.numbers.shape
    boxes = np.concatenate([np.zeros((1, 4), np.float32), targets.boxes])[targets.numbers]  # (h, w, 4)
    y, x = np.mgrid[:height, :width].astype(np.float32) + 0.5
    sides = np.stack([x - boxes[..., 0], y - boxes[..., 1], boxes[..., 2] - x, boxes[..., 3] - y])
    arrays = [example.pyramid[None], targets.kinds[None], targets.counted[None], np.maximum(sides, 0.1)]
    pyramid, kinds, counted, reach = (
        torch.from_numpy(np.asarray(array, np.float32)).to(device) for array in arrays
    )
    signed = torch.from_numpy(targets.numbers > 0).to(device)
    return Batch(pyramid, kinds, counted, reach, signed)


def _rate(taken: int, steps: int) -> float:
    """Return the rate: it rises for a twentieth of the steps, then falls along a cosine."""
    warm = max(1, steps // 20)
    return float(_RATE * min(1.0, (taken + 1) / warm) * 0.5 * (1 + np.cos(np.pi * taken / steps)))


def _log(file: Path, taken: int, losses: list[float]) -> None:
    append_row(file, ("step", "maps", "boxes"), (taken, *(f"{loss:.4f}" for loss in losses)))
