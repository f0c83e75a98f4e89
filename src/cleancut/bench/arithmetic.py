"""How fast this machine multiplies at best, and how much of that a model needs: what no program can be faster than."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleancut.engines import engine_of, model_of, quick_engine, store_of
from cleancut.models.weights import ensure
from cleancut.options import Options
from cleancut.quantisation.ranges import has_ranges
from cleancut.runtime.devices import usable_cores
from cleancut.runtime.graph import with_one_output
from cleancut.settings import Settings

# Large enough for all cores, small enough for a second or two.
_SIDE = 2048
_RUNS = 5


@dataclass(frozen=True, slots=True)
class Peaks:
    """Multiplications with addition a second, of large matrices in ONNX Runtime with all cores."""

    fp32: float
    int8: float


def peaks(threads: int) -> Peaks:
    """Measure both, best of a few."""
    random = np.random.default_rng(0)
    floats = random.standard_normal((2, _SIDE, _SIDE)).astype(np.float32)
    # 7 bits and a sign, as the models' weights: some processors add two products in 16 bits.
    bytes_ = random.integers(0, 256, (_SIDE, _SIDE), np.uint8), random.integers(-63, 64, (_SIDE, _SIDE), np.int8)
    return Peaks(_rate("MatMul", (floats[0], floats[1]), threads), _rate("MatMulInteger", bytes_, threads))


def multiplications(model: Path, output: int) -> int:
    """Those of the convolutions that lead to one of a model's outputs, for one photo."""
    import onnx

    content = onnx.load_model_from_string(with_one_output(memoryview(model.read_bytes()), output))
    graph = onnx.shape_inference.infer_shapes(content).graph
    weights = {each.name: tuple(each.dims) for each in graph.initializer}
    shapes = {
        each.name: [dim.dim_value for dim in each.type.tensor_type.shape.dim]
        for each in (*graph.value_info, *graph.output)
    }
    total = 0
    for node in graph.node:
        if node.op_type == "Conv" and node.output[0] in shapes:
            kernel = int(np.prod(weights[node.input[1]][1:]))
            total += kernel * int(np.prod(shapes[node.output[0]]))
    return total


@dataclass(frozen=True, slots=True)
class Reach:
    """A model beside what the machine can do at best, in one precision."""

    precision: str
    seconds: float
    """One run, best of a few."""
    multiplications: int
    peak: float
    """Multiplications a second of large matrices."""

    @property
    def share(self) -> float:
        return self.multiplications / self.seconds / self.peak


def reach(options: Options, settings: Settings) -> list[Reach]:
    """In each precision that the model has. Raises ModelError."""
    spec = model_of(options.model, settings)
    found = peaks(settings.threads or usable_cores())
    weights = ensure(spec, store_of(settings))
    engines = [engine_of(replace(options, precision="fp32", device="cpu"), settings)]
    if has_ranges(spec):
        engines.append(quick_engine(spec, "cpu", settings))
    tensor = np.zeros((1, 3, spec.input_size, spec.input_size), np.float32)
    spent: dict[str, list[float]] = {engine.precision: [] for engine in engines}
    for _ in range(_RUNS + 1):
        for engine in engines:
            began = time.perf_counter()
            engine.session.run(tensor)
            spent[engine.precision].append(time.perf_counter() - began)
    work = multiplications(weights.path, spec.output_index)
    return [Reach(name, min(times[1:]), work, getattr(found, name)) for name, times in spent.items()]


def _rate(kind: str, matrices: tuple[NDArray[Any], NDArray[Any]], threads: int) -> float:
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper

    types = {"f": TensorProto.FLOAT, "B": TensorProto.UINT8, "b": TensorProto.INT8}
    shape = [_SIDE, _SIDE]
    # The right one is a constant, as weights are: the runtime lays it out beforehand.
    graph = helper.make_graph(
        [helper.make_node(kind, ["left", "right"], ["product"])],
        kind,
        [helper.make_tensor_value_info("left", types[matrices[0].dtype.char], shape)],
        [helper.make_tensor_value_info("product", TensorProto.FLOAT if kind == "MatMul" else TensorProto.INT32, shape)],
        [onnx.numpy_helper.from_array(matrices[1], "right")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    spent = []
    for _ in range(_RUNS + 1):
        began = time.perf_counter()
        session.run(None, {"left": matrices[0]})
        spent.append(time.perf_counter() - began)
    return float(_SIDE**3 / min(spent[1:]))
