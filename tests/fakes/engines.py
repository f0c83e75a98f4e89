"""Engines whose answer is known."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from cleancut.errors import InferenceFailed
from cleancut.models.spec import PLAIN, Activation, Licence, ModelSpec, Normalisation, Resample, Resize
from cleancut.runtime.session import Engine, Session
from cleancut.types import Raw, Tensor

SIZE = 64


def fake_spec(
    *,
    name: str = "fake",
    size: int = SIZE,
    normalisation: Normalisation = PLAIN,
    activation: Activation = "none",
    resize: Resize = "squeeze",
    resample: Resample = "lanczos",
    output_index: int = 0,
) -> ModelSpec:
    return ModelSpec(
        name=name,
        summary="A fake.",
        input_size=size,
        normalisation=normalisation,
        activation=activation,
        licence=Licence("MIT", commercial=True, url="https://licences.invalid/mit"),
        training_data="none",
        citation="none",
        weights=(),
        output_index=output_index,
        resize=resize,
        resample=resample,
    )


class Known:
    """Answers an array, or what a callable makes of the tensor; counts its runs and closes."""

    def __init__(self, answer: Raw | Callable[[Tensor], Raw]) -> None:
        self.answer = answer
        self.tensors: list[Tensor] = []
        self.closed = 0

    @property
    def runs(self) -> int:
        return len(self.tensors)

    def run(self, tensor: Tensor) -> Raw:
        self.tensors.append(tensor)
        return self.answer(tensor) if callable(self.answer) else self.answer

    def close(self) -> None:
        self.closed += 1


class Failing:
    """Fails as a session does: with an InferenceFailed, or with the error it is given."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error or InferenceFailed("fake failed: it crashed", hint="use another model")

    def run(self, tensor: Tensor) -> Raw:
        raise self.error

    def close(self) -> None: ...


def out_of_memory() -> Failing:
    return Failing(InferenceFailed("fake failed: out of memory", hint="free some memory"))


class Blocking(Known):
    """Tells that it has ``begun``, and answers once it may ``go_on``."""

    def __init__(self, answer: Raw | Callable[[Tensor], Raw]) -> None:
        super().__init__(answer)
        self.begun = threading.Event()
        self.go_on = threading.Event()

    def run(self, tensor: Tensor) -> Raw:
        self.begun.set()
        assert self.go_on.wait(10), "nobody let the fake session go on"
        return super().run(tensor)


def fake_engine(
    session: Session | Raw | Callable[[Tensor], Raw], spec: ModelSpec | None = None, notes: tuple[str, ...] = ()
) -> Engine:
    """An engine around a fake session, or around a known answer."""
    ready = Known(session) if isinstance(session, np.ndarray) or callable(session) else session
    return Engine(spec or fake_spec(), ready, "cpu", "FakeExecutionProvider", "fp32", notes)


def full(value: float, size: int = SIZE) -> Raw:
    """(size, size), one value throughout."""
    return np.full((size, size), value, np.float32)


def block(size: int = SIZE) -> Raw:
    """(size, size): 1 in the middle half each way, 0 around it."""
    mask = np.zeros((size, size), np.float32)
    mask[size // 4 : size * 3 // 4, size // 4 : size * 3 // 4] = 1
    return mask
