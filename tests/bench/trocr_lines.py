"""Checkpoints of TrOCR's real shapes that say given texts of drawn lines, for measuring.

The published weights are not here. A network with weights drawn at random would be as fast, but emits each token
with hardly more certainty than any other: what two ways of computing it then agree on is chance. So its last layer
alone is fitted (least squares) to say a text of 19 tokens and an end for each line, as sure as a trained one is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from transformers import VisionEncoderDecoderModel

from models.arrays import F32, I64, ImageU8
from models.recognition.trocr.picture import square
from tests.torch.trocr_checkpoints import END, draw_model, pixel_values, save_checkpoint

TOKENS = 20  # a line, its end counted
_TEXTS = 8
_SURE = 18.0  # how far the right token's logit is above the others
_WORDS = [
    "harbour",
    "office",
    "annual",
    "report",
    "moved",
    "letters",
    "lading",
    "ninth",
    "hand",
    "written",
    "bills",
    "most",
    "clerk",
    "seal",
]


def draw_lines(count: int, texts: int = _TEXTS) -> list[ImageU8]:
    """Return lines of print, (H, W, 3) uint8; the first `texts` differ in what they say."""
    chance = np.random.default_rng(5)
    words = [" ".join(chance.choice(_WORDS, 6)) for _ in range(texts)]
    return [_draw(words[number % texts], 24 + number // texts) for number in range(count)]


def write_checkpoint(
    shape: dict[str, Any], lines: list[ImageU8], folder: Path, lengths: Sequence[int] = (TOKENS,) * _TEXTS,
    device: str = "cpu",
) -> VisionEncoderDecoderModel:  # fmt: skip
    """Return a network that emits as many tokens as asked for each line, written to a folder as the hub has them.

    Args:
        lengths: Tokens of each text, its end counted; there are as many texts as `draw_lines` drew.
        device: Where the network is, and is fitted.
    """
    with torch.device(device):
        model = draw_model(shape, sight=1.0, change=0.4)
    save_checkpoint(model, folder)
    from models.recognition.trocr.config import read_config

    config = read_config(folder)
    chance = np.random.default_rng(6)
    texts = [chance.integers(4, config.decoder.vocabulary, length) for length in lengths]
    for text in texts:
        text[-1] = END
    targets = [texts[number % len(texts)] for number in range(len(lines))]
    hidden = []
    with torch.inference_mode():
        for line, tokens in zip(lines, targets, strict=True):
            given = torch.tensor([[config.start, *tokens[:-1]]], device=device)
            seen = model.encoder(pixel_values([square(line, config)]).to(device)).last_hidden_state
            decoded = model.decoder.model.decoder(given, encoder_hidden_states=seen)
            hidden.append(decoded.last_hidden_state[0].cpu().numpy())
    weights = _fitted(hidden, targets, config.decoder.vocabulary)
    with torch.no_grad():
        model.decoder.output_projection.weight.copy_(torch.from_numpy(weights))
    save_checkpoint(model, folder)
    return model


def _fitted(hidden: list[F32], targets: list[I64], size: int) -> F32:
    """Return a last layer that gives these tokens for these vectors, (size, width); all other tokens are noise."""
    chance = np.random.default_rng(7)
    width = hidden[0].shape[1]
    weights = chance.normal(0, 1 / np.sqrt(width), (size, width))
    tokens = np.concatenate(targets)
    used = np.unique(tokens)
    wanted = np.where(tokens[:, None] == used, _SURE, 0.0)
    vectors = np.concatenate(hidden).astype(np.float64)
    # first tokens depend on the picture alone, which differs less than the tokens
    counts = np.concatenate([np.r_[100.0, np.ones(len(target) - 1)] for target in targets])
    weighted = vectors * counts[:, None]
    # ridge: what fits exactly would hang on differences that are noise to 8 bits
    damped = weighted.T @ vectors + 0.0005 * len(vectors) * np.eye(width)
    weights[used] = np.linalg.solve(damped, weighted.T @ wanted).T
    return weights.astype(np.float32)


def _draw(text: str, size: int) -> ImageU8:
    font = ImageFont.load_default(size)
    picture = Image.new("RGB", (int(font.getlength(text)) + 20, size + 20), (238, 234, 226))
    ImageDraw.Draw(picture).text((10, 6), text, font=font, fill=(40, 40, 52))
    return np.asarray(picture)
