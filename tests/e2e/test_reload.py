"""A reload, or a browser that is closed, loses nothing."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.e2e.conftest import Open, Troubles
from tests.e2e.steps import CAT, Sent, button, choose, cut, done, download, draw, edit, kept, place, ready, same
from tests.e2e.test_many import address, finished, made, photos, remade

pytestmark = pytest.mark.real


def test_a_reload_while_drawing_loses_no_stroke_and_no_setting(page: Page) -> None:
    sent = Sent(page)
    cut(page)
    page.get_by_role("radio", name="Colour").check()
    page.get_by_role("radio", name="Sky").check()
    ready(page)
    edit(page, "e")
    draw(page, (150, 60), (300, 220))
    draw(page, (200, 60), (200, 240))
    page.keyboard.press("Control+z")
    draw(page, (100, 200), (300, 200))
    kept(page, lambda entries: "work/step:1" in entries and entries["work/at"] == 2)
    page.reload()
    expect(page.get_by_role("heading", name="cat.jpg")).to_be_visible()
    file = download(page)
    assert len(sent.strokes) == 2
    expect(page.get_by_role("radio", name="Sky")).to_be_checked()
    assert file.name == "cat-cutout.png"
    assert file.pixel(200, 200) == (0xC9, 0xDC, 0xF0)
    assert sent.count("POST", "/api/v1/mattes") == 1, "the model was asked again"
    # And what was done can still be undone.
    edit(page, "Control+z", "Control+z")
    expect(button(page, "Undo")).to_be_disabled()
    expect(button(page, "Redo")).to_be_enabled()
    page.keyboard.press("Control+y")
    done(page)
    ready(page)
    assert len(sent.strokes) == 1


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


def test_a_reload_while_one_of_many_is_drawn_on_loses_no_stroke(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    choose(page, *photos("a.jpg", "b.jpg"))
    finished(page, "2 of 2 done")
    before = address(page, "a.jpg")
    page.get_by_role("button", name="a.jpg: Done").click()
    expect(page.get_by_role("radio", name="Erase")).to_be_visible()
    button(page, "Actual size").click()
    page.keyboard.press("e")
    draw(page, (150, 60), (300, 220))
    kept(page, lambda entries: '"brush"' in json.dumps(entries))
    page.reload()
    expect(page.get_by_role("heading", name="a.jpg")).to_be_visible()
    assert download(page).alpha[140, 225] == 0
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
