"""The whole flow, on one screen.

::

    bytes ─probe→ Header ─validate→ Header ─decode→ Source ─preprocess→ Tensor, Fit ─infer→ Raw ─refine→ Matte
                                                     └──────────────┬─────────────────────────────────────┘
                                                      render: adjust → decontaminate → compose → Picture ─encode→ bytes

The seam is the matte: ``estimate_matte`` runs a model, ``render`` runs as often as the user changes the edge, the
background or the crop. Nothing here knows of HTTP, terminals, queues or the environment.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import ParamSpec, TypeVar

import numpy as np

from cleancut.background import Image
from cleancut.errors import NoSubject, OptionError
from cleancut.files import read
from cleancut.geometry import Box
from cleancut.matting.closer import closer
from cleancut.matting.confidence import confidence, has_subject
from cleancut.matting.edits import Edit, check, paint, parts
from cleancut.matting.grow import ground_of
from cleancut.options import PRESETS, Effort, Limits, Options
from cleancut.runtime.session import Engine
from cleancut.steps.adjust import adjust
from cleancut.steps.compose import compose
from cleancut.steps.decode import decode
from cleancut.steps.decontaminate import decontaminate
from cleancut.steps.infer import infer
from cleancut.steps.preprocess import preprocess
from cleancut.steps.probe import probe
from cleancut.steps.refine import refine
from cleancut.steps.validate import validate
from cleancut.types import Fit, Look, Matte, Picture, Result, Source, Tensor

P = ParamSpec("P")
T = TypeVar("T")


class Clock:
    """Runs steps and notes the milliseconds of each under the step's own name."""

    def __init__(self) -> None:
        self.timings: dict[str, float] = {}

    def __call__(self, step: Callable[P, T], *args: P.args, **keywords: P.kwargs) -> T:
        began = time.perf_counter()
        try:
            return step(*args, **keywords)
        finally:
            spent = (time.perf_counter() - began) * 1000
            self.timings[step.__name__] = self.timings.get(step.__name__, 0.0) + spent

    def look(self) -> None:
        """Called now and then by steps that may take long; may raise, to have them go no further."""


def load(data: bytes, limits: Limits, clock: Clock | None = None) -> Source:
    """Decode a photo. Raises InputError; what is too large is refused before a pixel is decoded."""
    clock = clock or Clock()
    header = clock(validate, clock(probe, data), limits)
    return clock(decode, data, header)


def estimate_matte(
    source: Source, engine: Engine, effort: Effort = PRESETS["balanced"], clock: Clock | None = None
) -> Matte:
    """Run the model: once, or as often as the effort allows and it pays. Raises ModelError."""
    clock = clock or Clock()
    whole = Box(0, 0, source.width, source.height)
    seen = clock(preprocess, source, engine.spec)
    looks = [_look(*seen, whole, engine, clock)]
    mask = looks[0].mask
    if has_subject(mask, confidence(mask)):
        if effort.mirrored:
            looks.append(_mirrored_look(*seen, whole, engine, clock))
        if effort.closer and (part := closer(mask, source.width, source.height)) is not None:
            seen = clock(preprocess, source.part(part), engine.spec)
            looks.append(_look(*seen, part, engine, clock))
            if effort.mirrored:
                looks.append(_mirrored_look(*seen, part, engine, clock))
    return clock(refine, looks, source, effort)


def _look(tensor: Tensor, fit: Fit, box: Box, engine: Engine, clock: Clock) -> Look:
    return Look(fit.picture(clock(infer, tensor, engine)), box)


def _mirrored_look(tensor: Tensor, fit: Fit, box: Box, engine: Engine, clock: Clock) -> Look:
    raw = clock(infer, np.ascontiguousarray(tensor[..., ::-1]), engine)
    return Look(fit.picture(np.ascontiguousarray(raw[:, ::-1])), box)


def edited(source: Source, matte: Matte, edits: Sequence[Edit], clock: Clock | None = None) -> Matte:
    """The matte after changes by hand, in their order. Raises OptionError where they are too much work."""
    if not edits:
        return matte
    clock = clock or Clock()
    check(edits, source.width, source.height)
    # Once, and only where a point grows.
    ground = cache(lambda: ground_of(source.rgb, matte.alpha))
    alpha = matte.alpha
    for some in parts(edits):
        alpha = clock(paint, alpha, some, ground, clock.look)
    return replace(matte, alpha=alpha, subject=bool(alpha.any()))


def render(
    source: Source, matte: Matte, options: Options, limits: Limits | None = None, clock: Clock | None = None
) -> Picture:
    """Make the picture that the options ask for. ``limits`` hold for a background picture and for the result.

    Raises InputError (the background, a picture larger than the limits), OptionError (the matte of another photo).
    """
    clock, limits = clock or Clock(), limits or Limits()
    if matte.alpha.shape != (source.height, source.width):
        height, width = matte.alpha.shape
        raise OptionError(
            f"the matte is {width} × {height}, and the photo {source.width} × {source.height}",
            hint="give the matte that was estimated for this photo",
        )
    scene = _scene(options, limits)
    alpha = clock(adjust, matte, options)
    # How much of a pixel is the subject's is as the photo shows it, whatever the user makes of the edge afterwards.
    unmoved = replace(options, feather=0.0, edge_shift=0.0, translucency=None)
    mixed = alpha if unmoved == options else clock(adjust, matte, unmoved)
    colours = clock(decontaminate, source, mixed, alpha, options)
    return clock(compose, source, colours, alpha, options, scene, limits.max_pixels)


def finish(
    source: Source, matte: Matte, engine: Engine, options: Options, limits: Limits, clock: Clock | None = None
) -> Result:
    """From a photo and the matte that ``engine`` gave to all there is to tell of it.

    Raises InputError (the background), NoSubject if one is required.
    """
    clock = clock or Clock()
    if options.require_subject and not matte.subject:
        raise NoSubject(
            f"no subject was found (confidence {matte.confidence:.2f})",
            hint="try another model, crop the photo closer, or leave out --require-subject",
        )
    picture = render(source, matte, options, limits, clock)
    notes = (*source.notes, *engine.notes)
    if not matte.subject:
        notes += ("no subject was found: the matte is clear",)
    return Result(
        picture, matte, source, engine.spec.name, engine.device, engine.provider, engine.precision, clock.timings, notes
    )


def _scene(options: Options, limits: Limits) -> Source | None:
    background = options.parsed_background
    if not isinstance(background, Image):
        return None
    data = read(background.data, limits.max_bytes) if isinstance(background.data, Path) else background.data
    return load(data, limits)
