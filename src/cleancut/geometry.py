"""Boxes and margins in a picture."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cleancut.errors import OptionError

_HINT = "give 1, 2 or 4 values such as 20px or 10%, in the order top right bottom left"


@dataclass(frozen=True, slots=True)
class Length:
    """Pixels, or a percentage of something."""

    value: float
    percent: bool = False

    def pixels(self, whole: int) -> int:
        """Whole pixels, ``whole`` being 100 %."""
        return round(self.value * whole / 100 if self.percent else self.value)


@dataclass(frozen=True, slots=True)
class Margins:
    """Space on each side."""

    top: Length
    right: Length
    bottom: Length
    left: Length


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

    def grown(self, margins: Margins) -> Box:
        """This box with the margins around it; percentages are of the box's own sides."""
        return Box(
            self.left - margins.left.pixels(self.width),
            self.top - margins.top.pixels(self.height),
            self.right + margins.right.pixels(self.width),
            self.bottom + margins.bottom.pixels(self.height),
        )


def parse_margins(text: str) -> Margins:
    """Read 1 (all), 2 (vertical, horizontal) or 4 (top, right, bottom, left) lengths, as in CSS.

    Raises OptionError. A margin is at most 500 px or 100 % of the subject: more would be an accident.
    """
    lengths = [_length(text, word) for word in str(text).replace(",", " ").split()]
    if len(lengths) == 1:
        return Margins(*lengths * 4)
    if len(lengths) == 2:
        return Margins(*lengths * 2)
    if len(lengths) == 4:
        return Margins(*lengths)
    raise OptionError(f"--crop-margin: {text!r} has {len(lengths)} values", hint=_HINT)


def _length(text: str, word: str) -> Length:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(px|%)?", word)
    if match is None:
        raise OptionError(f"--crop-margin: {word!r} in {text!r} is no length", hint=_HINT)
    length = Length(float(match[1]), match[2] == "%")
    if length.value > (100 if length.percent else 500):
        raise OptionError(f"--crop-margin: {word} is too much", hint="give at most 500px or 100%")
    return length
