"""From a photo, however it comes, to its cut-out."""

from __future__ import annotations

import base64
import io
import re
from typing import Any

import numpy as np
import pillow_heif
import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, Route, expect

from tests.e2e.conftest import Open, Site
from tests.e2e.steps import (
    CAT,
    CAT_SIZE,
    button,
    choose,
    cut,
    done,
    download,
    edit,
    hand_over,
    payload,
    photo_file,
    place,
    ready,
    region,
    same,
    shown,
    until,
)
from tests.pictures import exif

pytestmark = pytest.mark.real


def cat(name: str) -> FilePayload:
    """The cat by another name."""
    return payload(name, CAT.read_bytes())


def test_choosing_a_photo_starts_at_once_and_ends_in_a_cutout(page: Page, site: Site) -> None:
    told = _told(page)
    # Nobody has sent it before, so that the model has to look.
    fresh = np.asarray(Image.open(CAT).convert("RGB")).copy()
    fresh[0, :8] ^= 1
    file = cut(page, payload("My cat.v2.jpg", photo_file(fresh, "JPEG", quality=92)))
    assert file.name == "My cat.v2-cutout.png"
    assert (file.image.format, file.image.mode, file.image.size) == ("PNG", "RGBA", CAT_SIZE)
    assert file.alpha[150, 220] == 255
    assert file.alpha[150, 440] == 0
    expect(page.get_by_text("451 × 300")).to_be_visible()
    # Real steps, in their order.
    steps = [each for each in told() if each in ("Looking for the subject", "The cut-out is ready.")]
    assert steps[0] == "Looking for the subject", told()
    assert steps[-1] == "The cut-out is ready."


def test_photos_come_by_sample_by_drop_and_by_paste(page: Page) -> None:
    for name in ("Pear", "Potted plant", "Cup"):
        button(page, name).click()
        assert ready(page).get_attribute("download") == f"{name.split()[-1].lower()}-cutout.png"
        button(page, "New photo").click()
    hand_over(page, "drop", cat("dropped.jpg"))
    assert download(page).name == "dropped-cutout.png"
    # On the photo that is there, too.
    hand_over(page, "paste", cat("pasted.jpg"))
    expect(page.get_by_role("heading", name="pasted.jpg")).to_be_visible()
    file = download(page)
    assert file.name == "pasted-cutout.png"
    assert file.image.size == CAT_SIZE


def test_a_photo_of_ones_own_is_not_replaced_by_a_sample_that_comes_late(page: Page) -> None:
    late: list[Route] = []

    def hold(route: Route) -> None:
        # Its picture on the button is another matter.
        if route.request.resource_type == "fetch":
            late.append(route)
        else:
            route.continue_()

    page.route("**/samples/pear.jpg", hold)
    button(page, "Pear").click()
    until(page, lambda: len(late), lambda count: count == 1)
    choose(page, CAT)
    expect(page.get_by_role("heading", name="cat.jpg")).to_be_visible()
    late[0].continue_()
    ready(page)
    page.wait_for_timeout(500)
    assert download(page).name == "cat-cutout.png"
    # Nor as long as it is being chosen.
    button(page, "New photo").click()
    button(page, "Pear").click()
    until(page, lambda: len(late), lambda count: count == 2)
    with page.expect_file_chooser() as asked:
        button(page, "Choose photos").click()
    late[1].continue_()
    page.wait_for_timeout(500)
    asked.value.set_files(CAT)
    expect(page.get_by_role("heading", name="cat.jpg")).to_be_visible()


def test_an_accidental_drop_does_not_cost_what_was_drawn(page: Page) -> None:
    cut(page)
    edit(page, "e")
    page.mouse.click(*place(page, (200, 150)))
    done(page)
    hand_over(page, "drop", cat("other.jpg"))
    expect(page.get_by_role("dialog", name="Begin with another photo?")).to_be_visible()
    button(page, "Keep this one").click()
    assert download(page).alpha[150, 200] == 0
    button(page, "New photo").click()
    button(page, "Begin anew").click()
    expect(page.get_by_role("heading", name="Remove the background")).to_be_visible()


@pytest.mark.parametrize("format", ["HEIF", "TIFF"])
def test_photos_that_the_browser_cannot_show_are_shown_all_the_same(odd_page: Page, format: str) -> None:
    page = odd_page
    colours = np.asarray(Image.open(CAT).convert("RGB"))
    pillow_heif.register_heif_opener()
    name = f"cat.{format.lower().replace('heif', 'heic')}"
    file = cut(page, payload(name, photo_file(colours, format), ""))
    assert (file.name, file.image.size) == ("cat-cutout.png", CAT_SIZE)
    edit(page)
    page.get_by_role("radio", name="Hidden").check()
    page.mouse.move(2, 2)
    until(page, lambda: np.abs(shown(page)[100:200, 150:300].astype(int) - colours[100:200, 150:300]).mean(), _small)


def test_a_photo_that_lies_on_its_side_is_turned_and_drawn_on_as_it_is_seen(page: Page) -> None:
    turned = np.rot90(np.asarray(Image.open(CAT).convert("RGB")))
    file = cut(page, payload("side.jpg", photo_file(turned, "JPEG", quality=92, exif=exif(6))))
    assert file.image.size == CAT_SIZE
    assert file.alpha[150, 220] == 255
    edit(page, "e")
    page.mouse.click(*place(page, (220, 150)))
    done(page)
    after = download(page).alpha
    assert after[150, 220] == 0
    assert after[150, 240] == 255


