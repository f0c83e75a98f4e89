"""Drawing on large photos, taking it back, and opening them."""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import Coroutine, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, Self

import numpy as np
from PIL import Image
from playwright.async_api import Browser, CDPSession, Page, expect

from benchmarks.page_steps import PATIENCE_MS, VIEWPORT, Box, Watch, choose, cut, large_photo, middle, paced, say
from benchmarks.page_trace import Recording, Trace, Work

# The larger one is as large as the server takes it by default.
LARGE = {"12 MP": (4000, 3000), "50 MP": (8660, 5773)}
VIEWS = ("Fit", "Actual size")

STROKES, STROKE_S, RATE = 3, 2.0, 120
# Drawing counts until then: what a lifted brush brings about is part of it.
_AFTER_S = 0.5
_TIMES = 3
# Levels of 255.
_SEEN = 8
_BLOB = re.compile("^blob:")

# When the page has a stage.
_STAGED = """() => new Promise((done) => {
  const look = () => document.querySelector("[role=application]") && done(Date.now());
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
})"""


async def measure(browser: Browser, address: str, work: Path) -> dict[str, Any]:
    """Opening, drawing, undo and redo of photos of 12 and of 50 megapixels."""
    found: dict[str, Any] = {
        "measured": "A pointer event's work is all tasks of the renderer's main thread from the one that brought it "
        "until the one that brought the next (pointermove, pointerdown, pointerup), by Chromium's trace: listeners, "
        "React, animation frames, style, layout, painting, garbage collection. wall: time; cpu: processor time; "
        "handlers: the listeners alone. Moves that one frame brings together are one event. The longest task and the "
        "number above 50 ms are of the whole drawing, half a second after each stroke included. Tracing costs, too.",
        "sent_per_s": RATE,
        "photos": {},
    }
    for name, size in LARGE.items():
        photo = large_photo(size, work)
        context = await browser.new_context(viewport=VIEWPORT)
        context.set_default_timeout(PATIENCE_MS)
        page = await context.new_page()
        await page.goto(address)
        opened = await _open(browser, page, photo)
        say(f"{name}: opened {opened}")
        editor = await Editor.opened(browser, page)
        scenes = []
        for view in VIEWS:
            for brush in ("small", "largest"):
                scenes.append(await editor.drawn(view, brush))
                say(f"{name}: {scenes[-1]}")
        steps = await editor.steps()
        say(f"{name}: {steps}")
        await context.close()
        found["photos"][name] = {"size": size, "opening": opened, "drawing": scenes, "steps": steps}
    return found


async def _open(browser: Browser, page: Page, photo: Path) -> dict[str, Any]:
    # Half as lively as the photo's middle, which nothing else there is.
    with Image.open(photo) as image:
        image.draft("RGB", (640, 640))
        lively = middle(np.asarray(image.convert("L"))).std() / 2
    session = await page.context.new_cdp_session(page)
    async with Recording(browser, page) as recording, Watch(session) as watch:
        staged = asyncio.create_task(page.evaluate(_STAGED))
        begun = await choose(page, [photo])
        link = page.get_by_role("link", name="Download", exact=True)
        await expect(link).to_have_attribute("href", _BLOB, timeout=PATIENCE_MS)
        ready = time.time()
        box = await _stage_box(page)
    # Frames before were of the first screen, which has photos of its own.
    since = await staged / 1000
    shown = [at for at, frame in watch.frames if at > since and middle(cut(frame, box)).std() > lively]
    return {
        "measured": "From the choice until a frame of the screen has the photo in its middle; and until the finished "
        "file can be downloaded.",
        "shown_s": round(shown[0] - begun, 2) if shown else None,
        "ready_s": round(ready - begun, 2),
        "bytes": photo.stat().st_size,
        **recording.trace.summary(),
    }


