"""How much memory a photo takes on its way: what is in floating point at full size, and how often, decides it."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from cleancut.options import Limits, Options
from cleancut.pipeline import estimate_matte, load, render
from cleancut.steps.encode import encode
from cleancut.types import Matte, Source
from tests.fakes.engines import SIZE, Known, block, fake_engine
from tests.fakes.tiny_model import photo
from tests.pictures import saved

# What is worked on at a size of its own counts in both, and only in one.
SMALL, LARGE = (1500, 1000), (3000, 2000)

# Bytes for each further pixel, above what is held already. A plane in float32 takes four, the photo in float32 twelve.
MATTE, PICTURE, FILE = 8.0, 10.0, 1.5


@pytest.fixture(autouse=True)
def _traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def held(work: Callable[[], object]) -> int:
    """The most bytes that are held at a time."""
    work()  # what is kept from the first time on
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    work()
    return tracemalloc.get_traced_memory()[1] - before


def bytes_a_pixel(step: Callable[[Source], Callable[[], object]]) -> float:
    """What a step takes for each pixel that a photo has more."""
    small, large = (held(step(source(*size))) for size in (SMALL, LARGE))
    return (large - small) / (LARGE[0] * LARGE[1] - SMALL[0] * SMALL[1])


def source(width: int, height: int) -> Source:
    return load(saved(photo(height, width), "JPEG"), Limits())


def matte(of: Source) -> Matte:
    return estimate_matte(of, fake_engine(Known(block(SIZE))))


def test_of_the_matte_one_plane_is_in_floating_point() -> None:
    assert bytes_a_pixel(lambda of: lambda: matte(of)) < MATTE


def test_the_picture_is_made_of_bytes() -> None:
    def step(of: Source) -> Callable[[], object]:
        found = matte(of)
        return lambda: render(of, found, Options())

    assert bytes_a_pixel(step) < PICTURE


def test_the_file_is_written_strip_by_strip() -> None:
    def step(of: Source) -> Callable[[], object]:
        made = render(of, matte(of), Options())
        return lambda: encode(made, Options())

    assert bytes_a_pixel(step) < FILE
