"""Changing the cut-out by hand: what is downloaded is what was drawn."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from cleancut.matting.strokes import Stroke
from tests.e2e.conftest import Site, Troubles
from tests.e2e.steps import (
    CAT,
    CAT_SIZE,
    Array,
    Sent,
    brush_size,
    button,
    cut,
    done,
    download,
    draw,
    edit,
    painted,
    payload,
    photo_file,
    place,
    ready,
    region,
    same,
    shown,
    stage,
    until,
)

pytestmark = pytest.mark.real


def test_a_brush_erases_and_restores_exactly_where_it_was_drawn(page: Page) -> None:
    sent = Sent(page)
    before = cut(page).alpha
    assert before.shape == CAT_SIZE[::-1]
    edit(page, "e", "]", "]")
    radius = brush_size(page) / 2
    erased = ((150.0, 60.0), (300.0, 220.0))
    draw(page, *erased)
    page.keyboard.press("b")
    restored = ((20.0, 20.0), (60.0, 20.0))
    draw(page, *restored)
    done(page)
    file = download(page)
    assert file.name == "cat-cutout.png"
    wanted, sure = painted(before, Stroke("remove", erased, radius, 0.8))
    wanted, also = painted(wanted, Stroke("add", restored, radius, 0.8))
    same(file.alpha, wanted, sure & also)
    assert [stroke["action"] for stroke in sent.strokes] == ["remove", "add"]
    assert sent.count("POST", "/api/v1/mattes") == 1, "the model was asked again"


def test_what_is_seen_while_drawing_is_what_is_downloaded(odd_page: Page) -> None:
    page = odd_page
    cut(page)
    edit(page, "e", "5")
    # The screen shows the photo times its alpha.
    page.get_by_role("radio", name="Black").check()
    draw(page, (120, 80), (330, 80), (200, 200))
    page.keyboard.press("b")
    draw(page, (30, 30), (30, 270), (120, 270))
    page.mouse.move(2, 2)
    seen = until(page, lambda: shown(page), lambda seen: seen[262:278, 110:118].mean() > 40)
    done(page)
    file = download(page)
    colours = np.asarray(Image.open(CAT).convert("RGB"))
    wanted = colours * (file.alpha[:, :, None] / 255)
    apart = np.abs(seen.astype(int) - wanted).max(axis=2)
    assert np.median(apart) <= 1
    assert (apart > 8).mean() < 0.01


def test_every_step_is_undone_and_done_again(page: Page) -> None:
    sent = Sent(page)
    before = cut(page).alpha
    edit(page, "e")
    undo, redo, reset = (button(page, name) for name in ("Undo", "Redo", "Reset"))
    expect(undo).to_be_disabled()
    for across in (150.0, 200.0, 250.0):
        draw(page, (across, 60), (across, 240))
    expect(redo).to_be_disabled()
    undo.click()
    page.keyboard.press("Control+z")
    done(page)
    first = download(page).alpha
    radius = sent.strokes[0]["radius"]
    wanted, sure = painted(before, Stroke("remove", ((150, 60), (150, 240)), radius, 0.8))
    same(first, wanted, sure)
    edit(page)
    redo.click()
    page.keyboard.press("Control+Shift+z")
    expect(redo).to_be_disabled()
    reset.click()
    expect(reset).to_be_disabled()
    done(page)
    same(download(page).alpha, before)
    # A reset is a step as well.
    edit(page, "Control+z")
    done(page)
    ready(page)
    assert len(sent.strokes) == 3


def test_a_lasso_removes_what_it_goes_around_and_keeps_nothing_else(page: Page) -> None:
    before = cut(page).alpha
    edit(page, "l", "x")
    expect(page.get_by_role("radio", name="Remove")).to_be_checked()
    draw(page, (100, 50), (350, 50), (350, 200), (100, 200))
    page.get_by_role("radio", name="Keep").check()
    draw(page, (10, 240), (90, 240), (90, 290), (10, 290))
    done(page)
    after = download(page).alpha
    assert before[60:190, 110:340].mean() > 100
    assert after[52:198, 102:348].max() == 0
    assert after[242:288, 12:88].min() == 255
    outside = np.ones(before.shape, bool)
    outside[48:203, 98:353] = outside[238:293, 8:93] = False
    same(after, before, outside)


def test_a_point_grows_to_the_next_edge(page: Page) -> None:
    before = cut(page, payload("box.png", photo_file(with_a_box(), "PNG"), "image/png")).alpha
    assert before[20:70, 20:80].max() < 128, "the model takes the box for the subject"
    edit(page, "p")
    with page.expect_response("**/reach"):
        page.mouse.click(*place(page, (50, 45)))
    done(page)
    after = download(page).alpha
    assert after[14:76, 14:86].min() == 255
    outside = np.ones(before.shape, bool)
    outside[4:86, 4:96] = False
    same(after, before, outside)


def test_a_point_grows_also_where_the_server_has_forgotten_the_photo(
    page: Page, site: Site, troubles: Troubles
) -> None:
    troubles.expect("404")
    sent = Sent(page)
    before = cut(page, payload("box.png", photo_file(with_a_box(), "PNG"), "image/png")).alpha
    edit(page, "p")
    assert site.http.delete("/api/v1/data").is_success
    with page.expect_response(lambda answer: answer.url.endswith("/reach") and answer.ok):
        page.mouse.click(*place(page, (50, 45)))
    done(page)
    after = download(page).alpha
    assert before[20:70, 20:80].max() < 128
    assert after[14:76, 14:86].min() == 255
    # The first time, and once more: not for ever.
    assert sent.count("POST", "/api/v1/mattes") == 2


def test_a_point_stays_as_it_was_where_another_reach_of_it_fails(page: Page, troubles: Troubles) -> None:
    troubles.expect("reach")
    sent = Sent(page)
    cut(page)
    edit(page, "p")
    with page.expect_response("**/reach"):
        page.mouse.click(*place(page, (225, 150)))
    expect(button(page, "Undo")).to_be_enabled()
    page.route("**/reach", lambda route: route.abort("connectionrefused"))
    reach = page.get_by_role("slider", name="Reach")
    before = reach.input_value()
    reach.press("ArrowRight")
    expect(page.get_by_text("The server cannot be reached.")).to_be_visible()
    expect(button(page, "Undo")).to_be_enabled()
    page.unroute("**/reach")
    with page.expect_response("**/reach"):
        button(page, "Try again").click()
    done(page)
    ready(page)
    (point,) = sent.strokes
    assert point["reach"] == pytest.approx(int(before) / 100 + 0.01)


def test_where_nothing_grows_it_is_said_and_nothing_changes(page: Page) -> None:
    cut(page)
    edit(page, "p")
    nothing = {"left": 0, "top": 0, "width": 0, "height": 0, "image": "data:image/png;base64,"}
    page.route("**/reach", lambda route: route.fulfill(json=nothing))
    page.mouse.click(*place(page, (50, 45)))
    expect(page.get_by_text("Nothing grows from that point.")).to_be_visible()
    expect(button(page, "Undo")).to_be_disabled()
    button(page, "Dismiss").click()
    expect(page.get_by_text("Nothing grows from that point.")).to_be_hidden()


def test_a_brush_goes_where_it_is_seen_however_near_one_looks(page: Page) -> None:
    sent = Sent(page)
    cut(page)
    edit(page, "e")
    at = place(page, (140, 110))
    page.mouse.move(*at)
    # What is below the pointer stays there.
    page.mouse.wheel(0, -400)
    page.mouse.down()
    page.mouse.up()
    page.mouse.wheel(0, -400)
    page.mouse.down()
    page.mouse.up()
    done(page)
    ready(page)
    for stroke in sent.strokes:
        assert stroke["points"][0] == pytest.approx([140, 110], abs=0.6)


def test_half_opacity_takes_half(page: Page) -> None:
    before = cut(page).alpha
    edit(page, "e", "]", "]", "5")
    radius = brush_size(page) / 2
    line = ((150.0, 150.0), (300.0, 150.0))
    draw(page, *line)
    done(page)
    wanted, sure = painted(before, Stroke("remove", line, radius, 0.8, 0.5))
    same(download(page).alpha, wanted, sure)


def test_cancel_asks_before_something_drawn_is_lost(page: Page) -> None:
    before = cut(page).alpha
    edit(page, "e")
    draw(page, (150, 60), (300, 220))
    button(page, "Cancel").click()
    expect(page.get_by_role("group", name="Discard what you have drawn here?")).to_be_visible()
    button(page, "Go on editing").click()
    expect(button(page, "Undo")).to_be_enabled()
    button(page, "Cancel").click()
    button(page, "Discard").click()
    expect(region(page)).to_be_hidden()
    same(download(page).alpha, before)
    edit(page)
    button(page, "Cancel").click()
    expect(region(page)).to_be_hidden()


def test_the_original_is_shown_as_long_as_it_is_held(page: Page) -> None:
    cut(page)
    edit(page)
    page.get_by_role("radio", name="Black").check()
    colours = np.asarray(Image.open(CAT).convert("RGB"))
    page.mouse.move(2, 2)

    def apart() -> float:
        return float(np.abs(shown(page).astype(int) - colours).mean())

    until(page, apart, lambda apart: apart > 20)
    stage(page).focus()
    page.keyboard.down("s")
    until(page, apart, lambda apart: apart < 8)
    # Longer than what is a mere press.
    page.wait_for_timeout(500)
    page.keyboard.up("s")
    until(page, apart, lambda apart: apart > 20)
    # Pressed once, it stays; without having to hold anything.
    original = button(page, "Show original")
    original.focus()
    page.keyboard.press("Enter")
    expect(original).to_have_attribute("aria-pressed", "true")
    until(page, apart, lambda apart: apart < 8)


def with_a_box() -> Array:
    """The cat, and in the corner something of one colour, which is no part of it."""
    colours = np.array(Image.open(CAT).convert("RGB"))
    colours[10:80, 10:90] = (40, 90, 160)
    return colours
