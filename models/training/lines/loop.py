"""The training loop: AdamW, an average of the weights, and a checkpoint every few minutes to resume from."""

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
from models.training.lines.mixture import STRIDE_PX, Batch
from models.training.lines.network import OnnxNetwork
from models.training.runs import append_row, save_checkpoint

_MAX_STEP_S = 10.0  # a step that took longer was paused from outside: the rest does not count as training time
_LOG_EVERY = 20  # steps


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Hyperparameters. The rate rises over `warm_up` steps, then falls as a cosine over `minutes` of training."""

    minutes: float = 60.0
    rate: float = 3e-4
    warm_up: int = 100
    frozen: int = 20  # first weights: strokes are the same in all scripts, and their gradients cost a seventh
    ema_decay: float = 0.998
    max_grad_norm: float = 5.0
    save_every_s: float = 240.0


class TrainStep(NamedTuple):
    """Lines, (N, 3, 48, W) float32, and the loss of a network's logits for them, (N, T, C)."""

    pictures: F32
    loss: Callable[[torch.Tensor], torch.Tensor]


class Trainer:
    """A network in training, its optimiser and its averaged weights."""

    def __init__(self, network: OnnxNetwork, characters: Sequence[str], config: TrainConfig, folder: Path) -> None:
        """Resume from the folder's checkpoint where there is one.

        Args:
            network: With the weights to start from.
            characters: What each of the network's classes stands for; the first is the blank.
            config: Hyperparameters.
            folder: Gets `checkpoint.pt` and `log.csv`.
        """
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        # NHWC is faster on a processor; on CUDA both are, but cuDNN takes seconds to plan NHWC for a new shape
        self._layout = torch.contiguous_format if self.device.type == "cuda" else torch.channels_last
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
        self.network = network.to(self.device, memory_format=self._layout)
        self._config, self._folder = config, folder
        self._classes = {character: number for number, character in enumerate(characters) if number}
        for name in network.weight_names()[: config.frozen]:
            network.weight(name).requires_grad_(False)
        trainable = [weight for weight in network.parameters() if weight.requires_grad]
        self._optimiser = torch.optim.AdamW(trainable, config.rate, betas=(0.9, 0.99), weight_decay=1e-4)
        self._start = {name: value.detach().clone() for name, value in network.named_parameters()}
        self.averaged = {name: value.clone() for name, value in self._start.items()}
        self.step, self.seconds, self.lines = 0, 0.0, 0
        folder.mkdir(parents=True, exist_ok=True)
        if self._checkpoint.exists():
            self._load()

    def run(self, steps: Iterator[TrainStep]) -> None:
        """Train until the configured minutes are over, and save."""
        began = saved = time.monotonic()
        losses: list[float] = []
        while self.seconds < 60 * self._config.minutes:
            losses.append(self.train_step(next(steps)))
            now = time.monotonic()
            self.seconds += min(now - began, _MAX_STEP_S)
            began = now
            if self.step % _LOG_EVERY == 0:
                self._log(losses)
                losses = []
            if now - saved > self._config.save_every_s:
                self.save()
                saved = now
        self.save()

    def ctc_steps(self, batches: Iterator[Batch]) -> Iterator[TrainStep]:
        """Yield steps whose targets are transcriptions."""
        for pictures, texts, widths in batches:
            yield TrainStep(pictures, partial(self.ctc_loss, texts=texts, widths=widths))

    def train_step(self, step: TrainStep) -> float:
        """Update the weights once, and return the loss."""
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate()
        lines = torch.as_tensor(step.pictures).to(self.device, memory_format=self._layout)
        # bfloat16 is no faster than TF32 on CUDA: these networks are bound by launches
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type != "cuda"):
            logits = self.network(lines)
        loss = step.loss(logits)
        self._optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self._config.max_grad_norm)
        self._optimiser.step()
        self.step, self.lines = self.step + 1, self.lines + len(lines)
        update_ema(self.averaged, self.network, self.step, self._config.ema_decay)
        return float(loss.detach())

    def ctc_loss(self, logits: torch.Tensor, texts: Sequence[str], widths: Sequence[int]) -> torch.Tensor:
        """Return the CTC loss per character (Graves et al. 2006) of logits, (N, T, C)."""
        log_probs = functional.log_softmax(logits.float(), 2).transpose(0, 1)
        classes = torch.tensor([self._classes[character] for text in texts for character in text])
        # a line's last letter may come a step after its end, in the padding
        steps = torch.tensor([min(logits.shape[1], -(-width // STRIDE_PX) + 1) for width in widths])
        lengths = torch.tensor([len(text) for text in texts])
        losses = functional.ctc_loss(log_probs, classes, steps, lengths, reduction="sum", zero_infinity=True)
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
        done = min(1.0, self.seconds / (60 * self._config.minutes))
        warm_up = min(1.0, (self.step + 1) / self._config.warm_up)
        return self._config.rate * warm_up * (0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2)

    def _log(self, losses: Sequence[float]) -> None:
        figures = f"{self.seconds / 60:.2f}", f"{self._rate():.2e}", f"{np.mean(losses):.4f}"
        names = ("step", "lines", "minutes", "rate", "loss")
        append_row(self._folder / "log.csv", names, (self.step, self.lines, *figures))
