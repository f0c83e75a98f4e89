"""From a floating-point network to the same one in 8-bit integers, in ONNX's own operators (QDQ form).

Weights are rounded per output channel, symmetrically, activations per tensor, by ranges that were observed before
(Jacob et al. 2018, arXiv:1712.05877; Nagel et al. 2021, arXiv:2106.08295). What runs the file puts the pairs of
QuantizeLinear and DequantizeLinear together with what is between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

from cleancut.quantisation.plan import Plan, observed, plan
from cleancut.quantisation.ranges import Range

Ranges = Mapping[str, tuple[float, float]]
"""For each tensor by its name the lowest and highest value that is told apart."""

# The first version of the operators with a scale for each channel.
OPSET = 13
# 6 bits and a sign: processors without instructions for it (AVX2) add two products in 16 bits, and 255 · 127 · 2 would
# not fit. Measured on IS-Net, the last bit gains nothing beside the error of the activations.
_TOP = 63
_SMALLEST_STEP = 1e-8
_LARGEST_OFFSET = 2.0**30


class Unquantisable(ValueError):
    """The model is not one that there are ranges for."""


@dataclass(frozen=True, slots=True)
class _Scale:
    step: np.float32
    zero: np.uint8


def matched(graph: GraphProto, ranges: Sequence[Range]) -> dict[str, tuple[float, float]]:
    """The ranges under this graph's names: files of one model may name its values otherwise, in the same order."""
    by_name = {each.name: (each.low, each.high) for each in ranges}
    wanted = observed(graph)
    if all(name in by_name for name, _ in wanted):
        return by_name
    if [kind for _, kind in wanted] != [each.kind for each in ranges]:
        missing = next(name for name, _ in wanted if name not in by_name)
        raise Unquantisable(f"there is no range for its value {missing!r}, and its operators are others")
    return {name: (each.low, each.high) for (name, _), each in zip(wanted, ranges, strict=True)}


def quantise(model: ModelProto, ranges: Ranges) -> None:
    """Compute in integers what ``plan`` finds. The model is in fp32 and is changed. Raises Unquantisable."""
    if not any(each.domain in ("", "ai.onnx") and each.version >= OPSET for each in model.opset_import):
        raise Unquantisable(f"its operators are older than version {OPSET}")
    graph = model.graph
    planned = plan(graph)
    scales = {name: _scale(name, planned, ranges) for name in planned.tensors}
    weights = {each.name: each for each in graph.initializer}
    nodes: list[NodeProto] = []
    for node in graph.node:
        if node.output[0] in planned.nodes:
            if node.op_type == "Conv":
                nodes += _rounded_weights(node, scales[node.input[0]], weights, graph)
            for index, name in enumerate(node.input):
                node.input[index] = _read(name) if name in scales else name
        nodes.append(node)
        for name in node.output:
            if name in scales:
                nodes += _stored(name, scales[name], graph)
    del graph.node[:]
    graph.node.extend(nodes)
    _drop_unread(graph)


def _scale(name: str, planned: Plan, ranges: Ranges) -> _Scale:
    try:
        low, high = max((ranges[each] for each in planned.ranges[name]), key=lambda each: each[1] - each[0])
    except KeyError as error:
        raise Unquantisable(f"there is no range for its value {error.args[0]!r}") from None
    # Nought has to be one of the steps: it is what pictures are padded with.
    low, high = min(low, 0.0), max(high, 0.0)
    step = max((high - low) / 255, _SMALLEST_STEP)
    return _Scale(np.float32(step), np.uint8(np.clip(round(-low / step), 0, 255)))


def _rounded_weights(
    node: NodeProto, asked: _Scale, weights: Mapping[str, TensorProto], graph: GraphProto
) -> Iterator[NodeProto]:
    """The weights of a convolution as integers, and its offsets in the steps of what it adds up."""
    values = numpy_helper.to_array(weights[node.input[1]])
    offsets = numpy_helper.to_array(weights[node.input[2]]) if len(node.input) > 2 and node.input[2] else None
    steps = np.maximum(np.abs(values).reshape(len(values), -1).max(axis=1) / _TOP, _SMALLEST_STEP)
    if offsets is not None:
        # A channel with hardly any weights: its offset still has to fit into a sum of 32 bits.
        steps = np.maximum(steps, np.abs(offsets) / (asked.step * _LARGEST_OFFSET))
    steps = steps.astype(np.float32)
    rounded = np.rint(values / steps[:, None, None, None]).astype(np.int8)
    yield _constant(node, 1, rounded, steps, graph)
    if offsets is not None:
        sums = asked.step * steps
        yield _constant(node, 2, np.rint(offsets / sums.astype(np.float64)).astype(np.int32), sums, graph)


def _constant(
    node: NodeProto, index: int, values: NDArray[np.signedinteger], steps: NDArray[np.float32], graph: GraphProto
) -> NodeProto:
    # Named after the node: weights that two nodes share need not be in the same steps.
    name = f"{node.output[0]}/{index}"
    zeros = np.zeros(len(steps), values.dtype)
    _keep(graph, {f"{name}/q": values, f"{name}/step": steps, f"{name}/zero": zeros})
    node.input[index] = f"{name}/dq"
    return helper.make_node(
        "DequantizeLinear", [f"{name}/{each}" for each in ("q", "step", "zero")], [f"{name}/dq"], axis=0
    )


def _stored(name: str, scale: _Scale, graph: GraphProto) -> Iterator[NodeProto]:
    _keep(graph, {f"{name}/step": np.asarray(scale.step), f"{name}/zero": np.asarray(scale.zero)})
    how = [f"{name}/step", f"{name}/zero"]
    yield helper.make_node("QuantizeLinear", [name, *how], [f"{name}/q"])
    yield helper.make_node("DequantizeLinear", [f"{name}/q", *how], [_read(name)])


def _read(name: str) -> str:
    return f"{name}/dq"


def _keep(graph: GraphProto, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in arrays.items())


def _drop_unread(graph: GraphProto) -> None:
    read = {name for node in graph.node for name in node.input}
    kept = [each for each in graph.initializer if each.name in read]
    del graph.initializer[:]
    graph.initializer.extend(kept)
