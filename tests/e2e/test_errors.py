"""What goes wrong is said where it went wrong, with what helps; trying again only where it can help."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Open, Site, Sites, Troubles
from tests.e2e.steps import (
    CAT,
    Sent,
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
    until,
)

pytestmark = pytest.mark.real

MATTES = "**/api/v1/mattes"
PICTURES = "**/api/v1/mattes/*/pictures"


def told(page: Page) -> Locator:
    """The one thing that is said to be wrong."""
    return page.get_by_role("alert").filter(has_text=".")


def refuse(page: Page, url: str, status: int, error: str, *, after: int | None = None) -> None:
    """Have the server refuse, from now on."""
    headers = {} if after is None else {"Retry-After": str(after)}
    body = {"error": error, "code": "some_code", "hint": "this is what helps"}
    page.route(url, lambda route: route.fulfill(status=status, headers=headers, json=body))


def test_what_is_no_photo_is_refused_before_it_is_sent(page: Page) -> None:
    sent = Sent(page)
    choose(page, payload("notes.txt", b"milk, bread", "text/plain"))
    expect(told(page)).to_contain_text("notes.txt is not a picture.")
    expect(told(page)).to_contain_text("Choose a photo: JPEG, PNG")
    expect(button(page, "Try again")).to_be_hidden()
    choose(page, payload("nothing.jpg", b""))
    expect(told(page)).to_contain_text("nothing.jpg is empty.")
    assert sent.count("POST", "/api/v1/mattes") == 0
    # The next choice may be right.
    choose(page, CAT)
    ready(page)
    expect(told(page)).to_be_hidden()


def test_what_the_server_cannot_read_is_told_in_its_words(page: Page, troubles: Troubles) -> None:
    troubles.expect("4[0-9][0-9]")
    whole = CAT.read_bytes()
    for name, data in (("damaged.jpg", whole[: len(whole) // 3]), ("fake.jpg", bytes(range(256)) * 20)):
        choose(page, payload(name, data))
        expect(told(page)).to_be_visible()
        words = told(page).inner_text().split("\n")
        assert len([each for each in words if len(each) > 12]) >= 2, "what is wrong, and what helps"
        # It would not get any better.
        expect(button(page, "Try again")).to_be_hidden()
        with page.expect_file_chooser():
            button(page, "Choose another photo").click()
        button(page, "New photo").click()


def test_what_is_too_large_is_not_even_sent(sites: Sites, open_page: Open, troubles: Troubles) -> None:
    small = sites(CLEANCUT_V1_MAX_BYTES="20000", CLEANCUT_V1_MAX_PIXELS="50000")
    troubles.allow(small)
    troubles.expect("413|422")
    page = open_page(base_url=small.address)
    sent = Sent(page)
    with page.expect_response("**/api/v1/server"):
        page.goto("/")
    choose(page, CAT)
    expect(told(page)).to_contain_text("cat.jpg has")
    expect(told(page)).to_contain_text("this server takes up to 20 kB")
    assert sent.count("POST", "/api/v1/mattes") == 0
    # Of its pixels the server alone knows.
    wide = photo_file(np.zeros((300, 300, 3), np.uint8), "PNG")
    choose(page, payload("wide.png", wide, "image/png"))
    expect(told(page)).to_be_visible()
    expect(button(page, "Try again")).to_be_hidden()
    expect(button(page, "Choose another photo")).to_be_visible()


@pytest.mark.parametrize(("status", "after"), [(503, 7), (500, None), (429, 3)])
def test_a_server_that_is_busy_or_broken_is_tried_again(
    page: Page, troubles: Troubles, status: int, after: int | None
) -> None:
    troubles.expect(str(status))
    refuse(page, MATTES, status, "nobody is at home", after=after)
    choose(page, CAT)
    expect(told(page)).to_contain_text("Nobody is at home.")
    expect(told(page)).to_contain_text("This is what helps.")
    if after is not None:
        expect(told(page)).to_contain_text(f"{after} seconds")
    page.unroute(MATTES)
    button(page, "Try again").click()
    ready(page)
    expect(told(page)).to_be_hidden()


def test_an_answer_of_something_in_between_is_told_in_the_pages_words(page: Page, troubles: Troubles) -> None:
    troubles.expect("502")
    page.route(MATTES, lambda route: route.fulfill(status=502, body="<h1>Bad Gateway</h1>"))
    choose(page, CAT)
    expect(told(page)).to_contain_text("(502)")
    page.unroute(MATTES)
    button(page, "Try again").click()
    ready(page)


@pytest.mark.parametrize(("status", "words"), [(413, "takes nothing as large as this"), (403, "(403)")])
def test_what_something_in_between_refuses_is_told_and_tried_again_where_that_can_help(
    page: Page, troubles: Troubles, status: int, words: str
) -> None:
    troubles.expect(str(status))
    page.route(MATTES, lambda route: route.fulfill(status=status, content_type="text/html", body="<h1>No</h1>"))
    choose(page, CAT)
    expect(told(page)).to_contain_text(words)
    expect(button(page, "Try again")).to_be_visible(visible=status == 403)
    expect(button(page, "Choose another photo")).to_be_visible(visible=status == 413)
    page.unroute(MATTES)
    if status == 413:
        choose(page, CAT, button="Choose another photo")
    else:
        button(page, "Try again").click()
    ready(page)


@pytest.mark.parametrize("url", [MATTES, PICTURES, "**/api/v1/mattes/*/matte.png"])
def test_a_page_of_something_in_between_is_no_picture(page: Page, url: str) -> None:
    page.route(url, lambda route: route.fulfill(content_type="text/html", body="<h1>Please log in</h1>"))
    choose(page, CAT)
    expect(told(page)).to_contain_text("in a way that this page does not know")
    if url == PICTURES:
        expect(page.get_by_role("link", name="Download", exact=True)).to_be_hidden()
    page.unroute(url)
    button(page, "Try again").click()
    ready(page)
    edit(page)


def test_a_file_that_cannot_be_used_changes_nothing_about_the_photo_that_is_there(page: Page) -> None:
    cut(page)
    edit(page, "e")
    page.mouse.click(*place(page, (220, 150)))
    done(page)
    ready(page)
    for file, words in (
        (payload("notes.txt", b"milk", "text/plain"), "notes.txt is not a picture."),
        (payload("nothing.jpg", b""), "nothing.jpg is empty."),
    ):
        hand_over(page, "drop", file)
        expect(told(page)).to_contain_text(words)
        expect(page.get_by_role("dialog")).to_be_hidden()
    assert download(page).alpha[150, 220] == 0
    button(page, "Dismiss").click()
    expect(told(page)).to_be_hidden()
    # While it is being looked at, too.
    button(page, "New photo").click()
    button(page, "Begin anew").click()
    page.route(MATTES, lambda route: None)
    choose(page, CAT)
    hand_over(page, "drop", payload("nothing.jpg", b""))
    expect(told(page)).to_contain_text("nothing.jpg is empty.")
    expect(page.get_by_role("progressbar", name="Cutting out")).to_be_visible()
    expect(page.get_by_role("link", name="Preparing…")).to_be_visible()


def test_a_failure_that_is_dismissed_can_still_be_tried_again(page: Page, troubles: Troubles) -> None:
    troubles.expect("503")
    cut(page)
    refuse(page, PICTURES, 503, "too much to do")
    page.get_by_role("radio", name="Colour").check()
    button(page, "Dismiss").click()
    expect(told(page)).to_be_hidden()
    page.unroute(PICTURES)
    button(page, "Try again").click()
    assert download(page).alpha.min() == 255


def test_an_answer_that_ends_too_early_is_no_result(page: Page) -> None:
    events = 'event: step\ndata: {"step": "infer"}\n\n'
    page.route(MATTES, lambda route: route.fulfill(headers={"Content-Type": "text/event-stream"}, body=events))
    choose(page, CAT)
    expect(told(page)).to_contain_text("ended too early")
    page.unroute(MATTES)
    button(page, "Try again").click()
    ready(page)


def test_a_picture_that_cannot_be_made_leaves_what_is_there(page: Page, troubles: Troubles) -> None:
    troubles.expect("503")
    cut(page)
    refuse(page, PICTURES, 503, "too much to do")
    page.get_by_role("radio", name="Colour").check()
    expect(told(page)).to_contain_text("Too much to do.")
    expect(page.get_by_role("link", name="Download", exact=True)).to_be_hidden()
    page.unroute(PICTURES)
    button(page, "Try again").click()
    assert download(page).alpha.min() == 255


def test_strokes_that_are_refused_stay_in_the_editor(page: Page, troubles: Troubles) -> None:
    troubles.expect("503")
    cut(page)
    edit(page, "e")
    page.mouse.click(*place(page, (220, 150)))
    refuse(page, PICTURES, 503, "too much to do")
    button(page, "Done").click()
    expect(told(page)).to_contain_text("Too much to do.")
    expect(region(page)).to_be_visible()
    page.unroute(PICTURES)
    done(page)
    assert download(page).alpha[150, 220] == 0


def test_what_the_server_has_forgotten_is_made_again_and_nobody_is_asked(
    page: Page, site: Site, troubles: Troubles
) -> None:
    troubles.expect("404")
    sent = Sent(page)
    cut(page)
    edit(page, "e")
    page.mouse.click(*place(page, (220, 150)))
    assert site.http.delete("/api/v1/data").is_success
    done(page)
    assert download(page).alpha[150, 220] == 0
    assert sent.count("POST", "/api/v1/mattes") == 2


def test_a_server_that_keeps_nothing_is_told_in_words(sites: Sites, open_page: Open, troubles: Troubles) -> None:
    careful = sites(CLEANCUT_STORE="0")
    troubles.allow(careful)
    troubles.expect("4[0-9][0-9]|50[13]")
    page = open_page(base_url=careful.address)
    page.goto("/")
    choose(page, CAT)
    expect(told(page)).to_contain_text("This server keeps nothing")
    expect(told(page)).to_contain_text("--no-store")
    expect(button(page, "Try again")).to_be_hidden()


@pytest.mark.parametrize("how", ["moved", "changed"])
def test_a_photo_outlives_its_file(page: Page, tmp_path: Path, how: str) -> None:
    sent = Sent(page)
    file = tmp_path / "mine.jpg"
    file.write_bytes(CAT.read_bytes())
    with page.expect_file_chooser() as asked:
        button(page, "Choose photos").click()
    # By its path: as people choose it, not as bytes that lie nowhere.
    asked.value.set_files(file)
    ready(page)
    if how == "moved":
        file.rename(tmp_path / "other.jpg")
    else:
        file.write_bytes(b"something else")
    page.get_by_role("radio", name="Best").check()
    until(page, lambda: sent.count("POST", "/api/v1/mattes"), lambda count: count == 2)
    assert download(page).alpha[150, 220] == 255
    page.reload()
    assert download(page).alpha[150, 220] == 255
    expect(told(page)).to_be_hidden()


def test_a_browser_that_keeps_nothing_is_told_of(open_page: Open) -> None:
    page = open_page()
    page.add_init_script("indexedDB.open = () => { throw new DOMException('', 'SecurityError'); }")
    page.goto("/")
    words = page.get_by_text("This browser keeps nothing")
    expect(words).to_be_hidden()
    choose(page, CAT)
    expect(words).to_be_visible()
    edit(page)
    expect(words).to_be_visible()
    expect(told(page)).to_be_hidden()


def test_a_part_of_the_page_that_does_not_come_is_no_photo_that_is_too_large(page: Page, troubles: Troubles) -> None:
    troubles.expect("worker|404")
    page.context.route("**/assets/worker-*.js", lambda route: route.fulfill(status=404))
    choose(page, CAT)
    expect(told(page)).to_contain_text("This part of the page could not be loaded.")
    ready(page)
    expect(told(page)).to_contain_text("reload the page")
    page.context.unroute("**/assets/worker-*.js")
    button(page, "Reload the page").click()
    expect(page.get_by_role("application", name="Cut-out of cat.jpg")).to_be_visible()
    expect(told(page)).to_be_hidden()


def test_an_answer_that_comes_too_late_does_not_count(page: Page) -> None:
    cut(page)
    page.route(PICTURES, lambda route: None)
    page.get_by_role("radio", name="Colour").check()
    page.get_by_role("radio", name="Black").check()
    expect(page.get_by_role("link", name="Preparing…")).to_be_visible()
    page.unroute(PICTURES)
    page.get_by_role("radio", name="Sand").check()
    assert download(page).pixel(440, 10) == (0xF3, 0xE9, 0xDC)
