"""Calls one command: ``python -m cleancut.bench.call COMMAND…`` tells in JSON how it ended, its time and its peak.

A process of its own, and a small one, since the peak that the system tells of a child begins with that of its parent.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time


def main(*command: str) -> None:
    """Tell ``code``, ``seconds``, and ``peak_bytes`` or null where the system does not know."""
    began = time.perf_counter()
    peak: int | None = None
    try:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except OSError as error:
        _tell(f"none, {error.strerror}", 0.0, None)
        return
    code: int
    if sys.platform == "win32":
        code = process.wait()
    else:
        _, status, usage = os.wait4(process.pid, 0)
        code = process.returncode = os.waitstatus_to_exitcode(status)
        peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    _tell(code, time.perf_counter() - began, peak)


def _tell(code: int | str, seconds: float, peak: int | None) -> None:
    sys.stdout.write(json.dumps({"code": code, "seconds": seconds, "peak_bytes": peak}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
