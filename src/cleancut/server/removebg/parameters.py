"""The parameters of ``POST /v1.0/removebg``, read as tolerantly as its clients need.

Empty values are no values, unknown parameters are passed over, and older names of sizes are known. What remains wrong
raises ``Fault`` with this API's own code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast, get_args

from starlette.datastructures import UploadFile

from cleancut.errors import OptionError
from cleancut.geometry import parse_margins, parse_position, parse_region, parse_scale
from cleancut.options import Channels, Shadow
from cleancut.server.forms import is_colour
from cleancut.server.removebg.faults import Fault
from cleancut.server.removebg.sizes import LEGACY, SizeName

TYPES = (
    "auto", "car", "car_interior", "car_part", "product", "person", "animal", "graphic", "graphics", "transportation",
    "other",
)  # fmt: skip

SIZES = (*get_args(SizeName), *LEGACY)

FORMATS = ("auto", "png", "jpg", "webp", "zip")

# By which names parameters may be given for a type. What no type is named for is other, to this server.
_SPELLINGS = {"graphic": ("graphic", "graphics"), "graphics": ("graphic", "graphics"), "auto": ("other",)}

# What `auto` means for each type, and for what no type is known of.
_SHADOW_OF = {"car": "car", "product": "drop", "person": "3D", "animal": "drop", "transportation": "3D"}

# Their shadows by our names: under a car it is dark where the tyres stand; 3D is laid on the floor.
_SHADOWS: dict[str, Shadow] = {"none": "none", "car": "contact", "3D": "cast", "drop": "drop"}

_OPACITY = {"car": 90}
_OTHERS_OPACITY = 50

_TRUE, _FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request that makes sense."""

    size: SizeName
    type: str
    """What the client says is in the photo; ``auto`` where it leaves that to the server."""
    type_level: str
    format: str
    channels: Channels
    roi: str | None
    crop: bool
    crop_margin: str
    scale: str | None
    position: str | None
    shadow: Shadow
    shadow_opacity: int
    opaque_glass: bool
    colour: str | None
    """A background colour; a picture is read beside this."""


class Parameters:
    """Names and values of a request, those that are empty left out."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {name: value for name, value in _flat(values) if value not in ("", None) and not _empty(value)}

    def text(self, name: str) -> str | None:
        """A value as text; None where there is none, or a file."""
        value = self._values.get(name)
        if value is None or isinstance(value, UploadFile):
            return None
        return str(value).lower() if isinstance(value, bool) else str(value).strip() or None

    def file(self, name: str) -> UploadFile | None:
        """A value as a file."""
        value = self._values.get(name)
        return value if isinstance(value, UploadFile) else None

    def one_of(self, name: str, choices: tuple[str, ...], default: str) -> str:
        """One of several words, whatever the case. Raises Fault."""
        value = self.text(name)
        known = {choice.lower(): choice for choice in choices}
        if value is None:
            return default
        if value.lower() not in known:
            raise Fault(f"invalid_{name}", f"{name} is {value[:50]!r}: expected one of {', '.join(choices)}")
        return known[value.lower()]

    def flag(self, name: str, default: bool) -> bool:
        """True or false. Raises Fault."""
        value = self.text(name)
        if value is None:
            return default
        if value.lower() not in (*_TRUE, *_FALSE):
            raise Fault(f"invalid_{name}", f"{name} is {value[:50]!r}: expected true or false")
        return value.lower() in _TRUE

    def parsed(self, name: str, parse: Callable[[str], object]) -> str | None:
        """A value that ``parse`` can read. Raises Fault."""
        value = self.text(name)
        if value is not None:
            try:
                parse(value)
            except OptionError as error:
                raise Fault(f"invalid_{name}", f"{name} is {value[:50]!r}; {error.hint}") from None
        return value

    def bracketed(self, name: str, of: str) -> str | None:
        """A value, or the one for a type: ``shadow_type[car]`` before ``shadow_type``."""
        spelled = (f"{name}[{each}]" for each in _SPELLINGS.get(of, (of,)))
        return next((value for each in spelled if (value := self.text(each))), self.text(name))


def wanted(given: Parameters) -> Wanted:
    """What a request asks for. Raises Fault."""
    kind = given.one_of("type", TYPES, "auto")
    shadow, opacity = _shadow(given, kind)
    crop = given.flag("crop", default=False)
    return Wanted(
        size=cast("SizeName", LEGACY.get(name := given.one_of("size", SIZES, "preview"), name)),
        type={"graphic": "graphics"}.get(kind, kind),
        type_level=given.one_of("type_level", ("1", "2", "none", "latest"), "1"),
        format=given.one_of("format", FORMATS, "auto"),
        channels=cast("Channels", given.one_of("channels", get_args(Channels), "rgba")),
        roi=given.parsed("roi", parse_region),
        crop=crop,
        crop_margin=(given.parsed("crop_margin", _margins) or "0") if crop else "0",
        scale=given.parsed("scale", parse_scale),
        position=given.parsed("position", parse_position),
        shadow=shadow,
        shadow_opacity=opacity,
        opaque_glass=not given.flag("semitransparency", default=True),
        colour=_colour(given),
    )


def _margins(text: str) -> object:
    return parse_margins(text, "crop_margin", most_pixels=500, most_percent=50)


def _shadow(given: Parameters, kind: str) -> tuple[Shadow, int]:
    legacy = given.flag("add_shadow", default=False)
    said = given.bracketed("shadow_type", kind)
    if legacy and said is not None:
        raise Fault("multiple_shadow_params", "add_shadow is the older name of shadow_type: send one of them")
    # The older name is for cars alone; what no type is named for may be one.
    silent = "car" if legacy and kind in ("car", "auto") else "none"
    name = {each.lower(): each for each in ("auto", *_SHADOWS)}.get((said or silent).lower())
    if name is None:
        raise Fault("invalid_shadow_type", f"shadow_type is {said!r}: expected auto, {', '.join(_SHADOWS)}")
    name = _SHADOW_OF.get(kind, "drop") if name == "auto" else name
    opacity = given.bracketed("shadow_opacity", kind)
    if opacity is None or opacity.lower() == "auto":
        return _SHADOWS[name], _OPACITY.get(name, _OTHERS_OPACITY)
    if not re.fullmatch(r"\d{1,3}(\.0+)?", opacity) or float(opacity) > 100:
        raise Fault("invalid_shadow_opacity", f"shadow_opacity is {opacity[:50]!r}: expected auto or 0 to 100")
    return _SHADOWS[name], int(float(opacity))


def _colour(given: Parameters) -> str | None:
    sources = [name for name in ("bg_color", "bg_image_url") if given.text(name)]
    sources += ["bg_image_file"] if given.file("bg_image_file") else []
    if len(sources) > 1:
        raise Fault("multiple_bg_sources", f"{' and '.join(sources)} are given: send one of them")
    colour = given.text("bg_color")
    if colour is not None and not is_colour(colour):
        raise Fault("invalid_bg_color", f"bg_color is {colour[:50]!r}: expected a CSS name or 3, 4, 6 or 8 hex digits")
    return colour


def _flat(values: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Nested values by the names that forms have for them: ``{"shadow_type": {"car": …}}`` → ``shadow_type[car]``."""
    flat: list[tuple[str, Any]] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat += [(f"{name}[{inner}]", each) for inner, each in value.items()]
        else:
            flat.append((name, value))
    return flat


def _empty(value: object) -> bool:
    return isinstance(value, UploadFile) and not value.size and not value.filename
