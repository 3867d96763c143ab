"""A checkpoint's weights, from model.safetensors or pytorch_model.bin, checked against the configuration."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from models.arrays import F32
from models.errors import WeightsInvalid, WeightsMissing
from models.recognition.trocr.config import TrocrConfig
from models.recognition.trocr.published import weights_file
from models.weights.checkpoints import read_checkpoint, shape_difference

State = dict[str, F32]

# What files hold that reading does not need: the pooler, and what fairseq kept where others keep nothing.
_UNUSED = (
    "encoder.pooler.",
    "decoder.model.decoder.embed_positions._float_tensor",
    "decoder.model.decoder.version",
)


def load_state(folder: Path, config: TrocrConfig) -> State:
    """Return the weights of both networks by their published names, float32.

    Raises:
        WeightsMissing: There is no file of weights, or the library that reads it is not installed.
        WeightsInvalid: The file is cut off, is no checkpoint, or is one of another network.
    """
    path = weights_file(folder)
    state = _read_safetensors(path) if path.suffix == ".safetensors" else _read_pickled(path)
    state = {name: weights for name, weights in state.items() if not name.startswith(_UNUSED)}
    found = {name: weights.shape for name, weights in state.items()}
    if difference := shape_difference(found, expected_shapes(config)):
        raise WeightsInvalid(f"{path} is not the network that its config.json describes: {difference}")
    return state


def expected_shapes(config: TrocrConfig) -> dict[str, tuple[int, ...]]:
    """Return the names and shapes of the weights that a configuration asks for."""
    return _encoder_shapes(config) | _decoder_shapes(config)


def _encoder_shapes(config: TrocrConfig) -> dict[str, tuple[int, ...]]:
    shape, width = config.squares, config.squares.width
    tokens = ["cls_token", *(["distillation_token"] if shape.distilled else [])]
    shapes: dict[str, tuple[int, ...]] = {f"encoder.embeddings.{name}": (1, 1, width) for name in tokens}
    shapes["encoder.embeddings.position_embeddings"] = (1, shape.tokens, width)
    shapes["encoder.embeddings.patch_embeddings.projection.weight"] = (width, 3, shape.patch, shape.patch)
    shapes["encoder.embeddings.patch_embeddings.projection.bias"] = (width,)
    for layer in range(shape.layers):
        at = f"encoder.encoder.layer.{layer}"
        for name in ("query", "key", "value"):
            shapes |= _linear(f"{at}.attention.attention.{name}", width, width, bias=shape.qkv_bias)
        shapes |= _linear(f"{at}.attention.output.dense", width, width)
        shapes |= _linear(f"{at}.intermediate.dense", width, shape.inner)
        shapes |= _linear(f"{at}.output.dense", shape.inner, width)
        shapes |= _norm(f"{at}.layernorm_before", width) | _norm(f"{at}.layernorm_after", width)
    return shapes | _norm("encoder.layernorm", width)


def _decoder_shapes(config: TrocrConfig) -> dict[str, tuple[int, ...]]:
    shape, width = config.decoder, config.decoder.width
    at = "decoder.model.decoder"
    shapes: dict[str, tuple[int, ...]] = {f"{at}.embed_tokens.weight": (shape.vocabulary, width)}
    if shape.learned_positions:
        shapes[f"{at}.embed_positions.weight"] = (shape.positions + 2, width)
    if shape.normed_embedding:
        shapes |= _norm(f"{at}.layernorm_embedding", width)
    for layer in range(shape.layers):
        inside = f"{at}.layers.{layer}"
        for attention, seen in (("self_attn", width), ("encoder_attn", shape.sees)):
            shapes |= _linear(f"{inside}.{attention}.q_proj", width, width)
            shapes |= _linear(f"{inside}.{attention}.k_proj", seen, width)
            shapes |= _linear(f"{inside}.{attention}.v_proj", seen, width)
            shapes |= _linear(f"{inside}.{attention}.out_proj", width, width)
            shapes |= _norm(f"{inside}.{attention}_layer_norm", width)
        shapes |= _linear(f"{inside}.fc1", width, shape.inner) | _linear(f"{inside}.fc2", shape.inner, width)
        shapes |= _norm(f"{inside}.final_layer_norm", width)
    shapes["decoder.output_projection.weight"] = (shape.vocabulary, width)
    return shapes


def _linear(name: str, taken: int, given: int, *, bias: bool = True) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {f"{name}.weight": (given, taken)}
    return shapes | ({f"{name}.bias": (given,)} if bias else {})


def _norm(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _read_safetensors(path: Path) -> State:
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file
    except ImportError as error:
        raise WeightsMissing("reading a checkpoint needs safetensors: run  deploy/setup.sh torch") from error
    try:
        return {name: np.asarray(weights, np.float32) for name, weights in load_file(path).items()}
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsInvalid(f"{path} is cut off, or no checkpoint: {error}. Fetch it again") from error


def _read_pickled(path: Path) -> State:
    """Read a file of torch's; nothing but tensors is unpickled."""
    if find_spec("torch") is None:
        raise WeightsMissing(f"reading {path.name} needs torch: run  deploy/setup.sh torch")
    return {name: tensor.float().numpy() for name, tensor in read_checkpoint(path).items()}
