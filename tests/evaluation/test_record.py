from __future__ import annotations

import json
import os
import platform
from pathlib import Path

import pytest

from cleancut.evaluation.candidates import candidate
from cleancut.evaluation.dataset import Selection
from cleancut.evaluation.evaluate import Column
from cleancut.evaluation.process import Ran
from cleancut.evaluation.record import dumps, options_of, record
from cleancut.options import Options
from tests.evaluation.sets import compared


def test_it_holds_all_numbers_and_comes_back_as_it_went(tmp_path: Path) -> None:
    found = compared(tmp_path, {"theirs": 18, "closer": 20})
    content = record(found, "discs", Selection("odd", ("*",)))
    back = json.loads(dumps(content))
    assert back == {**content, "dataset": {**content["dataset"], "images": ["*"]}}
    assert back["dataset"] == {"name": "discs", "photos": 3, "half": "odd", "images": ["*"]}
    assert back["baseline"] == "theirs"
    assert back["candidates"] == {"theirs": {"kind": "predictions"}, "closer": {"kind": "predictions"}}
    assert [photo["name"] for photo in back["photos"]] == ["a", "b", "c"]
    assert (back["photos"][0]["width"], back["photos"][0]["height"]) == (96, 64)
    scores = [photo["scores"]["closer"]["band_mae"] for photo in back["photos"]]
    summary = back["groups"]["all"]["candidates"]["closer"]["band_mae"]
    assert summary["mean"] == pytest.approx(sum(scores) / 3)
    assert summary["interval"][0] <= summary["mean"] <= summary["interval"][1]
    assert summary["median"] == sorted(scores)[1]
    assert summary["ratio_interval"][0] <= summary["ratio"] <= summary["ratio_interval"][1] < 1
    assert "difference" in back["groups"]["all"]["candidates"]["closer"]["s_measure"]


def test_it_tells_of_the_machine_but_not_whose_it_is(tmp_path: Path) -> None:
    found = compared(tmp_path, {"theirs": 18})
    text = dumps(record(found, "discs", Selection())).decode()
    assert set(json.loads(text)["machine"]) == {"cpu", "cores", "system", "python", "onnxruntime", "cleancut"}
    assert str(tmp_path) not in text
    assert os.sep + "im" not in text
    assert not platform.node() or platform.node() not in text


def test_a_candidate_is_told_with_its_options_and_what_it_ran_on() -> None:
    ran = Ran("tiny", "cpu", "CPUExecutionProvider", "fp32", 123)
    options = options_of(Column(candidate("x", Options(model="tiny", feather=2)), ran, (), ()))
    assert (options["model"], options["feather"], options["refine"]) == ("tiny", 2, True)
    # What is said of the file alone is no part of it.
    assert not options.keys() & {"format", "channels", "background", "metadata"}
