"""A contestant of ours: cuts the photos that it is told of, and says how long each took.

The protocol is one for all contestants, whoever wrote them, since each is a program of its own: one path a line comes
on standard input, one JSON object a line goes to standard output, first ``{"name": …}`` once it is ready, then
``{"seconds": …, "peak_bytes": …}`` for each photo, from its bytes to those of the PNG.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from cleancut.engines import engine_of, quick_engine
from cleancut.evaluation.process import peak_bytes
from cleancut.options import Options
from cleancut.pipeline import load
from cleancut.remover import Remover
from cleancut.settings import read_settings
from cleancut.steps.encode import encode
from cleancut.steps.preprocess import preprocess


def main(kind: str, keywords: str) -> None:
    """Serve until standard input ends. ``kind``: whole, or bare for the model alone; ``keywords``: JSON of Options."""
    options, settings = Options(**json.loads(keywords)), read_settings()
    engine = engine_of(options, settings)
    # Nobody checks what this one answers.
    alone = quick_engine(engine.spec, options.device, settings) if engine.precision == "int8" else engine
    remover = Remover.of(options, settings)

    def whole(data: bytes) -> dict[str, Any]:
        began = time.perf_counter()
        result = remover.cut(data)
        spent = time.perf_counter()
        encode(result.picture, options)
        encoded = (time.perf_counter() - spent) * 1000
        return {"seconds": time.perf_counter() - began, "timings_ms": {**result.timings, "encode": encoded}}

    def bare(data: bytes) -> dict[str, Any]:
        tensor, _ = preprocess(load(data, settings.limits), engine.spec)
        began = time.perf_counter()
        alone.session.run(tensor)
        return {"seconds": time.perf_counter() - began}

    cut = {"whole": whole, "bare": bare}[kind]
    _say({"name": options.model, "provider": engine.provider, "precision": engine.precision})
    for line in sys.stdin:
        _say({**cut(Path(line.removesuffix("\n")).read_bytes()), "peak_bytes": peak_bytes()})


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
