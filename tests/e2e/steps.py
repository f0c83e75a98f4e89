"""What people do on the page, and what they hold in their hands afterwards."""

from __future__ import annotations

import base64
import io
import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, Request, expect

from cleancut.matting.strokes import Stroke, paint
from tests.e2e.conftest import EXAMPLES, PATIENCE_MS

T = TypeVar("T")

Array = NDArray[np.uint8]
Place = tuple[float, float]

CAT = EXAMPLES / "cat.jpg"
CAT_SIZE = (451, 300)


@dataclass(frozen=True)
class File:
    """What was downloaded."""

    name: str
    data: bytes

    @property
    def image(self) -> Image.Image:
        image = Image.open(io.BytesIO(self.data))
        image.load()
        return image

    @property
    def alpha(self) -> Array:
        """(h, w)"""
        return np.asarray(self.image.convert("RGBA"))[:, :, 3]

    def pixel(self, x: int, y: int) -> tuple[int, ...]:
        """Red, green and blue."""
        return tuple(int(each) for each in np.asarray(self.image.convert("RGB"))[y, x])


def payload(name: str, data: bytes, kind: str = "image/jpeg") -> FilePayload:
    """A file that lies nowhere."""
    return {"name": name, "mimeType": kind, "buffer": data}


def photo_file(pixels: Array, format: str = "JPEG", **keywords: Any) -> bytes:
    """(h, w, 3) as a file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format, **keywords)
    return file.getvalue()


def choose(page: Page, *files: Path | FilePayload, button: str = "Choose photos") -> None:
    """Choose photos by the button for it."""
    with page.expect_file_chooser() as asked:
        page.get_by_role("button", name=button, exact=True).click()
    # Paths and bytes cannot be mixed.
    asked.value.set_files([_as_payload(each) for each in files])


def _as_payload(file: Path | FilePayload) -> FilePayload:
    return payload(file.name, file.read_bytes()) if isinstance(file, Path) else file


# What is dropped or pasted, as the browser hands it over.
_HAND_OVER = """([kind, name, data, type]) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, { type }));
    if (kind === "paste") {
        document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true }));
        return true;
    }
    const tell = (what) => {
        const event = new DragEvent(what, { dataTransfer: transfer, bubbles: true, cancelable: true });
        document.body.dispatchEvent(event);
        return event.defaultPrevented;
    };
    return tell("dragover") && tell("drop");
}"""


def hand_over(page: Page, kind: str, file: FilePayload) -> None:
    """Drop or paste a file anywhere."""
    data = base64.b64encode(file["buffer"]).decode()
    assert page.evaluate(_HAND_OVER, [kind, file["name"], data, file["mimeType"]])


def ready(page: Page) -> Locator:
    """The link to the picture, as soon as it is what is wanted."""
    link = page.get_by_role("link", name="Download", exact=True)
    expect(link).to_have_attribute("href", re.compile("^blob:"))
    return link


def download(page: Page, link: Locator | None = None) -> File:
    """Take the picture away, or what a link or button of that kind leads to."""
    with page.expect_download() as begun:
        (link or ready(page)).click()
    return File(begun.value.suggested_filename, begun.value.path().read_bytes())


def cut(page: Page, *files: Path | FilePayload) -> File:
    """Choose a photo, and download what comes of it. The view jumps from here on, where it would glide."""
    page.emulate_media(reduced_motion="reduce")
    choose(page, *(files or (CAT,)))
    return download(page)


def edit(page: Page, *keys: str) -> None:
    """Open the editor at the photo's actual size, and press these keys."""
    button(page, "Edit").click()
    expect(region(page)).to_be_visible()
    button(page, "Actual size").click()
    for key in keys:
        page.keyboard.press(key)


def done(page: Page) -> None:
    """Leave the editor, with what was drawn."""
    button(page, "Done").click()
    expect(region(page)).to_be_hidden()


def region(page: Page) -> Locator:
    """The editor."""
    return page.get_by_role("region", name="Editor")


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def stage(page: Page) -> Locator:
    """What shows the picture."""
    return page.get_by_role("application")


def place(page: Page, point: Place, size: tuple[int, int] = CAT_SIZE, scale: float = 1) -> Place:
    """Where on the screen a point of the photo is. The photo lies in the middle of the stage, at its actual size."""
    box = stage(page).bounding_box()
    assert box is not None
    return (
        box["x"] + box["width"] / 2 + (point[0] - size[0] / 2) * scale,
        box["y"] + box["height"] / 2 + (point[1] - size[1] / 2) * scale,
    )


def draw(page: Page, *points: Place, size: tuple[int, int] = CAT_SIZE) -> None:
    """Draw a line through these points of the photo, by mouse."""
    first, *others = [place(page, point, size) for point in points]
    page.mouse.move(*first)
    page.mouse.down()
    for each in others:
        page.mouse.move(*each, steps=6)
    page.mouse.up()


