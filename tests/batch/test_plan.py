"""Which input becomes which output."""

from __future__ import annotations

from pathlib import Path

import pytest

from cleancut.batch.plan import plan
from cleancut.errors import OptionError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def touch(*names: str) -> None:
    for name in names:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def planned(*inputs: str, output: str | None = None, suffix: str = ".png") -> dict[str, str | None]:
    jobs = plan(inputs, output, suffix)
    return {job.input: None if job.output is None else job.output.as_posix() for job in jobs}


@pytest.mark.usefixtures("here")
class TestOneFile:
    def test_without_an_output_the_cut_out_lies_beside_its_photo(self) -> None:
        touch("a/photo.jpg")
        assert planned("a/photo.jpg") == {"a/photo.jpg": "a/photo-cutout.png"}

    def test_the_output_is_the_file_that_was_named(self) -> None:
        touch("photo.jpg")
        assert planned("photo.jpg", output="new/out.webp", suffix=".webp") == {"photo.jpg": "new/out.webp"}

    @pytest.mark.parametrize("output", ["out/", "out", "there"])
    def test_a_folder_takes_the_name_of_the_photo(self, output: str) -> None:
        touch("photo.jpg", "there/other.txt")
        assert planned("photo.jpg", output=output) == {"photo.jpg": f"{output.rstrip('/')}/photo.png"}

    def test_the_input_itself_is_refused_as_output(self) -> None:
        touch("a.png")
        with pytest.raises(OptionError, match="an input itself"):
            plan(("a.png",), "./a.png", ".png")

    def test_the_input_by_another_name_is_refused_as_output(self) -> None:
        touch("a.png")
        Path("link.png").symlink_to("a.png")
        with pytest.raises(OptionError, match="an input itself"):
            plan(("link.png",), "a.png", ".png")

    def test_in_its_own_folder_the_output_is_marked(self) -> None:
        touch("pics/a.png")
        assert planned("pics/a.png", output="pics") == {"pics/a.png": "pics/a-cutout.png"}

    def test_a_missing_file_is_planned_and_fails_later_by_itself(self) -> None:
        assert planned("missing.jpg", output="out.png") == {"missing.jpg": "out.png"}

    def test_two_files_do_not_go_into_one(self) -> None:
        touch("a.jpg", "b.jpg", "out.png")
        with pytest.raises(OptionError, match="cannot go into"):
            plan(("a.jpg", "b.jpg"), "-", ".png")

    def test_several_files_do_not_go_into_a_named_file(self) -> None:
        touch("a.jpg", "b.jpg")
        with pytest.raises(OptionError, match=r"out\.png"):
            plan(("a.jpg", "b.jpg"), "out.png", ".png")


@pytest.mark.usefixtures("here")
class TestPipe:
    def test_standard_input_goes_to_standard_output(self) -> None:
        assert planned("-") == {"-": None}

    def test_a_photo_goes_to_standard_output(self) -> None:
        touch("a.jpg")
        assert planned("a.jpg", output="-") == {"a.jpg": None}

    def test_standard_input_gets_a_name_in_a_folder(self) -> None:
        assert planned("-", output="out/") == {"-": "out/stdin.png"}

    def test_twice_is_refused(self) -> None:
        with pytest.raises(OptionError, match="twice"):
            plan(("-", "-"), "out", ".png")

    def test_a_url_is_named_by_its_path(self) -> None:
        url = "https://example.org/pics/a%20cat.jpg?size=large"
        assert planned(url, output="out") == {url: "out/a cat.png"}
        assert planned(url) == {url: "a cat-cutout.png"}


