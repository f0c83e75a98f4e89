from __future__ import annotations

import numpy as np
import pytest

from cleancut.runtime.checked import CheckedSession, doubtful
from cleancut.runtime.session import Session
from cleancut.types import Raw
from tests.fakes.engines import Known

PHOTO = np.zeros((1, 3, 100, 100), np.float32)


def mask(share: float) -> Raw:
    """Half subject, half background, and a share of it open."""
    values = np.zeros(10_000, np.float32)
    values[5000:] = 1
    values[: round(share * 10_000)] = 0.5
    return values.reshape(100, 100)


@pytest.mark.parametrize(("share", "asked"), [(0.0, 0), (0.06, 0), (0.07, 1), (0.5, 1)])
def test_the_exact_model_is_asked_where_much_is_left_open(share: float, asked: int) -> None:
    quick, exact = Known(mask(share)), Known(mask(0))
    answer = CheckedSession(quick, lambda: exact).run(PHOTO)
    assert (quick.runs, exact.runs) == (1, asked)
    np.testing.assert_array_equal(answer, mask(0) if asked else mask(share))


def test_the_exact_model_is_not_opened_before() -> None:
    def unwanted() -> Session:
        raise AssertionError("opened")

    CheckedSession(Known(mask(0)), unwanted).run(PHOTO)


def test_only_the_quick_model_is_its_own() -> None:
    quick, exact = Known(mask(1)), Known(mask(0))
    session = CheckedSession(quick, lambda: exact)
    session.run(PHOTO)
    session.close()
    assert (quick.closed, exact.closed) == (1, 0)


def test_what_is_nearly_sure_is_not_open() -> None:
    assert not doubtful(np.full((10, 10), 0.09, np.float32))
    assert not doubtful(np.full((10, 10), 0.91, np.float32))
    assert doubtful(np.full((10, 10), 0.2, np.float32))
