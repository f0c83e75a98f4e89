"""What the pipeline needs of whatever runs a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cleancut.models.spec import ModelSpec
from cleancut.types import Raw, Tensor


class Session(Protocol):
    """A loaded model. ``run`` may be called from several threads at once."""

    def run(self, tensor: Tensor) -> Raw: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Engine:
    """A model, ready to answer, and what it really runs on."""

    spec: ModelSpec
    session: Session
    device: str
    """``cpu``, ``cuda:0`` …: what is in use, not what was asked for."""
    provider: str
    """The runtime's own name for it, such as ``CPUExecutionProvider``."""
    precision: str
    notes: tuple[str, ...] = ()
    """Why it is not what one might expect, such as a GPU that could not be loaded."""
