"""The head on DBNet's pyramid: maps of kinds, and from each cell of a signature the distances to its four sides.

Distances as in FCOS (Tian et al. 2019, section 3.1). The layers are few and narrow: the pyramid already knows what
surrounds a cell, and finding lines must not take much longer.
"""

from __future__ import annotations

import torch
from torch import nn

CHANNELS = 96  # of the pyramid
_WIDTH = 40
_CELLS = 6.0  # a side is so far away where the layer says 0


class RegionHead(nn.Module):
    """Takes a pyramid, (n, 96, h, w), as DBNet gives it."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.BatchNorm2d(CHANNELS)  # the pyramid's channels differ in size; folded away by the export
        self.body = nn.Sequential(
            nn.Conv2d(CHANNELS, _WIDTH, 1), nn.ReLU(),
            nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1), nn.ReLU(),
            nn.Conv2d(_WIDTH, _WIDTH, 3, padding=2, dilation=2), nn.ReLU(),
        )  # fmt: skip
        self.kinds = nn.Conv2d(_WIDTH, 3, 1)
        self.sides = nn.Conv2d(_WIDTH, 4, 1)
        nn.init.constant_(self.kinds.bias, -2.0)  # most of a page is paper

    def forward(self, pyramid: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits of the kinds, (n, 3, h, w), and cells to left, top, right and bottom, (n, 4, h, w)."""
        seen = self.body(self.scale(pyramid))
        return self.kinds(seen), _CELLS * self.sides(seen).clamp(-3, 4).exp()


class RegionMaps(nn.Module):
    """The head as it is run: probabilities instead of logits."""

    def __init__(self, head: RegionHead) -> None:
        super().__init__()
        self.head = head

    def forward(self, pyramid: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return probabilities, (n, 3, h, w), and distances in cells, (n, 4, h, w)."""
        kinds, sides = self.head(pyramid)
        return kinds.sigmoid(), sides
