"""A trained trocr-tiny as the folder of ONNX files that reading takes, the backbone included."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch

from models.arrays import F32
from models.recognition.trocr.checkpoint import State
from models.recognition.trocr.config import LineEncoderShape, TrocrConfig
from models.recognition.trocr.export.decoder_graph import write_decoder
from models.recognition.trocr.export.operators import FLOAT, FUSED, UINT8, Graph, Value, float_linear
from models.recognition.trocr.exported import write_description
from models.recognition.trocr.tokenizer import Vocabulary
from models.training.float16 import to_float16
from models.training.lines.mixture import BUCKET_PX
from models.training.trocr.network import HEADS, TOKENS, WIDTH, TinyTrocr
from models.weights.files import sha256_of

_EPSILON = 1e-5


def load_trained(checkpoint: Path, characters: int) -> tuple[TinyTrocr, tuple[F32, F32]]:
    """Return the network of a run with its averaged weights, and the features' mean and deviation, (120,) each."""
    state: dict[str, Any] = torch.load(checkpoint, map_location="cpu", weights_only=True)
    network = TinyTrocr(characters)
    weights = network.state_dict() | state["averaged"]
    weights["decoder.output_projection.weight"] = weights["decoder.model.decoder.embed_tokens.weight"]
    network.load_state_dict(weights)
    normal = state["normal"]
    return network.eval(), (normal["mean"].numpy(), normal["deviation"].numpy())


def export(
    network: TinyTrocr,
    normal: tuple[F32, F32],
    backbone: onnx.ModelProto,
    characters: Sequence[str],
    folder: Path,
) -> None:
    """Write encoder, decoder and description; weights are stored as float16 and computed with as float32.

    Args:
        normal: Mean and deviation of the features.
        characters: What each token stands for; the first begins and ends a text.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: values.detach().float().numpy() for name, values in network.state_dict().items()}
    decoder = {name: values for name, values in state.items() if name.startswith("decoder.")}
    _write_encoder(state, normal, backbone, network.config, folder / "encoder.onnx")
    write_decoder(decoder, network.config, "fp32", folder / "decoder.onnx")
    for name in ("encoder", "decoder"):
        _to_float16(folder / f"{name}.onnx")
    vocabulary = Vocabulary(tuple(character.encode() for character in characters))
    made_of = sha256_of(folder / "decoder.data")
    write_description(folder, network.config, vocabulary, made_of)


def _write_encoder(
    state: State, normal: tuple[F32, F32], backbone: onnx.ModelProto, config: TrocrConfig, path: Path
) -> None:
    """Write the encoder.

    Takes `patches`, (1, 48, w, 3) uint8 BGR, a line. Gives `seen`, (1, TOKENS, W), zeros beyond the line's end.
    """
    assert isinstance(config.encoder, LineEncoderShape)
    graph = Graph()
    features, steps = _backbone_features(graph, backbone, config.encoder)
    zero, axis = graph.weight([0], np.int64), graph.weight([1], np.int64)
    value = graph.node("Slice", [features, zero, steps, axis])
    mean, deviation = normal
    weights = np.asarray(state["enter.weight"] / deviation, np.float32)
    bias = np.asarray(state["enter.bias"] - weights @ mean, np.float32)
    value = float_linear(graph, value, weights, bias)
    positions = graph.node("Slice", [graph.weight(state["places"][None]), zero, steps, axis])
    value = _norm(graph, state, graph.node("Add", [value, positions]), "entered")
    value = _image_layer(graph, state, value)
    beyond = graph.node("Sub", [graph.weight([TOKENS], np.int64), steps])
    pads = graph.node("Concat", [graph.weight(np.zeros(4), np.int64), beyond, graph.weight([0], np.int64)], axis=0)
    graph.nodes("Pad", [value, pads], ["seen"])
    given = Value("patches", UINT8, (1, config.encoder.height, "width", 3))
    graph.save(path, [given], [Value("seen", FLOAT, (1, TOKENS, WIDTH))], {})


def _backbone_features(graph: Graph, backbone: onnx.ModelProto, shape: LineEncoderShape) -> tuple[str, str]:
    """Return the features of a line, padded as in training, and how many of their steps are the line's."""
    width = graph.node("Gather", [graph.node("Shape", ["patches"]), graph.weight([2], np.int64)])
    planes = graph.node("Transpose", [graph.node("Cast", ["patches"], to=FLOAT)], perm=[0, 3, 1, 2])
    planes = graph.node("Sub", [graph.node("Div", [planes, graph.weight(127.5)]), graph.weight(1.0)])
    more = graph.node("Mod", [graph.node("Neg", [width]), graph.weight([BUCKET_PX], np.int64)])
    zeros = graph.weight(np.zeros(7), np.int64)
    pads = graph.node("Concat", [zeros, more], axis=0)
    graph.nodes("Pad", [planes, pads], [backbone.graph.input[0].name])
    features = graph.include(backbone)
    stride = graph.weight([shape.stride], np.int64)
    steps = graph.node("Add", [width, graph.weight([2 * shape.stride - 1], np.int64)])
    all_steps = graph.node("Div", [graph.node("Add", [width, more]), stride])
    steps = graph.node("Min", [graph.node("Div", [steps, stride]), all_steps])  # a last letter may come a step late
    return features, steps


def _image_layer(graph: Graph, state: State, value: str) -> str:
    at = "layer.attention"
    query, key, values = (
        _by_head(graph, float_linear(graph, value, *_linear(state, f"{at}.{name}_proj"))) for name in "qkv"
    )
    scale = graph.weight((WIDTH // HEADS) ** -0.5)
    logits = graph.node("Mul", [graph.node("FusedMatMul", [query, key], domain=FUSED, transB=1), scale])
    found = graph.node("MatMul", [graph.node("Softmax", [logits], axis=-1), values])
    found = graph.node("Transpose", [found], perm=[0, 2, 1, 3])
    found = graph.node("Reshape", [found, graph.weight([1, -1, WIDTH], np.int64)])
    found = float_linear(graph, found, *_linear(state, f"{at}.out_proj"))
    value = _norm(graph, state, graph.node("Add", [value, found]), "layer.attention_norm")
    inner = graph.node("Gelu", [float_linear(graph, value, *_linear(state, "layer.fc1"))], domain=FUSED)
    inner = float_linear(graph, inner, *_linear(state, "layer.fc2"))
    return _norm(graph, state, graph.node("Add", [value, inner]), "layer.final_norm")


def _by_head(graph: Graph, value: str) -> str:
    parted = graph.node("Reshape", [value, graph.weight([1, -1, HEADS, WIDTH // HEADS], np.int64)])
    return graph.node("Transpose", [parted], perm=[0, 2, 1, 3])


def _linear(state: State, name: str) -> tuple[F32, F32]:
    return state[f"{name}.weight"], state[f"{name}.bias"]


def _norm(graph: Graph, state: State, value: str, name: str) -> str:
    return graph.norm(value, *_linear(state, name), _EPSILON)


def _to_float16(path: Path) -> None:
    """Store a graph's large weights as float16, in the file beside it as before."""
    network = onnx.load(path)
    to_float16(network.graph)
    data = path.with_suffix(".data")
    data.unlink()
    onnx.save_model(network, str(path), save_as_external_data=True, location=data.name, size_threshold=1024)
