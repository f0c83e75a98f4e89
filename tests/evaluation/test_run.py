"""A candidate in a process of its own, on the tiny model."""

from __future__ import annotations

import os
import sys
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cleancut.errors import DamagedImage, InferenceFailed, UnknownModel
from cleancut.evaluation import run as module
from cleancut.evaluation.candidates import candidate
from cleancut.evaluation.dataset import find_photos
from cleancut.evaluation.process import Order, peak_bytes
from cleancut.evaluation.run import run
from cleancut.options import Limits, Options
from cleancut.remover import Remover
from cleancut.settings import Settings
from tests.evaluation.sets import Silence, dataset
from tests.fakes.tiny_model import write_tiny_model


def die(order: Order, connection: Connection) -> None:
    """What a process does that the system kills."""
    os._exit(7)


def order(folder: Path, options: Options, *, colours: bool = False) -> Order:
    write_tiny_model(folder / "home")
    (folder / "out").mkdir()
    photos = find_photos(dataset(folder / "set", ("a", "b")))
    settings = Settings(folder / "home", limits=Limits())
    return Order(candidate("soft", options), photos, folder / "out", settings, colours)


def test_the_mattes_are_those_of_the_library(tmp_path: Path) -> None:
    wanted = order(tmp_path, Options(model="tiny", feather=3, edge_shift=-1), colours=True)
    # What this process has held must not be counted as the other's.
    burden = np.ones(400_000_000, np.uint8)
    burden.sum()
    watch = Silence()
    done = run(wanted, watch)
    del burden
    assert watch.told == ["soft 2", ".", "."]
    assert (done.ran.model, done.ran.device, done.ran.precision) == ("tiny", "cpu", "fp32")
    assert len(done.costs) == 2
    assert all(cost.seconds * 1000 >= sum(cost.timings.values()) > 0 for cost in done.costs)
    assert {"decode", "infer", "refine", "adjust"} <= set(done.costs[0].timings)
    if sys.platform == "linux":
        assert done.ran.peak_bytes is not None
        assert 50_000_000 < done.ran.peak_bytes < (peak_bytes() or 0) - 200_000_000
    result = Remover.of(Options(model="tiny", feather=3, edge_shift=-1), wanted.settings).cut(wanted.photos[0].image)
    with Image.open(wanted.file(0)) as image:
        found = np.asarray(image)
    assert found.shape == (64, 96, 4)
    np.testing.assert_array_equal(found[..., 3], result.picture.pixels[..., 3])
    np.testing.assert_array_equal(found[found[..., 3] > 0, :3], result.picture.pixels[found[..., 3] > 0, :3])


def test_an_error_there_is_an_error_here(tmp_path: Path) -> None:
    wanted = order(tmp_path, Options(model="tiny"))
    wanted.photos[0].image.write_bytes(wanted.photos[0].image.read_bytes()[:60])
    with pytest.raises(DamagedImage, match=r"im/a\.png: .*damaged") as caught:
        run(wanted, Silence())
    assert caught.value.hint


def test_a_model_that_cannot_run_is_no_matter_of_a_photo(tmp_path: Path) -> None:
    with pytest.raises(UnknownModel) as caught:
        run(order(tmp_path, Options(model="unheard-of")), Silence())
    assert "a.png" not in str(caught.value)


def test_a_process_that_is_killed_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "work", die)
    with pytest.raises(InferenceFailed, match="soft: its process ended with 7"):
        run(order(tmp_path, Options(model="tiny")), Silence())
