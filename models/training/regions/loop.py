"""The training loop: two pages a step, a checkpoint every hundred steps, and a log of both losses."""

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

_LEARNING_RATE = 2e-3
_WEIGHT_DECAY = 1e-4
_PAGES_A_STEP = 2
_SAVE_EVERY = 100  # steps


@dataclass(slots=True)
class Trainer:
    """A head in training, its optimiser, and how many steps were taken."""

    head: RegionHead
    optimiser: torch.optim.Optimizer
    taken: int = 0

    @staticmethod
    def start(device: str = "cpu", seed: int = 1) -> Trainer:
        """Return a head with random weights."""
        torch.manual_seed(seed)
        head = RegionHead().to(device)
        return Trainer(head, torch.optim.AdamW(head.parameters(), _LEARNING_RATE, weight_decay=_WEIGHT_DECAY))

    def train_step(self, batches: list[Batch], rate: float = _LEARNING_RATE) -> tuple[float, float]:
        """Update the weights once; return the losses of maps and boxes, means over the pages."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad()
        losses = np.zeros(2)
        for batch in batches:
            kinds, sides = self.head(batch.fpn)
            maps, boxes = loss_of(kinds, sides, batch)
            ((maps + boxes) / len(batches)).backward()
            losses += (float(maps.detach()), float(boxes.detach()))
        self.optimiser.step()
        self.taken += 1
        return float(losses[0]) / len(batches), float(losses[1]) / len(batches)

    def save(self, file: Path) -> None:
        """Write all that resuming needs."""
        state = {"head": self.head.state_dict(), "optimiser": self.optimiser.state_dict(), "taken": self.taken}
        save_checkpoint(state, file)

    @staticmethod
    def resume(file: Path, device: str = "cpu") -> Trainer:
        """Return what `save` wrote."""
        kept = torch.load(file, map_location=device, weights_only=True)
        trainer = Trainer.start(device)
        trainer.head.load_state_dict(kept["head"])
        trainer.optimiser.load_state_dict(kept["optimiser"])
        trainer.taken = kept["taken"]
        return trainer


def train(pages: Path, run: Path, *, steps: int, device: str = "cpu", seed: int = 1) -> Trainer:
    """Train until `steps` have been taken; resume from the run folder's checkpoint where there is one.

    Raises:
        ModelError: The folder of pages has none.
    """
    if not examples_in(pages):
        raise ModelError(
            f"{pages} holds no pages: run `python -m models.training.regions draw {pages} --handwriting WRITERS`"
        )
    run.mkdir(parents=True, exist_ok=True)
    checkpoint = run / CHECKPOINT
    trainer = Trainer.resume(checkpoint, device) if checkpoint.is_file() else Trainer.start(device, seed)
    trainer.head.train()
    losses = []
    while trainer.taken < steps:
        rng = np.random.default_rng([seed, trainer.taken])
        files = examples_in(pages)  # more may have been drawn by now
        chosen = rng.choice(len(files), _PAGES_A_STEP)
        batches = [batch_of(Example.load(files[i]), device) for i in chosen]
        losses.append(trainer.train_step(batches, _rate(trainer.taken, steps)))
        if trainer.taken % _SAVE_EVERY == 0 or trainer.taken == steps:
            _log(run / LOG, trainer.taken, np.mean(losses, 0).tolist())
            losses.clear()
            trainer.save(checkpoint)
    return trainer


def batch_of(example: Example, device: str = "cpu") -> Batch:
    """Return a page's tensors."""
    targets = example.targets
    height, width = targets.numbers.shape
    # a cell's box by the number of its signature; 0 stands for none
    boxes = np.concatenate([np.zeros((1, 4), np.float32), targets.boxes])[targets.numbers]  # (h, w, 4)
    y, x = np.mgrid[:height, :width].astype(np.float32) + 0.5
    sides = np.stack([x - boxes[..., 0], y - boxes[..., 1], boxes[..., 2] - x, boxes[..., 3] - y])
    arrays = [example.fpn[None], targets.kinds[None], targets.loss_mask[None], np.maximum(sides, 0.1)]
    fpn, kinds, loss_mask, distances = (
        torch.from_numpy(np.asarray(array, np.float32)).to(device) for array in arrays
    )
    signed = torch.from_numpy(targets.numbers > 0).to(device)
    return Batch(fpn, kinds, loss_mask, distances, signed)


def _rate(taken: int, steps: int) -> float:
    """Return the learning rate: it rises for a twentieth of the steps, then falls as a cosine."""
    warm = max(1, steps // 20)
    return float(_LEARNING_RATE * min(1.0, (taken + 1) / warm) * 0.5 * (1 + np.cos(np.pi * taken / steps)))


def _log(file: Path, taken: int, losses: list[float]) -> None:
    append_row(file, ("step", "maps", "boxes"), (taken, *(f"{loss:.4f}" for loss in losses)))
