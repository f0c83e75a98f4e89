"""``cleancut evaluate``: what is compared, what is written, exit codes; on a tiny model."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from cleancut.cli.evaluate import command, entries_of, parse_candidate
from cleancut.errors import OptionError
from cleancut.evaluation.candidates import Candidate, Predictions
from cleancut.options import Options
from tests.cli.conftest import Run
from tests.cli.test_main import HEAVY, loaded_by
from tests.evaluation.sets import dataset, mattes

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def discs(folder: Path) -> Path:
    """A dataset, and predictions of it that are a little too small."""
    mattes(folder / "theirs", {"a": 20, "b": 19.5, "c": 19})
    return dataset(folder / "discs")


@pytest.mark.usefixtures("discs")
class TestComparing:
    def test_options_are_run_and_compared_with_predictions(self, run: Run) -> None:
        ran = run(
            *("evaluate", "discs", "--predictions", "theirs", "--half", "odd", "--model", "tiny"),
            *("--candidate", "soft: --feather 4", "--candidate", "--edge-shift 1"),
            *("--json", "out/r.json", "--html", "out/r.html"),
        )  # fmt: skip
        assert (ran.code, ran.out) == (0, "")
        assert "soft: 2 photos …" in ran.err
        found = json.loads(Path("out/r.json").read_text("ascii"))
        assert found["baseline"] == "theirs"
        assert list(found["candidates"]) == ["theirs", "soft", "--edge-shift 1"]
        soft = found["candidates"]["soft"]
        assert (soft["options"]["feather"], soft["model"], soft["device"]) == (4, "tiny", "cpu")
        assert [photo["name"] for photo in found["photos"]] == ["a", "c"]
        for photo in found["photos"]:
            assert photo["scores"]["soft"]["seconds"] > 0
            assert photo["timings_ms"]["soft"]["infer"] > 0
        summaries = found["groups"]["all"]["candidates"]
        assert summaries["soft"]["seconds"]["mean"] > 0
        assert "seconds" not in summaries["theirs"]
        assert summaries["soft"]["band_gradient"]["ratio"] != summaries["--edge-shift 1"]["band_gradient"]["ratio"]
        page = Path("out/r.html").read_text("utf-8")
        assert "--feather 4.0" in page
        assert page.count("data:image/webp") == 2 * (2 + 3 * 4)

    def test_predictions_alone_run_no_model(self, run: Run) -> None:
        ran = run("evaluate", "discs", "--predictions", "x=theirs", "--predictions", "discs/gt", "--baseline", "gt")
        assert ran.code == 0
        assert ran.out.startswith("discs: 3 photos; baseline: gt\n")
        assert re.search(r"^x +0\.0\d{3} ", ran.out, re.MULTILINE)
        assert re.search(r"^gt +0\.0000 +0\.0000 ", ran.out, re.MULTILINE)
        assert ran.err == "scores: 3 photos …\n"

    def test_json_goes_to_standard_output_too(self, run: Run) -> None:
        ran = run("evaluate", "discs", "--predictions", "theirs", "--json", "-", "--images", "b*")
        assert [photo["name"] for photo in json.loads(ran.out)["photos"]] == ["b"]

    @pytest.mark.parametrize(
        ("arguments", "code", "says"),
        [
            (("nowhere",), 3, "no folder nowhere/im"),
            (("discs", "--predictions", "nowhere"), 3, "no folder nowhere"),
            (("discs", "--predictions", "theirs", "--images", "z"), 2, "none of the 3 photos"),
            (("discs", "--predictions", "theirs", "--baseline", "z"), 2, "no candidate has that name"),
            (("discs", "--predictions", "theirs", "--predictions", "theirs"), 2, "two candidates are called theirs"),
            (("discs", "--predictions", "theirs", "--json", "discs"), 2, "discs is a folder"),
            (("discs", "--predictions", "theirs", "--json", "r", "--html", "./r"), 2, "both name r"),
            (("discs", "--predictions", "theirs", "--json", "new/r", "--baseline", "z"), 2, "no candidate"),
            (("discs", "--model", "unheard-of"), 4, "unheard-of"),
            (("discs", "--candidate", "--crop --model tiny"), 2, "--crop"),
            (("discs", "--half", "left"), 2, "left"),
            (("discs", "--colours", "--model", "tiny"), 2, "--colours has no use for --model"),
        ],
    )
    def test_what_cannot_be_done(self, run: Run, arguments: tuple[str, ...], code: int, says: str) -> None:
        ran = run("evaluate", *arguments)
        assert (ran.code, ran.out) == (code, "")
        assert says in ran.err
        assert not Path("new").exists()

    def test_a_missing_prediction_is_named(self, run: Run) -> None:
        Path("theirs/b.png").unlink()
        ran = run("evaluate", "discs", "--predictions", "theirs")
        assert (ran.code, ran.out) == (3, "")
        assert "theirs has no prediction for b.png" in ran.err

    def test_an_error_leaves_no_file(self, run: Run) -> None:
        Path("discs/gt/c.png").write_bytes(Path("discs/gt/c.png").read_bytes()[:90])
        assert run("evaluate", "discs", "--predictions", "theirs", "--json", "r.json").code == 3
        assert not Path("r.json").exists()


class TestColours:
    @pytest.fixture(autouse=True)
    def _estimator(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """One that answers grey, in ours' place."""
        module = ModuleType("cleancut.matting.foreground")
        vars(module)["estimate_foreground"] = lambda rgb, alpha: np.full_like(rgb, 128)
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setitem(sys.modules, "pymatting", None)

    def test_the_estimators_are_compared_over_each_background(self, run: Run, discs: Path) -> None:
        ran = run("evaluate", "discs", "--colours", "--json", "-")
        found = json.loads(ran.out)
        assert {(each["background"], each["estimator"]) for each in found["verdicts"]} == {
            (background, estimator) for background in ("white", "green", "black") for estimator in ("none", "cleancut")
        }
        assert len(found["photos"]) == 3 * 3 * 2

    def test_without_json_it_is_a_table(self, run: Run, discs: Path) -> None:
        ran = run("evaluate", "discs", "--colours", "--half", "even")
        assert ran.out.startswith("discs: 1 photos; error in levels of 255")
        assert len(re.findall(r"^(white|green|black) +(none|cleancut) ", ran.out, re.MULTILINE)) == 6

    def test_a_set_without_soft_edges_says_nothing(self, run: Run, discs: Path) -> None:
        for path in (discs / "gt").iterdir():
            Image.new("L", (96, 64), 255).save(path)
        ran = run("evaluate", "discs", "--colours")
        assert (ran.code, ran.out) == (2, "")
        assert "soft edge" in ran.err


