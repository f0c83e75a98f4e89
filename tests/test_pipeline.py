from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cleancut.errors import (
    DamagedImage,
    FileTooLarge,
    ImageTooLarge,
    InferenceFailed,
    InputMissing,
    NoSubject,
    NotAnImage,
    OptionError,
)
from cleancut.options import PRESETS, Limits, Options, Quality
from cleancut.pipeline import Clock, estimate_matte, finish, load, render
from cleancut.types import Matte, Raw, Result, Source, Tensor
from tests.fakes.engines import Failing, Known, block, fake_engine, full, out_of_memory
from tests.pictures import gradient, saved
from tests.steps.sources import source

PNG = saved(gradient(), "PNG")
STEPS = ["probe", "validate", "decode", "preprocess", "infer", "refine", "adjust", "decontaminate", "compose"]


def photo() -> Source:
    return load(PNG, Limits())


def through(session: Known | Failing, options: Options | None = None) -> Result:
    clock = Clock()
    source = load(PNG, Limits(), clock)
    engine, options = fake_engine(session, notes=("of the engine",)), options or Options()
    return finish(source, estimate_matte(source, engine, options.effort, clock), engine, options, Limits(), clock)


def test_a_photo_becomes_a_cutout() -> None:
    result = through(Known(block()))
    pixels = result.picture.pixels
    assert pixels.shape == (32, 48, 4)
    assert np.all(pixels[12:20, 18:30, 3] == 255)
    assert not pixels[:4].any()
    np.testing.assert_array_equal(pixels[12:20, 18:30, :3], gradient()[12:20, 18:30])
    assert result.subject
    assert result.confidence == pytest.approx(1)
    assert result.image.size == (48, 32)


def test_the_steps_run_in_order_and_are_timed_by_their_names() -> None:
    timings = through(Known(block())).timings
    assert list(timings) == STEPS
    assert all(spent > 0 for spent in timings.values())


def test_a_clock_adds_up_what_runs_twice_and_notes_what_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([10.0, 10.5, 20.0, 20.25])
    monkeypatch.setattr("cleancut.pipeline.time.perf_counter", lambda: next(seconds))
    clock = Clock()

    def step(wrong: bool = False) -> int:
        if wrong:
            raise ValueError("wrong")
        return 7

    assert clock(step) == 7
    assert clock.timings == {"step": 500}
    with pytest.raises(ValueError, match="wrong"):
        clock(step, wrong=True)
    assert clock.timings == {"step": 750}


def test_the_result_says_what_really_ran() -> None:
    result = through(Known(block()))
    assert (result.model, result.device, result.provider, result.precision) == (
        "fake",
        "cpu",
        "FakeExecutionProvider",
        "fp32",
    )
    assert result.notes == ("of the engine",)


def test_the_model_sees_the_photo() -> None:
    session = Known(block())
    estimate_matte(photo(), fake_engine(session))
    (tensor,) = session.tensors
    assert tensor.shape == (1, 3, 64, 64)
    # The gradient's red grows to the right and its green downwards.
    assert tensor[0, 0, 32, 60] > 0.9 > 0.1 > tensor[0, 0, 32, 3]
    assert tensor[0, 1, 60, 32] > 0.9 > 0.1 > tensor[0, 1, 3, 32]


def bright_square(side: int) -> Source:
    """600 × 600, dark, with a bright square off its middle."""
    rgb = np.full((600, 600, 3), 30, np.uint8)
    rgb[100 : 100 + side, 60 : 60 + side] = 230
    return source(rgb)


def brightness(tensor: Tensor) -> Raw:
    return np.asarray(tensor[0].mean(axis=0), np.float32)


@pytest.mark.parametrize(
    ("quality", "side", "runs"),
    [("fast", 100, 1), ("balanced", 100, 2), ("balanced", 450, 1), ("best", 450, 2), ("best", 100, 4)],
)
def test_the_model_is_asked_as_often_as_the_effort_allows_and_it_pays(quality: Quality, side: int, runs: int) -> None:
    session = Known(lambda tensor: (brightness(tensor) > 0.5).astype(np.float32))
    matte = estimate_matte(bright_square(side), fake_engine(session), PRESETS[quality])
    assert session.runs == runs
    truth = (bright_square(side).rgb[..., 0] > 128).astype(np.float32)
    assert np.abs(matte.alpha - truth).mean() < 0.03  # a pixel of the mask is nine of the photo


def test_without_refinement_the_model_is_asked_once() -> None:
    session = Known(lambda tensor: (brightness(tensor) > 0.5).astype(np.float32))
    estimate_matte(bright_square(100), fake_engine(session), Options(quality="best", refine=False).effort)
    assert session.runs == 1


