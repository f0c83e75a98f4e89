from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from cleancut.runtime.graph import NotAModel, count_outputs, with_one_output
from tests.runtime.graphs import trap_beside, two_outputs


@pytest.mark.parametrize(("index", "nodes"), [(0, ["ReduceMean"]), (1, ["ReduceMean", "Sub"])])
def test_the_wanted_output_and_what_leads_to_it_stay_as_they_are(tmp_path: Path, index: int, nodes: list[str]) -> None:
    data = two_outputs(tmp_path / "two.onnx").read_bytes()
    ours = onnx.load_model_from_string(with_one_output(memoryview(data), index))
    theirs = onnx.load_model_from_string(data)
    assert [node.op_type for node in ours.graph.node] == nodes
    assert list(ours.graph.output) == [theirs.graph.output[index]]
    for model in (ours, theirs):
        del model.graph.node[:]
        del model.graph.output[:]
    assert ours == theirs


def test_what_a_branch_reads_from_outside_stays(tmp_path: Path) -> None:
    """The graph of an If reads ``outer``, which no node takes as an input."""
    square = helper.make_tensor_value_info("inner", TensorProto.FLOAT, [1])
    branches = [
        helper.make_graph([helper.make_node(kind, ["outer"], ["inner"])], kind, [], [square])
        for kind in ("Neg", "Identity")
    ]
    nodes = [
        helper.make_node("Abs", ["x"], ["outer"]),
        helper.make_node("Exp", ["x"], ["unwanted"]),
        helper.make_node("If", ["choice"], ["y"], then_branch=branches[0], else_branch=branches[1]),
    ]
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [1]),
        helper.make_tensor_value_info("choice", TensorProto.BOOL, []),
    ]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("unwanted", "y")]
    model = helper.make_model(helper.make_graph(nodes, "if", inputs, outputs))
    ours = onnx.load_model_from_string(with_one_output(memoryview(model.SerializeToString()), 1))
    assert [node.op_type for node in ours.graph.node] == ["Abs", "If"]
    onnx.checker.check_model(ours, full_check=True)


def test_outputs_are_counted(tmp_path: Path) -> None:
    assert count_outputs(memoryview(trap_beside(tmp_path / "beside.onnx").read_bytes())) == 2


def test_an_output_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(IndexError):
        with_one_output(memoryview(two_outputs(tmp_path / "two.onnx").read_bytes()), 2)


@pytest.mark.parametrize("data", [b"", b"no model", b"\x3a\xff", b"\x3a\x7f\x00", b"\xff" * 12, b"\x0b"])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(NotAModel):
        count_outputs(memoryview(data))
