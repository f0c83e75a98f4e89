"""What holds for every test."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from itertools import count
from typing import TYPE_CHECKING

import pytest

from cleancut.engines import model_of, store_of
from cleancut.errors import WeightsUnavailable
from cleancut.models.weights import ensure
from cleancut.settings import read_settings

if TYPE_CHECKING:
    from tests.postgres import Postgres

# A shell starts background work with Ctrl-C ignored, and so would be all that the tests start and interrupt.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Tests of these kinds work on the machine's own weights, package clients and photographs.
_ON_THE_MACHINE = ("real", "registry", "datasets")

_NUMBERS = count()

# No test leaves a process behind that makes models in integers; those of int8 itself say otherwise.
os.environ["CLEANCUT_INT8"] = "0"
# Nor one that builds the page; those that look at it have it built before.
os.environ["CLEANCUT_BUILD_PAGE"] = "0"


@pytest.fixture(autouse=True)
def _apart(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No test sees this machine's settings, or touches its weights."""
    if any(request.node.get_closest_marker(name) for name in _ON_THE_MACHINE):
        return
    for name in [name for name in os.environ if name.startswith("CLEANCUT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CLEANCUT_INT8", "0")
    monkeypatch.setenv("CLEANCUT_BUILD_PAGE", "0")
    # A folder of each test's own, which only exists once it is used: making one for all takes longer than the tests.
    monkeypatch.setenv("CLEANCUT_HOME", str(tmp_path_factory.getbasetemp() / f"home-{next(_NUMBERS)}"))


@pytest.fixture(scope="session")
def fetched() -> Callable[[str], str]:
    """Have a model's weights on this machine, and give its name back."""

    def fetched(name: str) -> str:
        settings = read_settings()
        try:
            ensure(model_of(name, settings), store_of(settings))
        except WeightsUnavailable as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"REAL WEIGHTS ARE NOT TESTED: {error}")
        return name

    return fetched


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A cluster that all tests of this process share; made by the first that asks."""
    # It takes longer to import than most tests take.
    from tests.postgres import postgres_or_skip

    made = postgres_or_skip()
    yield made
    made.close()


@pytest.fixture
def database_url(postgres: Postgres) -> Iterator[str]:
    """An empty database of the test's own."""
    # A test may stop the server, and the next one finds it running all the same.
    postgres.start()
    url = postgres.database()
    yield url
    postgres.start()
    postgres.drop(url)
