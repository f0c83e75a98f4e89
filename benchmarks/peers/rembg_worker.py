"""rembg as a contestant of `cleancut bench speed`; run by the Python that has rembg: rembg_worker.py MODEL."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from rembg import new_session, remove


def main(model: str) -> None:
    """Serve until standard input ends."""
    session = new_session(model)
    _say({"name": f"rembg {model}"})
    for line in sys.stdin:
        data = Path(line.removesuffix("\n")).read_bytes()
        began = time.perf_counter()
        remove(data, session=session)
        _say({"seconds": time.perf_counter() - began, "peak_bytes": _peak_bytes()})


def _peak_bytes() -> int | None:
    for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return None


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
