"""What the page's benchmark does by hand: photos for it, choosing them, drawing in time, looking at the screen."""

from __future__ import annotations

import asyncio
import base64
import io
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from playwright.async_api import CDPSession, Page, ViewportSize

from benchmarks.tables import ROOT

VIEWPORT: ViewportSize = {"width": 1280, "height": 800}
PATIENCE_MS = 90_000
SMALL = (1224, 816)

# Nothing has changed on the screen for so long: it has settled.
_SETTLED_S = 0.8

Pixels = NDArray[np.uint8]
Box = tuple[float, float, float, float]


class Watch:
    """The frames of a screen inside ``async with``, each with the moment at which it was there."""

    def __init__(self, session: CDPSession) -> None:
        self._session = session
        self._told: list[tuple[float, str]] = []
        self._acknowledged: set[asyncio.Task[Any]] = set()
        self.frames: list[tuple[float, Pixels]] = []

    async def __aenter__(self) -> Self:
        self._session.on("Page.screencastFrame", self._seen)
        size = {"maxWidth": VIEWPORT["width"] // 2, "maxHeight": VIEWPORT["height"] // 2}
        await self._session.send("Page.startScreencast", {"format": "png", **size})
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.send("Page.stopScreencast")
        self._session.remove_listener("Page.screencastFrame", self._seen)
        for at, data in self._told:
            with Image.open(io.BytesIO(base64.b64decode(data))) as image:
                self.frames.append((at, np.asarray(image.convert("L").resize((640, 400)))))

    async def settled(self, most_s: float) -> None:
        """Wait until nothing has changed for a while."""
        until = time.time() + most_s
        since = time.time()
        while time.time() < until and time.time() - max(since, self._told[-1][0] if self._told else 0) < _SETTLED_S:
            await asyncio.sleep(0.05)

    def _seen(self, told: dict[str, Any]) -> None:
        self._told.append((told["metadata"]["timestamp"], told["data"]))
        words = {"sessionId": told["sessionId"]}
        task = asyncio.ensure_future(self._session.send("Page.screencastFrameAck", words))
        self._acknowledged.add(task)
        task.add_done_callback(self._acknowledged.discard)


async def choose(page: Page, photos: Sequence[Path]) -> float:
    """Choose photos on the first screen; the moment of the choice."""
    async with page.expect_file_chooser() as asked:
        await page.get_by_role("button", name="Choose photos", exact=True).click()
    chooser = await asked.value
    begun = time.time()
    await chooser.set_files(list(photos))
    return begun


async def paced(count: int, rate: float, does: Callable[[int], Coroutine[Any, Any, Any]]) -> None:
    """Do something so often a second, whether or not the page follows."""
    begun, tasks = time.monotonic(), []
    for number in range(count):
        await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
        tasks.append(asyncio.create_task(does(number)))
    await asyncio.gather(*tasks)


def large_photo(size: tuple[int, int], folder: Path) -> Path:
    """A portrait of that size, with the noise of a camera, as a JPEG."""
    path = folder / f"{size[0]}x{size[1]}.jpg"
    with Image.open(ROOT / "examples" / "portrait.jpg") as image:
        pixels = np.array(ImageOps.fit(image.convert("RGB"), size, Image.Resampling.BICUBIC))
    noise = np.random.default_rng(1).integers(-10, 11, (1024, size[0], 3), np.int16)
    for top in range(0, size[1], 1024):
        part = pixels[top : top + 1024]
        part[:] = np.clip(part + np.roll(noise, 7 * top, axis=1)[: len(part)], 0, 255)
    Image.fromarray(pixels).save(path, quality=92)
    return path


def small_photos(count: int, folder: Path) -> list[Path]:
    """So many photos of a megapixel, no two of which are the same, as JPEGs."""
    folder.mkdir()
    paths = []
    names = ("cat.jpg", "cup.jpg", "portrait.jpg")
    for number in range(count):
        path = folder / f"photo-{number:03}.jpg"
        with Image.open(ROOT / "examples" / names[number % 3]) as image:
            part = image.convert("RGB").crop((0, 0, image.width - number % 50, image.height - number // 5))
            ImageOps.fit(part, SMALL, Image.Resampling.BILINEAR).save(path, quality=90)
        paths.append(path)
    return paths


def cut(frame: Pixels, box: Box) -> Pixels:
    """The stage in a frame, which is half as large as the screen."""
    left, top, width, height = (round(each / 2) for each in box)
    return frame[top : top + height, left : left + width]


def middle(pixels: Pixels) -> Pixels:
    """A quarter of each side, in the middle."""
    height, width = pixels.shape
    return pixels[height * 3 // 8 : height * 5 // 8, width * 3 // 8 : width * 5 // 8]


def say(line: str) -> None:
    """Tell how far it is."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
