"""On a phone: one finger draws, two look closer."""

from __future__ import annotations

import time

import numpy as np
import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.e2e.conftest import Open
from tests.e2e.steps import CAT_SIZE, Place, Sent, button, cut, done, download, place, ready, region, same, stage, until

pytestmark = pytest.mark.real


@pytest.fixture
def phone(open_page: Open) -> Page:
    """A phone, upright."""
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, device_scale_factor=3)
    page.goto("/")
    return page


class Fingers:
    """What fingers do on a page."""

    def __init__(self, page: Page) -> None:
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._now = time.time()

    def __call__(self, kind: str, *places: Place) -> None:
        """``Start``, ``Move`` or ``End``: where each finger is now."""
        # Quick fingers, however slow the machine is: a tap is one by its time.
        self._now += 0.02
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        self._session.send(
            "Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points, "timestamp": self._now}
        )


def test_a_finger_draws_and_two_look_closer(phone: Page) -> None:
    sent = Sent(phone)
    before = cut(phone).alpha
    fingers = Fingers(phone)
    button(phone, "Edit").tap()
    expect(region(phone)).to_be_visible()
    phone.get_by_role("radio", name="Erase").check(force=True)
    button(phone, "Fit").tap()
    box = stage(phone).bounding_box()
    assert box is not None
    # As it fits, a margin of 16 pixels around it.
    scale = (box["width"] - 32) / CAT_SIZE[0]
    line = ((200.0, 100.0), (260.0, 100.0), (260.0, 180.0))
    on_screen = [place(phone, point, scale=scale) for point in line]
    fingers("Start", on_screen[0])
    for each in on_screen[1:]:
        fingers("Move", each)
    fingers("End")

    # Two fingers, twice as far apart in the end, around the middle of the photo: they draw nothing.
    x, y = place(phone, (225.5, 150))
    fingers("Start", (x - 40, y))
    fingers("Start", (x - 40, y), (x + 40, y))
    for off in (50, 60, 70, 80):
        fingers("Move", (x - off, y), (x + off, y))
    fingers("End")
    dab = (300.0, 220.0)
    at = place(phone, dab, scale=2 * scale)
    fingers("Start", at)
    fingers("End")

    button(phone, "Done").tap()
    expect(region(phone)).to_be_hidden()
    after = download(phone).alpha
    first, last = sent.strokes
    assert first["points"][0] == pytest.approx(line[0], abs=1)
    assert last["points"][0] == pytest.approx(dab, abs=1.5)
    for x, y in (*line, dab):
        assert after[round(y), round(x)] == 0
    untouched = np.ones(before.shape, bool)
    for x, y in ((200, 100), (230, 100), (260, 100), (260, 140), (260, 180), dab):
        untouched[round(y) - 32 : round(y) + 32, round(x) - 32 : round(x) + 32] = False
    same(after, before, untouched)


def test_a_phone_offers_its_camera_and_needs_no_scrolling_to_the_side(phone: Page) -> None:
    with phone.expect_file_chooser() as asked:
        button(phone, "Take a photo").tap()
    assert asked.value.element.get_attribute("capture") == "environment"
    expect(phone.get_by_text("Choose a photo or take one.")).to_be_visible()
    expect(phone.get_by_text("Drop a photo anywhere")).to_be_hidden()


def test_two_fingers_and_two_taps_look_closer_at_the_result(phone: Page) -> None:
    cut(phone)
    fingers = Fingers(phone)
    before = phone.screenshot(clip=stage(phone).bounding_box())
    x, y = place(phone, (225.5, 150))
    for _ in range(2):
        fingers("Start", (x, y))
        fingers("End")
    _other(phone, before)
    near = phone.screenshot(clip=stage(phone).bounding_box())
    fingers("Start", (x - 80, y))
    fingers("Start", (x - 80, y), (x + 80, y))
    fingers("Move", (x - 30, y), (x + 30, y))
    fingers("End")
    _other(phone, near)
    # The page itself stays as large as it was.
    assert phone.evaluate("visualViewport.scale") == 1


def test_a_pen_draws_as_strongly_as_it_is_pressed(page: Page) -> None:
    sent = Sent(page)
    cut(page)
    button(page, "Edit").click()
    page.get_by_role("radio", name="Erase").check()
    button(page, "Actual size").click()
    session = page.context.new_cdp_session(page)
    for number, (kind, force) in enumerate(
        (("Pressed", 0.2), ("Moved", 0.2), ("Moved", 1), ("Moved", 1), ("Released", 0))
    ):
        x, y = place(page, (150 + 40 * number, 150))
        pen = {"pointerType": "pen", "force": force, "button": "left", "buttons": 0 if kind == "Released" else 1}
        session.send("Input.dispatchMouseEvent", {"type": f"mouse{kind}", "x": x, "y": y, "clickCount": 1, **pen})
    done(page)
    ready(page)
    radii = [stroke["radius"] for stroke in sent.strokes]
    assert max(radii) > 1.5 * min(radii)
    button(page, "Edit").click()
    page.keyboard.press("Control+z")
    expect(button(page, "Undo")).to_be_disabled()


def _other(page: Page, before: bytes) -> None:
    """Wait until the stage looks otherwise."""
    until(page, lambda: page.screenshot(clip=stage(page).bounding_box()), lambda now: now != before)
