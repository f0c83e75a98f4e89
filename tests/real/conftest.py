"""Real weights, and photographs where there are some."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="session")
def datasets() -> Path:
    """The folder of photographs with ground truth and reference outputs."""
    folder = os.environ.get("CLEANCUT_DATASETS")
    if not folder:
        pytest.skip("QUALITY IS NOT MEASURED: set CLEANCUT_DATASETS to the folder of photographs")
    path = Path(folder)
    assert path.is_dir(), f"CLEANCUT_DATASETS={folder} is no folder"
    return path
