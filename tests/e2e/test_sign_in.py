"""A server that wants a key: asked for in a dialog, kept in a cookie that no script reads."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from cleancut.server.keys import keys_file, make
from tests.e2e.conftest import Open, Site, Sites, Troubles
from tests.e2e.steps import Sent, button, choose, cut, done, download, edit, kept, place, ready, region
from tests.e2e.test_many import finished, photos

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def closed(sites: Sites) -> tuple[Site, str]:
    """A server with a key, and the key."""
    site = sites(CLEANCUT_FAILURE_LIMITS="none")
    _, secret = make(keys_file(site.home), "Anna")
    return site, secret


@pytest.fixture
def closed_page(closed: tuple[Site, str], open_page: Open, troubles: Troubles) -> Page:
    site, _ = closed
    troubles.allow(site)
    # Of a refusal that is handled the console tells all the same.
    troubles.expect("status of 401")
    page = open_page(base_url=site.address)
    page.goto("/")
    return page


def sign_in(page: Page, key: str) -> None:
    page.get_by_label("Key", exact=True).fill(key)
    page.get_by_role("dialog").get_by_role("button", name="Sign in").click()


def test_a_key_opens_the_page_until_one_signs_out(closed: tuple[Site, str], closed_page: Page) -> None:
    page, (_, secret) = closed_page, closed
    dialog = page.get_by_role("dialog", name="Sign in")
    expect(dialog).to_be_visible()
    sign_in(page, "wrong")
    expect(dialog.get_by_role("alert")).to_contain_text("not known here")
    expect(page.get_by_label("Key", exact=True)).to_have_attribute("aria-invalid", "true")
    sign_in(page, f" {secret} ")
    expect(dialog).to_be_hidden()
    assert cut(page).alpha[150, 220] == 255
    assert page.evaluate("document.cookie") == ""
    page.reload()
    ready(page)
    button(page, "Sign out").click()
    expect(dialog).to_be_visible()


def test_who_closes_the_dialog_finds_it_again(closed: tuple[Site, str], closed_page: Page) -> None:
    page, (_, secret) = closed_page, closed
    dialog = page.get_by_role("dialog", name="Sign in")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    button(page, "Sign in").click()
    sign_in(page, secret)
    expect(dialog).to_be_hidden()
    expect(button(page, "Sign out")).to_be_visible()


def test_whose_session_ends_signs_in_and_goes_on(closed: tuple[Site, str], closed_page: Page) -> None:
    page, (_, secret) = closed_page, closed
    expect(page.get_by_role("dialog", name="Sign in")).to_be_visible()
    sign_in(page, secret)
    cut(page)
    edit(page, "e")
    page.mouse.click(*place(page, (220, 150)))
    page.context.clear_cookies()
    button(page, "Done").click()
    expect(page.get_by_role("dialog", name="Sign in")).to_be_visible()
    sign_in(page, secret)
    # Nothing that was drawn is lost by it.
    expect(region(page)).to_be_visible()
    button(page, "Done").click()
    assert download(page).alpha[150, 220] == 0


def test_who_signs_out_leaves_nothing_in_any_tab(closed: tuple[Site, str], closed_page: Page) -> None:
    page, (site, secret) = closed_page, closed
    _, another = make(keys_file(site.home), "Bert")
    dialog = page.get_by_role("dialog", name="Sign in")
    start = "Remove the background"
    sign_in(page, secret)
    expect(dialog).to_be_hidden()
    other = page.context.new_page()
    other.goto("/")
    cut(other)
    cut(page)
    edit(page, "e")
    page.mouse.click(*place(page, (220, 150)))
    done(page)
    button(page, "Sign out").click()
    # What was drawn is asked for.
    button(page, "Keep this one").click()
    expect(page.get_by_role("heading", name="cat.jpg")).to_be_visible()
    button(page, "Sign out").click()
    button(page, "Begin anew").click()
    for each in (page, other):
        expect(each.get_by_role("dialog", name="Sign in")).to_be_visible()
        expect(each.get_by_role("heading", name=start, include_hidden=True)).to_be_attached()
    kept(page, lambda entries: entries == {})
    sent = Sent(page)
    sign_in(page, another)
    expect(dialog).to_be_hidden()
    page.reload()
    other.reload()
    for each in (page, other):
        expect(each.get_by_role("heading", name=start)).to_be_visible()
        expect(button(each, "Sign out")).to_be_visible()
    assert sent.count("POST", "/api/v1/mattes") == 0


def test_who_signs_out_leaves_no_queue_here_or_on_the_server(closed: tuple[Site, str], closed_page: Page) -> None:
    page, (_, secret) = closed_page, closed
    sign_in(page, secret)
    expect(page.get_by_role("dialog", name="Sign in")).to_be_hidden()
    choose(page, *photos("a.jpg", "b.jpg"))
    finished(page, "2 of 2 done")
    button(page, "Sign out").click()
    button(page, "Keep them").click()
    finished(page, "2 of 2 done")
    button(page, "Sign out").click()
    with page.expect_response(lambda answer: answer.request.method == "DELETE" and "/jobs/" in answer.url) as deleted:
        button(page, "Delete and start over").click()
    assert deleted.value.ok
    expect(page.get_by_role("dialog", name="Sign in")).to_be_visible()
    sign_in(page, secret)
    expect(page.get_by_role("heading", name="Remove the background")).to_be_visible()
    kept(page, lambda entries: entries == {})


def test_a_point_that_needs_a_key_grows_when_one_has_signed_in(closed: tuple[Site, str], closed_page: Page) -> None:
    page, (_, secret) = closed_page, closed
    expect(page.get_by_role("dialog", name="Sign in")).to_be_visible()
    sign_in(page, secret)
    cut(page)
    edit(page, "p")
    page.context.clear_cookies()
    page.mouse.click(*place(page, (220, 150)))
    expect(page.get_by_role("dialog", name="Sign in")).to_be_visible()
    sign_in(page, secret)
    expect(page.get_by_role("dialog", name="Sign in")).to_be_hidden()
    with page.expect_response(lambda answer: answer.url.endswith("/reach") and answer.ok):
        button(page, "Try again").click()
    expect(button(page, "Undo")).to_be_enabled()


def test_many_photos_wait_until_one_has_signed_in(closed: tuple[Site, str], closed_page: Page) -> None:
    page, (_, secret) = closed_page, closed
    expect(page.get_by_role("dialog", name="Sign in")).to_be_visible()
    page.keyboard.press("Escape")
    choose(page, *photos("a.jpg", "b.jpg"))
    expect(page.get_by_role("alert")).to_contain_text(re.compile("key", re.IGNORECASE))
    page.get_by_role("alert").get_by_role("button", name="Sign in").click()
    sign_in(page, secret)
    finished(page, "2 of 2 done")
