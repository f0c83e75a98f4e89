"""Tiny ONNX graphs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def two_outputs(path: Path, size: int = 64) -> Path:
    """``mask`` is the mean of the channels, ``rest`` is what is missing from it to 1."""
    square = [1, 1, size, size]
    nodes = [
        helper.make_node("ReduceMean", ["picture"], ["mask"], axes=[1], keepdims=1),
        helper.make_node("Sub", ["one", "mask"], ["rest"]),
    ]
    one = numpy_helper.from_array(np.array(1, np.float32), "one")
    return _saved(path, nodes, [one], size, {"mask": square, "rest": square})


def trap(path: Path, size: int = 64) -> Path:
    """Answers 0.25 for a black picture, and fails for a white one."""
    nodes = [
        helper.make_node("ReduceMean", ["picture"], ["mask"], axes=[1], keepdims=1),
        # A white picture is looked up far outside of the table.
        helper.make_node("Mul", ["mask", "million"], ["far"]),
        helper.make_node("Cast", ["far"], ["index"], to=TensorProto.INT64),
        helper.make_node("Gather", ["table", "index"], ["answer"]),
    ]
    constants = [
        numpy_helper.from_array(np.array(1e6, np.float32), "million"),
        numpy_helper.from_array(np.array([0.25, 0.75], np.float32), "table"),
    ]
    return _saved(path, nodes, constants, size, {"answer": [1, 1, size, size]})


def trap_beside(path: Path, size: int = 64) -> Path:
    """``mask`` is the mean of the channels; computing the other output, ``answer``, fails for a white picture."""
    model = onnx.load(str(trap(path, size)))
    square = [1, 1, size, size]
    model.graph.output.insert(0, helper.make_tensor_value_info("mask", TensorProto.FLOAT, square))
    onnx.save(model, str(path))
    return path


def two_channels(path: Path, size: int = 64) -> Path:
    """Answers foreground and background in one array, which is not one mask."""
    nodes = [
        helper.make_node("ReduceMean", ["picture"], ["mask"], axes=[1], keepdims=1),
        helper.make_node("Concat", ["mask", "mask"], ["both"], axis=1),
    ]
    return _saved(path, nodes, [], size, {"both": [1, 2, size, size]})


def _saved(path: Path, nodes: list[object], constants: list[object], size: int, outputs: dict[str, list[int]]) -> Path:
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, size, size])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        constants,
    )
    # Old enough for every ONNX Runtime that is allowed.
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(path))
    return path
