"""Real weights, and photographs where there are some."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cleancut.engines import model_of, store_of
from cleancut.errors import WeightsUnavailable
from cleancut.models.weights import ensure
from cleancut.settings import read_settings

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="session")
def fetched() -> Callable[[str], str]:
    """Have a model's weights on this machine, and give its name back."""

    def fetched(name: str) -> str:
        settings = read_settings()
        try:
            ensure(model_of(name, settings), store_of(settings))
        except WeightsUnavailable as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"REAL WEIGHTS ARE NOT TESTED: {error}")
        return name

    return fetched


@pytest.fixture(scope="session")
def datasets() -> Path:
    """The folder of photographs with ground truth and reference outputs."""
    folder = os.environ.get("CLEANCUT_DATASETS")
    if not folder:
        pytest.skip("QUALITY IS NOT MEASURED: set CLEANCUT_DATASETS to the folder of photographs")
    path = Path(folder)
    assert path.is_dir(), f"CLEANCUT_DATASETS={folder} is no folder"
    return path
