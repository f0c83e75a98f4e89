"""The whole comparison, on predictions: no model runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cleancut.errors import InputError, InputMissing
from cleancut.evaluation.candidates import Predictions
from cleancut.evaluation.dataset import find_photos
from cleancut.evaluation.evaluate import evaluate
from cleancut.settings import Settings
from tests.evaluation.sets import Silence, compared, dataset, disc, mattes
from tests.pictures import gradient


def test_equal_predictions_are_equal_in_everything(tmp_path: Path) -> None:
    found = compared(tmp_path, {"first": 19, "second": 19})
    for each in found.summaries[0][1].values():
        assert each.against is not None
        assert each.against.value in (0, 1)
        assert each.against.low == each.against.high == each.against.value


def test_what_is_closer_to_the_truth_than_the_baseline_has_a_lower_ratio(tmp_path: Path) -> None:
    found = compared(tmp_path, {"theirs": 18, "closer": 20, "farther": 16})
    closer, farther = found.summaries[0][1], found.summaries[0][2]
    for name in ("mae", "band_mae", "band_gradient", "connectivity"):
        near, far = closer[name].against, farther[name].against
        assert near is not None
        assert far is not None
        assert near.high < 1 < far.low
    assert closer["boundary_iou"].against is not None
    assert closer["boundary_iou"].against.low > 0


def test_one_photo_after_the_other_is_scored(tmp_path: Path) -> None:
    watch = Silence()
    found = compared(tmp_path, {"x": 20}, watch)
    assert watch.told == ["scores 3", ".", ".", "."]
    assert found.sizes == ((96, 64),) * 3
    assert found.pictures == ()


def test_true_colours_are_compared_with_those_of_cut_outs(tmp_path: Path) -> None:
    folder = dataset(tmp_path / "set", ("a", "b"))
    (folder / "fg").mkdir()
    (tmp_path / "theirs").mkdir()
    colours = gradient(64, 96)
    Image.fromarray(colours).save(folder / "fg" / "a.png")
    for name in ("a", "b"):
        # 30 levels off in one channel; and clear at the left, where colours do not count.
        cutout = np.dstack([colours[..., 0] // 2 + 40, colours[..., 1:], disc(21)])
        cutout[..., 0] = np.where(colours[..., 0] < 200, colours[..., 0] + 30, colours[..., 0] - 30)
        cutout[:, :40] = 0
        Image.fromarray(cutout.astype(np.uint8)).save(tmp_path / "theirs" / f"{name}.png")
    entries = [Predictions("theirs", tmp_path / "theirs"), Predictions("grey", folder / "gt")]
    found = evaluate(find_photos(folder), entries, Settings(tmp_path), Silence())
    assert found.columns[0].scores[0]["colour"] == pytest.approx(10)
    assert "colour" not in found.columns[0].scores[1]
    assert "colour" not in found.columns[1].scores[0]


def test_a_prediction_of_another_size_is_named(tmp_path: Path) -> None:
    folder = dataset(tmp_path / "set")
    theirs = mattes(tmp_path / "theirs", dict.fromkeys("abc", 20.0))
    Image.fromarray(disc(20, 64, 95)).save(theirs / "b.png")
    with pytest.raises(InputError, match=r"theirs/b\.png is 95 × 64, and the photo b\.png 96 × 64"):
        evaluate(find_photos(folder), [Predictions("x", theirs)], Settings(tmp_path), Silence())


def test_a_truth_that_lies_on_its_side_is_found(tmp_path: Path) -> None:
    folder = dataset(tmp_path / "set")
    Image.fromarray(disc(20, 96, 64)).save(folder / "gt" / "c.png")
    with pytest.raises(InputError, match=r"gt/c\.png is 64 × 96"):
        evaluate(find_photos(folder), [Predictions("x", folder / "gt")], Settings(tmp_path), Silence())


def test_a_missing_prediction_is_found_before_any_work(tmp_path: Path) -> None:
    watch = Silence()
    photos = find_photos(dataset(tmp_path / "set"))
    entries = [Predictions("x", mattes(tmp_path / "theirs", {"a": 20, "b": 20}))]
    with pytest.raises(InputMissing, match=r"no prediction for c\.png"):
        evaluate(photos, entries, Settings(tmp_path), watch)
    assert watch.told == []
