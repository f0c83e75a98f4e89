"""Everything by keys, and nothing by mouse."""

from __future__ import annotations

import pytest
from playwright.sync_api import FileChooser, Page, expect

from tests.e2e.steps import CAT, Sent, choose, cut, kept, ready, region, stage, until
from tests.e2e.test_many import finished, photos

pytestmark = pytest.mark.real

# More controls than any screen has.
_MOST = 60


def tab_to(page: Page, role: str, name: str, key: str = "Tab") -> None:
    """Press Tab until the focus is there."""
    wanted = page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]
    expect(wanted.first).to_be_visible()
    for _ in range(_MOST):
        page.keyboard.press(key)
        if wanted.evaluate_all("(found) => found.includes(document.activeElement)"):
            return
    raise AssertionError(f"Tab does not lead to the {role} {name}")


def choose_by_keys(page: Page) -> None:
    asked: list[FileChooser] = []

    def offered(chooser: FileChooser) -> None:
        asked.append(chooser)

    # Before anything else: Playwright takes a moment until it hears of it.
    page.on("filechooser", offered)
    tab_to(page, "button", "Choose photos")
    page.keyboard.press("Enter")
    until(page, lambda: asked, bool)[0].set_files(CAT)


def test_a_photo_is_cut_out_set_drawn_on_and_taken_away_by_keys(page: Page) -> None:
    sent = Sent(page)
    page.emulate_media(reduced_motion="reduce")
    choose_by_keys(page)
    ready(page)
    # Whoever cannot see the picture hears of it, and begins at the heading.
    expect(page.get_by_role("heading", name="cat.jpg")).to_be_focused()
    tab_to(page, "radio", "None")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Colour")).to_be_checked()
    ready(page)

    tab_to(page, "button", "Edit")
    page.keyboard.press("Enter")
    expect(region(page)).to_be_visible()
    tab_to(page, "radio", "Restore")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Erase")).to_be_checked()
    tab_to(page, "slider", "Size")
    page.keyboard.press("Home")
    for _ in range(60):
        page.keyboard.press("ArrowRight")
    tab_to(page, "application", "Cut-out of cat.jpg", "Shift+Tab")
    # The first arrow shows the crosshair in the middle; then a line from there.
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Shift+Space")
    expect(page.get_by_role("status").filter(has_text="Erased.")).to_be_attached()
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Space")
    page.keyboard.press("Control+z")
    tab_to(page, "button", "Done")
    page.keyboard.press("Enter")
    expect(region(page)).to_be_hidden()
    ready(page)
    dab, line = sent.strokes
    assert dab["points"] == [[225.5, 150.5]]
    assert line["points"][0] == dab["points"][0]
    assert line["points"][1][0] < 200

    with page.expect_download() as begun:
        page.keyboard.press("Control+s")
    assert begun.value.suggested_filename == "cat-cutout.png"
    tab_to(page, "link", "Download")
    with page.expect_download():
        page.keyboard.press("Enter")


def test_a_lasso_by_keys(page: Page) -> None:
    sent = Sent(page)
    cut(page)
    page.keyboard.press("e")
    page.keyboard.press("l")
    stage(page).focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The lasso needs 2 more corners.")).to_be_attached()
    for key in ("Shift+ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
        page.keyboard.press("Space")
    page.keyboard.press("Enter")
    kept(page, lambda entries: "work/step:0" in entries)
    tab_to(page, "button", "Done")
    page.keyboard.press("Enter")
    ready(page)
    (lasso,) = sent.strokes
    assert (lasso["kind"], lasso["action"], len(lasso["points"])) == ("lasso", "add", 3)


def test_the_shortcuts_are_listed_and_what_is_below_waits(page: Page) -> None:
    expect(page.get_by_role("button", name="Choose photos")).to_be_visible()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    cut(page)
    tab_to(page, "button", "Compare", "Shift+Tab")
    page.keyboard.press("?")
    for words in ("Download", "Copy", "Edit", "Compare", "Zoom in", "Undo", "Larger brush", "Paint a line"):
        expect(dialog.locator("dt").filter(has_text=words).first).to_be_visible()
    # The editor does not open behind it.
    page.keyboard.press("e")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(region(page)).to_be_hidden()
    expect(page.get_by_role("button", name="Compare", exact=True)).to_be_focused()


def test_single_keys_can_be_switched_off_and_stay_so(page: Page) -> None:
    cut(page)
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog.get_by_role("term").filter(has_text="Larger brush")).to_be_visible()
    dialog.get_by_role("checkbox", name="Single-key shortcuts").uncheck()
    # Only what still works is listed.
    expect(dialog.get_by_role("term").filter(has_text="Larger brush")).to_be_hidden()
    expect(dialog.get_by_role("term").filter(has_text="Undo")).to_be_visible()
    page.keyboard.press("Escape")
    for _ in range(2):
        for key in ("e", "?"):
            page.keyboard.press(key)
        expect(dialog).to_be_hidden()
        expect(region(page)).to_be_hidden()
        with page.expect_download():
            page.keyboard.press("Control+s")
        page.reload()
        ready(page)
    page.get_by_role("button", name="Keyboard shortcuts").click()
    dialog.get_by_role("checkbox", name="Single-key shortcuts").check()
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    expect(region(page)).to_be_visible()


def test_the_words_of_a_choice_choose_it(page: Page) -> None:
    cut(page)
    page.get_by_text("Colour", exact=True).click()
    expect(page.get_by_role("radio", name="Colour")).to_be_checked()
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_text("Lasso", exact=True).click()
    expect(page.get_by_role("radio", name="Lasso")).to_be_checked()


def test_arrows_go_from_photo_to_photo(page: Page) -> None:
    choose(page, *photos("a.jpg", "b.jpg", "c.jpg"))
    finished(page, "3 of 3 done")
    tab_to(page, "button", "a.jpg: Done. Edit a.jpg")
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("button", name="b.jpg: Done. Edit b.jpg")).to_be_focused()
    tab_to(page, "link", "Download b.jpg")
    with page.expect_download() as begun:
        page.keyboard.press("Enter")
    assert begun.value.suggested_filename == "b-cutout.png"
    tab_to(page, "button", "Remove b.jpg")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="c.jpg: Done. Edit c.jpg")).to_be_focused()
