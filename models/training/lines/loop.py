"""Learning: CTC on batches, weights averaged over time, a checkpoint every few minutes that a run goes on from."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional

from models.arrays import F32
from models.training.averaging import update_ema
from models.training.lines.mixture import STRIDE
from models.training.lines.network import OnnxNetwork
from models.training.runs import append_row, save_checkpoint

Batches = Iterator[tuple[F32, list[str], list[int]]]

_SLOWEST_STEP_S = 10.0  # a step that took longer was paused from outside: it does not count against the time


@dataclass(frozen=True, slots=True)
class Recipe:
    """How it is learnt. The rate rises over `warm_up` steps, then falls as a cosine over `minutes` of learning."""

    minutes: float = 60.0
    rate: float = 3e-4
    warm_up: int = 100
    frozen: int = (
        20  # the first weights stay: what they see is strokes, and learning them costs a seventh of the time
    )
    ema_decay: float = 0.998
    clip: float = 5.0
    save_every_s: float = 240.0


class Step(NamedTuple):
    """Lines, (N, 3, 48, W), and the loss of what a network tells of them: scores, (N, T, C)."""

    pictures: F32
    loss: Callable[[torch.Tensor], torch.Tensor]


class Learning:
    """A network that learns, and where it stands."""

    def __init__(self, network: OnnxNetwork, characters: Sequence[str], recipe: Recipe, folder: Path) -> None:
        """Go on from the folder's checkpoint where there is one.

        Args:
            network: At its starting point.
            characters: What each of the network's classes stands for; the first is the blank.
            recipe: How it is learnt.
            folder: Gets `checkpoint.pt` and `log.csv`.
        """
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network, self._recipe, self._folder = (
            network.to(self.device, memory_format=torch.channels_last),
            recipe,
            folder,
        )
        self._classes = {character: number for number, character in enumerate(characters) if number}
        for name in network.in_order()[: recipe.frozen]:
            network.weight(name).requires_grad_(False)
        learning = [weight for weight in network.parameters() if weight.requires_grad]
        self._optimiser = torch.optim.AdamW(learning, recipe.rate, betas=(0.9, 0.99), weight_decay=1e-4)
        self._start = {name: value.detach().clone() for name, value in network.named_parameters()}
        self.averaged = {name: value.clone() for name, value in self._start.items()}
        self.step, self.seconds, self.lines = 0, 0.0, 0
        folder.mkdir(parents=True, exist_ok=True)
        if self._checkpoint.exists():
            self._load()

    def run(self, steps: Iterator[Step]) -> None:
        """Learn until the recipe's time is over."""
        began = saved = time.monotonic()
        losses: list[float] = []
        while self.seconds < 60 * self._recipe.minutes:
            losses.append(self.learn(next(steps)))
            now = time.monotonic()
            self.seconds += min(now - began, _SLOWEST_STEP_S)
            began = now
            if self.step % 20 == 0:
                self._log(losses)
                losses = []
            if now - saved > self._recipe.save_every_s:
                self.save()
                saved = now
        self.save()

    def reading(self, batches: Batches) -> Iterator[Step]:
        """Yield steps that teach what lines say."""
        for pictures, texts, widths in batches:
            yield Step(pictures, partial(self.loss, texts=texts, widths=widths))

    def learn(self, step: Step) -> float:
        """Take one step, and return the loss."""
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate()
        lines = torch.from_numpy(step.pictures).to(self.device, memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16):
            scores = self.network(lines)
        loss = step.loss(scores)
        self._optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self._recipe.clip)
        self._optimiser.step()
        self.step, self.lines = self.step + 1, self.lines + len(lines)
        update_ema(self.averaged, self.network, self.step, self._recipe.ema_decay)
        return float(loss.detach())

    def loss(self, scores: torch.Tensor, texts: Sequence[str], widths: Sequence[int]) -> torch.Tensor:
        """Return the CTC loss per character (Graves et al. 2006) of scores (N, T, C)."""
        likely = functional.log_softmax(scores.float(), 2).transpose(0, 1)
        classes = torch.tensor([self._classes[character] for text in texts for character in text])
        steps = torch.tensor([min(scores.shape[1], -(-width // STRIDE) + 1) for width in widths])
        lengths = torch.tensor([len(text) for text in texts])
        losses = functional.ctc_loss(likely, classes, steps, lengths, reduction="sum", zero_infinity=True)
        return losses / int(lengths.sum())

    def save(self) -> None:
        """Write the checkpoint."""
        state = {"network": self.network.state_dict(), "averaged": self.averaged, "start": self._start}
        state |= {"optimiser": self._optimiser.state_dict(), "step": self.step, "seconds": self.seconds}
        state["lines"] = self.lines
        save_checkpoint(state, self._checkpoint)

    @property
    def _checkpoint(self) -> Path:
        return self._folder / "checkpoint.pt"

    def _load(self) -> None:
        state = torch.load(self._checkpoint, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
        self.averaged, self._start = state["averaged"], state["start"]
        self.step, self.seconds, self.lines = state["step"], state["seconds"], state["lines"]

    def _rate(self) -> float:
        done = min(1.0, self.seconds / (60 * self._recipe.minutes))
        return (
            self._recipe.rate
            * min(1.0, (self.step + 1) / self._recipe.warm_up)
            * (0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2)
        )

    def _log(self, losses: Sequence[float]) -> None:
        told = f"{self.seconds / 60:.2f}", f"{self._rate():.2e}", f"{np.mean(losses):.4f}"
        names = ("step", "lines", "minutes", "rate", "loss")
        append_row(self._folder / "log.csv", names, (self.step, self.lines, *told))
