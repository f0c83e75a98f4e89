from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from cleancut.errors import DeviceUnavailable, InferenceFailed, ModelError, OptionError
from cleancut.runtime.devices import CPU, CUDA
from cleancut.runtime.onnx import open_engine
from cleancut.runtime.session import Engine
from cleancut.types import Tensor
from tests.fakes.engines import SIZE, fake_spec
from tests.runtime.graphs import trap, trap_beside, two_channels, two_outputs


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return two_outputs(tmp_path_factory.mktemp("graphs") / "two.onnx")


def opened(file: Path, output_index: int = 0, wanted: str = "cpu") -> Engine:
    return open_engine(file, fake_spec(output_index=output_index), wanted, "fp32", threads=1)


def tensor(value: float) -> Tensor:
    return np.full((1, 3, SIZE, SIZE), value, np.float32)


def test_a_picture_is_answered_by_a_square(file: Path) -> None:
    engine = opened(file)
    picture = np.random.default_rng(1).random((1, 3, SIZE, SIZE), np.float32)
    answer = engine.session.run(picture)
    assert answer.shape == (SIZE, SIZE)
    assert answer.dtype == np.float32
    np.testing.assert_allclose(answer, picture[0].mean(axis=0), atol=1e-6)


def test_the_engine_says_what_it_runs_on(file: Path) -> None:
    engine = opened(file)
    assert (engine.device, engine.provider, engine.precision, engine.notes) == ("cpu", CPU, "fp32", ())
    assert engine.spec.name == "fake"


@pytest.mark.parametrize(("output_index", "expected"), [(0, 0.25), (1, 0.75)])
def test_the_wanted_output_is_handed_over(file: Path, output_index: int, expected: float) -> None:
    assert np.all(opened(file, output_index).session.run(tensor(0.25)) == expected)


def test_the_other_outputs_are_not_computed(tmp_path: Path) -> None:
    file = trap_beside(tmp_path / "beside.onnx")
    assert np.all(opened(file, 0).session.run(tensor(1)) == 1)
    whole = onnxruntime.InferenceSession(str(file), providers=[CPU])
    with pytest.raises(Exception, match="indices element out of data bounds"):
        whole.run(["mask"], {"picture": tensor(1)})


def test_a_failed_run_is_told_and_does_not_spoil_the_next(tmp_path: Path) -> None:
    engine = opened(trap(tmp_path / "trap.onnx"))
    for _ in range(2):
        with pytest.raises(InferenceFailed, match="fake failed: ") as caught:
            engine.session.run(tensor(1))
        assert "cleancut models verify" in caught.value.hint
        assert np.all(engine.session.run(tensor(0)) == 0.25)


def test_a_tensor_of_another_shape_is_refused(file: Path) -> None:
    with pytest.raises(InferenceFailed):
        opened(file).session.run(np.zeros((1, 3, 8, 8), np.float32))


def test_threads_share_a_session(file: Path) -> None:
    session = opened(file).session
    values = [number / 64 for number in range(64)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda value: session.run(tensor(value)), values))
    for value, answer in zip(values, answers, strict=True):
        np.testing.assert_allclose(answer, value, atol=1e-6)


def test_a_closed_session_says_so(file: Path) -> None:
    session = opened(file).session
    session.close()
    with pytest.raises(InferenceFailed, match="has been unloaded"):
        session.run(tensor(0))
    session.close()  # once more does no harm


def test_closing_does_not_disturb_a_run_that_has_begun(file: Path) -> None:
    session = opened(file).session
    ended: list[BaseException] = []
    running = threading.Barrier(5)

    def work() -> None:
        running.wait()
        try:
            while True:
                assert np.all(session.run(tensor(0.5)) == 0.5)
        except BaseException as error:
            ended.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    running.wait()
    session.close()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)
    assert ["unloaded" in str(error) for error in ended] == [True] * 4, ended


