"""How the page comes to the browser: whole, small, kept where it may be, and from nowhere else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from make import PAGE
from playwright.sync_api import Page, expect

from cleancut.server.logs import HEADERS
from tests.e2e.conftest import Open, Site, Troubles

pytestmark = pytest.mark.real

# With the worker's: what a phone has to fetch and to read before it can do anything.
MOST_SCRIPT_BYTES = 120_000


def test_the_page_opens_under_its_policy_and_asks_nobody_else(page: Page) -> None:
    # Errors, refusals by the policy and requests to others fail the test by themselves.
    page.wait_for_load_state("networkidle")
    expect(page.locator("#root > *").first).to_be_visible()


def test_whatever_goes_against_the_policy_is_noticed(open_page: Open, troubles: Troubles) -> None:
    page = open_page()
    answer = page.goto("/")
    assert answer is not None
    assert answer.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]
    assert troubles.unexpected == []
    for attempt in (
        "document.head.append(Object.assign(document.createElement('style'), { textContent: 'p {}' }))",
        "document.head.append(Object.assign(document.createElement('script'), { textContent: '1' }))",
        "new Image().src = 'https://elsewhere.invalid/a.png'",
        "fetch('https://elsewhere.invalid/').catch(() => {})",
        "new Worker(URL.createObjectURL(new Blob(['1'])))",
    ):
        with page.expect_console_message(lambda said: "Content Security Policy" in said.text):
            page.evaluate(f"() => {{ {attempt} }}")
    troubles.expect("Content Security Policy|elsewhere.invalid|csp")


def test_the_parts_are_kept_for_ever_and_the_page_is_asked_for_again(open_page: Open, site: Site) -> None:
    page = open_page()
    kept: dict[str, str] = {}
    page.on("response", lambda answer: kept.update({answer.url: answer.headers.get("cache-control", "")}))
    page.goto("/", wait_until="networkidle")
    assert kept[f"{site.address}/"] == "no-cache"
    parts = {url: told for url, told in kept.items() if "/assets/" in url}
    assert parts
    assert set(parts.values()) == {"public, max-age=31536000, immutable"}
    again = page.reload()
    assert again is not None
    assert again.status in (200, 304)


def test_everything_that_the_page_names_is_there(site: Site) -> None:
    html = site.http.get("/").text
    links = re.findall(r'(?:href|src)="([^"]+)"', html)
    assert "/favicon.svg" in links
    for link in links:
        assert link.startswith("/"), link
        assert site.http.get(link).status_code == 200, link


def test_texts_come_compressed(site: Site) -> None:
    for path in [each for each in PAGE.rglob("*.js") if each.stat().st_size > 1000] + [PAGE / "index.html"]:
        address = "/" if path.name == "index.html" else f"/{path.relative_to(PAGE)}"
        answer = site.http.get(address, headers={"Accept-Encoding": "br"})
        assert answer.headers["content-encoding"] == "br", address
        assert int(answer.headers["content-length"]) < path.stat().st_size


def test_the_scripts_are_small() -> None:
    sizes = {path.name: _sent(path) for path in PAGE.rglob("*.js")}
    assert sum(sizes.values()) <= MOST_SCRIPT_BYTES, sizes


def _sent(path: Path) -> int:
    compressed = path.with_name(f"{path.name}.br")
    return (compressed if compressed.exists() else path).stat().st_size


def test_what_is_not_there_is_not_found(open_page: Open) -> None:
    for path in ("/nothing", "/assets/nothing.js", "/samples/nothing.jpg"):
        answer = open_page().request.get(path)
        assert (answer.status, answer.json()["code"]) == (404, "not_found")
