"""Everything a user can set about a picture, once.

CLI flags, API parameters and Python keywords are made from the fields of ``Options``: the name, the default,
the help text and the range are here and nowhere else. Nothing heavy is imported.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar, cast, get_args

from cleancut.background import Background, parse_background
from cleancut.errors import OptionError
from cleancut.geometry import (
    LONGEST_SIDE,
    Margins,
    Position,
    Region,
    Size,
    parse_margins,
    parse_position,
    parse_region,
    parse_scale,
    parse_size,
    room_in,
)

Quality = Literal["fast", "balanced", "best"]
Precision = Literal["auto", "fp32", "int8"]
Format = Literal["png", "webp", "avif", "jpg", "tiff", "zip"]
Channels = Literal["rgba", "alpha"]
PngEffort = Literal["fast", "balanced", "small"]
MetadataPolicy = Literal["keep", "strip", "strip-gps"]
Shadow = Literal["none", "drop", "contact", "cast"]


def _option(
    default: Any,
    help: str,
    *,
    metavar: str = "",
    choices: Any = None,
    low: float | None = None,
    high: float | None = None,
) -> Any:
    """A field of ``Options``."""
    meta = {
        "help": help,
        "metavar": metavar,
        "choices": get_args(choices) if choices else (),
        "low": low,
        "high": high,
    }
    return field(default=default, metadata=meta)


@dataclass(frozen=True, slots=True)
class Effort:
    """What is done for a matte beyond the model's first answer."""

    solve: Literal["", "guided", "closed-form"]
    """How soft edges are solved; empty: the model's mask as it is."""
    closer: bool
    """Look a second time at a subject that is small in the photo."""
    mirrored: bool
    """Ask the model about the mirrored photo too."""
    sure: tuple[float, ...]
    """Colours are learnt once for each: from where the matte so far is above it, or below one less it."""


