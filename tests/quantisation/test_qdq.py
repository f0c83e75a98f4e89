from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import ModelProto, helper

from cleancut.quantisation.plan import plan
from cleancut.quantisation.qdq import Unquantisable, quantise
from tests.quantisation.nets import answer, check, net, node_of, observed, photos, stored


@pytest.fixture
def quantised() -> ModelProto:
    model = net()
    wanted = {each for several in plan(model.graph).ranges.values() for each in several}
    ranges = observed(net(), sorted(wanted))
    quantise(model, ranges)
    return model


def test_the_answers_are_nearly_those_of_the_network(quantised: ModelProto) -> None:
    check(quantised)
    for photo in photos():
        exact, rounded = answer(net(), photo), answer(quantised, photo)
        assert np.abs(exact - rounded).mean() < 0.02
        assert np.corrcoef(exact.ravel(), rounded.ravel())[0, 1] > 0.99


def test_the_first_convolution_and_the_masks_stay_in_floating_point(quantised: ModelProto) -> None:
    assert list(node_of(quantised, "first").input) == ["photo", "first.w", "first.b"]
    assert list(node_of(quantised, "side").input) == ["sum", "side.w", "side.b"]
    assert all(name.endswith("/dq") for name in node_of(quantised, "two").input)


def test_two_products_fit_into_16_bits(quantised: ModelProto) -> None:
    for name in ("one", "two", "three"):
        weights = stored(quantised, f"{name}/1/q")
        assert np.abs(weights).reshape(len(weights), -1).max(axis=1).tolist() == [63] * len(weights)


def test_offsets_are_in_the_steps_of_the_sums(quantised: ModelProto) -> None:
    sums = stored(quantised, "pooled/step") * stored(quantised, "two/1/step")
    np.testing.assert_allclose(stored(quantised, "two/2/step"), sums, rtol=1e-6)
    exact = stored(net(), "two.b")
    np.testing.assert_allclose(stored(quantised, "two/2/q") * sums, exact, atol=float(np.max(sums)))


def test_what_is_put_side_by_side_is_copied(quantised: ModelProto) -> None:
    for name in ("one.relu", "enlarged", "pooled"):
        assert stored(quantised, f"{name}/step") == stored(quantised, "both/step")


def test_nought_is_a_step() -> None:
    model = net()
    wanted = {each for several in plan(model.graph).ranges.values() for each in several}
    quantise(model, dict.fromkeys(wanted, (-1.0, 3.1)))
    assert stored(model, "both/zero") == round(255 / 4.1)
    # A range that leaves nought out is widened to it.
    model = net()
    quantise(model, dict.fromkeys(wanted, (2.0, 5.1)))
    assert stored(model, "both/zero") == 0
    np.testing.assert_allclose(stored(model, "both/step"), 5.1 / 255, rtol=1e-6)


def test_onnx_runtime_convolves_in_integers(quantised: ModelProto, tmp_path: Path) -> None:
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    onnxruntime.InferenceSession(quantised.SerializeToString(), options, providers=["CPUExecutionProvider"])
    kinds = [node.op_type for node in onnx.load(options.optimized_model_filepath).graph.node]
    assert kinds.count("QLinearConv") == 3
    assert kinds.count("QLinearConcat") == 1


def test_weights_in_floating_point_are_gone_where_nobody_reads_them(quantised: ModelProto) -> None:
    names = {each.name for each in quantised.graph.initializer}
    assert "first.w" in names
    assert "two.w" not in names


def test_a_value_without_a_range_is_named() -> None:
    with pytest.raises(Unquantisable, match=r"'first\.relu'"):
        quantise(net(), {})


def test_operators_from_before_scales_for_each_channel_are_refused() -> None:
    model = net()
    del model.opset_import[:]
    model.opset_import.append(helper.make_opsetid("", 11))
    with pytest.raises(Unquantisable, match="13"):
        quantise(model, {})
