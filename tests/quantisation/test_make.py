from __future__ import annotations

import hashlib
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import helper

from cleancut.errors import HomeUnwritable, ModelError
from cleancut.models.spec import ModelSpec, Weights
from cleancut.models.weights import Installed
from cleancut.quantisation import make, ranges
from cleancut.quantisation.make import Speed
from tests.fakes.engines import fake_spec
from tests.quantisation.nets import SIDE, net
from tests.quantisation.tables import write_table, write_wrong_table


@pytest.fixture
def weights(tmp_path: Path) -> Installed:
    path = tmp_path / "fake.onnx"
    onnx.save(net(), str(path))
    data = path.read_bytes()
    origin = Weights(None, None)  # type: ignore[arg-type]
    return Installed(path, origin, hashlib.sha256(data).hexdigest(), len(data), "here")


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelSpec:
    monkeypatch.setattr(ranges, "_TABLES", tmp_path)
    write_table(tmp_path, "fake")
    return fake_spec(size=SIDE)


def test_it_is_made_once_and_found(spec: ModelSpec, weights: Installed, tmp_path: Path) -> None:
    folder = make.place(tmp_path / "int8", spec, weights)
    assert make.model_in(folder) is None
    made = make.make(weights, spec, folder)
    assert make.model_in(folder) == made
    onnx.checker.check_model(onnx.load(str(made)))
    assert not make.damaged(folder)
    assert json.loads((folder / "made.json").read_text())["recipe"] == make.RECIPE
    assert [each.name for each in (tmp_path / "int8").iterdir() if each.is_dir()] == [folder.name]


def test_a_file_that_was_changed_is_noticed_and_can_be_made_again(
    spec: ModelSpec, weights: Installed, tmp_path: Path
) -> None:
    folder = make.place(tmp_path / "int8", spec, weights)
    made = make.make(weights, spec, folder)
    made.write_bytes(made.read_bytes()[:-1])
    assert make.damaged(folder)
    make.make(weights, spec, folder)
    assert not make.damaged(folder)


def test_another_recipe_table_or_file_of_weights_has_another_place(
    spec: ModelSpec, weights: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {make.place(tmp_path, spec, weights), make.place(tmp_path, spec, replace(weights, sha256="0" * 64))}
    monkeypatch.setattr(make, "RECIPE", make.RECIPE + 1)
    places.add(make.place(tmp_path, spec, weights))
    write_table(tmp_path, "fake", wider=1.5)
    places.add(make.place(tmp_path, spec, weights))
    assert len(places) == 4


def test_older_ones_are_cleared_away(spec: ModelSpec, weights: Installed, tmp_path: Path) -> None:
    cache = tmp_path / "int8"
    older = cache / f"fake-{'0' * 16}"
    other = cache / f"fake-human-{'0' * 16}"
    older.mkdir(parents=True)
    other.mkdir()
    folder = make.place(cache, spec, weights)
    make.make(weights, spec, folder)
    assert sorted(each for each in cache.iterdir() if each.is_dir()) == sorted([folder, other])
    (cache / f".{folder.name}.left").mkdir()
    folder.with_name(f"{folder.name}.unfinished").write_text("")
    make.forget(cache, spec)
    assert list(cache.iterdir()) == [other]


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", '"text"'])
def test_a_note_that_is_damaged_counts_for_nothing_and_is_mended(
    spec: ModelSpec, weights: Installed, tmp_path: Path, text: str
) -> None:
    folder = make.place(tmp_path / "int8", spec, weights)
    make.make(weights, spec, folder)
    (folder / "made.json").write_text(text)
    assert make.model_in(folder) is None
    make.make(weights, spec, folder)
    assert make.model_in(folder) is not None


def test_what_is_whole_is_not_made_again(
    spec: ModelSpec, weights: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make.place(tmp_path / "int8", spec, weights)
    make.make(weights, spec, folder)
    monkeypatch.setattr(make, "_quantised", lambda *_: pytest.fail("made again"))
    make.make(weights, spec, folder)


def test_two_at_a_time_make_it_once(
    spec: ModelSpec, weights: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, made = make.place(tmp_path / "int8", spec, weights), list[None]()
    quantised = make._quantised

    def slowly(*arguments: Any) -> bytes:
        made.append(None)
        time.sleep(0.2)
        return quantised(*arguments)

    monkeypatch.setattr(make, "_quantised", slowly)
    with ThreadPoolExecutor(4) as pool:
        paths = [each.result() for each in [pool.submit(make.make, weights, spec, folder) for _ in range(4)]]
    assert set(paths) == {folder / "model.onnx"}
    assert len(made) == 1


def test_a_file_of_older_operators_is_brought_up_to_date(spec: ModelSpec, weights: Installed, tmp_path: Path) -> None:
    model = net()
    del model.opset_import[:]
    model.opset_import.append(helper.make_opsetid("", 11))
    onnx.save(model, str(weights.path))
    made = make.make(weights, spec, tmp_path / "int8" / "fake")
    onnx.checker.check_model(onnx.load(str(made)))


def test_a_model_without_a_table_is_refused(weights: Installed, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no table") as caught:
        make.make(weights, fake_spec(name="else"), tmp_path / "int8" / "else")
    assert "--precision" in caught.value.hint


def test_weights_that_the_table_does_not_fit_are_refused(spec: ModelSpec, weights: Installed, tmp_path: Path) -> None:
    write_wrong_table(tmp_path, "fake")
    with pytest.raises(ModelError, match="no range"):
        make.make(weights, spec, tmp_path / "int8" / "fake")
    weights.path.write_bytes(b"\xff" * 40)
    with pytest.raises(ModelError, match="int8"):
        make.make(weights, spec, tmp_path / "int8" / "fake")
    assert not [each for each in (tmp_path / "int8").iterdir() if each.is_dir()]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_place_that_cannot_be_written_is_named(spec: ModelSpec, weights: Installed, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(HomeUnwritable):
        make.make(weights, spec, make.place(tmp_path / "int8", spec, weights))


def test_a_folder_that_is_a_file_is_named(spec: ModelSpec, weights: Installed, tmp_path: Path) -> None:
    (tmp_path / "int8").write_text("")
    with pytest.raises(HomeUnwritable, match="int8"):
        make.make(weights, spec, make.place(tmp_path / "int8", spec, weights))


def test_speed_is_kept_for_this_kind_of_processor(
    spec: ModelSpec, weights: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make.place(tmp_path / "int8", spec, weights)
    make.make(weights, spec, folder)
    assert make.speed_in(folder, 2) is None
    make.keep_speed(folder, 2, Speed(fp32=2.0, int8=1.0))
    assert make.speed_in(folder, 2) == Speed(2.0, 1.0)
    assert make.speed_in(folder, 3) is None
    monkeypatch.setattr(make, "here", lambda: "another machine")
    assert make.speed_in(folder, 2) is None


def test_a_note_of_speed_that_was_cut_off_counts_for_nothing(
    spec: ModelSpec, weights: Installed, tmp_path: Path
) -> None:
    folder = make.place(tmp_path / "int8", spec, weights)
    make.make(weights, spec, folder)
    make.keep_speed(folder, 2, Speed(2.0, 1.0))
    (note,) = folder.glob("speed-*")
    note.write_text('{"fp32": 2.0')
    assert make.speed_in(folder, 2) is None


@pytest.mark.parametrize(("int8", "pays"), [(1.0, True), (1.29, True), (1.31, False), (3.0, False)])
def test_it_pays_if_asking_again_is_paid_for_too(int8: float, pays: bool) -> None:
    assert Speed(fp32=2.0, int8=int8).pays is pays
