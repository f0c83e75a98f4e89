from __future__ import annotations

import numpy as np
from onnx import TensorProto

from cleancut.quantisation.as_fp32 import as_fp32
from tests.quantisation.nets import answer, check, halved, net, photos


def test_weights_in_half_precision_are_computed_in_full() -> None:
    model = halved(net())
    as_fp32(model)
    check(model)
    assert all(each.data_type != TensorProto.FLOAT16 for each in model.graph.initializer)
    assert [node.op_type for node in model.graph.node].count("Cast") == 1  # the one that has the output's name
    for photo in photos(2):
        # The weights themselves were rounded to eleven bits.
        np.testing.assert_allclose(answer(model, photo), answer(net(), photo), atol=2e-3)


def test_a_network_in_full_precision_stays_as_it_is() -> None:
    model = net()
    as_fp32(model)
    assert model == net()
