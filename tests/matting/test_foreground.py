from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from cleancut.matting import foreground
from cleancut.matting.eight_bits import eight_bits
from cleancut.matting.foreground import estimate_foreground
from cleancut.types import Alpha8, Rgb
from tests.matting.masks import disc

WHITE, GREEN, BLACK, GREY = (255, 255, 255), (0, 177, 64), (0, 0, 0), (90, 90, 90)
ORANGE, BROWN, PALE = (200, 100, 50), (40, 25, 10), (250, 240, 225)

# 8 %: below, one level of rounding in the photo is more than 12 in the colour.
FAINT = 21


def hairy(height: int = 300, width: int = 400) -> Alpha8:
    """A head whose hair stands out in all directions, some strands finer than a pixel."""
    random = np.random.default_rng(5)
    fine = np.zeros((height * 4, width * 4), np.uint8)
    middle = (width * 2, height * 2)
    cv2.circle(fine, middle, height, 255, -1, cv2.LINE_AA)
    for angle in random.uniform(0, 2 * np.pi, 90):
        reach = height * random.uniform(1.2, 1.8)
        end = (int(middle[0] + reach * np.cos(angle)), int(middle[1] + reach * np.sin(angle)))
        cv2.line(fine, middle, end, 255, int(random.integers(2, 8)), cv2.LINE_AA)
    return np.asarray(cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def clouds(seed: int, height: int, width: int, size: int = 40) -> Rgb:
    """Colours that change smoothly, over ``size`` pixels or so."""
    small = np.random.default_rng(seed).integers(0, 256, (height // size + 2, width // size + 2, 3), np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def plain(colour: tuple[int, int, int], alpha: Alpha8) -> Rgb:
    return np.full((*alpha.shape, 3), colour, np.uint8)


def mixed(front: Rgb, alpha: Alpha8, behind: Rgb) -> Rgb:
    weight = alpha[..., None] / 255
    return np.rint(weight * front + (1 - weight) * behind).astype(np.uint8)


def away(found: Rgb, front: Rgb) -> NDArray[np.int64]:
    """(h, w): by how many levels the worst channel is off."""
    return np.asarray(np.abs(found.astype(int) - front).max(axis=2), np.int64)


def seen(found: Rgb, front: Rgb, alpha: Alpha8) -> NDArray[np.float64]:
    return away(found, front) * (alpha / 255)


@pytest.mark.parametrize("behind", [WHITE, GREEN, BLACK, GREY])
@pytest.mark.parametrize("front", [ORANGE, BROWN, PALE])
def test_the_colour_of_hair_is_found_before_any_wall(front: tuple[int, int, int], behind: tuple[int, int, int]) -> None:
    alpha = hairy()
    found = estimate_foreground(mixed(plain(front, alpha), alpha, plain(behind, alpha)), alpha)
    assert ((alpha > FAINT) & (alpha < 230)).sum() > 4000
    assert away(found, plain(front, alpha))[alpha >= FAINT].max() <= 2
    # Fainter pixels too have its colour, and not the wall's.
    assert away(found, plain(front, alpha))[alpha > 0].max() <= 6


@pytest.mark.parametrize("wall", [WHITE, GREEN, BLACK, GREY])
@pytest.mark.parametrize("softness", [2, 9, 40])
def test_laid_over_another_wall_nothing_of_the_first_is_left(wall: tuple[int, int, int], softness: float) -> None:
    alpha = eight_bits(disc(160, 45, softness))
    front = plain(ORANGE, alpha)
    found = estimate_foreground(mixed(front, alpha, plain(wall, alpha)), alpha)
    for other in (WHITE, BLACK, GREY):
        behind = plain(other, alpha)
        assert np.abs(mixed(found, alpha, behind).astype(int) - mixed(front, alpha, behind)).max() <= 2


def test_where_the_subject_is_opaque_or_absent_the_photo_stays() -> None:
    alpha = hairy()
    photo = clouds(1, *alpha.shape)
    found = estimate_foreground(photo, alpha)
    kept = (alpha == 0) | (alpha >= 254)
    np.testing.assert_array_equal(found[kept], photo[kept])
    assert (away(found, photo)[~kept] > 0).mean() > 0.75
    assert found.dtype == np.uint8
    assert found.flags.c_contiguous


def test_a_matte_without_partial_pixels_costs_nothing() -> None:
    for value in ([0, 255], [0], [255], [254]):
        alpha = np.resize(np.array(value, np.uint8), (60, 70))
        photo = clouds(2, 60, 70)
        assert estimate_foreground(photo, alpha) is photo


def test_photo_and_matte_are_left_as_they_were() -> None:
    alpha = hairy()
    photo = clouds(3, *alpha.shape)
    before = photo.copy(), alpha.copy()
    estimate_foreground(photo, alpha)
    np.testing.assert_array_equal(photo, before[0])
    np.testing.assert_array_equal(alpha, before[1])


def test_before_a_busy_wall_most_of_it_goes() -> None:
    alpha = hairy()
    front, behind = (
        clouds(4, alpha.shape[0], alpha.shape[1], size=60),
        clouds(5, alpha.shape[0], alpha.shape[1], size=30),
    )
    photo = mixed(front, alpha, behind)
    found = estimate_foreground(photo, alpha)
    part = (alpha > 0) & (alpha < 255)
    assert seen(found, front, alpha)[part].mean() <= seen(photo, front, alpha)[part].mean() / 4


@pytest.mark.parametrize("wall", [WHITE, GREEN, BLACK])
def test_noise_makes_no_speckles(wall: tuple[int, int, int]) -> None:
    alpha = hairy()
    front = plain(ORANGE, alpha)
    grain = np.random.default_rng(6).normal(0, 4, front.shape)
    photo = np.clip(np.rint(mixed(front, alpha, plain(wall, alpha)) + grain), 0, 255).astype(np.uint8)
    found = estimate_foreground(photo, alpha)
    part = (alpha > 0) & (alpha < 254)
    assert seen(found, front, alpha)[part].mean() <= 4
    # Divided by alpha, the grain of the faintest pixels would be hundreds of levels.
    assert away(found, front)[part].max() <= 40


def test_a_matte_that_is_off_gives_no_colours_from_outside_the_subject() -> None:
    alpha = eight_bits(disc(200, 60, 12))
    front = plain(ORANGE, alpha)
    photo = mixed(front, alpha, plain(WHITE, alpha))
    tight = eight_bits(disc(200, 57, 12))
    found = estimate_foreground(photo, tight)
    # Without doubt, what is too bright or too dark for the matte is made up for by colours down to black.
    assert away(found, front)[(tight > 0) & (tight < 254)].max() <= 60


@pytest.mark.parametrize("tile", [40, 96, 200, 1000])
def test_there_are_no_seams_between_tiles(monkeypatch: pytest.MonkeyPatch, tile: int) -> None:
    height, width = 301, 523
    alpha = clouds(7, height, width, size=25)[..., 0]
    photo = clouds(8, height, width, size=6)
    whole = estimate_foreground(photo, alpha)
    monkeypatch.setattr(foreground, "_TILE", tile)
    assert away(estimate_foreground(photo, alpha), whole).max() <= 1


def test_moved_by_whole_blocks_hair_keeps_its_colours() -> None:
    alpha = hairy()
    photo = mixed(clouds(9, *alpha.shape), alpha, plain(GREEN, alpha))
    found = estimate_foreground(photo, alpha)
    for down, across in ((8, 0), (64, 32), (5, 3)):
        space = ((down, 0), (across, 0))
        moved = estimate_foreground(np.pad(photo, (*space, (0, 0)), mode="edge"), np.pad(alpha, space))
        difference = seen(moved[down:, across:], found, alpha)
        assert difference.mean() <= 0.5
        assert np.percentile(difference[alpha > 0], 99) <= 8


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (1, 100), (100, 1), (7, 9), (8, 8), (9, 17)])
def test_the_smallest_pictures_are_pictures_too(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(10)
    for alpha in (np.full(shape, 128, np.uint8), random.integers(0, 256, shape, np.uint8), np.full(shape, 1, np.uint8)):
        found = estimate_foreground(plain(ORANGE, alpha), alpha)
        assert found.shape == (*shape, 3)
        assert away(found, plain(ORANGE, alpha)).max() <= 1


def test_where_all_is_half_there_the_photo_is_as_good_an_answer_as_any() -> None:
    photo = clouds(11, 200, 300)
    found = estimate_foreground(photo, np.full((200, 300), 128, np.uint8))
    assert away(found, photo).mean() <= 12


def test_smoke_over_the_whole_frame_is_freed_from_its_wall() -> None:
    alpha = np.tile(np.linspace(10, 245, 700).astype(np.uint8), (520, 1))
    front = plain((220, 215, 205), alpha)
    photo = mixed(front, alpha, plain((40, 60, 120), alpha))
    assert away(photo, front)[:, :350].mean() > 100
    assert seen(estimate_foreground(photo, alpha), front, alpha).max() <= 12


@pytest.mark.parametrize("wall", [WHITE, GREEN, BLACK])
def test_colours_reach_as_far_as_they_are_shown(wall: tuple[int, int, int]) -> None:
    # A hard subject, shown with a feather: outside it, the photo shows the wall alone.
    hard = eight_bits(disc(300, 80, 1))
    shown = eight_bits(disc(300, 80, 60))
    front = plain(ORANGE, hard)
    photo = mixed(front, hard, plain(wall, hard))
    found = estimate_foreground(photo, hard, shown)
    assert (hard[shown > 0] == 0).mean() > 0.3
    assert away(found, front)[shown > 0].max() <= 2
    np.testing.assert_array_equal(found[shown == 0], photo[shown == 0])


def test_what_is_shown_opaque_stays_though_it_is_mixed() -> None:
    alpha = eight_bits(disc(100, 30, 20))
    photo = clouds(12, 100, 100)
    assert estimate_foreground(photo, alpha, np.full_like(alpha, 255)) is photo
    assert estimate_foreground(photo, alpha, np.zeros_like(alpha)) is photo
