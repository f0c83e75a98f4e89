from __future__ import annotations

import os
from pathlib import Path

import pytest

from cleancut.errors import DeviceUnavailable, OptionError
from cleancut.runtime import devices
from cleancut.runtime.devices import CPU, CUDA, candidates, usable_cores

BOTH = ["TensorrtExecutionProvider", CUDA, CPU]


def names(wanted: str, available: list[str]) -> list[tuple[str, str]]:
    return [(device.name, device.provider) for device in candidates(wanted, available)]


@pytest.mark.parametrize("available", [[CPU], BOTH])
def test_the_cpu_is_the_cpu(available: list[str]) -> None:
    assert names("cpu", available) == [("cpu", CPU)]


def test_auto_is_the_first_gpu_and_then_the_cpu() -> None:
    assert names("auto", BOTH) == [("cuda:0", CUDA), ("cpu", CPU)]
    assert names("auto", ["AzureExecutionProvider", CPU]) == [("cpu", CPU)]


@pytest.mark.parametrize(("wanted", "index"), [("cuda", "0"), ("cuda:0", "0"), ("cuda:1", "1"), ("cuda:12", "12")])
def test_a_gpu_that_is_named_is_the_only_candidate(wanted: str, index: str) -> None:
    (device,) = candidates(wanted, BOTH)
    assert device.name == f"cuda:{index}"
    assert device.provider == CUDA
    assert dict(device.options) == {"device_id": index}


@pytest.mark.parametrize("wanted", ["cuda", "cuda:0", "cuda:3"])
def test_a_gpu_that_the_runtime_cannot_use_is_refused_with_the_line_to_type(wanted: str) -> None:
    with pytest.raises(DeviceUnavailable, match=f"^{wanted} cannot be used") as caught:
        candidates(wanted, [CPU])
    for part in ("pip install 'onnxruntime-gpu", "--device cpu", "cleancut doctor"):
        assert part in caught.value.hint


@pytest.mark.parametrize("available", [[CPU], BOTH])
@pytest.mark.parametrize("wanted", ["", "gpu", "CPU", "cuda:", "cuda:-1", "cuda:a", "cuda:0,1", " cpu", "rocm", "mps"])
def test_an_unknown_name_is_wrong_usage(wanted: str, available: list[str]) -> None:
    with pytest.raises(OptionError, match="--device") as caught:
        candidates(wanted, available)
    assert caught.value.hint == "give auto, cpu, cuda or cuda:N"


@pytest.mark.parametrize(
    ("quota", "cores"),
    [
        ("max 100000", 8),
        ("200000 100000", 2),
        ("150000 100000", 2),
        ("10000 100000", 1),
        ("6400000 100000", 8),
        ("", 8),
    ],
)
def test_a_containers_quota_counts(quota: str, cores: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "cpu.max"
    file.write_text(quota)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    monkeypatch.setattr(devices, "Path", lambda path: file)
    assert usable_cores() == cores


def test_without_control_groups_the_affinity_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {2, 5, 7}, raising=False)
    monkeypatch.setattr(devices, "Path", lambda path: tmp_path / "missing")
    assert usable_cores() == 3
