"""Checkpoints of TrOCR's real shapes that say given texts of drawn lines, for measuring.

The published weights are not here. A network with weights drawn at random would be as fast, but says each token
with hardly more certainty than any other: what two ways of computing it then agree on is chance. So its last layer
alone is fitted (least squares) to say a text of 19 tokens and an end for each line, as sure as a trained one is.
"""

from __future__ import annotations

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


def draw_lines(count: int) -> list[ImageU8]:
    """Return lines of print, (H, W, 3) uint8; the first eight say different things, and the following the same."""
    chance = np.random.default_rng(5)
    texts = [" ".join(chance.choice(_WORDS, 6)) for _ in range(_TEXTS)]
    return [_draw(texts[number % _TEXTS], 24 + number // _TEXTS) for number in range(count)]


def write_checkpoint(shape: dict[str, Any], lines: list[ImageU8], folder: Path) -> VisionEncoderDecoderModel:
    """Return a network that says 20 tokens for each line, written to a folder as the hub has them."""
    model = draw_model(shape, sight=1.0, change=0.4)
    save_checkpoint(model, folder)
    from models.recognition.trocr.config import read_config

    config = read_config(folder)
    chance = np.random.default_rng(6)
    texts = chance.integers(4, config.decoder.vocabulary, (_TEXTS, TOKENS))
    texts[:, -1] = END
    targets = texts[np.arange(len(lines)) % _TEXTS]
    given = np.concatenate([np.full((len(lines), 1), config.start), targets[:, :-1]], 1)
    hidden = []
    with torch.inference_mode():
        for line, tokens in zip(lines, given, strict=True):
            seen = model.encoder(pixel_values([square(line, config)])).last_hidden_state
            said = model.decoder.model.decoder(torch.from_numpy(tokens[None]), encoder_hidden_states=seen)
            hidden.append(said.last_hidden_state[0].numpy())
    weights = _fitted(np.concatenate(hidden), targets.ravel(), config.decoder.vocabulary)
    with torch.no_grad():
        model.decoder.output_projection.weight.copy_(torch.from_numpy(weights))
    save_checkpoint(model, folder)
    return model


def _fitted(hidden: F32, tokens: I64, size: int) -> F32:
    """Return a last layer that says these tokens of these vectors, (size, width); tokens never said are noise."""
    chance = np.random.default_rng(7)
    width = hidden.shape[1]
    weights = chance.normal(0, 1 / np.sqrt(width), (size, width))
    used = np.unique(tokens)
    wanted = np.where(tokens[:, None] == used, _SURE, 0.0)
    vectors = hidden.astype(np.float64)
    counts = np.ones(len(vectors))
    counts[::TOKENS] = 100  # first tokens are told by the picture alone, which differs less than what was said
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
