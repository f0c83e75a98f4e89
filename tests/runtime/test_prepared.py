"""The optimised model on disk: made once, used after, never in the way."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from cleancut.runtime import onnx, prepared
from cleancut.runtime.session import Engine
from tests.fakes.engines import SIZE, fake_spec
from tests.runtime.graphs import trap_beside, two_outputs


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return two_outputs(tmp_path / "two.onnx")


def opened(file: Path, folder: Path | None) -> Engine:
    return onnx.open_engine(file, fake_spec(), "cpu", "fp32", threads=1, prepared=folder)


def answer(engine: Engine) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return engine.session.run(np.full((1, 3, SIZE, SIZE), 0.25, np.float32))


def test_the_first_use_prepares_and_the_next_opens_that(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "fake-0123456789abcdef"
    first = answer(opened(file, folder))
    assert prepared.graph_in(folder) is not None
    file.unlink()  # what is opened now is not the file
    np.testing.assert_array_equal(answer(opened(file, folder)), first)
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_it_answers_only_what_is_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "prepared"
    file = trap_beside(tmp_path / "beside.onnx")
    for _ in range(2):
        assert np.all(opened(file, folder).session.run(np.ones((1, 3, SIZE, SIZE), np.float32)) == 1)


def test_a_damaged_one_is_made_again(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "prepared"
    opened(file, folder)
    graph = prepared.graph_in(folder)
    assert graph is not None
    graph.write_bytes(b"cut off")
    assert np.all(answer(opened(file, folder)) == 0.25)
    assert graph.read_bytes() != b"cut off"


def test_where_nothing_can_be_written_the_model_is_used_as_it_is(file: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    assert np.all(answer(opened(file, tmp_path / "taken" / "prepared")) == 0.25)


def test_a_process_that_was_as_fast_wins(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "prepared"
    with prepared.preparing(folder, onnxruntime.SessionOptions()):
        opened(file, folder)
        theirs = prepared.graph_in(folder)
    assert theirs is not None
    assert theirs.is_file()
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["prepared"]


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), prepared.preparing(tmp_path / "prepared", onnxruntime.SessionOptions()):
        raise RuntimeError
    assert not list(tmp_path.iterdir())


def test_the_place_tells_weights_versions_and_processors_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = [prepared.place(tmp_path, "m", "a"), prepared.place(tmp_path, "m", "b")]
    monkeypatch.setattr(onnxruntime, "__version__", "0.0.1")
    places.append(prepared.place(tmp_path, "m", "a"))
    monkeypatch.setattr(prepared, "_processor", lambda: "another")
    places.append(prepared.place(tmp_path, "m", "a"))
    assert len(set(places)) == 4
    assert prepared.place(tmp_path, "m", "a") == places[-1]


def test_forgetting_takes_that_model_alone(file: Path, tmp_path: Path) -> None:
    kept = [tmp_path / "u2net-human-0123456789abcdef", tmp_path / "u2netp-0123456789abcdef"]
    for folder in (tmp_path / "u2net-0123456789abcdef", *kept):
        opened(file, folder)
    prepared.forget(tmp_path, "u2net")
    assert sorted(path for path in tmp_path.iterdir() if path.is_dir()) == kept


def test_old_ones_are_cleared_away(file: Path, tmp_path: Path) -> None:
    folders = [tmp_path / f"fake-{digit * 16}" for digit in "123"]
    for age, folder in enumerate(folders):
        opened(file, folder)
        os.utime(folder, (age, age))
    opened(file, tmp_path / f"fake-{'4' * 16}")
    assert sorted(path.name[-1] for path in tmp_path.iterdir() if path.is_dir()) == ["3", "4"]
