"""The page in a real Chromium, against a real server with real weights.

One server and one browser for all tests of a process. They are fixtures of this package, not of the session: as long as
Playwright runs it keeps an event loop in this thread, and tests elsewhere run loops of their own.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, expect, sync_playwright

from cleancut.bench.load import free_port
from cleancut.settings import read_settings
from tests.web import built, chromium

EXAMPLES = Path(__file__).parents[2] / "examples"

_ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip

# On a machine that is busy with all other tests.
_STARTS_WITHIN_S = 60.0
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)


class Site:
    """``cleancut serve`` in a process of its own, with the real U2-Netp and a home of its own."""

    def __init__(self, home: Path, **variables: str) -> None:
        """``variables``: settings of the server, such as ``CLEANCUT_KEEP_SECONDS="1"``."""
        self.home = home
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.http = httpx.Client(base_url=self.address, timeout=60, trust_env=False)
        self._environment = {**os.environ, "CLEANCUT_HOME": str(home), "CLEANCUT_MODEL": "u2netp", **variables}
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Answer, at the same address as before, unless it does; ready when this returns."""
        if self._process is not None:
            return
        words = [sys.executable, "-P", "-m", "cleancut", "serve", "--port", str(self.port)]
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(words, env=self._environment, stderr=log)
        until = time.monotonic() + _STARTS_WITHIN_S
        while not self._is_ready():
            assert self._process.poll() is None, f"the server has ended:\n{self.log}"
            assert time.monotonic() < until, f"the server does not start:\n{self.log}"
            time.sleep(0.05)

    def stop(self) -> None:
        """Answer no more."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(20)
            finally:
                self._process.kill()
                self._process.wait()
            self._process = None

    @property
    def log(self) -> str:
        """What the server has written."""
        return (self.home / "log").read_text("utf-8")

    def _is_ready(self) -> bool:
        try:
            return self.http.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False


class Troubles:
    """What a browser has complained of; a test fails by what it has not said to expect."""

    def __init__(self, address: str) -> None:
        self._own: tuple[str, ...] = (address, "blob:", "data:")
        self._seen: list[str] = []
        self._expected: list[str] = []

    def expect(self, pattern: str) -> None:
        """Have complaints that match this regular expression, anywhere, be what the test provokes."""
        self._expected.append(pattern)

    def allow(self, site: Site) -> None:
        """Have requests to another server of the test's own be none to strangers."""
        self._own += (site.address,)

    @property
    def unexpected(self) -> list[str]:
        """The others."""
        return [each for each in self._seen if not any(re.search(pattern, each) for pattern in self._expected)]

    def watch(self, page: Page) -> None:
        """Note errors in the console, uncaught errors, failed requests and those to anybody else."""
        page.on("console", lambda said: self._note(said.type, _told(said), said.type in ("error", "warning")))
        page.on("pageerror", lambda error: self._note("uncaught", error.stack or error.message))
        page.on(
            "requestfailed", lambda asked: self._note("failed", f"{asked.url}: {asked.failure}", not _given_up(asked))
        )
        page.on("request", lambda asked: self._note("foreign", asked.url, not asked.url.startswith(self._own)))

    def _note(self, kind: str, what: str, counts: bool = True) -> None:
        if counts:
            self._seen.append(f"{kind}: {what}")


def _told(said: ConsoleMessage) -> str:
    return f"{said.text} ({said.location['url']})"


def _given_up(asked: Any) -> bool:
    """Whether the page itself no longer wanted an answer; a download ends so, too."""
    return "ERR_ABORTED" in (asked.failure or "")


Sites = Callable[..., Site]
Open = Callable[..., Page]


@pytest.fixture(scope="package")
def sites(tmp_path_factory: pytest.TempPathFactory, fetched: Callable[[str], str]) -> Iterator[Sites]:
    """Start a server with these variables; all end with the last test here. Most tests share ``site``."""
    fetched("u2netp")
    built()
    begun: list[Site] = []

    def start(**variables: str) -> Site:
        home = tmp_path_factory.mktemp("site")
        (home / "models").symlink_to(read_settings().home / "models")
        begun.append(Site(home, **variables))
        return begun[-1]

    yield start
    for each in begun:
        each.stop()
        each.http.close()


@pytest.fixture(scope="package")
def site(sites: Sites) -> Site:
    """The server that tests share; who stops it or needs other settings starts one by ``sites``."""
    return sites()


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    started = playwright.chromium.launch(executable_path=chromium(), args=list(_ARGUMENTS))
    yield started
    started.close()


@pytest.fixture
def troubles(site: Site) -> Troubles:
    """What the pages of this test have complained of."""
    return Troubles(site.address)


@pytest.fixture
def open_page(browser: Browser, site: Site, troubles: Troubles) -> Iterator[Open]:
    """A page of a browser that has been nowhere yet, with these options of Playwright's ``new_context``.

    The test fails by any error, failed request, or request to another host that it has not said to expect
    (``troubles.expect``).
    """
    contexts: list[BrowserContext] = []

    def open_page(**options: Any) -> Page:
        options = {"base_url": site.address, "viewport": {"width": 1280, "height": 800}, **options}
        contexts.append(browser.new_context(**options))
        contexts[-1].set_default_timeout(PATIENCE_MS)
        page = contexts[-1].new_page()
        troubles.watch(page)
        return page

    yield open_page
    for each in contexts:
        each.close()
    assert troubles.unexpected == []


@pytest.fixture
def page(open_page: Open) -> Page:
    """The start page on a laptop, loaded."""
    page = open_page()
    page.goto("/")
    return page


@pytest.fixture
def odd_page(open_page: Open) -> Page:
    """The same, a pixel wider: the stage is as odd as the photo of the cat, and pixels of both lie on each other."""
    page = open_page(viewport={"width": 1281, "height": 800})
    page.goto("/")
    return page
