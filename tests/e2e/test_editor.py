"""The editor as one works in it: what is pressed too often or too soon loses nothing, and what is shown holds."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.e2e.steps import (
    Array,
    Sent,
    button,
    cut,
    done,
    draw,
    edit,
    payload,
    photo_file,
    place,
    ready,
    region,
    shown,
    until,
)
from tests.e2e.test_edit import with_a_box

pytestmark = pytest.mark.real


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_cancel_pressed_twice_loses_nothing(page: Page, width: int) -> None:
    cut(page)
    page.set_viewport_size({"width": width, "height": 740})
    edit(page, "e")
    draw(page, (220, 140), (240, 160))
    was = button(page, "Cancel").bounding_box()
    assert was is not None
    button(page, "Cancel").dblclick()
    expect(region(page)).to_be_visible()
    expect(button(page, "Undo")).to_be_enabled()
    button(page, "Cancel").click()
    expect(button(page, "Go on editing")).to_be_focused()
    # Wherever on the button it was pressed; and a press that follows another at once is never meant for it.
    now = button(page, "Discard").bounding_box()
    assert now is not None
    assert now["y"] + now["height"] <= was["y"] or now["y"] >= was["y"] + was["height"]
    button(page, "Discard").dispatch_event("click", {"detail": 2})
    expect(region(page)).to_be_visible()


@pytest.mark.parametrize("key", ["Control+z", "Escape"])
def test_a_stroke_is_given_up_while_it_is_drawn(page: Page, key: str) -> None:
    sent = Sent(page)
    cut(page)
    edit(page, "e")
    first = ((150.0, 60.0), (150.0, 240.0))
    draw(page, *first)
    draw(page, (200, 60), (200, 240))
    button(page, "Undo").click()
    page.mouse.move(*place(page, (250, 60)))
    page.mouse.down()
    page.mouse.move(*place(page, (250, 150)), steps=6)
    page.keyboard.press(key)
    page.mouse.move(*place(page, (250, 240)), steps=6)
    page.mouse.up()
    # What was undone before can still be done again.
    expect(button(page, "Redo")).to_be_enabled()
    done(page)
    ready(page)
    assert [stroke["points"][0] for stroke in sent.strokes] == [pytest.approx(first[0], abs=1)]


def test_what_was_drawn_stays_until_the_new_picture_is_decoded(open_page: Open) -> None:
    page = open_page()
    # Drawn beside the page, where a picture can be had to take its time.
    page.add_init_script("""
        delete HTMLCanvasElement.prototype.transferControlToOffscreen;
        const decode = createImageBitmap;
        window.late = 0;
        window.createImageBitmap = (of, ...others) => {
            if (!(of instanceof Blob) || window.late === 0) return decode(of, ...others);
            return new Promise((done) => setTimeout(done, window.late)).then(() => decode(of, ...others));
        };
    """)
    page.goto("/")
    cut(page)
    edit(page, "e", "]", "]")
    page.get_by_role("radio", name="Hidden").check()

    def seen() -> Array:
        return shown(page)[140:150, 200:210]

    before = seen()
    draw(page, (180, 145), (230, 145))
    page.mouse.move(2, 2)
    drawn = until(page, seen, lambda now: bool((now != before).any()))
    page.evaluate("window.late = 3000")
    done(page)
    for _ in range(5):
        page.wait_for_timeout(100)
        # A chequer moves with the stage, whose size the panel changes; the cat would be darker.
        assert abs(float(seen().mean()) - float(drawn.mean())) < 8


def test_it_is_looked_for_an_edge_until_what_grows_is_seen(open_page: Open) -> None:
    page = open_page()
    page.add_init_script("""
        delete HTMLCanvasElement.prototype.transferControlToOffscreen;
        const decode = createImageBitmap;
        window.createImageBitmap = async (of, ...others) => {
            if (window.held && of instanceof Blob) await window.held;
            return decode(of, ...others);
        };
    """)
    page.goto("/")
    cut(page, payload("box.jpg", photo_file(with_a_box(), quality=98)))
    edit(page, "p")
    page.evaluate("() => { window.held = new Promise((done) => { window.go = done; }); }")
    with page.expect_response(re.compile("/reach")):
        page.mouse.click(*place(page, (40, 40)))
    page.wait_for_timeout(500)
    expect(page.get_by_text("Looking for the edge…")).to_be_visible()
    page.evaluate("window.go()")
    expect(page.get_by_text("Looking for the edge…")).to_be_hidden()


def test_what_the_server_does_to_the_edge_afterwards_is_said(page: Page) -> None:
    cut(page)
    edit(page)
    expect(region(page).get_by_text("as set under Edges")).to_have_count(0)
    button(page, "Cancel").click()
    page.get_by_text("Edges", exact=True).click()
    page.get_by_role("slider", name="Soften").press("ArrowRight")
    ready(page)
    edit(page)
    expect(region(page).get_by_text("as set under Edges: Soften 0.5 px.")).to_be_visible()


def test_what_the_browser_would_do_instead_it_does_not(page: Page) -> None:
    cut(page)
    edit(page)
    page.evaluate("addEventListener('keydown', (event) => { window.prevented = event.defaultPrevented; })")
    page.keyboard.press("Control+s")
    assert page.evaluate("window.prevented")
    expect(region(page)).to_be_visible()
    # A photo over the page, which nothing is done with now: the pointer says so.
    assert page.evaluate(_DRAGGED) == [True, "none"]
    button(page, "Cancel").click()
    expect(region(page)).to_be_hidden()
    assert page.evaluate(_DRAGGED) == [True, "copy"]


_DRAGGED = """() => {
    const over = new Event("dragover", { bubbles: true, cancelable: true });
    over.dataTransfer = { types: ["Files"], dropEffect: "copy" };
    document.body.dispatchEvent(over);
    return [over.defaultPrevented, over.dataTransfer.dropEffect];
}"""
