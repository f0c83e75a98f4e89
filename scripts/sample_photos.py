"""Three small still lifes, drawn by following rays: ``scripts/samples``.

Scenes are signed distances (negative inside), of points (n, 3): x to the right, y up, z towards the viewer. What a
scene hits is coloured by ``paint``, and lit by one large soft lamp on the left and by what the room reflects.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

Array = npt.NDArray[np.float32]
Distance = Callable[[Array], Array]

FOLDER = Path(__file__).parents[1] / "web" / "public" / "samples"
SIDE = 720
# Each pixel is the mean of 2 x 2.
FINER = 2
STEPS, FAR = 90, 14.0
LAMP = np.array([-0.55, 0.75, 0.5], np.float32)


@dataclass(frozen=True)
class Part:
    """Something in a scene: where it is, its colour (linear), how much its points vary, and how glossy it is."""

    distance: Distance
    colour: Callable[[Array], Array]
    gloss: float = 0.0


def plain(red: float, green: float, blue: float) -> Callable[[Array], Array]:
    """One colour everywhere."""
    return lambda points: np.tile(np.array([red, green, blue], np.float32), (len(points), 1))


def ball(centre: tuple[float, float, float], radius: float) -> Distance:
    """A ball."""
    return lambda points: np.linalg.norm(points - np.array(centre, np.float32), axis=1) - np.float32(radius)


def rod(start: tuple[float, float, float], end: tuple[float, float, float], thick: float, thin: float) -> Distance:
    """A rod with round ends, ``thick`` at its start and ``thin`` at its end."""
    a, b = np.array(start, np.float32), np.array(end, np.float32)

    def distance(points: Array) -> Array:
        along = np.clip((points - a) @ (b - a) / np.float32((b - a) @ (b - a)), 0, 1)
        off = np.linalg.norm(points - a - along[:, None] * (b - a), axis=1)
        found: Array = off - (thick + (thin - thick) * along)
        return found

    return distance


def leaf(start: Array, end: Array, width: float, flat: float) -> Distance:
    """An ellipsoid from ``start`` to ``end``, narrow across and thin."""
    axis = end - start
    length = float(np.linalg.norm(axis)) / 2
    along = axis / (2 * length)
    across = np.cross(along, np.array([0, 0.25, 1], np.float32))
    across /= np.linalg.norm(across)
    turn = np.stack([along, across, np.cross(along, across)]).astype(np.float32)
    radii = np.array([length, width, flat], np.float32)

    def distance(points: Array) -> Array:
        local = (points - (start + end) / 2) @ turn.T
        scaled = np.linalg.norm(local / radii, axis=1)
        slope = np.linalg.norm(local / radii**2, axis=1)
        found: Array = scaled * (scaled - 1) / np.maximum(slope, 1e-6)
        return found

    return distance


def turned(profile: Callable[[Array, Array], Array], x: float = 0.0) -> Distance:
    """A solid of revolution about the upright axis at ``x``, of a distance in (radius, height)."""
    return lambda points: profile(np.hypot(points[:, 0] - np.float32(x), points[:, 2]), points[:, 1])


def tube(low: float, high: float, bottom: float, top: float, wall: float) -> Callable[[Array, Array], Array]:
    """A vessel with a floor: radius ``bottom`` at height ``low``, ``top`` at ``high``."""

    def profile(radius: Array, height: Array) -> Array:
        outer = bottom + (top - bottom) * (height - low) / (high - low)
        side = (radius - outer) * 0.96
        solid = np.maximum(side, np.maximum(low - height, height - high))
        hollow = np.maximum(side + wall, low + wall - height)
        found: Array = np.maximum(solid, -hollow) - 0.015
        return found

    return profile


def joined(first: Distance, second: Distance, soft: float) -> Distance:
    """Both, with a fillet of this size between them."""

    def distance(points: Array) -> Array:
        a, b = first(points), second(points)
        h = np.clip(0.5 + (b - a) / (2 * soft), 0, 1)
        found: Array = b + (a - b) * h - soft * h * (1 - h)
        return found

    return distance


def grain(points: Array, scale: float, seed: int) -> Array:
    """Smooth noise of about -1..1: a few waves in directions of their own."""
    dice = np.random.default_rng(seed)
    total = np.zeros(len(points), np.float32)
    for octave in range(4):
        way = dice.normal(size=(3, 3)).astype(np.float32) * np.float32(scale * 1.9**octave)
        total += (np.sin(points @ way).prod(axis=1) / 1.5**octave).astype(np.float32)
    return total


def pear() -> list[Part]:
    """A pear with freckles, redder on one side."""
    body = joined(ball((0, 0.82, 0), 0.82), ball((0.06, 1.78, 0), 0.42), 0.75)
    stem = rod((0.07, 2.15, 0), (0.2, 2.5, 0.05), 0.06, 0.085)

    def skin(points: Array) -> Array:
        ripe = np.clip(points[:, 0] * 0.7 + 0.3 + 0.3 * grain(points, 1.1, 3), 0, 1)[:, None]
        green, red = np.array([0.50, 0.50, 0.08], np.float32), np.array([0.62, 0.20, 0.05], np.float32)
        freckles = (grain(points, 17, 5) > 1.15).astype(np.float32)[:, None]
        found: Array = (green + (red - green) * ripe) * (1 - 0.35 * freckles)
        return found

    return [Part(body, skin, 0.35), Part(stem, plain(0.09, 0.05, 0.025), 0.1), *room((0.30, 0.36, 0.42), 0.85)]


def cup() -> list[Part]:
    """A cup with a blue band, on a saucer."""
    body = turned(tube(0.0, 1.5, 0.72, 0.92, 0.09), -0.15)

    def handle(points: Array) -> Array:
        local = points - np.array([0.86, 0.82, 0], np.float32)
        ring = np.hypot(local[:, 0] * 0.95, local[:, 1]) - 0.42
        found: Array = np.maximum(np.hypot(ring, local[:, 2] * 0.8) - 0.095, -(local[:, 0] + 0.26))
        return found

    coffee = turned(lambda radius, height: np.maximum(radius - 0.82, np.abs(height - 1.24) - 0.03), -0.15)
    saucer = turned(lambda r, h: np.abs(h - 0.02 - 0.06 * np.clip(r - 0.7, 0, 1) ** 1.2 * 2) * 0.8 - 0.045, -0.15)
    plate = lambda points: np.maximum(saucer(points), np.hypot(points[:, 0] + 0.15, points[:, 2]) - 1.5)  # noqa: E731

    def glaze(points: Array) -> Array:
        about = np.hypot(points[:, 0] + 0.15, points[:, 2]) < 0.98
        band = (about & (points[:, 1] > 1.02) & (points[:, 1] < 1.12)).astype(np.float32)[:, None]
        white, blue = np.array([0.83, 0.80, 0.74], np.float32), np.array([0.06, 0.14, 0.32], np.float32)
        found: Array = white + (blue - white) * band
        return found

    return [
        Part(joined(body, handle, 0.05), glaze, 0.5), Part(coffee, plain(0.05, 0.02, 0.01), 0.4),
        Part(plate, plain(0.80, 0.77, 0.71), 0.4), *room((0.33, 0.17, 0.11), 0.75),
    ]  # fmt: skip


def plant() -> list[Part]:
    """A pot of clay with fronds of narrow leaves."""
    pot = turned(tube(0.0, 1.0, 0.48, 0.68, 0.08))
    rim = turned(lambda radius, height: np.maximum(np.abs(radius - 0.68) - 0.05, np.abs(height - 0.97) - 0.09))
    earth = turned(lambda radius, height: np.maximum(radius - 0.64, np.abs(height - 0.82) - 0.05))
    clay = lambda points: np.array([0.52, 0.20, 0.10], np.float32) * (1 + 0.07 * grain(points, 5, 2)[:, None])  # noqa: E731
    green = lambda points: np.array([0.07, 0.22, 0.06], np.float32) * (1 + 0.35 * grain(points, 2.2, 9)[:, None])  # noqa: E731
    stems, blades = zip(*fronds(), strict=True)
    return [
        Part(joined(pot, rim, 0.02), clay, 0.08), Part(earth, plain(0.03, 0.02, 0.015)),
        Part(nearest(list(stems)), plain(0.10, 0.20, 0.05), 0.15),
        Part(nearest(list(blades)), green, 0.25), *room((0.52, 0.47, 0.40), 0.9),
    ]  # fmt: skip


def fronds() -> Iterator[tuple[Distance, Distance]]:
    """Stems that lean outwards, with pairs of narrow leaves that shorten towards the tip."""
    dice = np.random.default_rng(12)
    for lean in np.linspace(-1.0, 1.0, 9):
        depth = float(dice.uniform(-0.5, 0.5))
        foot = np.array([0.15 * lean, 0.85, 0.2 * depth], np.float32)
        tip = np.array([1.35 * lean, 2.9 - 0.75 * abs(lean) + 0.2 * depth, depth], np.float32)
        way = tip - foot
        blades = []
        for step in np.linspace(0.3, 1.0, 9):
            at = foot + way * np.float32(step)
            reach = 0.36 * (1.15 - step) + 0.1
            for side in (-1, 1):
                out = np.array([way[1] * side, -way[0] * side, 0.5 * dice.uniform(-1, 1)], np.float32)
                out = (out / np.linalg.norm(out) + 0.75 * way / np.linalg.norm(way)).astype(np.float32)
                end = at + out * np.float32(reach)
                blades.append(bounded(leaf(at, end, 0.02 + 0.11 * reach, 0.01), (at + end) / 2, reach))
        around = (foot + tip) / 2
        yield (
            rod((foot[0], foot[1], foot[2]), (tip[0], tip[1], tip[2]), 0.03, 0.018),
            bounded(nearest(blades), around, float(np.linalg.norm(way)) / 2 + 0.4),
        )


def nearest(parts: list[Distance]) -> Distance:
    """All of them."""

    def distance(points: Array) -> Array:
        found = parts[0](points)
        for part in parts[1:]:
            found = np.minimum(found, part(points))
        return found

    return distance


def bounded(distance: Distance, centre: npt.NDArray[np.floating], radius: float) -> Distance:
    """The same, worked out only near a ball that holds all of it: a plant has many leaves, and most are far away."""
    # What is further off than this throws no shadow here; nearer, how far it is exactly makes the shadow soft.
    margin = np.float32(0.6)

    def found(points: Array) -> Array:
        away: Array = (np.linalg.norm(points - centre, axis=1) - np.float32(radius)).astype(np.float32)
        near = np.flatnonzero(away < margin)
        away[near] = distance(points[near])
        return away

    return found


def room(wall: tuple[float, float, float], table: float) -> list[Part]:
    """A table, and a wall a good way behind it."""
    wood = np.array([0.42, 0.28, 0.17], np.float32) * table

    def board(points: Array) -> Array:
        streaks = grain(points * np.array([0.5, 1, 4], np.float32), 1.6, 7)
        found: Array = wood * (1 + 0.13 * streaks[:, None])
        return found

    shade = np.array(wall, np.float32)
    return [
        Part(lambda points: points[:, 1] + np.float32(0.02), board, 0.06),
        Part(lambda points: points[:, 2] + np.float32(4.2), lambda p: shade * (1 + 0.03 * grain(p, 0.8, 4)[:, None])),
    ]


def follow(parts: list[Part], origin: Array, ways: Array) -> tuple[Array, npt.NDArray[np.intp]]:
    """How far each ray goes, and which part it hits."""
    gone = np.zeros(len(ways), np.float32)
    under_way = np.arange(len(ways))
    for _ in range(STEPS):
        points = origin + ways[under_way] * gone[under_way, None]
        step = nearest([part.distance for part in parts])(points)
        gone[under_way] += step * 0.9
        under_way = under_way[(step > 0.0015) & (gone[under_way] < FAR)]
        if not len(under_way):
            break
    points = origin + ways * gone[:, None]
    which = np.argmin(np.stack([part.distance(points) for part in parts]), axis=0)
    return gone, which


def normals(part: Part, points: Array) -> Array:
    """Which way a surface faces."""
    step = np.float32(0.004)
    found = np.stack(
        [part.distance(points + each) - part.distance(points - each) for each in np.eye(3, dtype=np.float32) * step], 1
    )
    unit: Array = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)
    return unit


def shadow(things: list[Part], points: Array, towards: Array, spread: float) -> Array:
    """How much of the lamp is seen, 0..1: soft, since the lamp is large."""
    seen, gone = np.ones(len(points), np.float32), np.full(len(points), 0.04, np.float32)
    for _ in range(28):
        near = nearest([part.distance for part in things])(points + towards * gone[:, None])
        seen = np.minimum(seen, np.clip(0.5 + spread * near / gone, 0, 1))
        gone += np.clip(near, 0.04, 0.3)
    eased: Array = seen * seen * (3 - 2 * seen)
    return eased


def occlusion(things: list[Part], points: Array, upright: Array) -> Array:
    """How open the place is, 0..1."""
    shut = np.zeros(len(points), np.float32)
    for reach in (0.08, 0.2, 0.45):
        near = nearest([part.distance for part in things])(points + upright * np.float32(reach))
        shut += np.clip(reach - near, 0, None) / reach
    found: Array = np.clip(1 - 0.3 * shut, 0.15, 1)
    return found


def lit(parts: list[Part], points: Array, which: npt.NDArray[np.intp], ways: Array) -> Array:
    """Linear colours of what is hit."""
    things, lamp = parts[:-1], LAMP / np.linalg.norm(LAMP)
    colours = np.zeros((len(points), 3), np.float32)
    for number, part in enumerate(parts):
        mine = np.flatnonzero(which == number)
        if not len(mine):
            continue
        at, upright = points[mine], normals(part, points[mine])
        start = at + upright * np.float32(0.02)
        seen = shadow(things, start, lamp, 3.0) if number < len(parts) - 1 else shadow(things, start, lamp, 1.2)
        facing = np.clip(upright @ lamp, 0, 1) * seen
        sky = (0.6 + 0.4 * upright[:, 1]) * occlusion(things, start, upright)
        half = lamp - ways[mine]
        half /= np.linalg.norm(half, axis=1, keepdims=True)
        shine = part.gloss * np.clip((upright * half).sum(1), 0, 1) ** 60 * seen
        warm, cool = np.array([1.75, 1.6, 1.4], np.float32), np.array([0.42, 0.46, 0.52], np.float32)
        colours[mine] = part.colour(at) * (facing[:, None] * warm + sky[:, None] * cool) + shine[:, None]
    return colours


def taken(parts: list[Part], middle: float, width: float) -> Image.Image:
    """A photo of the scene, of what is ``width`` wide and ``middle`` high at the subject."""
    side = SIDE * FINER
    across = (np.arange(side, dtype=np.float32) + 0.5) / side - 0.5
    x, y = np.meshgrid(across * width, middle - across * width)
    origin = np.array([0, middle + 1.1, 7.5], np.float32)
    ways = np.stack([x, y, np.zeros_like(x)], -1).reshape(-1, 3).astype(np.float32) - origin
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    rows = []
    # In bands, so that no more is in memory than has to be.
    for band in np.array_split(ways, 12):
        gone, which = follow(parts, origin, band)
        rows.append(lit(parts, origin + band * gone[:, None], which, band))
    linear = np.concatenate(rows).reshape(SIDE, FINER, SIDE, FINER, 3).mean((1, 3))
    r = np.hypot(*np.meshgrid(np.linspace(-1, 1, SIDE), np.linspace(-1, 1, SIDE)))[..., None]
    linear = linear * (1 - 0.13 * r**2)
    # A gentle shoulder, so that lights do not break off, and the noise of a sensor.
    shown = (1 - np.exp(-1.25 * linear)) ** (1 / 2.2)
    noise = np.random.default_rng(1).normal(0, 0.006, shown.shape[:2])[..., None]
    return Image.fromarray((np.clip(shown + noise, 0, 1) * 255 + 0.5).astype(np.uint8))


SCENES = {"pear": (pear, 1.25, 4.6), "plant": (plant, 1.55, 4.5), "cup": (cup, 0.75, 4.6)}


def main() -> None:
    """Draw those that are named, or all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or SCENES:
        scene, middle, width = SCENES[name]
        picture = taken(scene(), middle, width)
        picture.save(FOLDER / f"{name}.jpg", quality=84, optimize=True, progressive=True)
        size = (FOLDER / f"{name}.jpg").stat().st_size
        sys.stdout.write(f"{name}: {math.ceil(size / 1000)} kB\n")


if __name__ == "__main__":
    main()
