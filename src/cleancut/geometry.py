"""Sizes, boxes, margins and positions in a picture, and the words that users give for them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cleancut.errors import OptionError

_MARGINS = "give 1, 2 or 4 values such as 20px or 10%, in the order top right bottom left"
_POSITION = "give center, top, bottom left and the like, or percentages such as 50% or 50% 100%"

# Larger pictures than are accepted are not made either.
LONGEST_SIDE = 30_000
_MOST_PIXELS = 100_000_000

_WORDS_ACROSS = {"left": 0.0, "center": 0.5, "right": 1.0}
_WORDS_DOWN = {"top": 0.0, "center": 0.5, "bottom": 1.0}


@dataclass(frozen=True, slots=True)
class Length:
    """Pixels, or a percentage of something."""

    value: float
    percent: bool = False

    def pixels(self, whole: int) -> int:
        """Whole pixels, ``whole`` being 100 %."""
        return round(self.value * whole / 100 if self.percent else self.value)


Region = tuple[Length, Length, Length, Length]
"""Left, top, right and bottom of a part of a photo."""


@dataclass(frozen=True, slots=True)
class Size:
    """Of a picture, in pixels."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Position:
    """Of a thing in the room that it has: 0 at the left or top, 1 at the right or bottom, as in CSS."""

    across: float
    down: float


@dataclass(frozen=True, slots=True)
class Margins:
    """Space on each side."""

    top: Length
    right: Length
    bottom: Length
    left: Length

    @property
    def sides(self) -> tuple[Length, Length, Length, Length]:
        return self.top, self.right, self.bottom, self.left


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels; right and bottom are exclusive. It may reach beyond the picture."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    def around(self, other: Box) -> Box:
        """The smallest box that holds both."""
        return Box(
            min(self.left, other.left), min(self.top, other.top), max(self.right, other.right),
            max(self.bottom, other.bottom),
        )  # fmt: skip

    def grown(self, margins: Margins) -> Box:
        """This box with the margins around it; percentages are of the box's own sides."""
        return Box(
            self.left - margins.left.pixels(self.width),
            self.top - margins.top.pixels(self.height),
            self.right + margins.right.pixels(self.width),
            self.bottom + margins.bottom.pixels(self.height),
        )


@dataclass(frozen=True, slots=True)
class Cut:
    """At which of the photo's borders the subject goes on beyond it."""

    left: bool = False
    top: bool = False
    right: bool = False
    bottom: bool = False


def room_in(canvas: Size, padding: Margins) -> Box:
    """What a padding leaves of a canvas; percentages are of the canvas's own sides. Raises OptionError."""
    room = Box(
        padding.left.pixels(canvas.width),
        padding.top.pixels(canvas.height),
        canvas.width - padding.right.pixels(canvas.width),
        canvas.height - padding.bottom.pixels(canvas.height),
    )
    if room.width < 1 or room.height < 1:
        raise OptionError(
            f"--padding leaves no room on a canvas of {canvas.width}x{canvas.height}", hint="give less, such as 5%"
        )
    return room


def parse_margins(text: str, option: str, most_pixels: float, most_percent: float) -> Margins:
    """Read 1 (all), 2 (vertical, horizontal) or 4 (top, right, bottom, left) lengths, as in CSS. Raises OptionError."""
    lengths = [_margin(text, word, option, most_pixels, most_percent) for word in str(text).replace(",", " ").split()]
    if len(lengths) == 1:
        return Margins(*lengths * 4)
    if len(lengths) == 2:
        return Margins(*lengths * 2)
    if len(lengths) == 4:
        return Margins(*lengths)
    raise OptionError(f"{option}: {text!r} has {len(lengths)} values", hint=_MARGINS)


def parse_size(text: str, option: str) -> Size:
    """Read ``2000x1500``; one number means a square. Raises OptionError."""
    match = re.fullmatch(r"(\d{1,5})(?:\s*[x×]\s*(\d{1,5}))?", str(text).strip().lower())
    if match is None:
        raise OptionError(f"{option}: {text!r} is no size", hint="give width and height in pixels, such as 2000x2000")
    size = Size(int(match[1]), int(match[2] or match[1]))
    if not (1 <= size.width <= LONGEST_SIDE and 1 <= size.height <= LONGEST_SIDE):
        raise OptionError(f"{option}: {text} is out of range", hint=f"give 1 to {LONGEST_SIDE} pixels a side")
    if size.width * size.height > _MOST_PIXELS:
        raise OptionError(f"{option}: {text} is too large", hint=f"give at most {_MOST_PIXELS // 1_000_000} megapixels")
    return size


