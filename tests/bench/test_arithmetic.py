"""How fast this machine multiplies, and how much of that a model needs."""

from __future__ import annotations

from pathlib import Path

import onnx

from cleancut.bench.arithmetic import Reach, multiplications, peaks
from tests.quantisation.nets import SIDE, net


def test_multiplications_are_those_of_the_convolutions(tmp_path: Path) -> None:
    onnx.save(net(), str(tmp_path / "net.onnx"))
    whole, half = SIDE * SIDE, SIDE * SIDE // 4
    wanted = whole * 9 * (3 * 8 + 8 * 8 + 16 * 8 + 8 * 1) + half * 9 * 8 * 8
    assert multiplications(tmp_path / "net.onnx", 0) == wanted


def test_a_machine_multiplies() -> None:
    found = peaks(1)
    # From a slow single core to a large server.
    assert 1e9 < found.fp32 < 1e14
    assert 1e9 < found.int8 < 1e15


def test_the_share_is_what_was_done_of_what_could_be() -> None:
    assert Reach("fp32", seconds=2.0, multiplications=100, peak=200.0).share == 0.25
