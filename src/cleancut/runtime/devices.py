"""From a device's name to what ONNX Runtime is asked for."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cleancut.errors import DeviceUnavailable, OptionError

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"

GPU_REMEDY = (
    "replace the CPU build by the GPU build: "
    "pip uninstall -y onnxruntime && pip install 'onnxruntime-gpu[cuda,cudnn]>=1.20'; "
    "or use --device cpu; `cleancut doctor` shows what is there"
)


@dataclass(frozen=True, slots=True)
class Device:
    """A device and the execution provider that serves it."""

    name: str
    provider: str
    options: Mapping[str, str] = field(default_factory=dict)


def candidates(wanted: str, available: list[str]) -> list[Device]:
    """The devices to try for ``auto``, ``cpu``, ``cuda`` or ``cuda:N``, best first.

    A device that is named is the only candidate: it works, or the caller fails. ``available`` are the execution
    providers that the runtime was built with. Raises OptionError, DeviceUnavailable.
    """
    cpu = Device("cpu", CPU)
    if wanted == "cpu":
        return [cpu]
    if wanted == "auto":
        return [_cuda(0), cpu] if CUDA in available else [cpu]
    match = re.fullmatch(r"cuda(?::(\d+))?", wanted)
    if match is None:
        raise OptionError(f"--device: {wanted!r} is not known", hint="give auto, cpu, cuda or cuda:N")
    if CUDA not in available:
        raise DeviceUnavailable(f"{wanted} cannot be used: this ONNX Runtime was built without CUDA", hint=GPU_REMEDY)
    return [_cuda(int(match[1] or 0))]


def _cuda(index: int) -> Device:
    return Device(f"cuda:{index}", CUDA, {"device_id": str(index)})


def usable_cores() -> int:
    """Cores that this process may use: its affinity, and the quota of its control group (containers)."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return max(1, min(cores, -(-int(quota) // int(period))))
    except (OSError, ValueError):  # no such file; or "max", which is no limit
        return cores