def test_an_answer_that_is_not_one_mask_is_refused(tmp_path: Path) -> None:
    session = opened(two_channels(tmp_path / "both.onnx")).session
    with pytest.raises(InferenceFailed, match=r"shape \(1, 2, 64, 64\), and one mask is needed") as caught:
        session.run(tensor(0))
    assert "output_index" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"no model at all", b"\x08\x08"])
def test_a_broken_file_is_told_with_a_remedy(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "broken.onnx"
    file.write_bytes(content)
    with pytest.raises(ModelError, match="fake cannot be loaded from") as caught:
        opened(file)
    assert "cleancut models verify fake" in caught.value.hint
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_told_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="fake cannot be loaded"):
        opened(tmp_path / "missing.onnx")


def test_an_output_that_is_not_there_is_refused(file: Path) -> None:
    with pytest.raises(ModelError, match="has 2 outputs, and output 2 was asked for") as caught:
        opened(file, 2)
    assert "output_index" in caught.value.hint


def test_an_unknown_device_is_wrong_usage(file: Path) -> None:
    with pytest.raises(OptionError, match="--device: 'tpu'"):
        opened(file, wanted="tpu")


# ─ GPUs: what the runtime would do is played, so that the tests say the same on a machine with one. ─


@pytest.fixture
def without_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CPU])


Opener = Callable[..., Any]


def played(monkeypatch: pytest.MonkeyPatch, cuda: Callable[[Opener, str, Any], Any]) -> None:
    """An ONNX Runtime built with CUDA; ``cuda`` makes its sessions there."""
    real = onnxruntime.InferenceSession

    def session(path: str, options: Any, providers: list[tuple[str, dict[str, str]]]) -> Any:
        return cuda(real, path, options) if providers[0][0] == CUDA else real(path, options, providers=providers)

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, CPU])
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: None, raising=False)
    monkeypatch.setattr(onnxruntime, "InferenceSession", session)


def falls_back(real: Opener, path: str, options: Any) -> Any:
    """As ONNX Runtime does without the libraries of CUDA: in silence."""
    return real(path, options, providers=[CPU])


def fails(real: Opener, path: str, options: Any) -> Any:
    raise RuntimeError("CUDA failure 100: no CUDA-capable device is detected\nand a long story")


@pytest.mark.usefixtures("without_cuda")
@pytest.mark.parametrize("wanted", ["cuda", "cuda:1"])
def test_a_gpu_that_is_asked_for_is_never_replaced_by_the_cpu(file: Path, wanted: str) -> None:
    with pytest.raises(DeviceUnavailable, match=f"{wanted} cannot be used: .* built without CUDA") as caught:
        opened(file, wanted=wanted)
    assert "pip install 'onnxruntime-gpu[cuda,cudnn]" in caught.value.hint


@pytest.mark.usefixtures("without_cuda")
def test_without_a_gpu_auto_is_the_cpu_and_nothing_to_note(file: Path) -> None:
    engine = opened(file, wanted="auto")
    assert (engine.device, engine.provider, engine.notes) == ("cpu", CPU, ())


@pytest.mark.parametrize(("cuda", "reason"), [(falls_back, "could not be loaded"), (fails, "no CUDA-capable device")])
def test_a_gpu_that_does_not_work_is_refused_or_noted(
    file: Path, monkeypatch: pytest.MonkeyPatch, cuda: Callable[[Opener, str, Any], Any], reason: str
) -> None:
    played(monkeypatch, cuda)
    with pytest.raises(DeviceUnavailable, match=reason) as caught:
        opened(file, wanted="cuda:0")
    assert "--device cpu" in caught.value.hint
    engine = opened(file, wanted="auto")
    assert (engine.device, engine.provider) == ("cpu", CPU)
    (note,) = engine.notes
    assert reason in note
    assert "running on the CPU" in note
    assert "long story" not in note
    assert np.all(engine.session.run(tensor(0.5)) == 0.5)


def test_what_is_wrong_with_the_model_is_not_blamed_on_the_gpu(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    played(monkeypatch, falls_back)
    with pytest.raises(ModelError, match="output 5 was asked for") as caught:
        opened(file, 5, wanted="auto")
    assert not isinstance(caught.value, DeviceUnavailable)