def test_where_nothing_is_found_the_model_is_not_asked_again() -> None:
    session = Known(full(0.02))
    assert not estimate_matte(photo(), fake_engine(session), PRESETS["best"]).subject
    assert session.runs == 1


def test_the_closer_look_sees_the_subject_larger() -> None:
    session = Known(lambda tensor: (brightness(tensor) > 0.5).astype(np.float32))
    estimate_matte(bright_square(100), fake_engine(session), PRESETS["balanced"])
    far, near = ((brightness(tensor) > 0.5).mean() for tensor in session.tensors)
    assert near > 10 * far


def test_rendering_again_does_not_run_the_model_again() -> None:
    session = Known(block())
    source = photo()
    matte = estimate_matte(source, fake_engine(session))
    white = render(source, matte, Options(background="white"))
    soft = render(source, matte, Options(feather=3, edge_shift=1, crop=True))
    again = render(source, matte, Options(background="white"))
    assert session.runs == 1
    assert white.pixels.shape == (32, 48, 3)
    assert soft.pixels.shape[2] == 4
    np.testing.assert_array_equal(white.pixels, again.pixels)


def test_a_cut_is_an_estimate_and_a_rendering() -> None:
    options = Options(background="#123456", feather=2)
    result = through(Known(block()), options)
    np.testing.assert_array_equal(render(result.source, result.matte, options).pixels, result.picture.pixels)


def test_the_result_keeps_the_matte_as_estimated() -> None:
    plain = through(Known(block()))
    adjusted = through(Known(block()), Options(feather=5, edge_shift=3, invert=True))
    np.testing.assert_array_equal(plain.matte.alpha, adjusted.matte.alpha)


def test_without_a_subject_the_matte_is_clear_and_a_note_says_so() -> None:
    result = through(Known(full(0.2)))
    assert not result.subject
    assert not result.picture.pixels.any()
    assert result.confidence < 0.2
    assert result.notes == ("of the engine", "no subject was found: the matte is clear")


def test_a_subject_can_be_required() -> None:
    with pytest.raises(NoSubject, match=r"no subject was found \(confidence 0\.\d\d\)") as caught:
        through(Known(full(0.2)), Options(require_subject=True))
    assert "--require-subject" in caught.value.hint
    assert through(Known(block()), Options(require_subject=True)).subject


@pytest.mark.parametrize("session", [Failing(), out_of_memory(), Known(full(np.nan))])
def test_a_model_that_fails_is_told(session: Known | Failing) -> None:
    with pytest.raises(InferenceFailed):
        through(session)


def test_what_is_too_large_never_reaches_the_decoder() -> None:
    clock = Clock()
    with pytest.raises(ImageTooLarge):
        load(PNG, Limits(max_pixels=32 * 48 - 1), clock)
    assert "decode" not in clock.timings


def rendered_over(background: bytes | Path, limits: Limits | None = None) -> None:
    clear = Matte(np.zeros((32, 48), np.float32), subject=False, confidence=0)
    given = str(background) if isinstance(background, Path) else background
    picture = render(photo(), clear, Options(background=given), limits)
    np.testing.assert_array_equal(picture.pixels, gradient()[::-1])


def test_a_picture_behind_comes_from_bytes_or_from_a_file(tmp_path: Path) -> None:
    upside_down = saved(np.ascontiguousarray(gradient()[::-1]), "PNG")
    rendered_over(upside_down)
    path = tmp_path / "wall.png"
    path.write_bytes(upside_down)
    rendered_over(path)


def test_the_limits_hold_for_a_picture_behind(tmp_path: Path) -> None:
    with pytest.raises(ImageTooLarge):
        rendered_over(PNG, Limits(max_pixels=100))
    path = tmp_path / "wall.png"
    path.write_bytes(PNG)
    with pytest.raises(FileTooLarge):
        rendered_over(PNG, Limits(max_bytes=len(PNG) - 1))
    # A file is refused by its name, before it is read.
    with pytest.raises(FileTooLarge, match=str(path)):
        rendered_over(path, Limits(max_bytes=len(PNG) - 1))


def test_a_background_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotAnImage):
        rendered_over(b"a letter")
    with pytest.raises(DamagedImage):
        rendered_over(PNG[: len(PNG) // 2])


def test_a_background_that_went_away_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "wall.png"
    path.write_bytes(PNG)
    options = Options(background=str(path))
    path.unlink()
    with pytest.raises((InputMissing, OptionError)):
        render(photo(), Matte(np.zeros((32, 48), np.float32), subject=False, confidence=0), options)
