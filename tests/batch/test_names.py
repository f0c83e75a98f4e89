"""Names of outputs by a template."""

from __future__ import annotations

from pathlib import Path

import pytest

from cleancut.batch.names import check_template, has_own_names, named
from cleancut.batch.plan import plan
from cleancut.errors import OptionError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("in/red shoes/1.jpg", "in/red shoes/2.jpg", "in/hat.png"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(b"x")
    return tmp_path


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{stem}", "photo"), ("{stem}-web", "photo-web"), ("{index:04}", "0007"), ("{folder}_{index}", "shoes_7"),
        ("shop {stem} {{new}}", "shop photo {new}"),
    ],
)  # fmt: skip
def test_fields_are_filled_in(template: str, name: str) -> None:
    check_template(template)
    assert named(template, "photo", "shoes", 7) == name


@pytest.mark.parametrize(
    "template",
    [
        "", "{",
        "{}", "{0}", "{width}", "{stem.__class__}", "{stem[0]}", "{stem:d}", "a/b", "../{stem}", "a\\b", "a\nb",
        ".{stem}", "..", "{stem}:1", "x*",
    ],
)  # fmt: skip
def test_what_makes_no_name_is_refused(template: str) -> None:
    with pytest.raises(OptionError, match=r"^--name: ") as caught:
        check_template(template)
    assert "{stem}" in caught.value.hint


def outputs(template: str, output: str | None = "out") -> list[str]:
    return [str(job.output) for job in plan(("in",), output, ".jpg", template=template)]


def test_the_tree_is_kept_and_the_suffix_is_the_formats() -> None:
    assert outputs("{stem}-web") == ["out/hat-web.jpg", "out/red shoes/1-web.jpg", "out/red shoes/2-web.jpg"]
    assert outputs("{folder}-{index:03}") == [
        "out/in-001.jpg", "out/red shoes/red shoes-002.jpg", "out/red shoes/red shoes-003.jpg"
    ]  # fmt: skip


def test_what_lies_in_no_folder_keeps_its_name() -> None:
    assert str(plan(("-",), "out", ".png", template="{folder}")[0].output) == "out/stdin.png"


@pytest.mark.parametrize("template", ["{folder}", "{folder}-{stem:.0}"])
def test_a_template_that_gives_several_photos_one_name_is_refused(template: str) -> None:
    # Numbered, they would be called otherwise as soon as another photo is there.
    with pytest.raises(OptionError, match=r"^--name: .* 2 names to 3 pictures"):
        outputs(template)


@pytest.mark.parametrize(
    ("template", "own"),
    [("{stem}", True), ("{folder}-{stem}!", True), ("{stem:.5}", False), ("{{stem}}", False), ("{stem}{index}", False)],
)
def test_names_are_ones_own_by_the_whole_stem(template: str, own: bool) -> None:
    assert has_own_names(template) is own


def test_cut_outs_with_names_of_their_own_are_no_photos() -> None:
    first = [str(job.output) for job in plan(("in/hat.png",), None, ".jpg", template="shop-{stem}")]
    assert first == ["in/shop-hat-cutout.jpg"]
    Path(first[0]).write_bytes(b"x")
    again = plan(("in/hat.png", first[0]), None, ".jpg", template="shop-{stem}")
    assert [str(job.output) for job in again] == first


def test_outputs_that_a_pattern_would_match_are_marked_and_left_alone() -> None:
    def made() -> list[str]:
        return [str(job.output) for job in plan(("in/*/*.jpg",), "in/out", ".jpg")]

    first = made()
    assert first == ["in/out/1-cutout.jpg", "in/out/2-cutout.jpg"]
    Path("in/out").mkdir()
    for each in first:
        Path(each).write_bytes(b"x")
    assert made() == first


def test_outputs_in_another_inputs_folder_are_marked_and_left_alone() -> None:
    for name in ("r/one/two/x.jpg", "r/two/y.jpg"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(b"x")

    def made() -> list[str]:
        return [str(job.output) for job in plan(("r/one", "r/two"), "r", ".jpg")]

    first = made()
    assert "r/two/x-cutout.jpg" in first
    Path("r/two/x-cutout.jpg").write_bytes(b"x")
    assert made() == first


def test_photos_that_differ_by_their_suffix_alone_keep_it() -> None:
    Path("in/hat.jpg").write_bytes(b"x")
    assert outputs("{stem}-web")[:2] == ["out/hat-web.jpg.jpg", "out/hat-web.png.jpg"]


def test_outputs_that_come_to_lie_in_a_folder_below_are_marked_too() -> None:
    Path("in/in").mkdir()
    Path("in/in/x.jpg").write_bytes(b"x")
    made = [str(job.output) for job in plan(("in",), ".", ".png")]
    assert "in/x-cutout.png" in made
    Path("in/x-cutout.png").write_bytes(b"x")
    assert [str(job.output) for job in plan(("in",), ".", ".png")] == made


def test_among_the_inputs_they_are_marked_as_ever() -> None:
    assert outputs("{stem}-web", None)[0] == "in/hat-web-cutout.jpg"
    assert outputs("{stem}", "in/out")[0] == "in/out/hat-cutout.jpg"
