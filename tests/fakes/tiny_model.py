"""A real ONNX model of a few hundred bytes: what is dark is the subject."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

SIDE = 32


def write_tiny_model(home: Path, name: str = "tiny") -> None:
    """Put the model and its description into a CLEANCUT_HOME."""
    home.mkdir(parents=True, exist_ok=True)
    axes = helper.make_tensor("axes", TensorProto.INT64, [1], [1])
    one = helper.make_tensor("one", TensorProto.FLOAT, [], [1.0])
    nodes = [
        helper.make_node("ReduceMean", ["input", "axes"], ["mean"], keepdims=1),
        helper.make_node("Sub", ["one", "mean"], ["output"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 1, SIDE, SIDE])],
        [axes, one],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.save(model, str(home / f"{name}.onnx"))
    with (home / "models.toml").open("a", encoding="utf-8") as file:
        file.write(f'[{name}]\nfile = "{name}.onnx"\ninput_size = {SIDE}\n')


def photo(height: int = 64, width: int = 96) -> NDArray[np.uint8]:
    """(h, w, 3): a dark disc on a white page."""
    down, across = np.mgrid[:height, :width]
    inside = (down - height / 2) ** 2 + (across - width / 2) ** 2 < (height / 3) ** 2
    return np.where(inside[..., None], (20, 0, 10), (255, 255, 255)).astype(np.uint8)
