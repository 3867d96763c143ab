"""The training loop of trocr-tiny: text alone first, then lines, with text in between as a rehearsal."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from models.arrays import F32
from models.training.averaging import update_ema
from models.training.runs import append_row, save_checkpoint
from models.training.trocr.dataset import Batch
from models.training.trocr.network import TinyTrocr

Normal = tuple[F32, F32]
Texts = Iterator[tuple[Tensor, Tensor]]

_MAX_STEP_S = 10.0  # a step that took longer was paused from outside: the rest does not count as training time
_LOG_EVERY = 50  # steps


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Hyperparameters. The rate rises over `warm_up` steps, then falls as a cosine over the minutes of a stage."""

    text_minutes: float = 20.0
    minutes: float = 60.0
    text_rate: float = 1.5e-3
    rate: float = 1.2e-3
    warm_up: int = 300
    text_every: int = 4  # steps, in the stage of lines
    label_smoothing: float = 0.05
    ema_decay: float = 0.998
    max_grad_norm: float = 1.0
    save_every_s: float = 300.0


class Trainer:
    """A network in training, its optimiser and its averaged weights."""

    def __init__(self, network: TinyTrocr, normal: Normal, config: TrainConfig, folder: Path) -> None:
        """Resume from the folder's checkpoint where there is one; `log.csv` is written beside it.

        Args:
            network: With the weights to start from.
            normal: Mean and deviation of the features, (120,) each; they are saved with the weights.
            config: Hyperparameters.
            folder: Gets `checkpoint.pt` and `log.csv`.
        """
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network = network.to(self.device)
        self._config, self._folder = config, folder
        self._normal = {"mean": torch.from_numpy(normal[0]), "deviation": torch.from_numpy(normal[1])}
        trainable = [weight for weight in network.parameters() if weight.requires_grad]
        self._optimiser = torch.optim.AdamW(trainable, config.rate, betas=(0.9, 0.98), weight_decay=0.01)
        self.averaged = {name: value.detach().clone() for name, value in network.named_parameters()}
        self.step, self.text_seconds, self.seconds, self.lines = 0, 0.0, 0.0, 0
        folder.mkdir(parents=True, exist_ok=True)
        if self._checkpoint.exists():
            self._load()

    def run(self, lines: Iterator[Batch], texts: Texts) -> None:
        """Train until the configured minutes are over, and save."""
        began = saved = time.monotonic()
        losses: list[tuple[float, float]] = []
        while self.seconds < 60 * self._config.minutes:
            text_alone = self.text_seconds < 60 * self._config.text_minutes
            losses.append(self.train_step(None if text_alone else next(lines), self._text(texts, text_alone)))
            now = time.monotonic()
            took, began = min(now - began, _MAX_STEP_S), now
            if text_alone:
                self.text_seconds += took
            else:
                self.seconds += took
            if self.step % _LOG_EVERY == 0:
                self._log(losses)
                losses = []
            if now - saved > self._config.save_every_s:
                self.save()
                saved = now
        self.save()

    def train_step(self, lines: Batch | None, texts: tuple[Tensor, Tensor] | None) -> tuple[float, float]:
        """Update the weights once; return the losses per character of lines and of text, nan for none."""
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate(text_alone=lines is None)
        self._optimiser.zero_grad()
        losses = self._backward(lines), self._backward_text(texts)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self._config.max_grad_norm)
        self._optimiser.step()
        self.step, self.lines = self.step + 1, self.lines + (0 if lines is None else len(lines.lengths))
        update_ema(self.averaged, self.network, self.step, self._config.ema_decay)
        return losses

    def save(self) -> None:
        """Write the checkpoint."""
        state: dict[str, Any] = {"network": self.network.state_dict(), "averaged": self.averaged}
        state |= {"optimiser": self._optimiser.state_dict(), "step": self.step, "lines": self.lines}
        state |= {"text_seconds": self.text_seconds, "seconds": self.seconds, "normal": self._normal}
        save_checkpoint(state, self._checkpoint)

    def _backward(self, lines: Batch | None) -> float:
        if lines is None:
            return math.nan
        features, lengths, given, following = (part.to(self.device) for part in lines)
        with torch.autocast(self.device.type, torch.bfloat16):
            logits = self.network.decode(given, self.network.encode(features, lengths))
        loss = functional.cross_entropy(
            logits.float().flatten(0, 1), following.flatten(), label_smoothing=self._config.label_smoothing
        )
        loss.backward()
        return float(loss.detach())

    def _backward_text(self, texts: tuple[Tensor, Tensor] | None) -> float:
        if texts is None:
            return math.nan
        given, following = (part.to(self.device) for part in texts)
        with torch.autocast(self.device.type, torch.bfloat16):
            logits = self.network.decode(given, None)
        loss = functional.cross_entropy(logits.float().flatten(0, 1), following.flatten())
        loss.backward()
        return float(loss.detach())

    def _text(self, texts: Texts, alone: bool) -> tuple[Tensor, Tensor] | None:
        return next(texts) if alone or self.step % self._config.text_every == 0 else None

    @property
    def _checkpoint(self) -> Path:
        return self._folder / "checkpoint.pt"

    def _load(self) -> None:
        state = torch.load(self._checkpoint, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
        self.averaged = state["averaged"]
        self.step, self.lines = state["step"], state["lines"]
        self.text_seconds, self.seconds = state["text_seconds"], state["seconds"]

    def _rate(self, text_alone: bool) -> float:
        config = self._config
        rate, seconds, minutes = (
            (config.text_rate, self.text_seconds, config.text_minutes)
            if text_alone
            else (config.rate, self.seconds, config.minutes)
        )
        done = min(1.0, seconds / (60 * minutes)) if minutes else 1.0
        fallen = 0.02 + 0.98 * (1 + math.cos(math.pi * done)) / 2
        return rate * min(1.0, (self.step + 1) / config.warm_up) * fallen

    def _log(self, losses: Sequence[tuple[float, float]]) -> None:
        means = [
            f"{np.mean(some):.4f}" if (some := [one for one in column if not math.isnan(one)]) else ""
            for column in zip(*losses, strict=True)
        ]
        minutes = [f"{seconds / 60:.2f}" for seconds in (self.text_seconds, self.seconds)]
        names = ("step", "lines", "text_minutes", "minutes", "loss", "text_loss")
        append_row(self._folder / "log.csv", names, (self.step, self.lines, *minutes, *means))
