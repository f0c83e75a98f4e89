"""What a point that grows would cover, for a page to show; and the photo as any browser can show it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from cleancut.options import Limits, Options
from cleancut.server.cutouts import Cutouts, gone
from cleancut.server.edits import Pair, Share
from cleancut.server.recent import Recent
from cleancut.server.work import StoppableClock

if TYPE_CHECKING:
    from cleancut.matting.grow import Ground

# As far as a point's coordinates go in the strokes.
_FAR = 1_000_000


class Point(BaseModel):
    """A point that grows on the photo to the next edge."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["add", "remove"] = Field(description="As in the stroke: on it depends which colours are passed.")
    point: Pair = Field(description="(x, y), in pixels of the photo.", examples=[[80, 64]])
    reach: Share = Field(0.5, description="How large a difference of colour it passes.")


class Reach(BaseModel):
    """What a point covers: a grey picture at a place of the photo."""

    left: int
    top: int
    width: int = Field(description="0, as is the height, where nothing is covered.")
    height: int
    image: str = Field(description="A grey PNG as a data URL, 255 is covered fully; empty where nothing is covered.")


async def grown(
    cutouts: Cutouts, recent: Recent, owner: str, matte: str, asked: Point
) -> tuple[bytes, dict[str, float]]:
    """What a point covers, a ``Reach`` as JSON, and the milliseconds of its steps. Raises Refused (not_found)."""
    ground, before = await _ground(cutouts, recent, owner, matte)
    data, taken = await cutouts.once(lambda clock: _found(ground, asked, clock))
    return data, before | taken | {"queue": before.get("queue", 0) + taken["queue"]}


async def _ground(cutouts: Cutouts, recent: Recent, owner: str, matte: str) -> tuple[Ground, dict[str, float]]:
    """A photo for points to grow on. Those that come meanwhile wait for the same decoder, and take nobody's turn."""
    if (known := recent.find(owner, matte)) is not None:
        return known, {}
    return await cutouts.once(lambda clock: _laid(cutouts, recent, owner, matte, clock), (owner, matte, "ground"))


def _laid(cutouts: Cutouts, recent: Recent, owner: str, matte: str, clock: StoppableClock) -> Ground:
    """A photo for points to grow on, kept in memory."""
    from cleancut.matting.grow import ground_of

    seen = cutouts.recalled(owner, matte, clock)
    if seen is None:
        raise gone("this matte")
    ground = clock(ground_of, seen.source.rgb, seen.matte.alpha)
    recent.keep(owner, matte, ground)
    if cutouts.facts(owner, matte) is None:
        # Deleted meanwhile, after it was forgotten.
        recent.forget(owner, matte)
    return ground


def _found(ground: Ground, asked: Point, clock: StoppableClock) -> bytes:
    from cleancut.codecs.png import png
    from cleancut.matting.grow import Grow, coverage

    x, y = (max(-_FAR, min(_FAR, each)) for each in asked.point)
    found = clock(coverage, Grow(asked.action, (x, y), asked.reach), ground)
    if found is None:
        told = Reach(left=0, top=0, width=0, height=0, image="")
    else:
        box, cover = found
        image = f"data:image/png;base64,{base64.b64encode(png(cover, 'up')).decode()}"
        told = Reach(left=box.left, top=box.top, width=box.width, height=box.height, image=image)
    return json.dumps(told.model_dump()).encode()


def viewing(cutouts: Cutouts, owner: str, matte: str) -> Callable[[StoppableClock], bytes]:
    """The work of making a JPEG in sRGB of a photo, upright, at its full size; what is clear shows white.

    Raises Refused (not_found), CannotHold (JPEG has no such size).
    """

    def job(clock: StoppableClock) -> bytes:
        import numpy as np

        from cleancut.codecs.colour import to_srgb
        from cleancut.pipeline import load
        from cleancut.steps.encode import encode
        from cleancut.types import Metadata, Picture

        source = load(_photo(cutouts, owner, matte), Limits(None, None), clock)
        rgb = to_srgb(source.rgb, source.metadata.icc)
        pixels = rgb if source.alpha is None else np.dstack([rgb, source.alpha])
        return clock(encode, Picture(pixels, Metadata()), Options(format="jpg", encode_quality=90))

    return job


def _photo(cutouts: Cutouts, owner: str, matte: str) -> bytes:
    photo = cutouts.photo_of(owner, matte)
    if photo is None:
        raise gone("this matte")
    return photo
