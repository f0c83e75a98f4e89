"""Tables of ranges for the network of ``nets``."""

from __future__ import annotations

import json
from pathlib import Path

from cleancut.quantisation import plan
from cleancut.quantisation import ranges as ranges_module
from tests.quantisation.nets import net, observed


def write_table(folder: Path, name: str, wider: float = 1.0) -> None:
    model = net()
    kinds = dict(plan.observed(model.graph))
    seen = observed(model, list(kinds))
    ranges = [[key, kinds[key], low * wider, high * wider] for key, (low, high) in seen.items()]
    (folder / f"{name}.json").write_text(json.dumps({"model": name, "ranges": ranges}), "utf-8")
    ranges_module._read.cache_clear()


def write_wrong_table(folder: Path, name: str) -> None:
    """One of another network."""
    (folder / f"{name}.json").write_text(json.dumps({"model": name, "ranges": [["else", "Relu", 0, 1]]}), "utf-8")
    ranges_module._read.cache_clear()
