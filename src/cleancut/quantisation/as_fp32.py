"""Weights stored in half precision, written out as what they are computed in."""

from __future__ import annotations

import numpy as np
from onnx import GraphProto, ModelProto, TensorProto, numpy_helper, shape_inference

_FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16)


def as_fp32(model: ModelProto) -> None:
    """Make all floating-point tensors of ``model`` fp32, and drop the casts between the two kinds. Changes it."""
    graph = model.graph
    casts = _casts(shape_inference.infer_shapes(model).graph)
    for tensor in graph.initializer:
        _widen(tensor)
    outputs = {each.name for each in graph.output}
    kept = []
    for node in graph.node:
        if node.output[0] in casts and node.output[0] not in outputs:
            continue
        for index, name in enumerate(node.input):
            node.input[index] = _root(name, casts)
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.i in _FLOATS:
                attribute.i = TensorProto.FLOAT
            _widen(attribute.t)
        kept.append(node)
    del graph.node[:]
    graph.node.extend(kept)
    # What was noted of the values in between says half precision still.
    del graph.value_info[:]
    for each in (*graph.input, *graph.output):
        if each.type.tensor_type.elem_type == TensorProto.FLOAT16:
            each.type.tensor_type.elem_type = TensorProto.FLOAT


def _casts(graph: GraphProto) -> dict[str, str]:
    """What casts from one floating-point kind to another answer, and what they are asked."""
    kinds = {
        each.name: each.type.tensor_type.elem_type for each in (*graph.input, *graph.value_info, *graph.output)
    } | {each.name: each.data_type for each in graph.initializer}
    return {
        node.output[0]: node.input[0]
        for node in graph.node
        if node.op_type == "Cast" and node.attribute[0].i in _FLOATS and kinds.get(node.input[0]) in _FLOATS
    }


def _widen(tensor: TensorProto) -> None:
    if tensor.data_type == TensorProto.FLOAT16:
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float32), tensor.name))


def _root(name: str, casts: dict[str, str]) -> str:
    while name in casts:
        name = casts[name]
    return name
