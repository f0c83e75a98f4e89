"""Every screen for everybody: nothing that axe-core finds in light or dark, nothing cut off on phones or in RTL."""

from __future__ import annotations

import io
from typing import Any

import pytest
from make import WEB
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from cleancut.server.keys import keys_file, make
from tests.e2e.conftest import Open, Sites, Troubles
from tests.e2e.steps import CAT, button, choose, draw, edit, payload, ready, region
from tests.e2e.test_errors import refuse
from tests.e2e.test_many import finished, photos
from tests.web import lacking

pytestmark = pytest.mark.real

AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"

LAPTOP = {"width": 1280, "height": 800}
# The narrowest phones, and a phone on its side.
PHONE = {"width": 360, "height": 740}
SIDEWAYS = {"width": 740, "height": 360}
# Letters of a browser that has been told to enlarge them.
LETTERS = ("130%", "150%", "200%")

_FINDINGS = """async () => {
    const found = await axe.run(document, { resultTypes: ["violations"] });
    return found.violations.map(({ id, help, nodes }) =>
        [id, help, ...nodes.map((node) => `${node.target}: ${node.failureSummary}`)].join("\\n  "));
}"""

# How far anything could be scrolled to the side, what sticks out, and words that do not fit what they stand on.
_BEYOND = """() => {
    const root = document.documentElement;
    const far = Math.max(root.scrollWidth, document.body.scrollWidth) - root.clientWidth;
    const out = [...document.querySelectorAll("body *")].filter((each) => {
        const { left, right, width } = each.getBoundingClientRect();
        return width > 1 && (left < -1 || right > root.clientWidth + 1) && !each.closest("svg, .stage, .unseen");
    });
    const wide = [...document.querySelectorAll(".dialog, .side-settings, .editor-tools, .button")].filter(
        (each) => each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0);
    const told = [...out.slice(0, 5), ...wide].map((each) => each.outerHTML.slice(0, 160));
    return far > 0 || wide.length > 0 ? [far, ...told] : [];
}"""


@pytest.fixture(scope="module")
def axe() -> str:
    if not AXE.exists():
        lacking("axe-core is not installed; `python web/make.py npm ci` in the clone installs it")
    return AXE.read_text("utf-8")


@pytest.fixture
def calm(page: Page, axe: str) -> Page:
    """The start page, without motion: colours on their way from light to dark are none to judge."""
    page.emulate_media(reduced_motion="reduce")
    page.evaluate(axe)
    return page


