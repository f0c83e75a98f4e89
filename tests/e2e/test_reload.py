"""A reload, or a browser that is closed, loses nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.e2e.conftest import Open, Troubles
from tests.e2e.steps import (
    CAT,
    Place,
    Sent,
    brush_size,
    button,
    choose,
    cut,
    done,
    download,
    draw,
    edit,
    kept,
    place,
    ready,
    region,
    same,
)
from tests.e2e.test_many import address, finished, made, photos, remade

pytestmark = pytest.mark.real


def reopened(page: Page) -> None:
    """Wait until the editor is there, opened by nobody, and show the photo at its actual size."""
    expect(region(page)).to_be_visible()
    page.emulate_media(reduced_motion="reduce")
    button(page, "Actual size").click()


def press(page: Page, *points: Place) -> None:
    """Begin a line through these points of the photo, which does not end."""
    first, *others = [place(page, point) for point in points]
    page.mouse.move(*first)
    page.mouse.down()
    for each in others:
        page.mouse.move(*each, steps=6)


def test_a_reload_while_drawing_comes_back_to_the_open_editor(page: Page) -> None:
    sent = Sent(page)
    cut(page)
    page.get_by_role("radio", name="Colour").check()
    page.get_by_role("radio", name="Sky").check()
    ready(page)
    edit(page, "e", "]", "]")
    size = brush_size(page)
    draw(page, (150, 60), (300, 220))
    draw(page, (200, 60), (200, 240))
    page.keyboard.press("Control+z")
    page.reload()
    reopened(page)
    expect(page.get_by_role("radio", name="Erase")).to_be_checked()
    assert brush_size(page) == size
    # What was undone can still be redone.
    page.keyboard.press("Control+y")
    expect(button(page, "Redo")).to_be_disabled()
    page.keyboard.press("Control+z")
    draw(page, (100, 200), (300, 200))
    page.reload()
    reopened(page)
    done(page)
    file = download(page)
    assert len(sent.strokes) == 2
    expect(page.get_by_role("radio", name="Sky")).to_be_checked()
    assert file.name == "cat-cutout.png"
    assert file.pixel(200, 200) == (0xC9, 0xDC, 0xF0)
    assert sent.count("POST", "/api/v1/mattes") == 1, "the model was asked again"
    # The editor is not open any more; and what was done can still be undone.
    page.reload()
    ready(page)
    expect(region(page)).to_be_hidden()
    edit(page, "Control+z", "Control+z")
    expect(button(page, "Undo")).to_be_disabled()
    expect(button(page, "Redo")).to_be_enabled()
    page.keyboard.press("Control+y")
    done(page)
    ready(page)
    assert len(sent.strokes) == 1


def test_cancel_leads_back_to_where_the_editor_was_opened_also_after_a_reload(page: Page) -> None:
    before = cut(page).alpha
    edit(page, "e")
    page.mouse.click(*place(page, (220, 150)))
    page.mouse.click(*place(page, (220, 200)))
    done(page)
    opened = download(page).alpha
    assert (before[150, 220], opened[150, 220]) == (255, 0)
    # Drawn over what was there, so that the way back leads by no undo.
    edit(page, "Control+z", "Control+z")
    draw(page, (150, 60), (300, 220))
    page.reload()
    reopened(page)
    button(page, "Cancel").click()
    button(page, "Discard").click()
    expect(region(page)).to_be_hidden()
    same(download(page).alpha, opened)
    # Where nothing has changed, nothing is asked.
    edit(page)
    page.reload()
    reopened(page)
    button(page, "Cancel").click()
    expect(region(page)).to_be_hidden()
    edit(page, "Control+z", "Control+z")
    expect(button(page, "Undo")).to_be_disabled()


def test_a_stroke_that_is_being_drawn_is_there_after_a_reload_as_far_as_it_came(page: Page) -> None:
    cut(page)
    edit(page, "e")
    press(page, (150, 60), (300, 220))
    page.reload()
    reopened(page)
    done(page)
    assert download(page).alpha[140, 225] == 0


def test_what_is_drawn_is_kept_before_anything_else_is_done(page: Page) -> None:
    cut(page)
    edit(page, "e")
    page.mouse.click(*place(page, (100, 200)))
    kept(page, lambda entries: entries["work/at"] == 1)
    # As on a phone, which puts a page away and then ends it: from there on not a line of it is run.
    page.evaluate("""() => {
        Object.defineProperty(document, "hidden", { value: true });
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => { for (;;); };
        window.end = () => {
            port2.postMessage(null);
            document.dispatchEvent(new Event("visibilitychange"));
        };
    }""")
    press(page, (150, 60), (300, 220))
    again = page.context.new_page()
    page.evaluate("setTimeout(end)")
    page.close()
    again.goto("/")
    reopened(again)
    done(again)
    assert download(again).alpha[140, 225] == 0


def test_a_reload_before_there_is_a_result_goes_on(page: Page) -> None:
    page.route("**/api/v1/mattes", lambda route: None)
    choose(page, CAT)
    expect(page.get_by_role("progressbar", name="Cutting out")).to_be_visible()
    kept(page, lambda entries: "work/file" in entries)
    page.unroute("**/api/v1/mattes")
    page.reload()
    assert download(page).alpha[150, 220] == 255


def test_what_was_left_on_purpose_does_not_come_back(page: Page) -> None:
    cut(page)
    button(page, "New photo").click()
    page.reload()
    expect(page.get_by_role("heading", name="Remove the background")).to_be_visible()


def test_a_closed_tab_is_as_it_was_left(page: Page) -> None:
    before = cut(page).alpha
    edit(page, "e")
    page.mouse.click(*place(page, (220, 150)))
    done(page)
    after = download(page).alpha
    assert (before[150, 220], after[150, 220]) == (255, 0)
    again = page.context.new_page()
    page.close()
    again.goto("/")
    same(download(again).alpha, after)


def test_a_reload_loses_no_photo_of_many(page: Page) -> None:
    choose(page, *photos("a.jpg", "b.jpg", "c.jpg"))
    expect(page.get_by_role("heading", name="3 photos")).to_be_visible()
    kept(page, lambda entries: len([name for name in entries if name.startswith("batch/file:")]) == 3)
    page.reload()
    finished(page, "3 of 3 done")
    page.reload()
    expect(page.get_by_role("heading", name="3 photos")).to_be_visible()
    assert made(page, "b.jpg").alpha[150, 220] == 255


def test_a_reload_while_one_of_many_is_drawn_on_comes_back_to_it(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    choose(page, *photos("a.jpg", "b.jpg"))
    finished(page, "2 of 2 done")
    before = address(page, "a.jpg")
    page.get_by_role("button", name="a.jpg: Done").click()
    expect(page.get_by_role("radio", name="Erase")).to_be_visible()
    button(page, "Actual size").click()
    page.keyboard.press("e")
    draw(page, (150, 60), (300, 220))
    page.reload()
    expect(page.get_by_role("heading", name="a.jpg")).to_be_visible()
    reopened(page)
    done(page)
    assert download(page).alpha[140, 225] == 0
    edit(page)
    draw(page, (100, 200), (300, 200))
    page.reload()
    reopened(page)
    button(page, "Cancel").click()
    button(page, "Discard").click()
    file = download(page)
    assert (file.alpha[200, 200], file.alpha[140, 225]) == (255, 0)
    button(page, "Back to all").click()
    assert remade(page, "a.jpg", before).alpha[140, 225] == 0
    assert made(page, "b.jpg").alpha[140, 225] == 255


def test_each_tab_has_its_own_photo_and_its_own_queue(page: Page, troubles: Troubles) -> None:
    start = "Remove the background"

    def tab(*, copied: bool = False) -> Page:
        if copied:
            with page.expect_popup() as opened:
                page.evaluate("void open('/')")
            other = opened.value
        else:
            other = page.context.new_page()
            other.goto("/")
        troubles.watch(other)
        expect(other.get_by_role("heading", name=start)).to_be_visible()
        return other

    cut(page)
    edit(page, "e")
    page.mouse.click(*place(page, (220, 150)))
    done(page)
    many = tab()
    many_sent = Sent(many)
    choose(many, *photos("a.jpg", "b.jpg"))
    finished(many, "2 of 2 done")
    choose(tab(copied=True), *photos("a.jpg", "b.jpg"))
    page.reload()
    assert download(page).alpha[150, 220] == 0
    many.reload()
    expect(many.get_by_role("heading", name="2 photos")).to_be_visible()
    assert made(many, "b.jpg").alpha[150, 220] == 255
    assert many_sent.count("POST", "/api/v1/jobs") == 1
    tab()


_BREAKABLE = """
    const open = IDBFactory.prototype.open;
    IDBFactory.prototype.open = function (...words) {
        if (sessionStorage.getItem("broken")) throw new DOMException("busy", "UnknownError");
        return open.apply(this, words);
    };
