"""The library's front door: one call, or one object for many photos."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from cleancut.choice import AUTO, best_of, choices
from cleancut.engines import LOADED, engine_of, options_for, store_of
from cleancut.errors import OptionError
from cleancut.files import read, write
from cleancut.geometry import Box, Size, region_box
from cleancut.int8 import prepare_later
from cleancut.models.weights import Report
from cleancut.options import Limits, Options, also_takes_options, takes_options
from cleancut.pipeline import Clock, finish, load
from cleancut.pipeline import estimate_matte as _estimate_matte
from cleancut.pipeline import render as _render
from cleancut.runtime.session import Engine
from cleancut.settings import Settings, read_settings
from cleancut.steps.decode import from_image
from cleancut.steps.encode import encode
from cleancut.steps.validate import validate
from cleancut.types import Header, Matte, Picture, Result, Source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image as PILImage

    Input = bytes | Path | PILImage | NDArray[np.uint8] | Source

T = TypeVar("T", bytes, Path, "PILImage", "NDArray[np.uint8]")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A matte, and the engine that gave it."""

    matte: Matte
    engine: Engine
    notes: tuple[str, ...] = ()


def estimate(
    source: Source,
    options: Options,
    settings: Settings,
    clock: Clock | None = None,
    report: Report | None = None,
    models: tuple[str, ...] = (),
) -> Estimate:
    """Run the model that the options ask for; for ``auto`` one or two of ``models``, by default those at hand.

    Raises ModelError, OptionError (a region that is not in the photo).
    """
    region = options.parsed_roi
    box = None if region is None else region_box(region, Size(source.width, source.height))

    @cache
    def engine(name: str) -> Engine:
        return engine_of(options_for(name, options, settings), settings, report)

    def look(name: str) -> Matte:
        if box is None:
            return _estimate_matte(source, engine(name), options.effort, clock)
        return _within(_estimate_matte(source.part(box), engine(name), options.effort, clock), box, source)

    name, notes = options.model, list[str]()
    if name == AUTO:
        name, matte, *notes = best_of(models or choices(store_of(settings)), look)
    else:
        matte = look(name)
    return Estimate(matte, engine(name), tuple(notes))


def _within(matte: Matte, box: Box, source: Source) -> Matte:
    """The matte of a part of a photo, as one of all of it."""
    import numpy as np

    alpha = np.zeros((source.height, source.width), np.float32)
    alpha[box.top : box.bottom, box.left : box.right] = matte.alpha
    return replace(matte, alpha=alpha)


class Remover:
    """Cuts out many photos with the same options; the model is loaded once, at first use.

    ``Remover(model=…, background=…, …)`` takes the keywords of ``Options``. One object may serve several threads.
    """

    options: Options

    @takes_options(Options)
    def __init__(self, options: Options) -> None:
        self._set(options, read_settings())

    @classmethod
    def of(cls, options: Options, settings: Settings | None = None) -> Remover:
        """A remover with ready-made options, and settings other than the environment's."""
        remover = cls.__new__(cls)
        remover._set(options, settings or read_settings())
        return remover

    def _set(self, options: Options, settings: Settings) -> None:
        self.options = options
        self._settings = settings

    def remove(self, data: T) -> T:
        """Cut out one photo; the answer is of the same kind as the question.

        bytes (an encoded picture) → bytes in ``options.format`` (PNG); a PIL image → a PIL image; an array
        (h, w), (h, w, 3) or (h, w, 4) uint8 RGB(A) → an array; a Path → the Path of the file that was written beside
        it, ``photo-cutout.png``. Raises CleancutError.
        """
        picture = self.cut(data).picture
        if isinstance(data, bytes):
            return encode(picture, self.options)
        if isinstance(data, Path):
            target = data.with_name(f"{data.stem}-cutout{self.options.suffix}")
            write(target, encode(picture, self.options))
            return target
        return cast("T", picture.pixels if is_array(data) else picture.image)

    def cut(self, data: Input, report: Report | None = None) -> Result:
        """Cut out one photo, and tell how it went: ``Result(image, matte, subject, confidence, …)``.

        ``report(what, done, total)`` is told of the bytes if weights have to be fetched. Raises CleancutError.
        """
        clock = Clock()
        limits = self._settings.limits
        source = _source(data, limits, clock)
        models = self._models if self.options.model == AUTO else ()
        found = estimate(source, self.options, self._settings, clock, report, models)
        result = finish(source, found.matte, found.engine, self.options, limits, clock)
        prepare_later(replace(self.options, model=found.engine.spec.name), self._settings)
        return replace(result, notes=(*result.notes, *found.notes))

    @cached_property
    def _models(self) -> tuple[str, ...]:
        """Those that auto may ask. Looked up once: a batch need not search the disk for every photo."""
        return choices(store_of(self._settings))


@takes_options(Options)
def remove(data: T, options: Options) -> T:
    """Cut out one photo; see ``Remover.remove``. The model stays loaded for the next call."""
    return Remover.of(options).remove(data)


@takes_options(Options)
def estimate_matte(data: Input, options: Options) -> Matte:
    """Where the subject is: run the model, in ``best`` several times. It serves any number of ``render`` calls."""
    settings = read_settings()
    return estimate(_source(data, settings.limits), options, settings).matte


@also_takes_options(Options)
def render(data: Input, matte: Matte, options: Options) -> Picture:
    """Make a picture from a photo and its matte; no model runs. Its ``image`` and ``pixels`` are straight RGBA.

    ``data`` may be the ``source`` of a Result, so that the photo is not decoded again.
    """
    limits = read_settings().limits
    return _render(_source(data, limits), matte, options, limits)


def unload() -> None:
    """Free all models that this process has loaded."""
    LOADED.unload()


def is_array(data: object) -> bool:
    """Whether it is a numpy array, asked without importing numpy."""
    return type(data).__module__.split(".")[0] == "numpy"


def _source(data: Input, limits: Limits, clock: Clock | None = None) -> Source:
    if isinstance(data, Source):
        return data
    if isinstance(data, Path):
        data = read(data, limits.max_bytes)
    if isinstance(data, bytes):
        return load(data, limits, clock)
    from PIL import Image

    if is_array(data):
        data = _image_of(cast("NDArray[np.uint8]", data))
    if isinstance(data, Image.Image):
        validate(Header("", data.width, data.height), limits)
        return from_image(data)
    raise OptionError(
        f"cannot cut out {type(data).__name__!r}",
        hint="give an encoded picture's bytes, a pathlib.Path, a PIL image or a uint8 array",
    )


def _image_of(array: NDArray[np.uint8]) -> PILImage:
    from PIL import Image

    if array.dtype != "uint8" or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))):
        raise OptionError(
            f"an array of shape {array.shape} and type {array.dtype} is no picture",
            hint="give uint8 of shape (h, w), (h, w, 3) or (h, w, 4), in RGB order",
        )
    return Image.fromarray(array)
