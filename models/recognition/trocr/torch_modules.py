"""The weights of TrOCR's two networks as torch modules, with the names that published checkpoints give them.

What is computed with them stands in torch_encoder.py and torch_decoder.py.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from models.recognition.trocr.config import DecoderShape, EncoderShape, TrocrConfig

FIRST_PLACE = 2  # fairseq keeps the numbers below for padding


class TrocrModule(nn.Module):
    """Both networks. Its state_dict is a checkpoint's, but for what reading does not need."""

    def __init__(self, config: TrocrConfig) -> None:
        super().__init__()
        self.encoder = Encoder(config.squares)
        self.decoder = Decoder(config.decoder)


class Encoder(nn.Module):
    """ViT or DeiT."""

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.embeddings = _Embeddings(shape)
        self.encoder = nn.Module()
        self.encoder.layer = nn.ModuleList(_EncoderLayer(shape) for _ in range(shape.layers))
        self.layernorm = nn.LayerNorm(shape.width, shape.epsilon)


class _Embeddings(nn.Module):
    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, shape.width))
        if shape.distilled:
            self.distillation_token = nn.Parameter(torch.zeros(1, 1, shape.width))
        self.position_embeddings = nn.Parameter(torch.zeros(1, shape.tokens, shape.width))
        self.patch_embeddings = nn.Module()
        self.patch_embeddings.projection = nn.Conv2d(3, shape.width, shape.patch, shape.patch)


class _EncoderLayer(nn.Module):
    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        width = shape.width
        self.attention = nn.Module()
        self.attention.attention = nn.Module()
        for name in ("query", "key", "value"):
            setattr(self.attention.attention, name, nn.Linear(width, width, bias=shape.qkv_bias))
        self.attention.output, self.intermediate, self.output = nn.Module(), nn.Module(), nn.Module()
        self.attention.output.dense = nn.Linear(width, width)
        self.intermediate.dense = nn.Linear(width, shape.inner)
        self.output.dense = nn.Linear(shape.inner, width)
        self.layernorm_before = nn.LayerNorm(width, shape.epsilon)
        self.layernorm_after = nn.LayerNorm(width, shape.epsilon)


class Decoder(nn.Module):
    """The text transformer."""

    def __init__(self, shape: DecoderShape) -> None:
        super().__init__()
        inside = nn.Module()
        inside.embed_tokens = nn.Embedding(shape.vocabulary, shape.width)
        if shape.learned_positions:
            inside.embed_positions = nn.Embedding(shape.positions + FIRST_PLACE, shape.width)
        else:
            self.register_buffer("waves", _waves(shape), persistent=False)
        if shape.normed_embedding:
            inside.layernorm_embedding = nn.LayerNorm(shape.width)
        inside.layers = nn.ModuleList(_DecoderLayer(shape) for _ in range(shape.layers))
        self.model = nn.Module()
        self.model.decoder = inside
        self.output_projection = nn.Linear(shape.width, shape.vocabulary, bias=False)


class _DecoderLayer(nn.Module):
    def __init__(self, shape: DecoderShape) -> None:
        super().__init__()
        self.self_attn = _attention(shape.width, shape.width)
        self.encoder_attn = _attention(shape.width, shape.sees)
        self.self_attn_layer_norm = nn.LayerNorm(shape.width)
        self.encoder_attn_layer_norm = nn.LayerNorm(shape.width)
        self.final_layer_norm = nn.LayerNorm(shape.width)
        self.fc1 = nn.Linear(shape.width, shape.inner)
        self.fc2 = nn.Linear(shape.inner, shape.width)


def _attention(width: int, seen: int) -> Any:
    attention = nn.Module()
    for name, taken in (("q_proj", width), ("k_proj", seen), ("v_proj", seen), ("out_proj", width)):
        setattr(attention, name, nn.Linear(taken, width))
    return attention


def _waves(shape: DecoderShape) -> Tensor:
    """Return fairseq's sines and cosines of places (Vaswani et al. 2017, section 3.5), (positions + 2, width)."""
    half = shape.width // 2
    # on the processor even where weights are not: they are loaded, and this is not
    steps = torch.exp(torch.arange(half, device="cpu") * (-math.log(10000) / (half - 1)))
    angles = torch.arange(shape.positions + FIRST_PLACE, device="cpu")[:, None] * steps
    return torch.cat([torch.sin(angles), torch.cos(angles)], 1)
