"""What can stand behind the subject, read from one word."""

from __future__ import annotations

import difflib
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cleancut.errors import OptionError

# Strong enough that no outline stays readable, at any size: given as a share of the longer side.
DEFAULT_BLUR = 0.02

_FORMS = "transparent, a colour such as white or #ffcc00, blur or blur:RADIUS, or a picture file"


@dataclass(frozen=True, slots=True)
class Transparent:
    """Nothing behind the subject."""


@dataclass(frozen=True, slots=True)
class Colour:
    """One colour, sRGB 0..255, with its own alpha."""

    red: int
    green: int
    blue: int
    alpha: int = 255


@dataclass(frozen=True, slots=True)
class Blur:
    """The photo itself, blurred; ``radius`` (standard deviation) in pixels, None for one that fits its size."""

    radius: float | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """Another picture: a file, or its bytes."""

    data: Path | bytes


Background = Transparent | Colour | Blur | Image


def parse_background(value: str | bytes | Path) -> Background:
    """Read ``transparent``, a colour, ``blur[:RADIUS]``, the path of a picture, or a picture's bytes.

    Raises OptionError for anything else. A colour's name wins over a file of the same name (``./red`` is a file).
    """
    if isinstance(value, bytes):
        return Image(value)
    if isinstance(value, Path):
        if not value.is_file():
            raise OptionError(f"--background: there is no file {value}", hint="check the name")
        return Image(value)
    if not isinstance(value, str):
        raise OptionError(f"--background: {value!r} cannot be used", hint=f"give {_FORMS}")
    if value == "transparent":
        return Transparent()
    if value == "blur" or value.startswith("blur:"):
        return _blur(value)
    colour = parse_colour(value)
    if colour is not None:
        return colour
    path = Path(value)
    with suppress(OSError):  # longer than any file's name
        if path.is_file():
            return Image(path)
    raise OptionError(f"--background: {value!r} is neither a colour nor a file", hint=_nearest(value))


def parse_colour(value: str) -> Colour | None:
    """A CSS colour name or 3, 4, 6 or 8 hex digits, with or without ``#``; None if it is neither."""
    if re.fullmatch(r"#?(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})", value):
        digits = value.lstrip("#")
        if len(digits) <= 4:
            digits = "".join(digit * 2 for digit in digits)
        return Colour(*bytes.fromhex(digits))
    from PIL import ImageColor

    name = ImageColor.colormap.get(value.lower())
    if name is None:
        return None
    red, green, blue = ImageColor.getrgb(value.lower())[:3]
    return Colour(red, green, blue)


def _blur(value: str) -> Blur:
    _, _, radius = value.partition(":")
    try:
        number = float(radius) if radius else None
    except ValueError:
        number = -1.0
    # Beyond this the result no longer changes to the eye, and the time grows.
    if number is not None and not 0 < number <= 1000:
        raise OptionError(
            f"--background: {value!r} has no usable radius", hint="give blur or blur:RADIUS, 0 to 1000 px"
        )
    return Blur(number)


def _nearest(value: str) -> str:
    from PIL import ImageColor

    near = difflib.get_close_matches(value.lower(), ImageColor.colormap, n=1)
    return f"did you mean {near[0]}? Otherwise give {_FORMS}" if near else f"give {_FORMS}"
