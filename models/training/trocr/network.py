"""trocr-tiny as it learns: a text transformer, a layer of an image transformer, and our recogniser's trunk."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.recognition.trocr.config import DecoderShape, LineEncoderShape, TrocrConfig
from models.recognition.trocr.torch_modules import Decoder

FEATURES = 120  # numbers that the trunk tells of each eight pixels of a line
WIDTH, HEADS, INNER, LAYERS = 192, 6, 768, 4
TOKENS = 160  # vectors of a line at most: lines 26 times as wide as high
POSITIONS = 256
_FIRST_PLACE = 2  # fairseq keeps the numbers below for padding
_BOUNDARY = 0  # the token that begins and ends a text; the others are the recogniser's characters


def config_for(characters: int) -> TrocrConfig:
    """Return the configuration for an alphabet; the boundary takes the place of its first, the blank."""
    return TrocrConfig(
        LineEncoderShape(width=WIDTH, height=48, stride=8, tokens=TOKENS),
        DecoderShape(
            width=WIDTH, layers=LAYERS, heads=HEADS, inner=INNER, vocabulary=characters, positions=POSITIONS,
            activation="gelu", learned_positions=True, normed_embedding=True, embedding_scale=WIDTH**0.5,
            sees=WIDTH,
        ),
        start=_BOUNDARY, end=_BOUNDARY, pad=_BOUNDARY,
    )  # fmt: skip


class TinyTrocr(nn.Module):
    """What is learnt: the image transformer and the text transformer, not the trunk."""

    def __init__(self, characters: int) -> None:
        super().__init__()
        self.config = config_for(characters)
        self.enter = nn.Linear(FEATURES, WIDTH)
        self.register_buffer("places", waves(TOKENS))
        self.entered = nn.LayerNorm(WIDTH)
        self.layer = _ImageLayer()
        self.decoder = Decoder(self.config.decoder)
        inside = self.decoder.model.decoder
        nn.init.normal_(inside.embed_tokens.weight, 0, WIDTH**-0.5)
        self.decoder.output_projection.weight = inside.embed_tokens.weight
        with torch.no_grad():
            inside.embed_positions.weight[_FIRST_PLACE:] = waves(POSITIONS)
        inside.embed_positions.weight.requires_grad_(False)

    def see(self, features: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return what is seen of lines, (N, T + 1, W), and how much each of it counts, (N, 1, 1, T + 1).

        Args:
            features: (N, T, 120) what the trunk tells.
            lengths: (N,) how many of them are the line's.

        A line that is read has TOKENS vectors, those beyond its end zero and attended to like others; here one more
        zero vector counts for all of them.
        """
        own = torch.arange(features.shape[1], device=lengths.device)[None] < lengths[:, None]
        value = self.entered(self.enter(features) + self.places[: features.shape[1]])
        value = self.layer(value, own[:, None, None]) * own[..., None]
        beyond = torch.log((TOKENS - lengths).clamp(min=1).float())[:, None]
        counts = torch.cat([torch.zeros_like(own, dtype=torch.float32).masked_fill(~own, -1e9), beyond], 1)
        return functional.pad(value, (0, 0, 0, 1)), counts[:, None, None]

    def say(self, tokens: Tensor, seen: tuple[Tensor, Tensor] | None) -> Tensor:
        """Return the scores of what follows each token, (N, L, vocabulary); of text alone where nothing is seen."""
        inside, shape = self.decoder.model.decoder, self.config.decoder
        places = inside.embed_positions.weight[_FIRST_PLACE : _FIRST_PLACE + tokens.shape[1]]
        value = inside.layernorm_embedding(inside.embed_tokens(tokens) * shape.embedding_scale + places)
        for layer in inside.layers:
            said = _attend(layer.self_attn, value, value, causal=True)
            value = layer.self_attn_layer_norm(value + self._dropped(said))
            if seen is not None:
                found = _attend(layer.encoder_attn, value, *seen)
                value = layer.encoder_attn_layer_norm(value + self._dropped(found))
            inner = layer.fc2(functional.gelu(layer.fc1(value)))
            value = layer.final_layer_norm(value + self._dropped(inner))
        scores: Tensor = self.decoder.output_projection(value)
        return scores

    def _dropped(self, value: Tensor) -> Tensor:
        return functional.dropout(value, 0.1, self.training)


class _ImageLayer(nn.Module):
    """A layer of the image transformer, normalised after each part."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.Module()
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            setattr(self.attention, name, nn.Linear(WIDTH, WIDTH))
        self.attention_norm, self.final_norm = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.fc1, self.fc2 = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)

    def forward(self, value: Tensor, own: Tensor) -> Tensor:
        value = self.attention_norm(value + _attend(self.attention, value, value, own))
        return self.final_norm(value + self.fc2(functional.gelu(self.fc1(value))))


def waves(places: int) -> Tensor:
    """Return sines and cosines of each place, (places, W) (Vaswani et al. 2017, section 3.5)."""
    half = WIDTH // 2
    steps = torch.exp(torch.arange(half) * (-torch.log(torch.tensor(10000.0)) / (half - 1)))
    angles = torch.arange(places)[:, None] * steps
    return torch.cat([angles.sin(), angles.cos()], 1)


def _attend(own: Any, value: Tensor, seen: Tensor, counts: Tensor | None = None, causal: bool = False) -> Tensor:
    query, key, said = (
        linear(given).unflatten(-1, (HEADS, -1)).transpose(1, 2)
        for linear, given in ((own.q_proj, value), (own.k_proj, seen), (own.v_proj, seen))
    )
    if counts is not None and counts.is_floating_point():
        counts = counts.to(query.dtype)
    found = functional.scaled_dot_product_attention(query, key, said, counts, is_causal=causal)
    return own.out_proj(found.transpose(1, 2).flatten(2))
