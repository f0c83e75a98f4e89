"""Many photos at once: each with its state, and all of them taken away together."""

from __future__ import annotations

import io
import zipfile
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from tests.e2e.conftest import Open, Sites, Troubles
from tests.e2e.steps import (
    CAT,
    CAT_SIZE,
    File,
    Sent,
    button,
    choose,
    done,
    download,
    hand_over,
    kept,
    payload,
    photo_file,
    place,
    region,
    until,
)

pytestmark = pytest.mark.real


def photos(*names: str) -> list[FilePayload]:
    """The cat, cropped otherwise each time, so that no two are the same."""
    cat = Image.open(CAT).convert("RGB")
    crops = [cat.crop((0, 0, CAT_SIZE[0], CAT_SIZE[1] - 2 * number)) for number in range(len(names))]
    return [
        payload(name, photo_file(np.asarray(crop), "JPEG", quality=90)) for name, crop in zip(names, crops, strict=True)
    ]


def card(page: Page, name: str) -> Locator:
    return page.get_by_role("list", name="Photos").get_by_role("listitem").filter(has_text=name)


def finished(page: Page, line: str) -> None:
    """Wait until this is said of how far it is."""
    expect(page.get_by_role("progressbar", name=line, exact=True)).to_be_attached()


def link_to(page: Page, name: str) -> Locator:
    """What leads to the result of a photo."""
    return page.get_by_role("link", name=f"Download {name}")


def made(page: Page, name: str) -> File:
    """The result of a photo, as soon as there is one."""
    return download(page, link_to(page, name))


def address(page: Page, name: str) -> str:
    """Where the result of a photo is; there is one."""
    return link_to(page, name).get_attribute("href") or ""


def remade(page: Page, name: str, before: str) -> File:
    """The result of a photo, as soon as it is another than the one at this address."""
    # Downloads are no way to wait for it: of one second, Chromium takes ten and drops all others without a word.
    expect(link_to(page, name)).not_to_have_attribute("href", before)
    return made(page, name)


def test_many_photos_are_made_and_taken_away_as_one(page: Page) -> None:
    choose(page, *photos("a.jpg", "b.png", "sub.a.jpeg"))
    expect(page.get_by_role("heading", name="3 photos")).to_be_visible()
    finished(page, "3 of 3 done")
    # A small picture of each.
    expect(page.locator(".card-cutout img")).to_have_count(3)
    one = made(page, "b.png")
    assert (one.name, one.image.size) == ("b-cutout.png", (CAT_SIZE[0], CAT_SIZE[1] - 2))
    assert one.alpha[150, 220] == 255
    assert one.alpha[150, 440] == 0
    archive = download(page, button(page, "Download all"))
    assert archive.name == "cut-outs.zip"
    pictures = _unpacked(archive.data)
    assert {name: image.size[1] for name, image in pictures.items()} == {
        "a-cutout.png": 300, "b-cutout.png": 298, "sub.a-cutout.png": 296,
    }  # fmt: skip


def test_one_that_fails_costs_the_others_nothing(page: Page) -> None:
    damaged = payload("damaged.jpg", CAT.read_bytes()[:4000])
    choose(page, *photos("same.jpg", "same.jpg"), damaged, payload("notes.txt", b"milk", "text/plain"))
    finished(page, "2 of 4 done · 2 failed")
    for name, words in (("damaged.jpg", "file is damaged"), ("notes.txt", "notes.txt is not a picture.")):
        expect(card(page, name)).to_contain_text("Failed")
        expect(card(page, name).locator(".card-why")).to_contain_text(words)
    archive = download(page, page.get_by_role("button", name="Download all"))
    assert list(_unpacked(archive.data)) == ["same-cutout.png", "same-cutout-2.png"]
    for name in ("damaged.jpg", "notes.txt"):
        button(page, f"Remove {name}").click()
    expect(page.get_by_role("heading", name="2 photos")).to_be_visible()


