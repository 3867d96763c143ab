"""A line's picture as the encoder takes it: 384 × 384 whatever its shape, cut into patches, or left a line."""

from __future__ import annotations

import numpy as np
from PIL import Image

from models.arrays import ImageU8
from models.recognition.line_images import at_height
from models.recognition.trocr.config import LineEncoderShape, TrocrConfig

_FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def prepared(line: ImageU8, config: TrocrConfig) -> ImageU8:
    """Return a line, (H, W) or (H, W, 3) uint8, as the network's encoder takes it."""
    if isinstance(config.encoder, LineEncoderShape):
        return at_height(line, config.encoder.height, config.encoder.widest)
    return patches(square(line, config), config)


def square(line: ImageU8, config: TrocrConfig) -> ImageU8:
    """Return a line, (H, W) or (H, W, 3), as (384, 384, 3) uint8, resized by Pillow as checkpoints were trained."""
    side = config.squares.image
    if line.ndim == 2:  # resized once rather than thrice: grey stays grey
        grey = Image.fromarray(line).resize((side, side), _FILTERS[config.resampling])
        return np.repeat(np.asarray(grey)[:, :, None], 3, axis=2)
    return np.asarray(Image.fromarray(line).resize((side, side), _FILTERS[config.resampling]))


def patches(picture: ImageU8, config: TrocrConfig) -> ImageU8:
    """Return a picture's patches, (N, 3·P·P) uint8: row by row, each channel by channel.

    Normalising them is part of the network.
    """
    patch, side = config.squares.patch, config.squares.image // config.squares.patch
    cut = picture.reshape(side, patch, side, patch, 3).transpose(0, 2, 4, 1, 3)
    return np.ascontiguousarray(cut.reshape(side * side, 3 * patch * patch))
