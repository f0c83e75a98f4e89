"""How quick the page is, in a real Chromium with real weights: ``python -m benchmarks.page``.

Starts a server of its own with U2-Netp and writes ``results/page.json``, whose tables ``benchmarks.tables`` makes. Its
photos are made of ``examples``, in a folder that goes away. It takes four minutes; nothing else should run meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import click
import httpx
from playwright.async_api import Browser, Page, async_playwright, expect

from benchmarks import page_brush
from benchmarks.page_steps import PATIENCE_MS, SMALL, VIEWPORT, choose, paced, say, small_photos
from benchmarks.page_trace import LONG_MS, Recording, Trace
from benchmarks.tables import RESULTS, ROOT
from cleancut.bench.load import Target, started
from cleancut.evaluation.machine import machine
from cleancut.settings import read_settings

PARTS = ("first", "brush", "many")
LOADS = 10
MANY = 146
# The photos are still being made after all of it.
SCROLLED_S, WATCHED_S = 5.0, 15.0

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")

# Tells when the button has an effect, and when the thread then had nothing to do. The chooser itself stays closed.
_WATCH = """() => {
  const told = { listening: null, quiet: null, painted: null, tasks: [] };
  globalThis.cleancutTold = told;
  const observe = (type, each) =>
    new PerformanceObserver((list) => list.getEntries().forEach(each)).observe({ type, buffered: true });
  observe("longtask", ({ startTime, duration }) => told.tasks.push([startTime, duration]));
  observe("paint", ({ name, startTime }) => { if (name === "first-contentful-paint") told.painted = startTime; });
  HTMLInputElement.prototype.click = function () { told.listening ??= performance.now(); };
  const look = () => {
    const buttons = [...document.querySelectorAll("button")];
    buttons.find((each) => each.textContent.trim() === "Choose photos" && each.checkVisibility())?.click();
    if (told.listening === null) setTimeout(look, 4);
    else requestIdleCallback(() => { told.quiet = performance.now(); done(); });
  };
  let done;
  told.done = new Promise((resolve) => { done = resolve; });
  look();
}"""
_ASKED = """() => performance.getEntriesByType("resource").map((each) => [each.name, each.encodedBodySize])"""

Part = Callable[[Browser, str, Path], Awaitable[dict[str, Any]]]


@click.command()
@click.option("--part", "parts", multiple=True, type=click.Choice(PARTS), help="Only this part. Repeatable.")
def main(parts: Sequence[str]) -> None:
    """Measure the page."""
    subprocess.run([sys.executable, str(ROOT / "web" / "make.py")], check=True)
    path = RESULTS / "page.json"
    content = json.loads(path.read_text("ascii")) if path.exists() else {}
    with tempfile.TemporaryDirectory(prefix="cleancut-page-") as name, _served(Path(name)) as address:
        found = asyncio.run(_measure(parts or PARTS, address, Path(name)))
    content |= {"machine": machine(), "long_ms": LONG_MS, **found}
    path.write_text(json.dumps(content, indent=1) + "\n", "ascii")


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """The address of a server with a home of its own that lends the weights of ours."""
    home = folder / "home"
    home.mkdir()
    (home / "models").symlink_to(read_settings().home / "models")
    # The page stays as it is, whoever changes it meanwhile.
    os.environ |= {"CLEANCUT_HOME": str(home), "CLEANCUT_MODEL": "u2netp", "CLEANCUT_BUILD_PAGE": "0"}
    command = (sys.executable, "-P", "-m", "cleancut", "serve", "--port", "{port}")
    with started(Target("cleancut", command, "", "")) as (_, address):
        yield address


async def _measure(parts: Sequence[str], address: str, work: Path) -> dict[str, Any]:
    program = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    if program is None:
        raise SystemExit("there is no Chromium; scripts/components installs it")
    found: dict[str, Any] = {}
    does: dict[str, Part] = {"first": _first, "brush": page_brush.measure, "many": _many}
    async with async_playwright() as playwright:
        for part in parts:
            # What ran before, this included, is in it.
            load = [round(each, 2) for each in os.getloadavg()]
            say(f"— {part}; load {load[0]}")
            browser = await playwright.chromium.launch(executable_path=program, args=list(_ARGUMENTS))
            try:
                measured = await does[part](browser, address, work)
                found[part] = {"load_before": load, "chromium": browser.version, **measured}
            finally:
                await browser.close()
    return found


async def _first(browser: Browser, address: str, work: Path) -> dict[str, Any]:
    """The first screen, loaded cold each time, and what is sent for it."""
    loads, asked = [], []
    for _ in range(LOADS):
        context = await browser.new_context(viewport=VIEWPORT)
        page = await context.new_page()
        await page.add_init_script(f"({_WATCH})()")
        await page.goto(address)
        await page.evaluate("() => cleancutTold.done")
        # A long task that follows would still be part of the loading.
        await page.wait_for_timeout(1500)
        loads.append(_load(await page.evaluate("() => ({ ...cleancutTold, done: null })")))
        asked = await page.evaluate(_ASKED)
        await context.close()
    say(f"interactive {[round(each['interactive_ms']) for each in loads]} ms")
    return {
        "measured": "From the start of navigation until the first picture was painted, the button's listener had an "
        "effect, the main thread was idle and the last task above 50 ms of the next 1.5 s was over. Each in a new "
        "context, without cache.",
        "loads": LOADS,
        **{f"{name}_median": median(each[name] for each in loads) for name in loads[0]},
        **{f"{name}_max": max(each[name] for each in loads) for name in loads[0]},
        "sent": _sent(address, dict(asked)),
    }


def _load(told: dict[str, Any]) -> dict[str, float]:
    ready = max(told["listening"], told["quiet"], told["painted"])
    interactive = max(ready, *(begin + wall for begin, wall in told["tasks"])) if told["tasks"] else ready
    blocking = sum(wall - LONG_MS for begin, wall in told["tasks"] if begin + wall > told["painted"])
    figures = {"interactive_ms": interactive, "listening_ms": told["listening"], "painted_ms": told["painted"]}
    return {name: round(value, 1) for name, value in {**figures, "blocking_ms": blocking}.items()}


def _sent(address: str, asked: dict[str, int]) -> dict[str, Any]:
    """Bytes of bodies as the server sends them, of what a browser asked for and of all scripts that there are."""
    folder = ROOT / "src" / "cleancut" / "server" / "page"
    everything = [f"{address}/{path.relative_to(folder).as_posix()}" for path in folder.rglob("*.js")]
    scripts = {name: _bodies(name) for name in everything}
    first = [name for name in asked if name in scripts]
    for name in first:
        if asked[name] != scripts[name]["br"]:
            raise SystemExit(f"{name}: the browser received {asked[name]} bytes, not {scripts[name]['br']}")
    counted = {"first_scripts": first, "all_scripts": everything}
    whole = [each for name, each in asked.items() if name.startswith(address)] + [_bodies(address)["br"]]
    return {
        **{what: {way: sum(scripts[name][way] for name in names) for way in ("br", "gzip", "identity")}
           for what, names in counted.items()},
        "first_all": sum(whole),
        "first_requests": len(whole),
    }  # fmt: skip


def _bodies(url: str) -> dict[str, int]:
    sizes = {}
    with httpx.Client(trust_env=False) as client:
        for way in ("br", "gzip", "identity"):
            with client.stream("GET", url, headers={"Accept-Encoding": way}) as answer:
                sizes[way] = sum(len(part) for part in answer.raise_for_status().iter_raw())
    return sizes


async def _many(browser: Browser, address: str, work: Path) -> dict[str, Any]:
    """What the main thread has to do for many photos at once."""
    photos = small_photos(MANY, work / "many")
    context = await browser.new_context(viewport=VIEWPORT)
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    await page.goto(address)
    found = {}
    async with Recording(browser, page) as adding:
        await choose(page, photos)
        await expect(page.get_by_role("list", name="Photos").get_by_role("listitem")).to_have_count(
            MANY, timeout=PATIENCE_MS
        )
        await page.wait_for_timeout(1000)
    found["adding"] = _tasks(adding.trace, "from the choice until 1 s after all cards were there")
    async with Recording(browser, page) as scrolling:
        await _scroll(page)
    found["scrolling"] = _tasks(scrolling.trace, f"{SCROLLED_S:g} s of a wheel, 60 notches a second, to and fro")
    async with Recording(browser, page) as working:
        await page.wait_for_timeout(WATCHED_S * 1000)
    found["working"] = _tasks(working.trace, f"{WATCHED_S:g} s of looking on")
    done = await page.get_by_role("progressbar").first.get_attribute("aria-label")
    await context.close()
    say(f"longest tasks {[each['longest_task_ms'] for each in found.values()]} ms; {done}")
    megapixels = SMALL[0] * SMALL[1] / 1e6
    return {"photos": MANY, "megapixels": round(megapixels, 2), "done_at_the_end": done, **found}


async def _scroll(page: Page) -> None:
    await page.mouse.move(VIEWPORT["width"] / 2, VIEWPORT["height"] / 2)
    turns = round(SCROLLED_S * 60)

    async def turn(number: int) -> None:
        await page.mouse.wheel(0, 100 if number % 150 < 75 else -100)

    await paced(turns, 60, turn)


def _tasks(trace: Trace, what: str) -> dict[str, Any]:
    spent = round(sum(each.wall for each in trace.tasks))
    return {"measured": what, "tasks": len(trace.tasks), "main_thread_ms": spent, **trace.summary()}


if __name__ == "__main__":
    main()
