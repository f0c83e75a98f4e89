"""Changes of a matte by hand: strokes of a brush, lassos, and points that grow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeAlias, TypeVar

import numpy as np

from cleancut.errors import OptionError
from cleancut.geometry import Box
from cleancut.matting import grow, lasso, strokes
from cleancut.matting.grow import Ground, Grow
from cleancut.matting.lasso import Lasso
from cleancut.matting.strokes import MAX_COVER, Stroke, blend
from cleancut.types import Alpha

Edit: TypeAlias = Stroke | Lasso | Grow
Some = TypeVar("Some", bound=Stroke | Lasso | Grow)

KINDS: Mapping[str, type[Edit]] = {"brush": Stroke, "lasso": Lasso, "grow": Grow}
"""The edits, by the names that they have where they are sent and kept."""

# Each takes a quarter of a second at 20 MP. Whoever needs more points than that for one photo wants a brush.
MAX_GROWS = 200

_AT_ONCE = 50


def check(edits: Sequence[Edit], width: int, height: int) -> None:
    """Refuse edits that together would paint a picture over and over. Raises OptionError."""
    whole = width * height
    brushes = [each for each in edits if isinstance(each, Stroke)]
    covered = strokes.covered(brushes, width, height)
    lassos = [each for each in edits if isinstance(each, Lasso)]
    covered += sum(lasso.area(each, width, height) for each in lassos)
    if covered > MAX_COVER * whole:
        raise OptionError(
            f"the strokes cover the picture more than {MAX_COVER} times",
            hint="send fewer, or of a smaller radius",
        )
    if sum(lasso.rows(each, height) for each in lassos) > lasso.MAX_ROWS:
        raise OptionError("the lines of the lassos are too long together", hint="send fewer, or with fewer points")
    if sum(isinstance(each, Grow) for each in edits) > MAX_GROWS:
        raise OptionError(f"more than {MAX_GROWS} points are to grow", hint="send fewer, and a brush's strokes instead")


def paint(
    alpha: Alpha, edits: Sequence[Edit], ground: Callable[[], Ground], look: Callable[[], None] | None = None
) -> Alpha:
    """A matte after edits, in their order: (h, w) float32 in 0..1. ``alpha`` itself is not changed.

    ``ground``: the photo for points to grow on, of the same size; asked for only where there are such. ``look`` is
    called before each piece of an edit, and may raise to leave the rest: one edit can take seconds.
    """
    painted = np.array(alpha, np.float32, order="C")
    height, width = painted.shape
    for edit in edits:
        for box, cover in _pieces(edit, width, height, ground):
            if look is not None:
                look()
            blend(painted[box.top : box.bottom, box.left : box.right], cover, edit.action)
    return painted


def parts(edits: Iterable[Some]) -> Iterator[tuple[Some, ...]]:
    """The same edits, some at a time: each part is done soon enough to look whether anybody still waits."""
    part: list[Some] = []
    for edit in edits:
        part.append(edit)
        if len(part) == _AT_ONCE or isinstance(edit, Grow):
            yield tuple(part)
            part = []
    if part:
        yield tuple(part)


def as_plain(edits: Iterable[Edit]) -> list[dict[str, Any]]:
    """Edits as JSON holds them."""
    names = {kind: name for name, kind in KINDS.items()}
    return [{"kind": names[type(each)], **asdict(each)} for each in edits]


def of_plain(plain: Iterable[Mapping[str, Any]]) -> tuple[Edit, ...]:
    """The edits that ``as_plain`` gave. Raises OptionError."""
    return tuple(_of_plain(**each) for each in plain)


def _of_plain(kind: str, **values: Any) -> Edit:
    if "points" in values:
        values["points"] = tuple((x, y) for x, y in values["points"])
    else:
        values["point"] = tuple(values["point"])
    return KINDS[kind](**values)


def _pieces(edit: Edit, width: int, height: int, ground: Callable[[], Ground]) -> Iterator[tuple[Box, Alpha]]:
    if isinstance(edit, Stroke):
        return strokes.pieces(edit, width, height)
    if isinstance(edit, Lasso):
        return lasso.pieces(edit, width, height)
    return grow.pieces(edit, ground())
