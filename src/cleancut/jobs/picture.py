"""A picture of a job: what is done in the process apart."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cleancut.errors import CleancutError
from cleancut.options import Limits, Options
from cleancut.settings import Settings

if TYPE_CHECKING:
    from cleancut.matting.edits import Edit


@dataclass(frozen=True, slots=True)
class Wish:
    """A photo and what is to be made of it."""

    photo: bytes = field(repr=False)
    options: Options
    limits: Limits
    edits: tuple[Edit, ...] = ()
    """Of its matte, by hand."""


@dataclass(frozen=True, slots=True)
class Made:
    """The encoded picture, and what is told of it."""

    data: bytes = field(repr=False)
    facts: Mapping[str, Any]
    timings: Mapping[str, float]
    """Milliseconds of each step."""


@dataclass(frozen=True, slots=True)
class Defect:
    """What nobody foresaw, for the log."""

    traceback: str


def make(wish: Wish, settings: Settings, loaded_models: int) -> Made | CleancutError | Defect:
    """Make a picture; what it raises is given back."""
    from cleancut.engines import LOADED

    LOADED.limit = loaded_models
    try:
        return _made(wish, settings)
    except CleancutError as error:
        return error
    except MemoryError:
        from cleancut.errors import ImageTooLarge

        return ImageTooLarge("there is not enough memory for this picture", hint="send a smaller one")
    except Exception:
        return Defect(traceback.format_exc())


def _made(wish: Wish, settings: Settings) -> Made:
    from cleancut.int8 import prepare_later
    from cleancut.pipeline import Clock, edited, finish, load
    from cleancut.remover import estimate
    from cleancut.steps.encode import encode

    clock = Clock()
    source = load(wish.photo, wish.limits, clock)
    found = estimate(source, wish.options, settings, clock)
    matte = edited(source, found.matte, wish.edits, clock)
    result = finish(source, matte, found.engine, wish.options, wish.limits, clock)
    prepare_later(replace(wish.options, model=result.model), settings)
    data = clock(encode, result.picture, wish.options)
    height, width = result.picture.pixels.shape[:2]
    facts = {
        "model": result.model, "device": result.device, "precision": result.precision,
        "subject": result.matte.subject, "confidence": round(result.matte.confidence, 4),
        "width": width, "height": height, "notes": [*result.notes, *found.notes],
        "ms": round(sum(clock.timings.values()), 1),
    }  # fmt: skip
    return Made(data, facts, dict(clock.timings))
