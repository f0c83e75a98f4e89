from __future__ import annotations

import numpy as np
import pytest

from cleancut.models.spec import CENTRED, IMAGENET, PLAIN, Normalisation, Resample
from cleancut.steps.preprocess import preprocess
from cleancut.types import Fit
from tests.fakes.engines import fake_spec
from tests.pictures import profile, srgb_profile
from tests.steps.sources import plain, random_photo, source

STDS = {"imagenet": IMAGENET, "centred": CENTRED, "plain": PLAIN}


both_samplers = pytest.mark.parametrize("resample", ["lanczos", "bilinear"])


def normalised(colour: tuple[int, ...], normalisation: Normalisation) -> list[float]:
    triples = zip(colour, normalisation.mean, normalisation.std, strict=True)
    return [(value / 255 - mean) / std for value, mean, std in triples]


@pytest.mark.parametrize("normalisation", STDS.values(), ids=STDS)
@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (10, 128, 240)])
def test_a_constant_colour_is_normalised_as_in_training(
    colour: tuple[int, int, int], normalisation: Normalisation
) -> None:
    tensor, _ = preprocess(source(plain(colour)), fake_spec(normalisation=normalisation))
    assert tensor.shape == (1, 3, 64, 64)
    assert tensor.dtype == np.float32
    assert tensor.flags.c_contiguous
    for channel, value in enumerate(normalised(colour, normalisation)):
        np.testing.assert_allclose(tensor[0, channel], value, atol=2e-6)


def test_a_dark_photo_stays_dark() -> None:
    dark = np.random.default_rng(1).integers(0, 21, (40, 40, 3), np.uint8)
    tensor, _ = preprocess(source(dark), fake_spec())
    assert tensor.max() <= 30 / 255


@both_samplers
@pytest.mark.parametrize(("width", "height"), [(100, 20), (20, 100), (64, 64), (3, 2), (500, 499), (2, 999)])
def test_squeezed_the_picture_fills_the_square(width: int, height: int, resample: Resample) -> None:
    tensor, fit = preprocess(source(plain((255, 255, 255), width, height)), fake_spec(resample=resample))
    assert fit == Fit(0, 0, 64, 64)
    np.testing.assert_allclose(tensor, 1, atol=1e-6)


@both_samplers
def test_squeezed_each_side_is_scaled_by_itself(resample: Resample) -> None:
    rgb = plain((0, 0, 0), 200, 50)
    rgb[:25, 100:] = 255
    tensor, _ = preprocess(source(rgb), fake_spec(resample=resample))
    expected = np.zeros((64, 64))
    expected[:32, 32:] = 1
    # Rows and columns beside the edge ring a little.
    away = np.r_[0:28, 36:64]
    np.testing.assert_allclose(tensor[0, 0][np.ix_(away, away)], expected[np.ix_(away, away)], atol=0.05)


@pytest.mark.parametrize(
    ("width", "height", "fit"),
    [
        (128, 64, Fit(0, 16, 64, 32)),
        (64, 128, Fit(16, 0, 32, 64)),
        (100, 100, Fit(0, 0, 64, 64)),
        (30, 20, Fit(0, 10, 64, 43)),
        (1000, 2, Fit(0, 31, 64, 1)),
    ],
)
@both_samplers
def test_letterboxed_the_picture_keeps_its_aspect_amid_black(
    width: int, height: int, fit: Fit, resample: Resample
) -> None:
    spec = fake_spec(resize="letterbox", normalisation=CENTRED, resample=resample)
    tensor, found = preprocess(source(plain((255, 255, 255), width, height)), spec)
    assert found == fit
    expected = np.full((64, 64), -0.5)
    expected[fit.top : fit.top + fit.height, fit.left : fit.left + fit.width] = 0.5
    np.testing.assert_allclose(tensor[0], np.stack([expected] * 3), atol=1e-6)


def test_channels_are_in_the_order_red_green_blue() -> None:
    tensor, _ = preprocess(source(plain((255, 0, 0))), fake_spec())
    assert tensor[0, :, 0, 0].tolist() == [1, 0, 0]


def test_a_see_through_picture_is_seen_on_white() -> None:
    alpha = np.full((32, 48), 51, np.uint8)  # one fifth
    tensor, _ = preprocess(source(plain((0, 100, 255)), alpha), fake_spec())
    expected = [204 / 255, 224 / 255, 1]
    np.testing.assert_allclose(tensor[0].mean(axis=(1, 2)), expected, atol=0.003)


@both_samplers
def test_colours_hidden_under_clear_pixels_are_not_seen(resample: Resample) -> None:
    # White on clear black, as most programs write it: all that shows is white.
    rgb = plain((0, 0, 0), 150, 90)
    rgb[20:70, 30:90] = 255
    alpha = rgb[..., 0].copy()
    tensor, _ = preprocess(source(rgb, alpha), fake_spec(resample=resample))
    np.testing.assert_allclose(tensor, 1, atol=1e-6)


def test_another_colour_space_is_converted_to_srgb() -> None:
    # Red and green are exchanged in this one.
    rgb = plain((250, 80, 120))
    swapped = source(rgb, icc=profile("RGB ", 2.2, swap=True))
    tensor, _ = preprocess(swapped, fake_spec())
    np.testing.assert_allclose(tensor[0, :, 5, 5] * 255, (80, 250, 120), atol=6)
    # Only the model sees sRGB.
    assert np.array_equal(swapped.rgb, rgb)


def test_an_srgb_profile_changes_nothing() -> None:
    rgb = random_photo(3, 64, 64)
    with_profile, _ = preprocess(source(rgb, icc=srgb_profile()), fake_spec())
    without, _ = preprocess(source(rgb), fake_spec())
    np.testing.assert_allclose(with_profile, without, atol=1.5 / 255)


@both_samplers
def test_the_middle_of_the_photo_is_the_middle_of_the_square(resample: Resample) -> None:
    # A symmetric photo stays symmetric: pixel centres are aligned, at a size with a remainder too.
    for side in (64, 1000, 1003):
        rgb = plain((0, 0, 0), side, side)
        rgb[side // 4 : side - side // 4, side // 4 : side - side // 4] = 255
        tensor, _ = preprocess(source(rgb), fake_spec(resample=resample))
        weight = tensor[0, 0] / tensor[0, 0].sum()
        centre = (weight.sum(axis=0) * (np.arange(64) + 0.5)).sum()
        assert centre == pytest.approx(32, abs=0.1)


def test_a_large_photo_does_not_alias() -> None:
    rgb = plain((0, 0, 0), 1111, 777)
    rgb[::2, ::2] = 255
    rgb[1::2, 1::2] = 255
    tensor, _ = preprocess(source(rgb), fake_spec())
    assert np.ptp(tensor) < 0.04