@pytest.mark.usefixtures("here")
class TestFolder:
    def test_the_tree_is_kept(self) -> None:
        touch("in/a.jpg", "in/deep/er/b.webp", "in/notes.txt", "in/.hidden.png", "in/.git/c.png")
        assert planned("in", output="out") == {"in/a.jpg": "out/a.png", "in/deep/er/b.webp": "out/deep/er/b.png"}

    def test_the_same_name_in_different_folders_stays_apart(self) -> None:
        touch("in/x/a.jpg", "in/y/a.jpg")
        assert set(planned("in", output="out").values()) == {"out/x/a.png", "out/y/a.png"}

    def test_only_names_that_would_collide_keep_their_suffix(self) -> None:
        touch("in/a.jpg", "in/a.png", "in/b.jpg")
        assert planned("in", output="out") == {
            "in/a.jpg": "out/a.jpg.png",
            "in/a.png": "out/a.png.png",
            "in/b.jpg": "out/b.png",
        }

    def test_names_that_differ_in_case_alone_collide_as_well(self) -> None:
        touch("in/A.jpg", "in/a.png")
        outputs = planned("in", output="out").values()
        assert len({str(output).casefold() for output in outputs}) == 2

    def test_the_same_name_from_two_folders_named_one_by_one(self) -> None:
        touch("x/a.jpg", "y/a.jpg", "z/a.jpg")
        outputs = list(planned("x/a.jpg", "y/a.jpg", "z/a.jpg", output="out").values())
        assert outputs == ["out/a.jpg.png", "out/a.jpg-2.png", "out/a.jpg-3.png"]

    @pytest.mark.parametrize("output", [None, "in"])
    def test_marked_names_that_would_collide_are_still_known_as_cut_outs(self, output: str | None) -> None:
        touch("in/a.jpg", "in/a.png")
        first = planned("in", output=output)
        assert first == {"in/a.jpg": "in/a.jpg-cutout.png", "in/a.png": "in/a.png-cutout.png"}
        touch(*(str(name) for name in first.values()))
        assert planned("in", output=output) == first

    def test_the_same_file_twice_is_one_job(self) -> None:
        touch("a.jpg")
        assert planned("a.jpg", "./a.jpg", "a.jpg", output="out") == {"a.jpg": "out/a.png"}

    def test_an_input_that_was_named_is_no_output(self) -> None:
        touch("in/sub/a.jpg", "out/sub/a.png")
        outputs = planned("in", "out/sub/a.png", output="out")
        assert outputs["in/sub/a.jpg"] == "out/sub/a-2.png"
        assert "out/sub/a.png" not in outputs.values()

    def test_the_background_picture_is_no_output(self) -> None:
        touch("a.jpg", "out/a.png")
        with pytest.raises(OptionError, match="an input itself"):
            plan(("a.jpg",), "out/a.png", ".png", [Path("out/a.png")])
        (job,) = plan(("a.jpg",), "out", ".png", [Path("out/a.png")])
        assert job.output == Path("out/a-2.png")

    def test_a_photo_and_its_cut_out_named_together_are_one_job(self) -> None:
        touch("a.png", "a-cutout.png", "b-cutout.png")
        assert planned("a.png", "a-cutout.png", "b-cutout.png") == {
            "a.png": "a-cutout.png",
            "b-cutout.png": "b-cutout-cutout.png",
        }

    @pytest.mark.parametrize("output", ["in", "in/", "in/sub/out", "./in/../in"])
    def test_inside_the_input_outputs_are_marked_and_not_read_again(self, output: str) -> None:
        touch("in/a.jpg", "in/b-cutout.png", "in/sub/out/a-cutout.png")
        (job,) = plan(("in",), output, ".png")
        assert job.input == "in/a.jpg"
        assert job.output == Path(output) / "a-cutout.png"

    def test_elsewhere_a_photo_that_happens_to_be_called_so_is_read(self) -> None:
        touch("in/a-cutout.png")
        assert planned("in", output="out") == {"in/a-cutout.png": "out/a-cutout.png"}

    def test_without_an_output_cut_outs_lie_beside_their_photos(self) -> None:
        touch("in/a.jpg", "in/deep/b.png", "in/a-cutout.png")
        assert planned("in") == {"in/a.jpg": "in/a-cutout.png", "in/deep/b.png": "in/deep/b-cutout.png"}

    def test_an_output_above_the_input_is_not_marked(self) -> None:
        touch("top/in/a.jpg")
        assert planned("top/in", output="top/out") == {"top/in/a.jpg": "top/out/a.png"}

    def test_no_output_is_an_input(self) -> None:
        touch("in/a.jpg", "in/a.png", "in/b.png", "in/deep/b.png", "in/b-cutout.jpg")
        for output in (None, "in", "in/deep", "out"):
            jobs = plan(("in",), output, ".png")
            assert not {Path(job.input).resolve() for job in jobs} & {
                job.output.resolve() for job in jobs if job.output
            }

    def test_an_empty_folder_is_said(self) -> None:
        touch("in/readme.txt")
        with pytest.raises(OptionError, match="no picture in in"):
            plan(("in",), "out", ".png")


@pytest.mark.usefixtures("here")
class TestGlob:
    def test_a_quoted_pattern_is_expanded(self) -> None:
        touch("a.jpg", "b.jpg", "c.png", "deep/d.jpg")
        assert list(planned("*.jpg", output="out")) == ["a.jpg", "b.jpg"]
        assert list(planned("**/*.jpg", output="out")) == ["a.jpg", "b.jpg", "deep/d.jpg"]

    def test_a_file_whose_name_looks_like_a_pattern_is_that_file(self) -> None:
        touch("a[1].jpg", "a1.jpg")
        assert list(planned("a[1].jpg", output="out")) == ["a[1].jpg"]

    def test_nothing_that_matches_is_said(self) -> None:
        with pytest.raises(OptionError, match=r"no picture matches \*\.jpg"):
            plan(("*.jpg",), "out", ".png")

    def test_earlier_cut_outs_beside_the_photos_are_not_read(self) -> None:
        touch("a.png", "a-cutout.png")
        assert planned("*.png") == {"a.png": "a-cutout.png"}
