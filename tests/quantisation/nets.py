"""A small network of the kind that is quantised: skips, a residual, pooling, and a mask at its end."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

SIDE = 32

Photo = NDArray[np.float32]


def net(seed: int = 3) -> ModelProto:
    """An encoder of two levels and a decoder; ``mask`` answers 0..1."""
    random = np.random.default_rng(seed)
    constants: list[TensorProto] = []

    def conv(name: str, asked: str, channels: tuple[int, int]) -> list[NodeProto]:
        weights = random.normal(0, 0.3, (channels[1], channels[0], 3, 3)).astype(np.float32)
        offsets = random.normal(0, 0.1, channels[1]).astype(np.float32)
        constants.extend([numpy_helper.from_array(weights, f"{name}.w"), numpy_helper.from_array(offsets, f"{name}.b")])
        asked_for = [asked, f"{name}.w", f"{name}.b"]
        return [helper.make_node("Conv", asked_for, [name], pads=[1, 1, 1, 1], kernel_shape=[3, 3])]

    def relu(name: str) -> NodeProto:
        return helper.make_node("Relu", [name], [f"{name}.relu"])

    constants.append(numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "twice"))
    nodes = [
        *conv("first", "photo", (3, 8)),
        relu("first"),
        *conv("one", "first.relu", (8, 8)),
        relu("one"),
        helper.make_node("MaxPool", ["one.relu"], ["pooled"], kernel_shape=[2, 2], strides=[2, 2]),
        *conv("two", "pooled", (8, 8)),
        relu("two"),
        helper.make_node("Resize", ["two.relu", "", "twice"], ["enlarged"], mode="linear"),
        helper.make_node("Concat", ["enlarged", "one.relu"], ["both"], axis=1),
        *conv("three", "both", (16, 8)),
        relu("three"),
        helper.make_node("Add", ["three.relu", "one.relu"], ["sum"]),
        *conv("side", "sum", (8, 1)),
        helper.make_node("Sigmoid", ["side"], ["mask"]),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("photo", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("mask", TensorProto.FLOAT, [1, 1, SIDE, SIDE])],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def halved(model: ModelProto) -> ModelProto:
    """The same with weights in half precision, computed in it, and asked and answering in full."""
    copy = ModelProto()
    copy.CopyFrom(model)
    graph = copy.graph
    for tensor in graph.initializer:
        if tensor.name != "twice":
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), tensor.name))
    for node in graph.node:
        node.input[:] = ["photo.half" if name == "photo" else name for name in node.input]
        node.output[:] = ["mask.half" if name == "mask" else name for name in node.output]
    graph.node.insert(0, helper.make_node("Cast", ["photo"], ["photo.half"], to=TensorProto.FLOAT16))
    graph.node.append(helper.make_node("Cast", ["mask.half"], ["mask"], to=TensorProto.FLOAT))
    return copy


def photos(count: int = 4) -> list[Photo]:
    random = np.random.default_rng(5)
    return [random.uniform(-0.5, 0.5, (1, 3, SIDE, SIDE)).astype(np.float32) for _ in range(count)]


def answer(model: ModelProto, photo: Photo, name: str = "mask") -> Photo:
    asked = ModelProto()
    asked.CopyFrom(model)
    if name not in [each.name for each in asked.graph.output]:
        asked.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(asked.SerializeToString(), providers=["CPUExecutionProvider"])
    found: Photo = session.run([name], {"photo": photo})[0]
    return found


def observed(model: ModelProto, names: list[str]) -> dict[str, tuple[float, float]]:
    """The range of each value over the photos."""
    seen = {name: [answer(model, photo, name) for photo in photos()] for name in names}
    return {name: (float(np.min(each)), float(np.max(each))) for name, each in seen.items()}


def node_of(model: ModelProto, name: str) -> NodeProto:
    return next(node for node in model.graph.node if name in node.output)


def stored(model: ModelProto, name: str) -> NDArray[np.float64]:
    found = next(each for each in model.graph.initializer if each.name == name)
    return np.asarray(numpy_helper.to_array(found), np.float64)


def check(model: ModelProto) -> None:
    onnx.checker.check_model(model)
