from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cleancut.errors import InputError, InputMissing, NotAnImage, OptionError
from cleancut.evaluation.dataset import Half, Selection, check_sizes, find_photos
from cleancut.options import Limits
from tests.evaluation.sets import dataset, mattes


def test_photos_come_with_their_truth_in_the_order_of_their_names(tmp_path: Path) -> None:
    folder = dataset(tmp_path / "set", ("b", "a10", "a9"))
    (folder / "im" / "b.png").rename(folder / "im" / "b.JPG")
    (folder / "im" / ".hidden.png").write_bytes(b"")
    (folder / "im" / "notes.txt").write_text("no picture")
    mattes(folder / "fg", {"a9": 20})
    found = find_photos(folder)
    assert [photo.name for photo in found] == ["a10", "a9", "b"]
    assert found[2].image == folder / "im" / "b.JPG"
    assert found[2].truth == folder / "gt" / "b.png"
    assert [photo.colours for photo in found] == [None, folder / "fg" / "a9.png", None]
    check_sizes(found, Limits())


@pytest.mark.parametrize(("half", "names"), [("odd", ["a", "c", "e"]), ("even", ["b", "d"])])
def test_a_half_goes_by_the_place_which_begins_with_one(tmp_path: Path, half: Half, names: list[str]) -> None:
    folder = dataset(tmp_path / "set", ("a", "b", "c", "d", "e"))
    assert [photo.name for photo in find_photos(folder, Selection(half))] == names


@pytest.mark.parametrize(
    ("images", "names"), [(("x*",), ["x1", "x2"]), (("y1.png", "x2"), ["x2", "y1"]), (("[xy]1",), ["x1", "y1"])]
)
def test_patterns_choose_by_name(tmp_path: Path, images: tuple[str, ...], names: list[str]) -> None:
    folder = dataset(tmp_path / "set", ("x1", "x2", "y1"))
    assert [photo.name for photo in find_photos(folder, Selection(images=images))] == names


def test_a_half_is_that_of_the_whole_set(tmp_path: Path) -> None:
    folder = dataset(tmp_path / "set", ("x1", "x2", "y1"))
    assert [photo.name for photo in find_photos(folder, Selection("odd", ("y*",)))] == ["y1"]


def test_a_choice_of_nothing_is_refused(tmp_path: Path) -> None:
    folder = dataset(tmp_path / "set")
    with pytest.raises(OptionError, match="none of the 3 photos"):
        find_photos(folder, Selection(images=("z*",)))


@pytest.mark.parametrize("name", ["im", "gt"])
def test_a_missing_folder_is_named(tmp_path: Path, name: str) -> None:
    folder = dataset(tmp_path / "set")
    (folder / name).rename(folder / "away")
    with pytest.raises(InputMissing, match=f"no folder .*{name}$"):
        find_photos(folder)


def test_a_missing_truth_is_named_unless_its_photo_is_not_chosen(tmp_path: Path) -> None:
    folder = dataset(tmp_path / "set")
    (folder / "gt" / "b.png").unlink()
    with pytest.raises(InputMissing, match=r"im/b\.png has no ground truth in .*gt$"):
        find_photos(folder)
    assert len(find_photos(folder, Selection("odd"))) == 2


def test_an_empty_set_is_refused(tmp_path: Path) -> None:
    (tmp_path / "im").mkdir()
    (tmp_path / "gt").mkdir()
    with pytest.raises(OptionError, match="no picture in"):
        find_photos(tmp_path)


def test_two_photos_of_one_name_are_refused(tmp_path: Path) -> None:
    folder = dataset(tmp_path / "set")
    (folder / "im" / "b.webp").write_bytes(b"")
    with pytest.raises(OptionError, match=r"b\.png and b\.webp share a name"):
        find_photos(folder)


@pytest.mark.parametrize("part", ["gt", "fg"])
def test_another_size_is_found_before_any_work(tmp_path: Path, part: str) -> None:
    folder = dataset(tmp_path / "set")
    (folder / part).mkdir(exist_ok=True)
    Image.fromarray(np.zeros((64, 95), np.uint8)).save(folder / part / "c.png")
    with pytest.raises(InputError, match=rf"{part}/c\.png is 95 × 64, and the photo c\.png 96 × 64"):
        check_sizes(find_photos(folder), Limits())


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    folder = dataset(tmp_path / "set")
    (folder / "gt" / "b.png").write_text("no picture")
    with pytest.raises(NotAnImage, match=r"gt/b\.png: this is no picture"):
        check_sizes(find_photos(folder), Limits())
