from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from cleancut.geometry import Box
from cleancut.options import PLAIN, PRESETS, Effort
from cleancut.steps.refine import refine
from cleancut.types import Alpha, Look, Rgb
from tests.fakes.engines import block, full
from tests.matting.drawings import Drawing, as_a_model_sees_it, as_alpha, box, error, glass, hair, ring
from tests.steps.sources import plain, source

FAST, BEST = PRESETS["fast"], PRESETS["best"]
EFFORTS = [PLAIN, FAST, BEST]


def refined(rgb: Rgb, mask: Alpha, effort: Effort = FAST) -> Alpha:
    return refine([Look(mask, Box(0, 0, rgb.shape[1], rgb.shape[0]))], source(rgb), effort).alpha


@pytest.mark.parametrize("effort", EFFORTS)
def test_the_matte_has_the_photos_size(effort: Effort) -> None:
    photo = source(plain((0, 0, 0), 240, 120))
    matte = refine([Look(block(), Box(0, 0, 240, 120))], photo, effort)
    assert matte.alpha.shape == (120, 240)
    assert matte.alpha.dtype == np.float32
    assert matte.subject
    assert matte.alpha[60, 120] == pytest.approx(1)
    assert matte.alpha[10, 10] == pytest.approx(0)
    assert matte.alpha.mean() == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize("value", [0.0, 0.03])
def test_without_a_subject_the_matte_is_clear(value: float) -> None:
    matte = refine([Look(full(value), Box(0, 0, 30, 20))], source(plain((9, 9, 9), 30, 20)), FAST)
    assert not matte.subject
    assert matte.alpha.shape == (20, 30)
    assert matte.alpha.dtype == np.float32
    assert not matte.alpha.any()


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("value", [0.8, 1.0])
def test_constant_alpha_stays_constant(value: float, effort: Effort) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)
    np.testing.assert_allclose(refined(rgb, full(value), effort), value, atol=2e-3)


def test_hair_is_found_where_the_model_saw_a_haze() -> None:
    drawing = hair()
    mask = as_a_model_sees_it(drawing.alpha, 4)
    before, fast, best = (error(refined(drawing.rgb, mask, effort), drawing.alpha) for effort in EFFORTS)
    assert fast < 0.7 * before
    assert best < 0.6 * before


@pytest.mark.parametrize(("drawing", "bound"), [(ring(), 0.035), (box(), 0.035), (glass(), 0.035)])
@pytest.mark.parametrize("effort", [FAST, BEST])
def test_hard_edges_holes_and_glass_stay_what_they_are(drawing: Drawing, bound: float, effort: Effort) -> None:
    mask = as_alpha(cv2.GaussianBlur(drawing.alpha, (0, 0), 1))
    found = refined(drawing.rgb, mask, effort)
    assert error(found, drawing.alpha) < bound
    middle = found[192, 192]
    assert middle == pytest.approx(drawing.alpha[192, 192], abs=0.06)


@pytest.mark.parametrize("effort", [FAST, BEST])
def test_far_from_what_is_open_nothing_changes(effort: Effort) -> None:
    drawing = hair()
    mask = as_a_model_sees_it(drawing.alpha, 4)
    open_ = cv2.dilate(((mask > 0) & (mask < 1)).astype(np.uint8), np.ones((21, 21), np.uint8)) > 0
    found = refined(drawing.rgb, mask, effort)
    np.testing.assert_allclose(found[~open_], np.rint(mask[~open_]), atol=1e-6)


def test_what_is_sure_is_exactly_so() -> None:
    found = refined(hair().rgb, as_a_model_sees_it(hair().alpha, 4))
    assert found[180:204, 180:204].min() > 1 - 1e-6
    assert found[:20].max() < 1e-6


def test_the_same_again_gives_the_same() -> None:
    drawing = hair()
    mask = as_a_model_sees_it(drawing.alpha, 4)
    np.testing.assert_array_equal(refined(drawing.rgb, mask, BEST), refined(drawing.rgb, mask, BEST))


def test_refining_what_is_refined_changes_little() -> None:
    drawing = hair()
    once = refined(drawing.rgb, as_a_model_sees_it(drawing.alpha, 4))
    twice = refined(drawing.rgb, once)
    assert np.abs(twice - once).mean() < 0.015