class Editor:
    """The editor of a photo, and a hand that draws in it."""

    def __init__(self, browser: Browser, page: Page, session: CDPSession, box: Box) -> None:
        self._browser = browser
        self._page = page
        self._session = session
        self._box = box

    @classmethod
    async def opened(cls, browser: Browser, page: Page) -> Self:
        """Open it, with the brush that erases."""
        await page.get_by_role("button", name="Edit", exact=True).click()
        await expect(page.get_by_role("region", name="Editor")).to_be_visible()
        await page.keyboard.press("e")
        # The engine reads the photo at full size.
        await page.wait_for_timeout(3000)
        return cls(browser, page, await page.context.new_cdp_session(page), await _stage_box(page))

    async def drawn(self, view: str, brush: str) -> dict[str, Any]:
        """Draw with a brush at a view, and tell what that cost."""
        await self._look(view)
        size = await self._take(brush)
        async with Recording(self._browser, self._page) as recording:
            for _ in range(STROKES):
                await self._stroke()
                await asyncio.sleep(_AFTER_S)
        reset = self._page.get_by_role("button", name="Reset", exact=True)
        await reset.click()
        await self._page.wait_for_timeout(500)
        return {"view": view, "brush": brush, "diameter_px": size, **_drawing(recording.trace)}

    async def steps(self) -> dict[str, Any]:
        """Take a stroke of the largest brush back and draw it again, some times."""
        await self._look("Fit")
        await self._take("largest")
        await self._stroke()
        await self._page.wait_for_timeout(1500)
        found: dict[str, Any] = {
            "measured": "From the key until the picture begins to change on the screen, and until the last change is "
            "there, by frames of the screen; a stroke of the largest brush, the whole photo in view.",
            "times": _TIMES,
        }
        waits: dict[str, list[tuple[float, float]]] = {"undo": [], "redo": []}
        async with Recording(self._browser, self._page) as recording:
            for _ in range(_TIMES):
                for name, keys in (("undo", "Control+z"), ("redo", "Control+Shift+z")):
                    waits[name].append(await self._changed(keys))
        for name, each in waits.items():
            for what, of in zip(("begins", "shown"), zip(*each, strict=True), strict=True):
                found[f"{name}_{what}_ms"] = {"median": round(median(of)), "max": round(max(of))}
        return {**found, **recording.trace.summary()}

    async def _changed(self, keys: str) -> tuple[float, float]:
        """Milliseconds from a key until the picture begins to change, and until it stays as it is."""
        async with Watch(self._session) as watch:
            await asyncio.sleep(0.3)
            begun = time.time()
            await self._page.keyboard.press(keys)
            await watch.settled(10)
        frames = [(at, cut(frame, self._box).astype(int)) for at, frame in watch.frames]
        # Changes from each frame to the next.
        at = [(now, frame, before) for (_, before), (now, frame) in pairwise(frames) if now > begun]
        changes = [now for now, frame, before in at if np.abs(frame - before).max() > _SEEN]
        if not changes:
            raise SystemExit(f"{keys} changed nothing on the screen")
        return (changes[0] - begun) * 1000, (changes[-1] - begun) * 1000

    async def _look(self, view: str) -> None:
        await self._page.get_by_role("button", name=view, exact=True).click()
        await self._page.wait_for_timeout(1000)

    async def _take(self, brush: str) -> float:
        """Have a brush in hand, the small one 1 % of the photo's width, and tell its diameter."""
        slider = self._page.get_by_role("slider", name="Size")
        # Steps beyond the ends do nothing.
        presses = ["]"] * 20 + ["["] * (18 if brush == "small" else 0)
        for key in presses:
            await self._page.keyboard.press(key)
        return float((await slider.get_attribute("aria-valuetext") or "").removesuffix(" px"))

    async def _stroke(self) -> None:
        left, top, width, height = self._box

        def event(kind: str, share: float) -> Coroutine[Any, Any, Any]:
            x = left + width * (0.5 + 0.38 * math.sin(4.5 * share))
            y = top + height * (0.5 + 0.38 * math.sin(7 * share + 0.5))
            down = kind != "mouseReleased"
            words = {"type": kind, "x": x, "y": y, "button": "left", "buttons": int(down), "clickCount": 1}
            return self._session.send("Input.dispatchMouseEvent", words)

        count = round(STROKE_S * RATE)
        await self._page.mouse.move(left + width * 0.5, top + height * 0.68)
        await event("mousePressed", 0)
        await paced(count, RATE, lambda number: event("mouseMoved", (number + 1) / count))
        await event("mouseReleased", 1)


def _drawing(trace: Trace) -> dict[str, Any]:
    works = trace.works()
    moves = [each for each in works if each.kind == "pointermove"]
    if len(moves) < 300:
        say(f"only {len(moves)} moves were dispatched: the machine is too busy")
    lifts = [each.wall for each in works if each.kind == "pointerup"]
    return {
        "sent": round(STROKES * STROKE_S * RATE),
        "dispatched": len(works),
        **{f"{name}_ms": _spread([getattr(each, name) for each in works]) for name in Work.__slots__[1:]},
        "lifted_ms_max": round(max(lifts, default=0.0), 2),
        "worker_cpu_ms_per_event": round(sum(each.cpu for each in trace.drawing) / max(1, len(works)), 2),
        **trace.summary(),
    }


def _spread(values: Sequence[float]) -> dict[str, float]:
    p50, p95 = np.percentile(values, (50, 95), method="higher")
    return {"p50": round(float(p50), 2), "p95": round(float(p95), 2), "max": round(max(values), 2)}


async def _stage_box(page: Page) -> Box:
    box = await page.get_by_role("application").bounding_box()
    if box is None:
        raise SystemExit("the photo is not to be seen")
    return box["x"], box["y"], box["width"], box["height"]