def parse_position(text: str) -> Position | None:
    """Read ``center``, ``bottom``, ``top left``, ``50%``, or ``50% 100%`` (across, down); None for ``original``.

    Raises OptionError.
    """
    words = str(text).lower().replace(",", " ").split()
    if words == ["original"]:
        return None
    if 1 <= len(words) <= 2 and all(re.fullmatch(r"\d+(\.\d+)?%?", word) for word in words):
        shares = [float(word.rstrip("%")) / 100 for word in words] * (3 - len(words))
        if max(shares) <= 1:
            return Position(shares[0], shares[1])
    if len(words) == 1 and words[0] in _WORDS_ACROSS:
        return Position(_WORDS_ACROSS[words[0]], 0.5)
    if len(words) == 1 and words[0] in _WORDS_DOWN:
        return Position(0.5, _WORDS_DOWN[words[0]])
    for across, down in (words, words[::-1]) if len(words) == 2 else ():
        if across in _WORDS_ACROSS and down in _WORDS_DOWN:
            return Position(_WORDS_ACROSS[across], _WORDS_DOWN[down])
    raise OptionError(f"--position: {text!r} is no position", hint=_POSITION)


def parse_scale(text: str) -> float | None:
    """Read ``10%`` to ``100%`` as a share; None for ``original``. Raises OptionError."""
    word = str(text).strip().lower()
    if word == "original":
        return None
    match = re.fullmatch(r"(\d{1,3}(?:\.\d+)?)\s*%?", word)
    if match is None or not 10 <= float(match[1]) <= 100:
        raise OptionError(f"--scale: {text!r} is no scale", hint="give 10% to 100%, or original")
    return float(match[1]) / 100


def parse_region(text: str) -> Region:
    """Read ``x1 y1 x2 y2``, each in px or % of the photo's side; a bare number is in px. Raises OptionError."""
    words = str(text).replace(",", " ").split()
    matches = [re.fullmatch(r"(\d+(?:\.\d+)?)(px|%)?", word) for word in words]
    found = [Length(float(match[1]), match[2] == "%") for match in matches if match]
    if len(words) != 4 or len(found) != 4:
        raise OptionError(
            f"--roi: {text!r} is no region",
            hint="give left, top, right and bottom, such as 10% 0% 90% 100% or 0px 0px 800px 600px",
        )
    return found[0], found[1], found[2], found[3]


def region_box(region: Region, photo: Size) -> Box:
    """The region in a photo. Raises OptionError where it is empty or reaches beyond the photo."""
    box = region_pixels(region, photo)
    if is_beyond(box, photo):
        raise OptionError(
            f"--roi reaches beyond the photo, which has {photo.width} × {photo.height} pixels", hint="give less, or %"
        )
    if is_empty(box):
        raise OptionError("--roi: there is nothing in the region", hint="give left, top, right and bottom")
    return box


def region_pixels(region: Region, photo: Size) -> Box:
    """The region in pixels, whatever it is."""
    left, top, right, bottom = region
    across, down = photo.width, photo.height
    return Box(left.pixels(across), top.pixels(down), right.pixels(across), bottom.pixels(down))


def is_beyond(box: Box, photo: Size) -> bool:
    """Whether a box reaches beyond a photo's right or lower border."""
    return box.right > photo.width or box.bottom > photo.height


def is_empty(box: Box) -> bool:
    """Whether there are too few pixels in a box for an edge to be in it."""
    return box.width < 2 or box.height < 2


def _margin(text: str, word: str, option: str, most_pixels: float, most_percent: float) -> Length:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(px|%)?", word)
    if match is None:
        raise OptionError(f"{option}: {word!r} in {text!r} is no length", hint=_MARGINS)
    length = Length(float(match[1]), match[2] == "%")
    if length.value > (most_percent if length.percent else most_pixels):
        raise OptionError(f"{option}: {word} is too much", hint=f"give at most {most_pixels:g}px or {most_percent:g}%")
    return length
