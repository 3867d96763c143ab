"""A line recogniser's ONNX graph as a torch module with trainable weights, and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor

from models.arrays import F32
from models.errors import ModelError
from models.training.lines.operators import OPERATORS
from models.training.quantise_ppocr import fuse_gelu, keep_latin

Weights = Mapping[str, F32]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operator of the graph: its input names, and the name of its output."""

    operator: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, Any]


class OnnxNetwork(torch.nn.Module):
    """Runs an ONNX graph in torch, operator by operator; its floating-point weights are parameters.

    Batch normalisation keeps its running statistics. The last softmax is left out: losses take logits.
    """

    def __init__(self, graph: onnx.GraphProto) -> None:
        """Take the graph's weights. Raises ModelError for an operator that is not known."""
        super().__init__()
        self._input, self._operations = graph.input[0].name, _operations(graph)[:-1]
        unknown = {operation.operator for operation in self._operations} - set(OPERATORS)
        if unknown:
            raise ModelError(
                f"operators {sorted(unknown)} are not known; add them to models/training/lines/operators.py"
            )
        self._last_use = {
            name: number for number, operation in enumerate(self._operations) for name in operation.inputs
        }
        statistics = {
            name
            for operation in self._operations
            if operation.operator == "BatchNormalization"
            for name in operation.inputs[3:]
        }
        # names in the graph to attributes of this module, which may have no dots
        self._trainable: dict[str, str] = {}
        self._fixed: dict[str, str] = {}
        self._integers: dict[str, Tensor] = {}
        for initializer in graph.initializer:
            values, name = torch.from_numpy(numpy_helper.to_array(initializer).copy()), initializer.name
            key = name.replace(".", "/")
            if not values.is_floating_point():
                self._integers[name] = values
            elif values.numel() == 1 or name in statistics:
                self._fixed[name] = key
                self.register_buffer(key, values)
            else:
                self._trainable[name] = key
                self.register_parameter(key, torch.nn.Parameter(values))

    def forward(self, lines: Tensor) -> Tensor:
        """Return logits, (N, T, C), of lines, (N, 3, 48, W)."""
        values: dict[str, Tensor] = {**self._integers, self._input: lines}
        values |= {name: getattr(self, key) for name, key in (self._trainable | self._fixed).items()}
        result = lines
        for number, operation in enumerate(self._operations):
            inputs = [values[name] for name in operation.inputs]
            result = OPERATORS[operation.operator](inputs, operation.attributes)
            values[operation.output] = result
            for name in set(operation.inputs):
                # as soon as nothing needs a value any more, its memory is free
                if self._last_use[name] == number:
                    del values[name]
        return result

    def weight_names(self) -> list[str]:
        """Return the weights' names in the graph, in the order in which it uses them."""
        names = (name for operation in self._operations for name in operation.inputs)
        return list(dict.fromkeys(name for name in names if name in self._trainable))

    def load_weights(self, weights: Weights) -> None:
        """Copy the weights of another run, by names in the graph."""
        with torch.no_grad():
            for name, values in weights.items():
                self.weight(name).copy_(torch.from_numpy(values))

    def weight(self, name: str) -> torch.nn.Parameter:
        """Return a weight by its name in the graph."""
        weight = getattr(self, self._trainable[name])
        assert isinstance(weight, torch.nn.Parameter)
        return weight


def latin_network(path: Path) -> onnx.ModelProto:
    """Return PP-OCR's recogniser, its classifier cut to Latin letters."""
    network = onnx.load(path)
    keep_latin(network)
    return network


def characters_of(network: onnx.ModelProto) -> list[str]:
    """Return the character of each of the network's classes; that of the first, the blank, is empty."""
    names = next(entry.value for entry in network.metadata_props if entry.key == "character")
    return ["", *names.split("\n"), " "]


def trainable_network(network: onnx.ModelProto) -> OnnxNetwork:
    """Return the network as a torch module; the given one is not changed."""
    copy = onnx.ModelProto()
    copy.CopyFrom(network)
    fuse_gelu(copy)
    return OnnxNetwork(copy.graph)


def with_weights(network: onnx.ModelProto, weights: Weights) -> onnx.ModelProto:
    """Return a copy of the network with these weights, by their names in the graph."""
    copy = onnx.ModelProto()
    copy.CopyFrom(network)
    for initializer in copy.graph.initializer:
        if initializer.name in weights:
            values = np.ascontiguousarray(weights[initializer.name], np.float32)
            initializer.CopyFrom(numpy_helper.from_array(values, initializer.name))
    return copy


def _operations(graph: onnx.GraphProto) -> list[Operation]:
    """Return the graph's operators in order, without identities, each bias joined to its convolution."""
    operations: list[Operation] = []
    shapes = {weight.name: list(weight.dims) for weight in graph.initializer}
    uses = Counter(name for node in graph.node if node.op_type != "Identity" for name in node.input)
    for operation in _without_identities(graph):
        last = operations[-1] if operations else operation
        # what nothing else uses can be joined; a bias of a convolution is (1, C, 1, 1)
        is_bias = operation.operator == "Add" and last.output == operation.inputs[0]
        is_bias = is_bias and len(shapes.get(operation.inputs[-1], ())) == 4
        if is_bias and last.operator == "Conv" and uses[last.output] <= 1:
            inputs = (*last.inputs, operation.inputs[1])
            operations[-1] = Operation("Conv", inputs, operation.output, last.attributes)
        else:
            operations.append(operation)
    return operations


def _without_identities(graph: onnx.GraphProto) -> Iterator[Operation]:
    """Yield the operators that compute something; those that used an identity's output use its input."""
    other_name: dict[str, str] = {}
    for node in graph.node:
        inputs = tuple(other_name.get(name, name) for name in node.input)
        if node.op_type == "Identity":
            other_name[node.output[0]] = inputs[0]
            continue
        attributes = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
        yield Operation(node.op_type, inputs, node.output[0], attributes)
