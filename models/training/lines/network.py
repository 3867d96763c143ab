"""A line recogniser's ONNX graph as a torch module whose weights learn, and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
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
class Step:
    """One operator of the graph: what it takes, and the name of what it makes."""

    operator: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, Any]


class OnnxNetwork(torch.nn.Module):
    """Runs an ONNX graph in torch; its floating weights are parameters.

    The statistics of normalisation stay as they are. The last softmax is left out: the output is scores, which the
    loss wants.
    """

    def __init__(self, graph: onnx.GraphProto) -> None:
        """Take over the graph's weights. Raises ModelError for an operator that is not known."""
        super().__init__()
        self._input, self._steps = graph.input[0].name, _steps(graph)[:-1]
        unknown = {step.operator for step in self._steps} - set(OPERATORS)
        if unknown:
            raise ModelError(
                f"operators {sorted(unknown)} are not known; add them to models/training/lines/operators.py"
            )
        self._last_use = {name: number for number, step in enumerate(self._steps) for name in step.inputs}
        statistics = {
            name for step in self._steps if step.operator == "BatchNormalization" for name in step.inputs[3:]
        }
        self._learnt: dict[str, str] = {}  # module names have no dots
        self._fixed: dict[str, str] = {}
        self._plain: dict[str, Tensor] = {}
        for initializer in graph.initializer:
            values, name = torch.from_numpy(numpy_helper.to_array(initializer).copy()), initializer.name
            key = name.replace(".", "/")
            if not values.is_floating_point():
                self._plain[name] = values
            elif values.numel() == 1 or name in statistics:
                self._fixed[name] = key
                self.register_buffer(key, values)
            else:
                self._learnt[name] = key
                self.register_parameter(key, torch.nn.Parameter(values))

    def forward(self, lines: Tensor) -> Tensor:
        """Return the scores of each step, (N, T, C), of lines, (N, 3, 48, W)."""
        values: dict[str, Tensor] = {**self._plain, self._input: lines}
        values |= {name: getattr(self, key) for name, key in (self._learnt | self._fixed).items()}
        result = lines
        for number, step in enumerate(self._steps):
            result = OPERATORS[step.operator]([values[name] for name in step.inputs], step.attributes)
            values[step.output] = result
            for name in set(step.inputs):
                if self._last_use[name] == number:
                    del values[name]
        return result

    def in_order(self) -> list[str]:
        """Return the weights' names in the order in which the graph uses them."""
        return list(dict.fromkeys(name for step in self._steps for name in step.inputs if name in self._learnt))

    def take(self, weights: Weights) -> None:
        """Take over what another run learnt, by names in the graph."""
        with torch.no_grad():
            for name, values in weights.items():
                self.weight(name).copy_(torch.from_numpy(values))

    def weight(self, name: str) -> torch.nn.Parameter:
        """Return a weight by its name in the graph."""
        weight = getattr(self, self._learnt[name])
        assert isinstance(weight, torch.nn.Parameter)
        return weight

    def learnt(self) -> dict[str, F32]:
        """Return the weights by their names in the graph."""
        return {name: getattr(self, key).detach().cpu().numpy() for name, key in self._learnt.items()}


def latin_network(path: Path) -> onnx.ModelProto:
    """Return PP-OCR's recogniser, its classifier cut to Latin letters."""
    network = onnx.load(path)
    keep_latin(network)
    return network


def characters_of(network: onnx.ModelProto) -> list[str]:
    """Return what each of the network's classes stands for; the first, the blank, for nothing."""
    names = next(entry.value for entry in network.metadata_props if entry.key == "character")
    return ["", *names.split("\n"), " "]


def trainable(network: onnx.ModelProto) -> OnnxNetwork:
    """Return the network as a module; the given one stays as it is."""
    copy = onnx.ModelProto()
    copy.CopyFrom(network)
    fuse_gelu(copy)
    return OnnxNetwork(copy.graph)


def with_weights(network: onnx.ModelProto, learnt: Weights) -> onnx.ModelProto:
    """Return a copy of the network with these weights, by their names in the graph."""
    copy = onnx.ModelProto()
    copy.CopyFrom(network)
    for initializer in copy.graph.initializer:
        if initializer.name in learnt:
            values = np.ascontiguousarray(learnt[initializer.name], np.float32)
            initializer.CopyFrom(numpy_helper.from_array(values, initializer.name))
    return copy


def _steps(graph: onnx.GraphProto) -> list[Step]:
    """Return the graph's operators in order, identities left out and each bias joined to its convolution."""
    other_name: dict[str, str] = {}
    steps: list[Step] = []
    weights = {weight.name: list(weight.dims) for weight in graph.initializer}
    uses = Counter(name for node in graph.node if node.op_type != "Identity" for name in node.input)
    for node in graph.node:
        inputs = tuple(other_name.get(name, name) for name in node.input)
        if node.op_type == "Identity":
            other_name[node.output[0]] = inputs[0]
            continue
        attributes = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
        step = Step(node.op_type, inputs, node.output[0], attributes)
        last = steps[-1] if steps else step
        is_bias = step.operator == "Add" and last.output == inputs[0] and len(weights.get(inputs[-1], ())) == 4
        if is_bias and last.operator == "Conv" and uses[last.output] <= 1:
            steps[-1] = Step("Conv", (*last.inputs, inputs[1]), step.output, last.attributes)
        else:
            steps.append(step)
    return steps
