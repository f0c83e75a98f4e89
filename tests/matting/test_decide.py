from __future__ import annotations

import numpy as np

from cleancut.matting.decide import decide


def test_nearly_clear_is_clear_and_nearly_opaque_opaque() -> None:
    mask = np.array([[0, 0.01, 0.02, 0.98, 0.99, 1]], np.float32)
    np.testing.assert_allclose(decide(mask), [[0, 0, 0, 1, 1, 1]], atol=1e-6)


def test_what_lies_between_keeps_its_order_and_its_middle() -> None:
    mask = np.linspace(0, 1, 101, dtype=np.float32)[None]
    found = decide(mask)
    assert (np.diff(found) >= 0).all()
    assert abs(found[0, 50] - 0.5) < 1e-6
    assert np.abs(found - mask).max() <= 0.0201
