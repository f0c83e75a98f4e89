"""What the numbers were measured on."""

from __future__ import annotations

import platform
from contextlib import suppress
from pathlib import Path

from cleancut._version import __version__
from cleancut.runtime.devices import usable_cores


def machine() -> dict[str, str | int]:
    """Processor, cores, system and versions; nothing that says whose machine it is."""
    import onnxruntime

    return {
        "cpu": _processor(),
        "cores": usable_cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "onnxruntime": onnxruntime.__version__,
        "cleancut": __version__,
    }


def _processor() -> str:
    """The processor's model. Linux keeps it in a file that ``platform`` does not read."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