def test_an_empty_file_costs_the_others_nothing_either(page: Page) -> None:
    choose(page, *photos("a.jpg", "b.jpg"), payload("nothing.jpg", b""))
    finished(page, "2 of 3 done · 1 failed")
    for _ in range(2):
        page.reload()
        finished(page, "2 of 3 done · 1 failed")
    expect(card(page, "nothing.jpg")).to_contain_text("The file is empty.")


def test_a_photo_that_comes_while_one_of_many_is_open_is_one_more_of_them(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    choose(page, *photos("a.jpg", "b.jpg"))
    finished(page, "2 of 2 done")
    before = address(page, "a.jpg")
    page.get_by_role("button", name="a.jpg: Done").click()
    expect(page.get_by_role("radio", name="Erase")).to_be_visible()
    button(page, "Actual size").click()
    page.keyboard.press("e")
    page.mouse.click(*place(page, (220, 150)))
    done(page)
    # One that cannot be used does not lead away.
    hand_over(page, "drop", payload("nothing.jpg", b""))
    expect(page.get_by_role("alert")).to_contain_text("nothing.jpg is empty.")
    hand_over(page, "drop", payload("c.jpg", CAT.read_bytes()))
    expect(page.get_by_role("heading", name="3 photos")).to_be_visible()
    finished(page, "3 of 3 done")
    assert remade(page, "a.jpg", before).alpha[150, 220] == 0


def test_names_that_some_systems_do_not_take_are_cleaned(page: Page) -> None:
    choose(page, *photos('a "b": c?.jpg', "CON.jpg"))
    finished(page, "2 of 2 done")
    archive = download(page, button(page, "Download all"))
    assert list(_unpacked(archive.data)) == ["a _b__ c_-cutout.png", "_CON-cutout.png"]


def test_photos_that_wait_for_a_part_of_the_page_say_so(open_page: Open) -> None:
    page = open_page()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/assets/screens-*.js", hold)
    page.goto("/")
    choose(page, *photos("a.jpg", "b.jpg"))
    expect(page.get_by_text("Loading…")).to_be_visible()
    for each in held:
        each.continue_()
    finished(page, "2 of 2 done")


def test_settings_hold_for_all_or_for_one(page: Page) -> None:
    choose(page, *photos("a.jpg", "b.jpg"))
    finished(page, "2 of 2 done")
    button(page, "Settings of b.jpg").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("radio", name="Colour").check()
    dialog.get_by_role("radio", name="Black").check()
    button(page, "Close").click()
    expect(card(page, "b.jpg")).to_contain_text("Other settings")
    expect(card(page, "a.jpg")).to_contain_text("Done")
    button(page, "Make b.jpg again").click()
    finished(page, "2 of 2 done")
    expect(card(page, "b.jpg")).to_contain_text("Done")
    button(page, "Settings for all").click()
    dialog.get_by_role("radio", name="Colour").check()
    dialog.get_by_role("radio", name="Rose").check()
    button(page, "Close").click()
    expect(page.get_by_text("1 photo was made with other settings than these.")).to_be_visible()
    button(page, "Make again").click()
    expect(card(page, "a.jpg")).to_contain_text("Done")
    corner = (440, 10)
    a, b = made(page, "a.jpg"), made(page, "b.jpg")
    assert a.pixel(*corner) == (0xF2, 0xC9, 0xC4)
    assert b.pixel(*corner) == (0, 0, 0)


def test_one_of_many_is_changed_by_hand_and_comes_back(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    choose(page, *photos("a.jpg", "b.jpg"))
    finished(page, "2 of 2 done")
    before = address(page, "a.jpg")
    page.get_by_role("button", name="a.jpg: Done").click()
    expect(region(page)).to_be_visible()
    expect(page.get_by_role("radio", name="Erase")).to_be_visible()
    button(page, "Actual size").click()
    page.keyboard.press("e")
    page.mouse.click(*place(page, (220, 150)))
    done(page)
    assert download(page).alpha[150, 220] == 0
    button(page, "Back to all").click()
    assert remade(page, "a.jpg", before).alpha[150, 220] == 0
    assert made(page, "b.jpg").alpha[150, 220] == 255


def test_more_are_added_and_dropped_while_others_aremade(page: Page) -> None:
    choose(page, *photos("a.jpg", "b.jpg"))
    choose(page, *photos("c.jpg"), button="Add more")
    expect(page.get_by_role("heading", name="3 photos")).to_be_visible()
    taken = page.evaluate("""() => {
        const transfer = new DataTransfer();
        transfer.items.add(new File(["no picture"], "d.txt", { type: "text/plain" }));
        const event = (type) => new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true });
        return ["dragover", "drop"].map((type) => !document.body.dispatchEvent(event(type)));
    }""")
    assert taken == [True, True], "the browser leaves the page and shows the file"
    finished(page, "3 of 4 done · 1 failed")


def test_what_is_chosen_outlives_a_reload_that_follows_at_once(page: Page) -> None:
    choose(page, *photos("a.jpg", "b.jpg"))
    page.reload()
    expect(page.get_by_role("heading", name="2 photos")).to_be_visible()
    finished(page, "2 of 2 done")


def test_starting_over_forgets_all_here_and_on_the_server(page: Page, troubles: Troubles) -> None:
    troubles.expect("404")
    choose(page, *photos("a.jpg", "b.jpg"))
    finished(page, "2 of 2 done")
    url = page.get_by_role("link", name="Download a.jpg").get_attribute("href") or ""
    button(page, "Start over").click()
    button(page, "Keep them").click()
    assert page.request.get(url).ok
    button(page, "Start over").click()
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        button(page, "Delete and start over").click()
    expect(page.get_by_role("heading", name="Remove the background")).to_be_visible()
    assert page.request.get(url).status == 404
    kept(page, lambda entries: not [name for name in entries if name.startswith("batch")])
    page.reload()
    expect(page.get_by_role("heading", name="Remove the background")).to_be_visible()


def test_all_can_be_cancelled_and_made_after_all(page: Page) -> None:
    page.route("**/api/v1/jobs/*/events", lambda route: None)
    choose(page, *photos("a.jpg", "b.jpg"))
    expect(card(page, "a.jpg")).to_contain_text("In the queue")
    button(page, "Cancel all").click()
    expect(card(page, "a.jpg")).to_contain_text("Cancelled")
    expect(page.get_by_text("2 photos were not made.")).to_be_visible()
    page.unroute("**/api/v1/jobs/*/events")
    button(page, "Try 2 photos again").click()
    finished(page, "2 of 2 done")


def test_three_tabs_with_long_queues_leave_the_browser_connections_for_a_fourth(
    sites: Sites, open_page: Open, troubles: Troubles
) -> None:
    # Nothing is made, so that all that waits is listened to.
    idle = sites(CLEANCUT_JOB_WORKERS="0")
    troubles.allow(idle)
    # The first four are a job, and the others another one.
    many = [payload(f"{number}.png", photo_file(_plain(number), "PNG"), "image/png") for number in range(22)]
    pages = [open_page(base_url=idle.address)]
    pages += [pages[0].context.new_page() for _ in range(3)]
    asked = [Sent(each) for each in pages]
    for tab, sent in zip(pages[:3], asked[:3], strict=True):
        tab.goto("/")
        choose(tab, *many)
        expect(card(tab, "21.png")).to_contain_text("In the queue")
        until(tab, partial(sent.count, "GET", "/api/v1/jobs/[^/]+(/events)?"), lambda count: count >= 2)
    assert [sent.count(*_LISTENING) for sent in asked] == [2, 0, 0, 0]
    pages[3].goto("/", timeout=20_000)
    expect(pages[3].get_by_role("heading", name="Remove the background")).to_be_visible()
    # A tab that is closed leaves its lines to others.
    pages[0].close()
    choose(pages[3], *many)
    until(pages[3], lambda: asked[3].count(*_LISTENING), lambda count: count == 2)


_LISTENING = ("GET", "/api/v1/jobs/[^/]+/events")


def _plain(value: int) -> NDArray[np.uint8]:
    return np.full((60, 80, 3), value, np.uint8)


def _unpacked(data: bytes) -> dict[str, Image.Image]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: Image.open(io.BytesIO(archive.read(name))) for name in archive.namelist()}
