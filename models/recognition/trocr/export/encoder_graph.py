"""The image transformer as an ONNX graph: one line's patches in, one vector per patch out.

One line at a time: 577 rows keep a processor's matrix units as busy as more would, and what is quantised with a
scale of its own cannot depend on other lines.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from models.arrays import F32
from models.recognition.trocr.checkpoint import State
from models.recognition.trocr.config import TrocrConfig
from models.recognition.trocr.export.operators import (
    FLOAT,
    FUSED,
    INT8,
    UINT8,
    Graph,
    Precision,
    Value,
    by_column,
    float_linear,
    tensor_linear,
)  # fmt: skip
from models.recognition.trocr.export.smoothing import smoothed, smoothed_pair


def write_encoder(state: State, config: TrocrConfig, precision: Precision, path: Path) -> None:
    """Write the encoder.

    Takes `patches`, (1, N, 3·P·P) uint8, a picture's squares of P × P pixels, channel by channel. Gives, in single
    precision, `seen`, (1, S, W); with 8 bits `signed_rows`, (1, S, W) int8, `rows`, the same as uint8 with 128 for
    nothing, and `scales`, (1, 1, S), by which they are to be multiplied.
    """
    shape = config.squares
    graph = Graph()
    value = _embed(graph, state, config, precision)
    for layer in range(shape.layers):
        value = _layer(graph, state, config, precision, value, f"encoder.encoder.layer.{layer}")
    value = _norm(graph, state, value, "encoder.layernorm", shape.epsilon)
    width, tokens = shape.width, shape.tokens
    if precision == "fp32":
        graph.rename(value, "seen")
        outputs = [Value("seen", FLOAT, (1, tokens, width))]
    else:
        _quantise(graph, value)
        outputs = [
            Value("rows", UINT8, (1, tokens, width)), Value("signed_rows", INT8, (1, tokens, width)),
            Value("scales", FLOAT, (1, 1, tokens)),
        ]  # fmt: skip
    side = shape.image // shape.patch
    graph.save(path, [Value("patches", UINT8, (1, side * side, 3 * shape.patch**2))], outputs, {})


def folded_projection(state: State, config: TrocrConfig) -> tuple[F32, F32]:
    """Return the first layer's weights, (W, 3·P·P), and bias, for pixels of 0 to 255 as they come.

    A picture's normalisation is linear, and so is the layer.
    """
    weights = state["encoder.embeddings.patch_embeddings.projection.weight"].astype(np.float64)
    mean, deviation = (np.array(three)[None, :, None, None] for three in (config.mean, config.deviation))
    bias = state["encoder.embeddings.patch_embeddings.projection.bias"] - (weights * mean / deviation).sum(
        (1, 2, 3)
    )
    folded = weights / deviation / 255
    return folded.reshape(len(folded), -1).astype(np.float32), bias.astype(np.float32)


def _embed(graph: Graph, state: State, config: TrocrConfig, precision: Precision) -> str:
    """Return the picture's vectors, with the places they stand at."""
    at = "encoder.embeddings"
    weights, bias = folded_projection(state, config)
    first = [state[f"{at}.cls_token"][0]]
    if config.squares.distilled:
        first.append(state[f"{at}.distillation_token"][0])
    heads = np.concatenate(first)
    places = state[f"{at}.position_embeddings"][0]
    with_places = places[len(heads) :] + bias
    if precision == "fp32":
        patches = float_linear(graph, graph.node("Cast", ["patches"], to=FLOAT), weights)
    else:
        columns, scales = by_column(weights.T)
        one, nothing = graph.weight(1.0), graph.weight(0, np.uint8)
        inputs = ["patches", graph.weight(columns, np.int8), one, graph.weight(scales), nothing]
        patches = graph.node("MatMulIntegerToFloat", inputs, domain=FUSED)
    patches = graph.node("Add", [patches, graph.weight(with_places[None])])
    return graph.node("Concat", [graph.weight((heads + places[: len(heads)])[None]), patches], axis=1)


def _layer(graph: Graph, state: State, config: TrocrConfig, precision: Precision, value: str, at: str) -> str:
    shape = config.squares
    eight_bits = precision == "int8"
    linear = tensor_linear if eight_bits else float_linear
    weights, bias = _joined(state, at, shape.qkv_bias)
    out, out_bias = _linear(state, f"{at}.attention.output.dense")
    gain, shift = _linear(state, f"{at}.layernorm_before")
    if eight_bits:
        values = 2 * shape.width  # where their rows begin
        moved = smoothed_pair((weights[values:], None if bias is None else bias[values:]), out)
        (weights[values:], moved_bias), out = moved
        if bias is not None and moved_bias is not None:
            bias[values:] = moved_bias
        gain, shift, weights = smoothed(gain, shift, weights)
    normed = graph.norm(value, gain, shift, shape.epsilon)
    parts = graph.nodes("Split", [linear(graph, normed, weights, bias)], 3, axis=-1, num_outputs=3)
    attended = graph.node("MultiHeadAttention", parts, domain=FUSED, num_heads=shape.heads)
    value = graph.node("Add", [value, linear(graph, attended, out, out_bias)])
    inner, inner_bias = _linear(state, f"{at}.intermediate.dense")
    gain, shift = _linear(state, f"{at}.layernorm_after")
    if eight_bits:
        gain, shift, inner = smoothed(gain, shift, inner)
    normed = graph.norm(value, gain, shift, shape.epsilon)
    bent = graph.node("Gelu", [linear(graph, normed, inner, inner_bias)], domain=FUSED)
    return graph.node("Add", [value, linear(graph, bent, *_linear(state, f"{at}.output.dense"))])


def _joined(state: State, at: str, with_bias: bool) -> tuple[F32, F32 | None]:
    """Return the weights and bias of queries, keys and values, one below the other."""
    names = [f"{at}.attention.attention.{name}" for name in ("query", "key", "value")]
    weights = np.concatenate([state[f"{name}.weight"] for name in names])
    return weights, np.concatenate([state[f"{name}.bias"] for name in names]) if with_bias else None


def _quantise(graph: Graph, value: str) -> None:
    """Give the vectors in 8 bits, each with its own scale, with a sign and without."""
    largest = graph.node("ReduceMax", [graph.node("Abs", [value]), graph.weight([2], np.int64)], keepdims=1)
    scales = graph.node("Mul", [graph.node("Max", [largest, graph.weight(1e-9)]), graph.weight(1 / 127)])
    shares = graph.node("Round", [graph.node("Div", [value, scales])])
    graph.nodes("Cast", [shares], ["signed_rows"], to=INT8)
    graph.nodes("Cast", [graph.node("Add", [shares, graph.weight(128.0)])], ["rows"], to=UINT8)
    graph.nodes("Transpose", [scales], ["scales"], perm=[0, 2, 1])


def _linear(state: State, name: str) -> tuple[F32, F32]:
    return state[f"{name}.weight"], state[f"{name}.bias"]


def _norm(graph: Graph, state: State, value: str, name: str, epsilon: float) -> str:
    return graph.norm(value, *_linear(state, name), epsilon)