def brush_size(page: Page) -> float:
    """The brush's diameter in pixels of the photo, as the page says it."""
    told = page.get_by_role("slider", name="Size").get_attribute("aria-valuetext") or ""
    return float(told.removesuffix(" px"))


def painted(before: Array, stroke: Stroke) -> tuple[Array, NDArray[np.bool_]]:
    """What an alpha must be after a stroke, and where that is sure: not at the rim, where half a pixel counts."""
    after = np.rint(paint((before / 255).astype(np.float32), [stroke]) * 255).astype(np.uint8)
    height, width = before.shape
    off = distance((width, height), stroke.points)
    inner = min(stroke.hardness * stroke.radius, stroke.radius - 0.5)
    sure = (off < inner - 1.5) | (off > stroke.radius + 1.5)
    assert (off[sure] < inner).sum() > 50
    return after, sure


def distance(size: tuple[int, int], points: Sequence[Place]) -> NDArray[np.float64]:
    """(h, w): how far the centre of each pixel is from a line through these points."""
    down, across = np.mgrid[0 : size[1], 0 : size[0]] + 0.5
    nearest = np.full(down.shape, np.inf)
    for (ax, ay), (bx, by) in zip(points, [*points[1:], points[-1]], strict=True):
        length = (bx - ax) ** 2 + (by - ay) ** 2
        share = np.clip(((across - ax) * (bx - ax) + (down - ay) * (by - ay)) / length, 0, 1) if length else 0
        nearest = np.minimum(nearest, np.hypot(ax + share * (bx - ax) - across, ay + share * (by - ay) - down))
    return nearest


def same(found: Array, wanted: Array, where: NDArray[np.bool_] | None = None) -> None:
    """Fail unless both are equal there, but for a rounding."""
    apart = np.abs(found.astype(int) - wanted.astype(int))
    worst = int((apart if where is None else apart[where]).max())
    assert worst <= 1, f"{worst} apart"


def shown(page: Page, size: tuple[int, int] = CAT_SIZE) -> Array:
    """(h, w, 3): the photo as it is seen on the screen, at its actual size."""
    left, top = place(page, (0, 0), size)
    # A pixel of the photo lies across two of the screen where the stage is odd.
    clip = {"x": round(left), "y": round(top), "width": size[0], "height": size[1]}
    return np.asarray(Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB"))  # type: ignore[arg-type]


def until(page: Page, what: Callable[[], T], right: Callable[[T], bool]) -> T:
    """Ask again until the answer is right; the page goes on meanwhile."""
    give_up = time.monotonic() + PATIENCE_MS / 1000
    while not right(answer := what()):
        assert time.monotonic() < give_up, answer
        page.wait_for_timeout(50)
    return answer


def kept(page: Page, right: Callable[[dict[str, Any]], bool]) -> None:
    """Wait until what the browser keeps of this tab is right: its entries by `work/name` or `batch/name`."""
    until(page, lambda: dict(page.evaluate(_ENTRIES)), right)


_ENTRIES = """async () => {
    const wait = (request) => new Promise((done) => { request.onsuccess = () => done(request.result); });
    const base = await wait(indexedDB.open("cleancut"));
    const store = base.transaction("entries").objectStore("entries");
    const [keys, values] = await Promise.all([wait(store.getAllKeys()), wait(store.getAll())]);
    base.close();
    const found = keys.map(([slot, name], index) => [...slot.split(" "), name, values[index]]);
    const word = sessionStorage.getItem("cleancut-tab");
    const mine = found.filter(([, of]) => of === word).map(([kind, , name, value]) => [`${kind}/${name}`, value]);
    return JSON.parse(JSON.stringify(mine));
}"""


class Sent:
    """What a page asks of its server."""

    def __init__(self, page: Page) -> None:
        self._seen: list[Request] = []
        page.on("request", self._note)

    def count(self, method: str, path: str) -> int:
        """How many requests of a method there were, whose path matches all of this expression."""
        return len(self._found(method, path))

    def field(self, name: str, path: str = r"/api/v1/mattes/\w+/pictures") -> str | None:
        """A field of the last form that was posted there."""
        body = self._found("POST", path)[-1].post_data or ""
        found = re.search(rf'name="{name}"\r\n\r\n(.*?)\r\n--', body, re.DOTALL)
        return found[1] if found else None

    def header(self, name: str, path: str) -> list[str | None]:
        """A header of each request that was posted there."""
        return [each.header_value(name) for each in self._found("POST", path)]

    @property
    def strokes(self) -> list[Any]:
        """Of the picture that was asked for last."""
        return list(json.loads(self.field("strokes") or "[]"))

    def _note(self, request: Request) -> None:
        self._seen.append(request)

    def _found(self, method: str, path: str) -> list[Request]:
        return [
            each
            for each in self._seen
            if each.method == method and re.fullmatch(path, re.sub(r"^https?://[^/]+|\?.*", "", each.url))
        ]