"""


def test_what_cannot_be_read_for_a_while_is_neither_lost_nor_in_the_way(page: Page) -> None:
    page.context.add_init_script(_BREAKABLE)
    cut(page)
    page.evaluate("sessionStorage.setItem('broken', 'yes')")
    page.reload()
    told = page.get_by_text("What this browser has kept of this tab cannot be read.")
    expect(told).to_be_visible()
    page.evaluate("sessionStorage.removeItem('broken')")
    page.reload()
    expect(page.get_by_role("heading", name="cat.jpg")).to_be_visible()
    page.evaluate("sessionStorage.setItem('broken', 'yes')")
    page.reload()
    expect(told).to_be_visible()
    page.evaluate("sessionStorage.removeItem('broken')")
    choose(page, *photos("another.jpg"))
    ready(page)
    page.reload()
    expect(page.get_by_role("heading", name="another.jpg")).to_be_visible()
    other = page.context.new_page()
    other.goto("/")
    expect(other.get_by_role("heading", name="cat.jpg")).to_be_visible()


def test_where_nothing_is_kept_the_browser_asks_before_strokes_are_lost(open_page: Open) -> None:
    page = open_page()
    page.add_init_script("IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); }")
    page.goto("/")
    asked: list[str] = []

    def go_on(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", go_on)
    cut(page)
    edit(page, "e")
    page.mouse.click(*place(page, (220, 150)))
    done(page)
    page.reload()
    expect(page.get_by_role("heading", name="Remove the background")).to_be_visible()
    # Where nothing was drawn nothing is asked.
    cut(page)
    page.reload()
    expect(page.get_by_role("heading", name="Remove the background")).to_be_visible()
    assert asked == ["beforeunload"]
    # Of many photos those count on which something was drawn.
    choose(page, *photos("a.jpg", "b.jpg"))
    finished(page, "2 of 2 done")
    page.get_by_role("button", name="a.jpg: Done").click()
    expect(page.get_by_role("radio", name="Erase")).to_be_visible()
    button(page, "Actual size").click()
    page.keyboard.press("e")
    page.mouse.click(*place(page, (220, 150)))
    done(page)
    button(page, "Back to all").click()
    finished(page, "2 of 2 done")
    page.reload()
    expect(page.get_by_role("heading", name="Remove the background")).to_be_visible()
    assert asked == ["beforeunload"] * 2
