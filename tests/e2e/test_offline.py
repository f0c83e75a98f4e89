"""A server that goes away in the middle, and comes back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open, Site, Sites, Troubles
from tests.e2e.steps import CAT, button, choose, cut, done, download, edit, place, ready, region
from tests.e2e.test_many import card, finished, photos

pytestmark = pytest.mark.real

GONE = "The server cannot be reached."


@pytest.fixture(scope="module")
def frail(sites: Sites) -> Site:
    """A server that these tests stop and start."""
    return sites()


@pytest.fixture
def frail_page(frail: Site, open_page: Open, troubles: Troubles) -> Iterator[Page]:
    """Its page. Tests find the server answering, and leave it so."""
    troubles.allow(frail)
    troubles.expect("ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE")
    page = open_page(base_url=frail.address)
    page.goto("/")
    yield page
    frail.start()


def test_one_photo_goes_on_where_it_was(frail: Site, frail_page: Page) -> None:
    page = frail_page
    expect(button(page, "Choose photos")).to_be_visible()
    frail.stop()
    button(page, "Pear").click()
    expect(page.get_by_role("alert")).to_contain_text("The sample could not be loaded.")
    choose(page, CAT)
    expect(page.get_by_role("alert")).to_contain_text(GONE)
    button(page, "Try again").click()
    expect(page.get_by_role("alert")).to_contain_text(GONE)
    frail.start()
    button(page, "Try again").click()
    page.emulate_media(reduced_motion="reduce")
    ready(page)
    edit(page, "e")
    page.mouse.click(*place(page, (220, 150)))
    frail.stop()
    button(page, "Done").click()
    expect(page.get_by_role("alert").filter(has_text=GONE)).to_be_visible()
    expect(region(page)).to_be_visible()
    # A point needs the server; a brush does not.
    page.mouse.click(*place(page, (260, 150)))
    frail.start()
    done(page)
    after = download(page).alpha
    assert (after[150, 220], after[150, 260]) == (0, 0)
    frail.stop()
    page.get_by_role("radio", name="Colour").check()
    expect(page.get_by_role("alert")).to_contain_text(GONE)
    frail.start()
    button(page, "Try again").click()
    assert download(page).alpha.min() == 255


def test_many_photos_go_on_by_themselves(frail: Site, frail_page: Page) -> None:
    page = frail_page
    choose(page, *photos("a.jpg", "b.jpg"))
    finished(page, "2 of 2 done")
    frail.stop()
    choose(page, *photos("x.jpg", "y.jpg", "c.jpg")[2:], button="Add more")
    expect(page.get_by_role("alert")).to_contain_text(GONE)
    expect(page.get_by_role("alert")).to_contain_text("It goes on by itself.")
    frail.start()
    finished(page, "3 of 3 done")
    expect(card(page, "c.jpg")).to_contain_text("Done")
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_point_that_could_not_grow_is_set_again(frail: Site, frail_page: Page) -> None:
    page = frail_page
    before = cut(page).alpha
    edit(page, "p")
    frail.stop()
    page.mouse.click(*place(page, (430, 30)))
    expect(page.get_by_role("alert").filter(has_text=GONE)).to_be_visible()
    frail.start()
    with page.expect_response("**/reach"):
        button(page, "Try again").click()
    done(page)
    after = download(page).alpha
    assert after[30, 430] == 255
    assert before[30, 430] == 0
