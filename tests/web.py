"""What tests of the page need: Node with the page's packages, the page built, a browser."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from typing import NoReturn, TypeVar

import make
import pytest

T = TypeVar("T")

# By the names that systems give it.
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def lacking(what: str) -> NoReturn:
    """Skip, saying so loudly; in CI fail."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(f"THE PAGE IS NOT TESTED: {what}")


def _told(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201


@pytest.fixture(scope="session")
def node() -> make.Node:
    """Node, and beside it what the page is made with."""
    return _or_lacking(lambda: make.ready(_told))


def built() -> None:
    """Have the page built; the first of several processes does it."""
    _or_lacking(lambda: make.page(_told))


def chromium() -> str:
    """The path of the system's Chromium."""
    found = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    return found or lacking("there is no Chromium; scripts/components installs it")


def _or_lacking(have: Callable[[], T]) -> T:
    try:
        return have()
    except make.Trouble as trouble:
        lacking(f"{trouble}; {trouble.hint}")