def look(page: Page, screen: str) -> None:
    """Judge a screen, as it is at present."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        findings: list[str] = page.evaluate(_FINDINGS)
        assert findings == [], "\n".join([f"{screen}, {scheme}:", *findings])
    page.emulate_media(color_scheme="light")
    for size in (PHONE, SIDEWAYS, LAPTOP):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        for direction in ("rtl", "ltr"):
            page.evaluate("(direction) => { document.documentElement.dir = direction; }", direction)
            beyond: list[Any] = page.evaluate(_BEYOND)
            assert beyond == [], f"{screen}, {size['width']} wide, {direction}: {beyond}"
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    for letters in (*LETTERS, ""):
        page.evaluate("(size) => { document.documentElement.style.fontSize = size; }", letters)
        beyond = page.evaluate(_BEYOND)
        assert beyond == [], f"{screen}, letters of {letters}: {beyond}"
    page.set_viewport_size(LAPTOP)  # type: ignore[arg-type]


def test_choosing(calm: Page) -> None:
    expect(button(calm, "Choose photos")).to_be_visible()
    look(calm, "start")
    choose(calm, payload("notes.txt", b"milk", "text/plain"))
    expect(calm.get_by_role("alert")).to_be_visible()
    look(calm, "no picture")
    calm.keyboard.press("?")
    expect(calm.get_by_role("dialog")).to_be_visible()
    look(calm, "shortcuts")


def test_one_photo(calm: Page, troubles: Troubles) -> None:
    troubles.expect("503")
    calm.route("**/api/v1/mattes", lambda route: None)
    choose(calm, CAT)
    expect(calm.get_by_role("progressbar", name="Cutting out")).to_be_visible()
    look(calm, "working")
    button(calm, "Cancel").click()
    expect(button(calm, "Go on")).to_be_visible()
    look(calm, "stopped")
    calm.unroute("**/api/v1/mattes")
    refuse(calm, "**/api/v1/mattes", 503, "nobody is at home", after=5)
    button(calm, "Go on").click()
    expect(calm.get_by_role("alert")).to_be_visible()
    look(calm, "refused")
    calm.unroute("**/api/v1/mattes")
    button(calm, "Try again").click()
    ready(calm)
    look(calm, "result")
    for each in calm.locator("summary:visible").all():
        each.click()
    calm.get_by_role("radio", name="Colour").check()
    ready(calm)
    look(calm, "all settings")
    button(calm, "Compare").click()
    expect(calm.get_by_role("slider", name="How much of the photo")).to_be_visible()
    look(calm, "compare")


def test_the_editor(calm: Page) -> None:
    choose(calm, CAT)
    ready(calm)
    edit(calm, "e")
    draw(calm, (150, 60), (300, 220))
    for tool in ("Erase", "Lasso", "Point", "Move"):
        calm.get_by_role("radio", name=tool, exact=True).check()
        look(calm, f"editor, {tool}")
    button(calm, "Cancel").click()
    expect(button(calm, "Go on editing")).to_be_visible()
    look(calm, "discard?")
    button(calm, "Go on editing").click()
    calm.set_viewport_size(PHONE)  # type: ignore[arg-type]
    for letters in (*LETTERS, ""):
        calm.evaluate("(size) => { document.documentElement.style.fontSize = size; }", letters)
        for name in ("Undo", "Show original", "More settings", "Cancel", "Done"):
            # Nothing lies on it.
            button(calm, name).click(trial=True)
    calm.set_viewport_size(LAPTOP)  # type: ignore[arg-type]
    button(calm, "Done").click()
    expect(region(calm)).to_be_hidden()
    ready(calm)
    button(calm, "New photo").click()
    expect(calm.get_by_role("dialog")).to_be_visible()
    look(calm, "begin anew?")


def test_in_the_systems_colours_a_colour_is_still_seen_and_so_is_how_far_it_is(open_page: Open) -> None:
    page = open_page(forced_colors="active")
    page.goto("/")
    held = "**/api/v1/mattes"
    page.route(held, lambda route: None)
    choose(page, CAT)
    # A bar that is not of one colour.
    assert len(colours(page.locator(".progress-bar"))) > 1
    button(page, "Cancel").click()
    notice = page.locator(".notice")
    assert notice.evaluate("(each) => getComputedStyle(each).borderTopWidth") == "1px"
    page.unroute(held)
    button(page, "Go on").click()
    ready(page)
    page.get_by_role("radio", name="Colour").check()
    mint = page.locator(".swatch", has=page.get_by_role("radio", name="Mint"))
    before = colours(mint)
    assert (0xCF, 0xE3, 0xD8) in before
    mint.click()
    page.mouse.move(2, 2)
    assert colours(mint) != before


def colours(of: Locator) -> set[Any]:
    """All that are seen in it."""
    found = Image.open(io.BytesIO(of.screenshot(animations="disabled"))).convert("RGB")
    return {colour for _, colour in found.getcolors(found.width * found.height) or ()}


def test_many_photos(calm: Page) -> None:
    long = f"{'a very long name of a photo from a camera '.replace(' ', '_') * 3}.jpg"
    choose(calm, *photos("a.jpg", long), payload("notes.txt", b"milk", "text/plain"))
    finished(calm, "2 of 3 done · 1 failed")
    look(calm, "many")
    button(calm, "Settings of a.jpg").click()
    expect(calm.get_by_role("dialog")).to_be_visible()
    look(calm, "settings of one")
    button(calm, "Close").click()
    button(calm, f"Settings of {long}").click()
    look(calm, "settings of one of a long name")
    button(calm, "Close").click()
    button(calm, "Start over").click()
    expect(calm.get_by_role("dialog")).to_be_visible()
    look(calm, "start over?")


def test_signing_in(sites: Sites, open_page: Open, troubles: Troubles, axe: str) -> None:
    site = sites()
    make(keys_file(site.home), "Anna")
    troubles.allow(site)
    troubles.expect("status of 401")
    page = open_page(base_url=site.address, reduced_motion="reduce")
    page.goto("/")
    page.evaluate(axe)
    page.get_by_label("Key", exact=True).fill("wrong")
    page.get_by_role("dialog").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_be_visible()
    look(page, "sign in")


def test_nothing_moves_for_those_who_want_it_still(calm: Page) -> None:
    calm.route("**/api/v1/mattes", lambda route: None)
    choose(calm, CAT)
    expect(calm.get_by_role("progressbar", name="Cutting out")).to_be_visible()
    moving = "() => document.getAnimations().filter(({ effect }) => effect.getTiming().duration > 50).length"
    assert calm.evaluate(moving) == 0
    calm.emulate_media(reduced_motion="no-preference")
    calm.wait_for_function(moving)


def test_a_finding_is_noticed(calm: Page) -> None:
    calm.evaluate("document.querySelector('main').append(new Image())")
    with pytest.raises(AssertionError, match="image-alt"):
        look(calm, "with a picture that nobody describes")
    calm.evaluate("document.querySelector('main img:last-child').remove()")
    calm.evaluate("document.querySelector('main').style.inlineSize = '2000px'")
    with pytest.raises(AssertionError, match="360 wide"):
        look(calm, "too wide")
