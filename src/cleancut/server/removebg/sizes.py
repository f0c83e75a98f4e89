"""How large a picture this API makes, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cleancut.geometry import Size

SizeName = Literal["preview", "medium", "hd", "full", "50MP", "auto"]

# Names that older clients send.
LEGACY: dict[str, SizeName] = {"small": "preview", "regular": "preview", "4k": "full"}

_PIXELS: dict[SizeName, int] = {
    "preview": 250_000, "medium": 1_500_000, "hd": 4_000_000, "full": 25_000_000, "50MP": 50_000_000,
    "auto": 25_000_000,
}  # fmt: skip

# PNG is not made larger than this, in any size.
_MOST_PNG = 10_000_000

PREVIEW_CREDITS, FULL_CREDITS = 0.25, 1.0


@dataclass(frozen=True, slots=True)
class Order:
    """What is made, and for how many credits."""

    pixels: int
    """At most, of the whole photo."""
    credits: float


def orders(size: SizeName, png: bool) -> list[Order]:
    """What may be made for a client, best first: of ``auto``, what the credits suffice for.

    ``medium`` and ``hd`` cost what ``full`` does.
    """
    names: list[SizeName] = ["auto", "preview"] if size == "auto" else [size]
    return [
        Order(
            min(_PIXELS[name], _MOST_PNG) if png else _PIXELS[name],
            PREVIEW_CREDITS if name == "preview" else FULL_CREDITS,
        )
        for name in names
    ]


def largest(photo: Size, png: bool, size: SizeName) -> int:
    """The most pixels that there can be of a photo, which headers tell."""
    most = _MOST_PNG if png else _PIXELS["50MP" if size == "50MP" else "full"]
    return min(photo.width * photo.height, most)
