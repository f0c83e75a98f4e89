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
from cleancut.errors import NotBuilt, OptionError
from cleancut.geometry import Margins, parse_margins

Quality = Literal["fast", "balanced", "best"]
Precision = Literal["auto", "fp32", "int8"]
Format = Literal["png", "webp", "avif", "jpg", "tiff", "zip"]
Channels = Literal["rgba", "alpha"]
PngEffort = Literal["fast", "balanced", "small"]
MetadataPolicy = Literal["keep", "strip", "strip-gps"]
Shadow = Literal["none", "drop", "contact"]


def _option(
    default: Any,
    help: str,
    *,
    metavar: str = "",
    choices: Any = None,
    low: float | None = None,
    high: float | None = None,
    planned: str = "",
) -> Any:
    """A field of ``Options``. ``planned``: what is missing before anything but the default works."""
    meta = {
        "help": help,
        "metavar": metavar,
        "choices": get_args(choices) if choices else (),
        "low": low,
        "high": high,
        "planned": planned,
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
    canvas: str | None = _option(None, "Place the subject on a canvas of this size.", metavar="WxH", planned="canvases")
    padding: str | None = _option(None, "Space around the subject on the canvas.", metavar="N%", planned="canvases")
    position: str | None = _option(None, "Where the subject stands on the canvas.", metavar="POS", planned="canvases")
    shadow: Shadow = _option("none", "Shadow under the subject.", choices=Shadow, planned="shadows")
    max_size: str | None = _option(
        None, "Shrink the result to fit inside this size.", metavar="WxH", planned="a bound on the output's size"
    )
    max_bytes: int | None = _option(
        None, "Lower the quality until the file fits.", metavar="N", low=1, planned="a bound on the file's size"
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
        # Both are parsed again where they are used; here a bad value is refused before any work is done.
        parse_background(self.background)
        parse_margins(self.crop_margin)

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
        return parse_margins(self.crop_margin)


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
    if meta["planned"] and value != default:
        raise NotBuilt(
            f"{flag(name)} {value} is not built yet ({meta['planned']})", hint=f"leave out {flag(name)} for now"
        )


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
