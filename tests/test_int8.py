"""Which arithmetic is used, and how a model in integers comes to be made."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from filelock import FileLock
from numpy.typing import NDArray

from cleancut import engines, int8
from cleancut.engines import (
    LOADED,
    engine_of,
    model_of,
    options_for,
    precision_of,
    quantised_models,
    store_of,
    threads_of,
)
from cleancut.errors import InferenceFailed, ModelError
from cleancut.models.weights import installed
from cleancut.options import Options
from cleancut.quantisation import make, ranges
from cleancut.quantisation.make import Speed
from cleancut.remover import Remover
from cleancut.settings import Settings, read_settings
from tests.quantisation.nets import SIDE, net
from tests.quantisation.tables import write_table, write_wrong_table

FASTER, SLOWER = Speed(fp32=2.0, int8=1.0), Speed(fp32=1.0, int8=2.0)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A home with one model, that there are ranges for."""
    onnx.save(net(), str(tmp_path / "net.onnx"))
    (tmp_path / "models.toml").write_text(f'[net]\nfile = "net.onnx"\ninput_size = {SIDE}\n')
    write_table(tmp_path, "net")
    monkeypatch.setattr(ranges, "_TABLES", tmp_path)
    monkeypatch.setenv("CLEANCUT_HOME", str(tmp_path))
    # Each photo looks, and none remembers what another test chose.
    monkeypatch.setattr(engines, "_ASK_AGAIN_S", -1.0)
    engines._CHOSEN.clear()
    int8._begun.clear()
    yield replace(read_settings(), make_int8=True)
    LOADED.unload()
    engines._CHOSEN.clear()
    ranges._read.cache_clear()


def photo() -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (48, 64, 3), np.uint8)


def folder(settings: Settings) -> Path:
    spec = model_of("net", settings)
    weights = installed(spec, store_of(settings))
    assert weights is not None
    return make.place(quantised_models(settings), spec, weights)


def made(settings: Settings, speed: Speed) -> None:
    spec = model_of("net", settings)
    weights = installed(spec, store_of(settings))
    assert weights is not None
    make.make(weights, spec, folder(settings))
    make.keep_speed(folder(settings), threads_of(settings), speed)


def precision(settings: Settings, **keywords: str) -> str:
    options = Options(model="net", **keywords)  # type: ignore[arg-type]
    return precision_of(model_of("net", settings), options, settings)


def test_auto_is_fp32_until_something_better_is_known(settings: Settings) -> None:
    assert precision(settings) == "fp32"
    made(settings, SLOWER)
    assert precision(settings) == "fp32"
    make.keep_speed(folder(settings), threads_of(settings), FASTER)
    assert precision(settings) == "int8"


def test_what_is_named_is_used(settings: Settings) -> None:
    made(settings, FASTER)
    assert precision(settings, precision="fp32") == "fp32"
    assert precision(settings, precision="int8") == "int8"