def test_no_subject_is_said_with_what_helps(page: Page) -> None:
    grey = photo_file(np.full((120, 160, 3), 128, np.uint8), "PNG")
    choose(page, payload("wall.png", grey, "image/png"))
    expect(page.get_by_text("No subject was found.")).to_be_visible()
    expect(page.get_by_text("Try another model or the quality Best")).to_be_visible()
    assert download(page).alpha.max() == 0
    button(page, "Mark it by brush").click()
    expect(region(page)).to_be_visible()
    box = page.get_by_role("application").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    done(page)
    assert download(page).alpha[60, 80] == 255
    expect(page.get_by_text("No subject was found.")).to_be_hidden()


def test_a_model_that_is_not_sure_says_so(page: Page, site: Site) -> None:
    told = site.http.post("/api/v1/mattes", files={"image": CAT.read_bytes()}).json()
    page.route("**/api/v1/mattes", lambda route: route.fulfill(json={**told, "confidence": 0.3}))
    cut(page)
    warning = page.get_by_text("The edges may be wrong")
    expect(warning).to_be_visible()
    page.unroute("**/api/v1/mattes")
    button(page, "Try Best").click()
    ready(page)
    expect(page.get_by_role("radio", name="Best")).to_be_checked()
    expect(warning).to_be_hidden()


def test_looking_can_be_cancelled_and_gone_on_with(page: Page) -> None:
    page.route("**/api/v1/mattes", lambda route: None)
    choose(page, CAT)
    expect(page.get_by_role("progressbar", name="Cutting out")).to_be_visible()
    expect(page.get_by_role("link", name="Preparing…")).to_be_disabled()
    button(page, "Cancel").click()
    expect(page.get_by_text("The photo is still here.")).to_be_visible()
    page.unroute("**/api/v1/mattes")
    button(page, "Go on").click()
    assert download(page).image.size == CAT_SIZE


def test_cancelling_a_better_quality_leaves_what_was_there(page: Page) -> None:
    cut(page)
    page.route("**/api/v1/mattes", lambda route: None)
    page.get_by_role("radio", name="Best").check()
    page.get_by_role("radio", name="Colour").check()
    button(page, "Cancel").click()
    expect(page.get_by_role("radio", name="Balanced")).to_be_checked()
    assert download(page).alpha.min() == 255
    expect(page.get_by_text("Stopped.")).to_be_hidden()
    edit(page)


def test_the_cutout_is_copied_as_a_picture(open_page: Open) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto("/")
    file = cut(page)
    button(page, "Copy").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    data = page.evaluate("""async () => {
        const [item] = await navigator.clipboard.read();
        const bytes = new Uint8Array(await (await item.getType("image/png")).arrayBuffer());
        return btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ""));
    }""")
    copied = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA"))
    same(copied[:, :, 3], file.alpha)


def test_the_cutout_is_dragged_out_under_its_name(page: Page) -> None:
    cut(page)
    told = ready(page).evaluate("""(link) => {
        const dataTransfer = new DataTransfer();
        link.dispatchEvent(new DragEvent("dragstart", { dataTransfer, bubbles: true }));
        return dataTransfer.getData("DownloadURL");
    }""")
    assert re.fullmatch(r"image/png:cat-cutout\.png:blob:.+", told)


def test_before_and_after_lie_beside_each_other(odd_page: Page) -> None:
    page = odd_page
    cut(page)
    colours = np.asarray(Image.open(CAT).convert("RGB")).astype(int)
    button(page, "Actual size").click()
    page.keyboard.press("c")
    line = page.get_by_role("slider", name="How much of the photo is shown")
    expect(line).to_have_attribute("aria-valuenow", "50")
    line.focus()

    def apart(side: Any) -> float:
        return float(np.abs(shown(page).astype(int) - colours)[:, side].mean())

    # Half of the stage is half of the photo. The cat's whiskers end before its right border.
    for key, left, right in (("ArrowLeft", True, False), ("End", True, True), ("Home", False, False)):
        page.keyboard.press(key)
        until(page, lambda: apart(slice(0, 60)), _small if left else _large)
        until(page, lambda: apart(slice(390, 451)), _small if right else _large)
    page.mouse.move(*_middle(line.bounding_box()))
    page.mouse.down()
    page.mouse.move(place(page, (225.5, 0))[0], 400, steps=4)
    page.mouse.up()
    expect(line).to_have_attribute("aria-valuenow", "50")
    button(page, "Compare").click()
    expect(line).to_be_hidden()


def _small(apart: float) -> bool:
    return apart < 8


def _large(apart: float) -> bool:
    return apart > 12


def _middle(box: Any) -> tuple[float, float]:
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _told(page: Page) -> Any:
    """What the page says to a screen reader from now on, in turn."""
    page.evaluate("""() => {
        globalThis.told = [];
        const look = () => {
            for (const each of document.querySelectorAll("[role=status]")) {
                if (each.textContent && told.at(-1) !== each.textContent) told.push(each.textContent);
            }
        };
        new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
    }""")
    return lambda: page.evaluate("() => told")