def test_a_shifted_photo_has_a_shifted_matte() -> None:
    drawing = hair()
    mask = as_a_model_sees_it(drawing.alpha, 4)
    # A multiple of the factor at which colours are gathered; the borders see other neighbours.
    shift = 16
    moved = refined(np.roll(drawing.rgb, shift, axis=1), np.roll(mask, shift, axis=1))
    difference = np.abs(moved - np.roll(refined(drawing.rgb, mask), shift, axis=1))
    assert difference[:, 40:-40].mean() < 1e-3
    assert difference[:, 40:-40].max() < 0.1


def test_a_mirrored_photo_has_a_mirrored_matte() -> None:
    drawing = hair()
    mask = as_a_model_sees_it(drawing.alpha, 4)
    mirrored = refined(np.ascontiguousarray(drawing.rgb[:, ::-1]), np.ascontiguousarray(mask[:, ::-1]))
    np.testing.assert_allclose(mirrored[:, ::-1], refined(drawing.rgb, mask), atol=0.02)


def test_a_photo_larger_than_the_solver_gets_edges_from_its_own_pixels() -> None:
    small = hair(512)
    rgb = np.asarray(cv2.resize(small.rgb, (1536, 1536), interpolation=cv2.INTER_CUBIC), np.uint8)
    truth = as_alpha(np.clip(cv2.resize(small.alpha, (1536, 1536), interpolation=cv2.INTER_CUBIC), 0, 1))
    mask = as_a_model_sees_it(small.alpha, 4)
    before, after = (error(refined(rgb, mask, effort), truth) for effort in (PLAIN, FAST))
    assert after < 0.75 * before


def test_a_closer_look_replaces_what_the_first_was_unsure_of() -> None:
    truth = np.zeros((400, 400), np.float32)
    truth[150:250, 150:250] = 1
    rgb = np.where(truth[..., None] > 0, np.uint8(200), np.uint8(40)) * np.ones(3, np.uint8)
    first = as_alpha(cv2.resize(truth, (100, 100), interpolation=cv2.INTER_AREA))
    first[45:55, 45:55] = 0.5
    part = Box(100, 100, 300, 300)
    looks = [Look(first, Box(0, 0, 400, 400)), Look(np.ascontiguousarray(truth[100:300, 100:300]), part)]
    found = refine(looks, source(rgb), replace(FAST, closer=True)).alpha
    assert found[200, 200] > 0.95
    assert np.abs(found - truth).mean() < 0.02
    # At the rim of the part the first look still counts: no seam.
    assert np.abs(found[90:110, 90:310]).max() < 0.01


def test_a_closer_look_that_sees_other_things_at_its_rim_leaves_no_seam() -> None:
    first = np.zeros((100, 100), np.float32)
    first[40:60, 40:60] = 1
    wrong = np.ones((128, 128), np.float32)
    looks = [Look(first, Box(0, 0, 400, 400)), Look(wrong, Box(100, 100, 300, 300))]
    found = refine(looks, source(plain((90, 90, 90), 400, 400)), FAST).alpha
    across = np.abs(np.diff(found[200]))
    assert across.max() < 0.25


@pytest.mark.parametrize("effort", [PRESETS["balanced"], BEST])
def test_looks_that_find_nothing_or_something_else_change_nothing(effort: Effort) -> None:
    drawing = box()
    mask = as_alpha(cv2.GaussianBlur(drawing.alpha, (0, 0), 1))
    photo, whole = source(drawing.rgb), Box(0, 0, 384, 384)
    part = Box(40, 60, 350, 330)
    elsewhere = full(0.0)
    elsewhere[:4] = 1
    expected = refine([Look(mask, whole)], photo, effort).alpha
    others = [Look(full(0.0), whole), Look(full(0.0), part), Look(elsewhere, part)]
    np.testing.assert_array_equal(refine([Look(mask, whole), *others], photo, effort).alpha, expected)


def test_a_subject_of_which_nothing_is_quite_sure_is_not_lost() -> None:
    drawing = box()
    mask = as_alpha(0.9 * cv2.GaussianBlur(drawing.alpha, (0, 0), 1))
    for effort in (FAST, BEST):
        inside = refined(drawing.rgb, mask, effort)[drawing.alpha > 0.99]
        assert inside.mean() > 0.85