class TestCandidates:
    @pytest.mark.parametrize(
        ("text", "name", "keywords"),
        [
            ("--feather 2", "--feather 2", {"feather": 2}),
            ("soft: --feather 2 --model u2netp", "soft", {"feather": 2, "model": "u2netp"}),
            ("raw: --no-refine", "raw", {"refine": False}),
            ("plain:", "plain", {}),
            ("--device cuda:1", "--device cuda:1", {"device": "cuda:1"}),
            ("--background /home/me/wall.png", "--background wall.png", {"background": "/home/me/wall.png"}),
            ("a b:--model 'my model'", "a b", {"model": "my model"}),
        ],
    )
    def test_flags_are_those_of_remove(self, text: str, name: str, keywords: dict[str, object]) -> None:
        assert parse_candidate(text) == (name, keywords)

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("u2netp", "these are no flags"),
            ("x: --qualty best", "--qualty"),
            ("x: --feather much", "much"),
            ("x: photo.jpg", "photo.jpg"),
            ("x: --model 'u2", "quotation"),
            ("x: --model", "--model"),
        ],
    )
    def test_what_is_none_is_refused(self, text: str, says: str) -> None:
        with pytest.raises(OptionError, match=re.escape(f"--candidate {text}: ")) as caught:
            parse_candidate(text)
        assert says in str(caught.value)

    def names(self, *arguments: tuple[str, ...]) -> list[tuple[str, str, float]]:
        entries = entries_of(*arguments)
        assert all(isinstance(each, Candidate) for each in entries)
        return [
            (each.name, each.options.model, each.options.feather) for each in entries if isinstance(each, Candidate)
        ]

    def test_models_and_option_sets_are_combined(self) -> None:
        default = Options().model
        assert self.names((), (), ()) == [("default", default, 0)]
        assert self.names(("u2netp", "u2net"), (), ()) == [("u2netp", "u2netp", 0), ("u2net", "u2net", 0)]
        assert self.names((), ("soft: --feather 2",), ()) == [("soft", default, 2)]
        assert self.names(("u2netp",), ("soft: --feather 2",), ()) == [("soft", "u2netp", 2)]
        assert self.names(("u2netp", "u2net"), ("soft: --feather 2", "x: --model silueta"), ()) == [
            ("soft, u2netp", "u2netp", 2),
            ("soft, u2net", "u2net", 2),
            ("x", "silueta", 0),
        ]

    def test_a_model_that_none_would_be_run_with_is_refused(self) -> None:
        with pytest.raises(OptionError, match="every --candidate names a model"):
            entries_of(("u2netp",), ("x: --model silueta",), ())

    def test_predictions_are_called_like_their_folder_or_otherwise(self, tmp_path: Path) -> None:
        (tmp_path / "a=b").mkdir()
        found = entries_of((), (), (f"x={tmp_path}", str(tmp_path / "a=b"), f"{tmp_path}/c/"))
        assert found == [
            Predictions("x", tmp_path),
            Predictions("a=b", tmp_path / "a=b"),
            Predictions("c", tmp_path / "c"),
        ]


def test_nothing_heavy_is_loaded_for_the_help() -> None:
    loaded = loaded_by("from cleancut.cli.main import main; main(['evaluate', '--help'])")
    assert not loaded & {*HEAVY, "jinja2", "multiprocessing"}


def test_the_documented_calls_can_be_parsed() -> None:
    text = (DOCS / "evaluate.md").read_text("utf-8").replace("\\\n", " ")
    calls = re.findall(r"^cleancut evaluate (.*)$", text, re.MULTILINE)
    assert len(calls) >= 4
    for call in calls:
        with command.make_context("evaluate", shlex.split(call, comments=True)) as context:
            entries_of(*(context.params[name] for name in ("models", "candidates", "predictions")))
