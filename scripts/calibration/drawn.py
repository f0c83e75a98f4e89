"""Pictures without a subject, drawn the same every time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from cleancut.types import Rgb

# A small photo's. Models see 320 or 1024 pixels a side whatever it is.
HEIGHT, WIDTH = 480, 640

Random = np.random.Generator
Plane = NDArray[np.float64]

# Enough of a kind to see whether one that passes is an accident.
EACH = 4


def drawn() -> Iterator[tuple[str, Rgb]]:
    """Name and picture, (480, 640, 3) uint8: ``EACH`` of every kind."""
    for kind, draw in KINDS.items():
        for number in range(EACH):
            yield f"{kind}-{number}", draw(np.random.default_rng(number))


def _coloured(plane: Plane, random: Random, contrast: float = 1.0) -> Rgb:
    """(h, w) in 0..1 between two colours; ``contrast`` 1 may go from black to white."""
    base, other = random.uniform(0, 255, (2, 3))
    mixed = base + (other - base) * contrast * plane[..., None]
    return _bytes(mixed)


def _bytes(picture: NDArray[np.floating]) -> Rgb:
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


def _grid() -> tuple[Plane, Plane]:
    down, across = np.mgrid[:HEIGHT, :WIDTH].astype(np.float64)
    return down, across


def _clouds(random: Random, exponent: float, stretch: float = 1.0) -> Plane:
    """(h, w) in 0..1: noise whose amplitude falls with frequency to that power; ``stretch`` > 1 draws it out."""
    down, across = np.fft.fftfreq(HEIGHT)[:, None] / stretch, np.fft.fftfreq(WIDTH)[None, :]
    frequency = np.hypot(down, across)
    frequency[0, 0] = 1
    spectrum = np.fft.fft2(random.normal(size=(HEIGHT, WIDTH))) / frequency**exponent
    spectrum[0, 0] = 0
    plane: Plane = np.fft.ifft2(spectrum).real
    low, high = np.percentile(plane, [1, 99])
    return np.asarray(np.clip((plane - low) / (high - low), 0, 1))


def _plain(random: Random) -> Rgb:
    return np.broadcast_to(random.integers(0, 256, 3, np.uint8), (HEIGHT, WIDTH, 3)).copy()


def _grain(random: Random) -> Rgb:
    return _bytes(random.uniform(40, 215) + random.normal(0, 6, (HEIGHT, WIDTH, 3)))


def _noise(random: Random) -> Rgb:
    return random.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


def _gradient(random: Random) -> Rgb:
    down, across = _grid()
    angle = random.uniform(0, np.pi)
    plane = np.cos(angle) * across / WIDTH + np.sin(angle) * down / HEIGHT
    return _coloured((plane - plane.min()) / np.ptp(plane), random)


def _stripes(random: Random) -> Rgb:
    down, across = _grid()
    angle, period = random.uniform(0, np.pi), random.uniform(20, 120)
    return _coloured((np.sin((np.cos(angle) * across + np.sin(angle) * down) * 2 * np.pi / period) > 0) * 1.0, random)


def _bricks(random: Random) -> Rgb:
    picture = np.full((HEIGHT, WIDTH, 3), random.uniform(150, 210), np.float64)
    tall, wide, joint = int(random.integers(20, 50)), int(random.integers(60, 130)), int(random.integers(3, 7))
    red = np.array([random.uniform(120, 190), random.uniform(60, 90), random.uniform(45, 75)])
    for row, top in enumerate(range(0, HEIGHT, tall)):
        for left in range(-wide, WIDTH, wide):
            begin = max(0, left + (row % 2) * wide // 2)
            end = left + (row % 2) * wide // 2 + wide - joint
            if end > begin:
                picture[top : top + tall - joint, begin:end] = red * random.uniform(0.8, 1.15)
    return _weathered(picture, random)


def _tiles(random: Random) -> Rgb:
    side, joint = int(random.integers(50, 140)), int(random.integers(3, 9))
    down, across = _grid()
    joints = (down % side < joint) | (across % side < joint)
    tile = random.uniform(60, 240, 3)
    return _weathered(np.where(joints[..., None], tile * 0.7, tile), random)


def _weathered(picture: Plane, random: Random) -> Rgb:
    """Uneven, as stone is: blotches and grain."""
    blotches = 0.85 + 0.3 * _clouds(random, 1.2)[..., None]
    return _bytes(picture * blotches + random.normal(0, 5, picture.shape))


def _page(random: Random) -> Rgb:
    image = Image.new("RGB", (WIDTH, HEIGHT), (int(random.integers(225, 256)),) * 3)
    draw, size = ImageDraw.Draw(image), int(random.integers(11, 26))
    font = ImageFont.load_default(size)
    letters = np.array(list("aaabcdeeeefghiiiklmnnnooopqrrrssstttuuvwyz"))
    margin = int(random.integers(10, 60))
    for top in range(margin, HEIGHT - margin - size, int(size * 1.5)):
        words = ["".join(random.choice(letters, random.integers(2, 10))) for _ in range(40)]
        line = " ".join(words)
        while draw.textlength(line, font) > WIDTH - 2 * margin:
            line = line.rpartition(" ")[0]
        draw.text((margin, top), line, fill=(20, 20, 20), font=font)
    return np.asarray(image)


def _bokeh(random: Random) -> Rgb:
    picture = np.full((HEIGHT, WIDTH, 3), random.uniform(5, 50), np.float32)
    for _ in range(40):
        disc = np.zeros_like(picture)
        colour = [float(each) for each in random.uniform(20, 160, 3)]
        centre = (int(random.integers(0, WIDTH)), int(random.integers(0, HEIGHT)))
        cv2.circle(disc, centre, int(random.integers(12, 45)), colour, -1, cv2.LINE_AA)
        picture += disc * np.float32(random.uniform(0.2, 0.8))
    return _bytes(np.asarray(cv2.GaussianBlur(picture, (0, 0), 3), np.float32))


def _sky(random: Random) -> Rgb:
    cover = np.clip(_clouds(random, 1.7) * 1.6 - random.uniform(0.2, 0.7), 0, 1)[..., None]
    blue = np.array([90, 140, 215]) * random.uniform(0.7, 1.1)
    return _bytes(blue * (1 - cover) + 245 * cover)


def _grass(random: Random) -> Rgb:
    picture = np.full((HEIGHT, WIDTH, 3), (35, 60, 20), np.uint8)
    for _ in range(6000):
        foot = random.uniform((0, 0), (WIDTH, HEIGHT + 40))
        tip = foot + random.normal((0, -28), (9, 8))
        shade = np.array([80, 135, 45]) * random.uniform(0.5, 1.4)
        ends = [(int(x), int(y)) for x, y in (foot, tip)]
        cv2.line(picture, ends[0], ends[1], [float(each) for each in shade], int(random.integers(1, 3)), cv2.LINE_AA)
    return picture


def _wood(random: Random) -> Rgb:
    down, across = _grid()
    # Rings cut lengthwise: bands along the board, bent by slow noise.
    bent = down + 60 * _clouds(random, 2.0, 1 / 6)
    bands = 0.5 + 0.5 * np.sin(bent * 2 * np.pi / random.uniform(10, 30))
    plane = 0.6 * bands + 0.4 * _clouds(random, 0.6, 1 / 12)
    board = 1.0 if random.random() < 0.5 else np.where(across % 160 < 3, 0.4, 1.0)[..., None]
    light, dark = np.array([200, 155, 105]), np.array([130, 85, 50])
    return _bytes((dark + (light - dark) * plane[..., None]) * board)


def _marble(random: Random) -> Rgb:
    return _coloured(_clouds(random, 1.4), random, contrast=0.6)


def _gravel(random: Random) -> Rgb:
    picture = np.full((HEIGHT, WIDTH, 3), 50, np.uint8)
    for _ in range(5000):
        centre = (int(random.integers(0, WIDTH)), int(random.integers(0, HEIGHT)))
        axes = (int(random.integers(4, 14)), int(random.integers(4, 11)))
        shade = float(random.uniform(70, 210))
        cv2.ellipse(
            picture, centre, axes, random.uniform(0, 180), 0, 360, (shade, shade, shade * 0.95), -1, cv2.LINE_AA
        )
    return picture


KINDS: dict[str, Callable[[Random], Rgb]] = {
    "plain": _plain,
    "grain": _grain,
    "noise": _noise,
    "gradient": _gradient,
    "stripes": _stripes,
    "bricks": _bricks,
    "tiles": _tiles,
    "page": _page,
    "bokeh": _bokeh,
    "sky": _sky,
    "grass": _grass,
    "wood": _wood,
    "marble": _marble,
    "gravel": _gravel,
}
