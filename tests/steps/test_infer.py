from __future__ import annotations

import numpy as np
import pytest

from cleancut.errors import InferenceFailed
from cleancut.runtime.session import Session
from cleancut.steps.infer import infer
from cleancut.types import Tensor
from tests.fakes.engines import SIZE, Failing, Known, block, fake_engine, fake_spec, full, out_of_memory

TENSOR: Tensor = np.zeros((1, 3, SIZE, SIZE), np.float32)


def test_the_model_is_given_the_tensor_once() -> None:
    session = Known(block())
    infer(TENSOR, fake_engine(session))
    assert session.runs == 1
    assert session.tensors[0] is TENSOR


def test_values_are_taken_as_they_are() -> None:
    answer = np.random.default_rng(1).random((SIZE, SIZE), np.float32)
    found = infer(TENSOR, fake_engine(answer))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, answer)


@pytest.mark.parametrize("value", [0.0, 0.03, 0.97, 1.0])
def test_a_faint_answer_is_not_stretched(value: float) -> None:
    np.testing.assert_allclose(infer(TENSOR, fake_engine(full(value))), value, atol=1e-7)
    faint = block() * np.float32(0.03)
    np.testing.assert_array_equal(infer(TENSOR, fake_engine(faint)), faint)


def test_values_beyond_0_and_1_are_cut() -> None:
    answer = np.linspace(-0.2, 1.2, SIZE * SIZE, dtype=np.float32).reshape(SIZE, SIZE)
    np.testing.assert_array_equal(infer(TENSOR, fake_engine(answer)), np.clip(answer, 0, 1))


def test_logits_go_through_the_sigmoid() -> None:
    logits = np.linspace(-12, 12, SIZE * SIZE, dtype=np.float32).reshape(SIZE, SIZE)
    found = infer(TENSOR, fake_engine(logits, fake_spec(activation="sigmoid")))
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-logits.astype(np.float64))), atol=1e-6)
    assert found.dtype == np.float32


@pytest.mark.parametrize(("logit", "expected"), [(-3e38, 0), (-100, 0), (0, 0.5), (100, 1), (3e38, 1)])
def test_no_logit_is_too_large(logit: float, expected: float) -> None:
    # Warnings are errors here: an overflow would be one.
    found = infer(TENSOR, fake_engine(full(logit), fake_spec(activation="sigmoid")))
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_half_precision_answers_are_widened() -> None:
    half = np.full((SIZE, SIZE), 0.25, np.float16)
    session = Known(lambda tensor: half.view())  # type: ignore[arg-type,return-value]
    assert infer(TENSOR, fake_engine(session)).dtype == np.float32


@pytest.mark.parametrize("activation", ["none", "sigmoid"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_refused(value: float, activation: str) -> None:
    answer = block()
    answer[3, 5] = value
    engine = fake_engine(answer, fake_spec(activation="sigmoid" if activation == "sigmoid" else "none"))
    with pytest.raises(InferenceFailed, match="fake answered values that are no numbers") as caught:
        infer(TENSOR, engine)
    assert "cleancut models verify fake" in caught.value.hint


@pytest.mark.parametrize("shape", [(SIZE // 2, SIZE // 2), (2 * SIZE, 2 * SIZE), (SIZE, 1), (1, SIZE, SIZE)])
def test_an_answer_of_another_size_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InferenceFailed, match="answered"):
        infer(TENSOR, fake_engine(np.ones(shape, np.float32)))


@pytest.mark.parametrize("session", [Failing(), out_of_memory()])
def test_a_failed_run_is_told_as_it_is(session: Session) -> None:
    with pytest.raises(InferenceFailed, match=r"crashed|out of memory") as caught:
        infer(TENSOR, fake_engine(session))
    assert caught.value.hint


def test_the_answer_of_the_session_is_left_as_it_was() -> None:
    answer = full(3)
    infer(TENSOR, fake_engine(answer, fake_spec(activation="sigmoid")))
    assert np.all(answer == 3)
