from __future__ import annotations

from pathlib import Path

import pytest

from cleancut.errors import InputMissing, OptionError
from cleancut.evaluation.candidates import Candidate, Predictions, baseline_of, candidate, find_predictions
from cleancut.evaluation.dataset import find_photos
from cleancut.options import Options
from tests.evaluation.sets import dataset, mattes

OURS, THEIRS = Candidate("ours", Options()), Predictions("theirs", Path("theirs"))


def test_a_candidate_gives_its_matte_whatever_the_file_would_be() -> None:
    found = candidate("x", Options(model="u2netp", feather=2, background="white", format="zip", require_subject=True))
    assert found.options == Options(model="u2netp", feather=2, channels="alpha")


def test_what_moves_the_matte_off_its_photo_is_refused() -> None:
    with pytest.raises(OptionError, match="close: with --crop the matte"):
        candidate("close", Options(crop=True))


def test_predictions_are_found_by_name_whatever_their_format(tmp_path: Path) -> None:
    photos = find_photos(dataset(tmp_path / "set"))
    folder = mattes(tmp_path / "theirs", dict.fromkeys("abcd", 20.0))
    (folder / "b.png").rename(folder / "b.webp")
    assert [path.name for path in find_predictions(Predictions("x", folder), photos)] == ["a.png", "b.webp", "c.png"]


def test_a_missing_prediction_is_named(tmp_path: Path) -> None:
    photos = find_photos(dataset(tmp_path / "set"))
    folder = mattes(tmp_path / "theirs", {"a": 20})
    with pytest.raises(InputMissing, match=r"theirs has no prediction for b\.png"):
        find_predictions(Predictions("x", folder), photos)
    with pytest.raises(InputMissing, match="no folder"):
        find_predictions(Predictions("x", tmp_path / "nowhere"), photos)


def test_the_baseline_is_named_or_the_first_predictions_or_the_first() -> None:
    other = Candidate("other", Options())
    assert baseline_of([OURS, THEIRS, other], "other") == 2
    assert baseline_of([OURS, THEIRS, other], None) == 1
    assert baseline_of([OURS, other], None) == 0
    with pytest.raises(OptionError, match="--baseline none: no candidate has that name") as caught:
        baseline_of([OURS, THEIRS], "none")
    assert "ours, theirs" in caught.value.hint


def test_names_are_unique() -> None:
    with pytest.raises(OptionError, match="two candidates are called ours"):
        baseline_of([OURS, Predictions("ours", Path("x"))], None)
