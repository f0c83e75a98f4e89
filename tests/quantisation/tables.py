"""Tables of ranges for the network of ``nets``."""

from __future__ import annotations

import json
from pathlib import Path

from cleancut.quantisation.plan import plan
from tests.quantisation.nets import net, observed


def write_table(folder: Path, name: str, wider: float = 1.0) -> None:
    model = net()
    wanted = sorted({each for several in plan(model.graph).ranges.values() for each in several})
    ranges = {key: [low * wider, high * wider] for key, (low, high) in observed(model, wanted).items()}
    (folder / f"{name}.json").write_text(json.dumps({"ranges": ranges}), "utf-8")
