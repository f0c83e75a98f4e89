"""From a model's input to its answer."""

from __future__ import annotations

import numpy as np

from cleancut.errors import InferenceFailed
from cleancut.runtime.session import Engine
from cleancut.types import Raw, Tensor


def infer(tensor: Tensor, engine: Engine) -> Raw:
    """The model's mask for the squeezed picture: (s, s) float32 in 0..1. Raises InferenceFailed.

    The values are taken as they are. Stretching them to the full range, as is common, turns the faint answer for a
    picture without subject into noise at full contrast.
    """
    raw = engine.session.run(tensor).astype(np.float32, copy=False)
    if raw.shape != tensor.shape[2:]:
        # Another size would lie elsewhere on the photo than it was meant.
        raise InferenceFailed(
            f"{engine.spec.name} answered {raw.shape} values to a square of {tensor.shape[2:]}",
            hint="correct input_size or output_index in the model's entry",
        )
    if not np.isfinite(raw).all():
        raise InferenceFailed(
            f"{engine.spec.name} answered values that are no numbers",
            hint=f"check the weights by `cleancut models verify {engine.spec.name}`, or use another model or device",
        )
    if engine.spec.activation == "sigmoid":
        # Beyond ±30 float32 is at 0 or 1 anyway, and exp would overflow.
        raw = np.reciprocal(1 + np.exp(-np.clip(raw, -30, 30)))
    return np.clip(raw, 0, 1)