def test_auto_is_for_the_cpu(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    import onnxruntime

    made(settings, FASTER)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    assert precision(settings) == "fp32"
    assert precision(settings, device="cpu") == "int8"


def test_auto_is_fp32_without_weights_or_without_a_table(settings: Settings, tmp_path: Path) -> None:
    made(settings, FASTER)
    (tmp_path / "net.json").rename(tmp_path / "else.json")
    ranges._read.cache_clear()
    assert precision(settings) == "fp32"
    (tmp_path / "else.json").rename(tmp_path / "net.json")
    ranges._read.cache_clear()
    (tmp_path / "net.onnx").unlink()
    assert precision(settings) == "fp32"


def test_int8_is_made_at_once_for_those_who_ask_for_it(settings: Settings) -> None:
    exact = Remover.of(Options(model="net", precision="fp32"), settings).cut(photo())
    quick = Remover.of(Options(model="net", precision="int8"), settings).cut(photo())
    assert (exact.precision, quick.precision) == ("fp32", "int8")
    assert make.model_in(folder(settings)) is not None
    assert np.abs(exact.matte.alpha - quick.matte.alpha).mean() < 0.02


def test_a_damaged_file_is_made_again(settings: Settings) -> None:
    engine_of(Options(model="net", precision="int8"), settings)
    LOADED.unload()
    shutil.rmtree(settings.home / "cache" / "models")
    (folder(settings) / "model.onnx").write_bytes(b"damaged")
    assert engine_of(Options(model="net", precision="int8"), settings).precision == "int8"


def test_a_process_that_runs_on_takes_to_int8_once_it_is_there(settings: Settings) -> None:
    remover = Remover.of(Options(model="net"), replace(settings, make_int8=False))
    assert remover.cut(photo()).precision == "fp32"
    made(settings, FASTER)
    assert remover.cut(photo()).precision == "int8"


def test_the_exact_model_makes_room(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cleancut.runtime.checked.doubtful", lambda answer: False)
    remover = Remover.of(Options(model="net"), replace(settings, make_int8=False))
    remover.cut(photo())
    made(settings, FASTER)
    remover.cut(photo())
    assert [engine.precision for engine in LOADED.loaded] == ["int8"]


def test_photos_under_way_end_with_the_model_that_they_began_with(settings: Settings) -> None:
    options, quiet = Options(model="net"), replace(settings, make_int8=False)
    held = engine_of(options, quiet)
    made(settings, FASTER)
    assert engine_of(options, quiet).precision == "int8"
    tensor = np.zeros((1, 3, SIDE, SIDE), np.float32)
    assert held.session.run(tensor).shape == (SIDE, SIDE)


def test_what_is_loaded_goes_on_whatever_becomes_of_its_file(settings: Settings) -> None:
    made(settings, FASTER)
    assert precision(settings) == "int8"
    shutil.rmtree(quantised_models(settings))
    assert precision(settings) == "int8"


def test_a_doubtful_answer_stands_where_the_exact_model_cannot_be_opened(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cleancut.runtime.checked.doubtful", lambda answer: True)
    engine = engine_of(Options(model="net", precision="int8"), settings)
    (settings.home / "net.onnx").unlink()
    shutil.rmtree(settings.home / "cache" / "models")
    assert engine.session.run(np.zeros((1, 3, SIDE, SIDE), np.float32)).shape == (SIDE, SIDE)


def test_auto_asks_in_int8_those_that_can(settings: Settings) -> None:
    options = Options(model="auto", precision="int8")
    assert options_for("net", options, settings).precision == "int8"
    assert options_for("u2netp", options, settings).precision == "auto"
    assert options_for("u2netp", replace(options, model="u2netp"), settings).precision == "int8"


def test_a_doubtful_answer_is_the_exact_models(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cleancut.runtime.checked.doubtful", lambda answer: True)
    exact = Remover.of(Options(model="net", precision="fp32"), settings).cut(photo())
    checked = Remover.of(Options(model="net", precision="int8"), settings).cut(photo())
    np.testing.assert_array_equal(exact.matte.alpha, checked.matte.alpha)


def test_preparing_makes_and_measures_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = model_of("net", settings)
    speed = int8.prepare(spec, settings)
    assert speed is not None
    assert speed.fp32 > 0 < speed.int8
    monkeypatch.setattr(int8, "_measure", lambda *_: pytest.fail("measured again"))
    assert int8.prepare(spec, settings) == speed


def test_two_processes_do_not_prepare_the_same(settings: Settings) -> None:
    quantised_models(settings).mkdir(parents=True)
    with FileLock(f"{folder(settings)}.measuring"):
        assert int8.prepare(model_of("net", settings), settings) is None


def test_preparing_needs_the_weights(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").unlink()
    with pytest.raises(ModelError, match="are not here"):
        int8.prepare(model_of("net", settings), settings)


def spawned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []
    monkeypatch.setattr(int8, "_spawn", lambda name, settings: names.append(name))
    return names


def test_it_is_begun_after_the_first_photo_and_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    names = spawned(monkeypatch)
    remover = Remover.of(Options(model="net"), settings)
    monkeypatch.setattr("cleancut.remover.finish", lambda *_: pytest.fail("a photo that cannot be finished"))
    with pytest.raises(pytest.fail.Exception):
        remover.cut(photo())
    assert names == []
    monkeypatch.undo()
    monkeypatch.setattr(ranges, "_TABLES", settings.home)
    names = spawned(monkeypatch)
    remover.cut(photo())
    remover.cut(photo())
    assert names == ["net"]


@pytest.mark.parametrize("keywords", [{"precision": "fp32"}, {"precision": "int8"}])
def test_it_is_not_begun_where_the_precision_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, keywords: dict[str, str]
) -> None:
    names = spawned(monkeypatch)
    int8.prepare_later(Options(model="net", **keywords), settings)  # type: ignore[arg-type]
    assert names == []


def test_it_is_not_begun_where_it_is_there_or_not_wanted_or_has_failed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = spawned(monkeypatch)
    int8.prepare_later(Options(model="net"), replace(settings, make_int8=False))
    made(settings, SLOWER)
    int8.prepare_later(Options(model="net"), settings)
    make.forget(quantised_models(settings), model_of("net", settings))
    write_wrong_table(settings.home, "net")
    with pytest.raises(ModelError):
        int8.prepare(model_of("net", settings), settings)
    int8._begun.clear()
    int8.prepare_later(Options(model="net"), settings)
    assert names == []


def test_what_was_killed_is_not_begun_again_until_somebody_asks(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> Speed:
        raise KeyboardInterrupt

    names = spawned(monkeypatch)
    spec = model_of("net", settings)
    with monkeypatch.context() as patch:
        patch.setattr(int8, "_measure", killed)
        with pytest.raises(KeyboardInterrupt):
            int8.prepare(spec, settings)
    int8.prepare_later(Options(model="net"), settings)
    assert names == []
    assert int8.prepare(spec, settings) is not None
    assert not list(quantised_models(settings).glob("*.unfinished"))


def test_a_passing_trouble_is_not_held_against_it(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_: object) -> Speed:
        raise InferenceFailed("no memory", hint="free some")

    names = spawned(monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(int8, "_measure", no_memory)
        with pytest.raises(InferenceFailed):
            int8.prepare(model_of("net", settings), settings)
    int8.prepare_later(Options(model="net"), settings)
    assert names == ["net"]


def test_a_program_with_python_inside_is_not_started_again(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    names = spawned(monkeypatch)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    int8.prepare_later(Options(model="net"), settings)
    assert names == []


def test_the_process_in_the_background_makes_and_measures(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen
    # The table is not in the package: the process is told where it is.
    code = (
        "import sys; from pathlib import Path; from cleancut.quantisation import ranges; from cleancut import int8; "
        f"ranges._TABLES = Path({str(tmp_path)!r}); int8.main(*sys.argv[1:])"
    )

    def popen(words: list[str], **keywords: object) -> subprocess.Popen[bytes]:
        assert words[:4] == [sys.executable, "-P", "-m", "cleancut.int8"]
        begun.append(real([sys.executable, "-c", code, *words[4:]], **keywords))  # type: ignore[call-overload]
        return begun[0]

    monkeypatch.setattr(subprocess, "Popen", popen)
    int8.prepare_later(Options(model="net"), settings)
    # Nobody here waits for it; left alone it would be a zombie, and its code unknown.
    until = time.monotonic() + 60
    while begun[0].returncode is None:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert begun[0].returncode == 0
    assert make.speed_in(folder(settings), threads_of(settings)) is not None


def test_pulling_prepares_and_removing_forgets(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from cleancut.cli.models import command

    monkeypatch.setenv("CLEANCUT_INT8", "1")
    told = CliRunner().invoke(command, ["pull", "net"], standalone_mode=False)
    assert "int8" in told.stderr
    assert make.speed_in(folder(settings), threads_of(settings)) is not None
    CliRunner().invoke(command, ["remove", "net"], standalone_mode=False)
    assert not list(quantised_models(settings).glob("net-*/"))
    assert not list((settings.home / "cache" / "models").glob("net-*/"))


def test_pulling_goes_well_where_int8_cannot_be_made(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from cleancut.cli.models import command

    monkeypatch.setenv("CLEANCUT_INT8", "1")
    write_wrong_table(settings.home, "net")
    told = CliRunner().invoke(command, ["pull", "net"], standalone_mode=False)
    assert told.exception is None
    assert "note: net cannot run in int8" in told.stderr