PLAIN = Effort(solve="", closer=False, mirrored=False, sure=())
PRESETS: dict[Quality, Effort] = {
    "fast": Effort(solve="guided", closer=False, mirrored=False, sure=(0.95,)),
    "balanced": Effort(solve="guided", closer=True, mirrored=False, sure=(0.95,)),
    "best": Effort(solve="closed-form", closer=True, mirrored=True, sure=(0.98, 0.95, 0.95, 0.95)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a picture is cut out and written. Raises OptionError for a value that cannot be used."""

    model: str = _option(
        "isnet-general", "Model to use, see `cleancut models list`; auto: the best that is here.", metavar="NAME"
    )
    quality: Quality = _option(
        "balanced",
        "How much is done for the edges; best takes several answers of the model.",
        choices=Quality,
    )
    roi: str | None = _option(
        None, "Look for the subject in this part of the photo alone: left top right bottom, in px or %.", metavar="BOX"
    )
    device: str = _option("auto", "auto, cpu, cuda or cuda:N; what is named is used or refused.", metavar="DEVICE")
    precision: Precision = _option(
        "auto",
        "Arithmetic of the model; auto: int8 on a CPU that is faster with it, once it has been made.",
        choices=Precision,
    )
    background: str | bytes | Path = _option(
        "transparent",
        "transparent, a colour (hex or CSS name), blur[:RADIUS] of the photo, or a picture file.",
        metavar="WHAT",
    )
    format: Format = _option("png", "Format of the output; by default the suffix given with -o.", choices=Format)
    channels: Channels = _option("rgba", "The cut-out, or the matte alone as one grey channel.", choices=Channels)
    feather: float = _option(0.0, "Soften hard edges over this many pixels.", metavar="PX", low=0, high=200)
    edge_shift: float = _option(
        0.0,
        "Move the edge outwards (+) or inwards (-) by pixels; outwards shows the photo's own colours.",
        metavar="PX",
        low=-200,
        high=200,
    )
    translucency: int | None = _option(
        None,
        "How much glass, smoke and veils let through: 0 opaque, 50 as estimated, 100 clear.",
        metavar="0..100",
        low=0,
        high=100,
    )
    clean: float = _option(
        # A twentieth of the side of the largest photo accepted by default; what is wider is no speck.
        0.0, "Remove specks and fill holes up to this size.", metavar="PX", low=0, high=500,
    )  # fmt: skip
    refine: bool = _option(True, "Refine the edges; without it, the model's mask resized to full size.")
    decontaminate: bool = _option(True, "Remove the old background's colour from soft edges.")
    invert: bool = _option(False, "Keep the background and remove the subject.")
    crop: bool = _option(False, "Crop to the subject.")
    crop_margin: str = _option(
        "0", "Space around the cropped subject: 1, 2 or 4 values in px or % of the subject.", metavar="M"
    )
    canvas: str | None = _option(None, "Place the subject on a canvas of this size.", metavar="WxH")
    padding: str = _option(
        "0", "Space that stays free on the canvas: 1, 2 or 4 values in px or % of the canvas.", metavar="M"
    )
    scale: str | None = _option(
        None, "Size of the subject, 10% to 100% of the picture or of the room on the canvas.", metavar="N%"
    )
    position: str | None = _option(
        None, "Where the subject stands: original, center, bottom left, 50%, or 50% 100% and the like.", metavar="POS"
    )
    shadow: Shadow = _option(
        "none", "Shadow: on a wall behind (drop), where it stands (contact), laid on the floor (cast).", choices=Shadow
    )
    shadow_opacity: int = _option(50, "How dark the shadow is.", metavar="0..100", low=0, high=100)
    max_size: str | None = _option(None, "Shrink the result to fit inside this size.", metavar="WxH")
    max_pixels: int | None = _option(
        None, "Shrink the photo, and what is made of it, to this many pixels.", metavar="N", low=1
    )
    max_bytes: int | None = _option(
        None, "Lower the quality until the file has at most this many bytes.", metavar="N", low=1
    )
    encode_quality: int = _option(
        90, "Quality of JPEG, WebP and AVIF; 100 makes WebP lossless.", metavar="1..100", low=1, high=100
    )
    png_effort: PngEffort = _option("balanced", "Speed against size of PNG files.", choices=PngEffort)
    metadata: MetadataPolicy = _option(
        "strip-gps", "What to do with EXIF and XMP; the colour profile is always kept.", choices=MetadataPolicy
    )
    require_subject: bool = _option(False, "Write nothing when no subject is found.")

    def __post_init__(self) -> None:
        for each in fields(self):
            _check(each.name, getattr(self, each.name), each.default, each.metadata)
        for name in ("model", "device"):
            if not isinstance(value := getattr(self, name), str):
                raise OptionError(f"{flag(name)}: {value!r} is no name", hint="give text")
        if self.format == "zip" and self.channels == "alpha":
            raise OptionError("--format zip holds colours and a matte, not a matte alone", hint="choose --format png")
        # All are parsed again where they are used; here a bad value is refused before any work is done.
        for parsed in _PARSED:
            getattr(self, parsed)
        if (canvas := self.parsed_canvas) is not None:
            room_in(canvas, self.parsed_padding)
        elif any(each.value for each in self.parsed_padding.sides):
            raise OptionError("--padding is space on a canvas, and there is none", hint="add --canvas WxH")
        if self.canvas is not None and self.crop:
            raise OptionError("--crop and --canvas do not go together", hint="leave out --crop; --padding gives space")

    @property
    def effort(self) -> Effort:
        """What the preset means."""
        return PRESETS[self.quality] if self.refine else PLAIN

    @property
    def suffix(self) -> str:
        """The suffix of a file in ``format``, such as ``.png``."""
        return f".{self.format}"

    @property
    def parsed_background(self) -> Background:
        return parse_background(self.background)

    @property
    def margins(self) -> Margins:
        # A margin larger than the subject would be an accident.
        return parse_margins(self.crop_margin, "--crop-margin", most_pixels=500, most_percent=100)

    @property
    def parsed_canvas(self) -> Size | None:
        return None if self.canvas is None else parse_size(self.canvas, "--canvas")

    @property
    def parsed_padding(self) -> Margins:
        return parse_margins(self.padding, "--padding", most_pixels=LONGEST_SIDE, most_percent=49)

    @property
    def parsed_scale(self) -> float | None:
        return None if self.scale is None else parse_scale(self.scale)

    @property
    def parsed_position(self) -> Position | None:
        return None if self.position is None else parse_position(self.position)

    @property
    def parsed_max_size(self) -> Size | None:
        return None if self.max_size is None else parse_size(self.max_size, "--max-size")

    @property
    def parsed_roi(self) -> Region | None:
        return None if self.roi is None else parse_region(self.roi)


_PARSED = ("margins", *(each for each in dir(Options) if each.startswith("parsed_")))


def flag(name: str) -> str:
    """The command-line spelling of a field, as messages name it: ``edge_shift`` → ``--edge-shift``."""
    return "--" + name.replace("_", "-")


def _check(name: str, value: object, default: object, meta: Any) -> None:
    if value is default:
        return
    if isinstance(default, bool) and not isinstance(value, bool):
        raise OptionError(f"{flag(name)}: {value!r} is neither true nor false", hint="give a boolean")
    choices = meta["choices"]
    if choices and value not in choices:
        raise OptionError(f"{flag(name)}: {value!r} is not known", hint=f"choose one of {', '.join(choices)}")
    low, high = meta["low"], meta["high"]
    if low is not None or high is not None:
        _check_range(name, value, low, high, whole=not isinstance(default, float))


def _check_range(name: str, value: object, low: float | None, high: float | None, *, whole: bool) -> None:
    smallest = -math.inf if low is None else low
    largest = math.inf if high is None else high
    number = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    # A comparison with NaN is never true, so NaN is refused here too.
    if not number or not smallest <= cast("float", value) <= largest:
        allowed = f"of at least {smallest:g}" if high is None else f"from {smallest:g} to {largest:g}"
        raise OptionError(f"{flag(name)}: {value!r} is out of range", hint=f"give a {'whole ' * whole}number {allowed}")


@dataclass(frozen=True, slots=True)
class Limits:
    """What is accepted. ``None`` means no limit."""

    max_pixels: int | None = 100_000_000
    # 100 MP of 16-bit RGBA, uncompressed, is the largest file the pixel limit lets through; and room for metadata.
    max_bytes: int | None = 816_000_000
    max_side: int | None = None
    # A single pixel row has no edge to find.
    min_side: int = 2


P = ParamSpec("P")
Given = TypeVar("Given")
First = TypeVar("First")
Second = TypeVar("Second")
Returned = TypeVar("Returned")


def takes_options(
    options: Callable[P, Options],
) -> Callable[[Callable[[First, Options], Returned]], Callable[Concatenate[First, P], Returned]]:
    """Give a function ``f(first, options)`` the keywords of ``Options``, spelled out for people and type checkers.

    ``@takes_options(Options)`` turns it into ``f(first, /, *, model=…, quality=…, …)``.
    """

    def decorate(function: Callable[[First, Options], Returned]) -> Callable[Concatenate[First, P], Returned]:
        @wraps(function)
        def call(first: First, /, *args: P.args, **keywords: P.kwargs) -> Returned:
            return function(first, options(*args, **keywords))

        return cast("Callable[Concatenate[First, P], Returned]", _spelled_out(call, function, options))

    return decorate


def also_takes_options(
    options: Callable[P, Given],
) -> Callable[[Callable[[First, Second, Given], Returned]], Callable[Concatenate[First, Second, P], Returned]]:
    """``takes_options`` for a function of two things, ``f(first, second, options)``; also for other such classes."""

    def decorate(
        function: Callable[[First, Second, Given], Returned],
    ) -> Callable[Concatenate[First, Second, P], Returned]:
        @wraps(function)
        def call(first: First, second: Second, /, *args: P.args, **keywords: P.kwargs) -> Returned:
            return function(first, second, options(*args, **keywords))

        return cast("Callable[Concatenate[First, Second, P], Returned]", _spelled_out(call, function, options))

    return decorate


def _spelled_out(call: Any, function: Callable[..., Any], options: Callable[..., Any]) -> Any:
    """``call`` with the signature of ``function``, its last parameter replaced by the keywords of ``options``."""
    signature = inspect.signature(function)
    first = [each.replace(kind=each.POSITIONAL_ONLY) for each in signature.parameters.values()][:-1]
    keywords = inspect.signature(options).parameters.values()
    call.__signature__ = signature.replace(parameters=[*first, *keywords])
    return call
