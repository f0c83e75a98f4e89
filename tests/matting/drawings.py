"""Pictures whose alpha is known, because they are drawn: hair, a ring, glass, a box."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cleancut.types import Alpha, Rgb

# Drawn this much larger and then reduced, and seen through a lens: no photo is sharper.
_FINER = 4
_LENS = 0.7


@dataclass(frozen=True, slots=True)
class Drawing:
    rgb: Rgb
    alpha: Alpha


def compose(alpha: Alpha, front: tuple[int, int, int], back: tuple[int, int, int], texture: float = 6) -> Rgb:
    """Two noisy colours, mixed by alpha."""
    random = np.random.default_rng(7)
    noise = random.normal(0, texture, (*alpha.shape, 1))
    mixed = alpha[..., None] * np.array(front) + (1 - alpha[..., None]) * np.array(back) + noise
    return np.asarray(np.clip(np.rint(mixed), 0, 255), np.uint8)


def hair(
    side: int = 384, front: tuple[int, int, int] = (90, 50, 30), back: tuple[int, int, int] = (150, 180, 210)
) -> Drawing:
    """A head with strands that stand out from it."""
    random = np.random.default_rng(1)
    fine = np.zeros((side * _FINER, side * _FINER), np.uint8)
    middle = side * _FINER // 2
    cv2.circle(fine, (middle, middle), middle // 2, 255, -1)
    for angle in random.uniform(0, 2 * np.pi, 140):
        length = random.uniform(0.55, 0.8) * middle
        bend = angle + random.uniform(-0.15, 0.15)
        points = [
            (middle + 0.45 * middle * np.cos(angle), middle + 0.45 * middle * np.sin(angle)),
            (middle + 0.6 * length * np.cos(angle), middle + 0.6 * length * np.sin(angle)),
            (middle + length * np.cos(bend), middle + length * np.sin(bend)),
        ]
        cv2.polylines(fine, [np.array(points, np.int32)], False, 255, int(random.integers(3, 7)), cv2.LINE_AA)
    return _drawing(fine, front, back)


def ring(side: int = 384) -> Drawing:
    """A hard ring: its hole is as clear as the outside."""
    fine = np.zeros((side * _FINER, side * _FINER), np.uint8)
    middle = side * _FINER // 2
    cv2.circle(fine, (middle, middle), int(middle * 0.6), 255, int(middle * 0.16), cv2.LINE_AA)
    return _drawing(fine, (200, 160, 40), (60, 60, 70))


def glass(side: int = 384) -> Drawing:
    """A pane that lets half of the background through, in an opaque frame."""
    alpha = np.zeros((side, side), np.float32)
    alpha[side // 5 : -side // 5, side // 5 : -side // 5] = 1
    alpha[side // 4 : -side // 4, side // 4 : -side // 4] = 0.5
    return Drawing(compose(alpha, (230, 235, 240), (40, 90, 60)), alpha)


def box(side: int = 384) -> Drawing:
    """A product with straight, hard edges."""
    fine = np.zeros((side * _FINER, side * _FINER), np.uint8)
    corners = np.array([[0.25, 0.3], [0.75, 0.25], [0.8, 0.7], [0.2, 0.75]]) * side * _FINER
    cv2.fillPoly(fine, [corners.astype(np.int32)], 255, cv2.LINE_AA)
    return _drawing(fine, (220, 40, 40), (235, 235, 235))


def as_alpha(array: object) -> Alpha:
    """What OpenCV answers, typed."""
    return np.asarray(array, np.float32)


def as_a_model_sees_it(alpha: Alpha, blur: float, gain: float = 3.0) -> Alpha:
    """Strands run together, and too much is called foreground: how a network that never saw this hair answers."""
    return as_alpha(np.clip((as_alpha(cv2.GaussianBlur(alpha, (0, 0), blur)) - 0.5) * gain + 0.65, 0, 1))


def error(matte: Alpha, truth: Alpha) -> float:
    """Mean |difference| where the truth is soft or has an edge."""
    edge = cv2.dilate(((truth > 0.02) & (truth < 0.98)).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return float(np.abs(matte - truth)[edge].mean())


def _drawing(fine: np.ndarray, front: tuple[int, int, int], back: tuple[int, int, int]) -> Drawing:
    side = fine.shape[0] // _FINER
    small = cv2.resize(fine, (side, side), interpolation=cv2.INTER_AREA)
    alpha = as_alpha(cv2.GaussianBlur(small.astype(np.float32) / 255, (0, 0), _LENS))
    return Drawing(compose(alpha, front, back), alpha)
