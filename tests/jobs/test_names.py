from __future__ import annotations

import random

import pytest

from cleancut.jobs.names import clean_name, is_beside, leads_outside, unique

OUTSIDE = [
    "/etc/passwd", "\\a", "C:\\a.jpg", "c:/a.jpg", "\\\\server\\share\\a", "//server/a", "../a", "a/../../b",
    "a\\..\\b", "..", "a/..", ".. /a", "__MACOSX/../a", "../", "../.DS_Store",
]  # fmt: skip


@pytest.mark.parametrize("text", OUTSIDE)
def test_names_that_lead_outside_of_a_folder_are_told(text: str) -> None:
    assert leads_outside(text)


@pytest.mark.parametrize("text", ["", "a", "a/b\\c.jpg", "...", "a..b/..c", "./a", "a/", "CON", "a:b", "ab:/c"])
def test_other_names_are_not_taken_to_lead_outside(text: str) -> None:
    assert not leads_outside(text)


def test_folders_and_what_systems_put_beside_pictures_are_told() -> None:
    system = ["a/.DS_Store", "__MACOSX/a/cat.jpg", "a/__MACOSX/x", "._cat.jpg", "a\\Thumbs.db", "Desktop.INI"]
    assert all(is_beside(each) for each in ["", "a/", "b\\", *system])
    assert not any(is_beside(each) for each in ("a/.cat.jpg", "__MACOSX", "my.ds_store", "_.jpg", "__macosx2/a"))


CLEANED = {
    "x" * 300 + ".jpg" + " ." * 50: "x" * 196 + ".jpg",
    "a/b.jpg": "a/b.jpg", "../../etc/passwd": "etc/passwd", "/a": "a", "C:\\a": "C_/a", "a//./b": "a/b", "a/": "a",
    "": "_", "..": "_", "/": "_", " ": "_", "a. . ": "a", "a /b. /c": "a/b/c", "...": "_", " a": " a", ".jpg": ".jpg",
    "a\0\n\x7f\x85.jpg": "a____.jpg", "\ud800\udfff": "__", '<>:"|?*': "_" * 7, "a\u202egpj.exe": "a_gpj.exe",
    "CON": "_CON", "nul.jpg": "_nul.jpg", "a/Com1.tar.gz/b": "a/_Com1.tar.gz/b", "con .jpg": "_con .jpg",
    "COM¹": "_COM¹", "console": "console", "COM10": "COM10", "con artist": "con artist", "e\u0301": "é",
    "日本 ⚡.png": "日本 ⚡.png", "é" * 200 + ".jpeg": "é" * 97 + ".jpeg", "x" * 300: "x" * 200,
    "x." + "y" * 300: "x." + "y" * 198, "CON" + " " * 300 + "x": "_CON",
    "CON" + " " * 300 + "x.jpg": "_CON" + " " * 192 + ".jpg", "a/" * 3000 + "b": "a/" * 19 + "b",
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CLEANED.items(), ids=range(len(CLEANED)))
def test_a_clean_name_suits_any_system(text: str, expected: str) -> None:
    assert clean_name(text) == expected
    assert clean_name(expected) == expected


def test_any_text_makes_a_name_that_stays_as_it_is() -> None:
    dice = random.Random(0)
    letters = [*"aä.. /\\\0\u0301\ud8001?<", "con", "\u0338", "🧀" * 60, "lpt1", " " * 70, "\u2028", "㎏", "x" * 199]
    for _ in range(3000):
        name = clean_name("".join(dice.choices(letters, k=dice.randrange(12))))
        assert name == clean_name(name)
        assert all(part and part != ".." and len(part.encode()) <= 200 for part in name.split("/"))


def test_names_get_numbers_before_their_suffix() -> None:
    assert unique(["a-2.jpg", "a.jpg", "a.jpg", "A.JPG"]) == ["a-2.jpg", "a.jpg", "a-3.jpg", "A-4.JPG"]
    assert unique(["a.b/c", "a.b/c", "B.b/c", ".x", ".x"]) == ["a.b/c", "a.b/c-2", "B.b/c", ".x", ".x-2"]
    assert unique(["STRASSE", "straße", "Ä", "ä"]) == ["STRASSE", "straße-2", "Ä", "ä-2"]
    long = "é" * 98 + ".jpg"
    assert unique([long, long]) == [long, "é" * 97 + "-2.jpg"]
    # Trying them all for each would take an hour.
    assert len({*unique(["a.jpg"] * 20_000)}) == 20_000
