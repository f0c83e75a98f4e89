"""The page is built beside the server's work, where there is something to build it from."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from make import WEB

from cleancut.server import building
from cleancut.server.building import Page, built_beside, find_make
from tests.processes import lives
from tests.server.test_stopping import Process
from tests.server.wire import until

SAY = "import sys, time, pathlib; say = lambda line: print(line, file=sys.stderr, flush=True)\n"

# Leaves a page, as the true one does.
BUILD = "page = pathlib.Path({page!r}); page.mkdir(); (page / 'index.html').write_text('built')\n"

Clone = Callable[[str], Path]


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    """A clone with this make.py, before which there is none; nothing is built in it."""
    make, page = tmp_path / "web" / "make.py", tmp_path / "page"
    monkeypatch.setattr(building, "MAKE", None)
    monkeypatch.setattr(building, "FOLDER", page)

    def clone(program: str) -> Path:
        monkeypatch.setattr(building, "MAKE", make)
        make.parent.mkdir()
        make.write_text(SAY + program.replace("BUILD", BUILD.format(page=str(page))))
        return page

    return clone


def loaded() -> Page:
    page = Page()
    page.load()
    return page


def test_what_was_built_is_shown_once_it_is_there(clone: Clone, tmp_path: Path) -> None:
    go_on = tmp_path / "go on"
    clone(f"say('building')\nwhile not pathlib.Path({str(go_on)!r}).exists(): time.sleep(0.01)\nBUILD")
    page = loaded()
    with built_beside(page):
        assert page.building
        assert not page.assets
        go_on.touch()
        until(lambda: not page.building, "it is built")
        assert page.assets["index.html"].bodies[""] == b"built"


def test_what_is_up_to_date_is_shown_from_the_start(clone: Clone) -> None:
    folder = clone("time.sleep(0.1)")
    folder.mkdir()
    (folder / "index.html").write_text("there")
    page = loaded()
    with built_beside(page):
        assert not page.building
        assert page.assets["index.html"].bodies[""] == b"there"


def test_what_is_old_is_not_shown_while_it_is_built_anew(clone: Clone) -> None:
    folder = clone("say('building')\ntime.sleep(60)")
    folder.mkdir()
    (folder / "index.html").write_text("old")
    page = loaded()
    with built_beside(page):
        until(lambda: page.building == "building", "it is being built")


def test_a_build_that_fails_leaves_its_reason_and_remedy(clone: Clone) -> None:
    clone("say('npm said much'); say('error: no Node: offline'); say('  → install Node'); sys.exit(1)")
    page = loaded()
    with built_beside(page):
        until(lambda: not page.building, "it has failed")
        assert (page.assets, page.problem, page.remedy) == ({}, "no Node: offline", "install Node")


def test_what_a_build_says_is_read_whatever_the_platform_writes(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}.items():
        monkeypatch.setenv(name, value)
    clone("say('installing …'); time.sleep(60)")
    page = loaded()
    with built_beside(page):
        until(lambda: page.building == "installing …", "it is said")


def test_a_remedy_is_found_without_its_arrow(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii:replace")
    clone("say('error: no Node: offline'); say('  → install Node'); sys.exit(1)")
    page = loaded()
    with built_beside(page):
        until(lambda: not page.building, "it has failed")
        assert (page.problem, page.remedy) == ("no Node: offline", "install Node")


def test_a_build_that_crashes_says_where_to_look(clone: Clone) -> None:
    clone("1 / 0")
    page = loaded()
    with built_beside(page):
        until(lambda: not page.building, "it has failed")
        assert page.problem == "its build failed"
        assert "log" in page.remedy


def test_a_server_that_ends_ends_the_build_with_all_that_it_has_started(clone: Clone, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    clone(
        "import os, subprocess\n"
        "child = subprocess.Popen(['sleep', '60'])\n"
        f"pathlib.Path({str(pids)!r}).write_text(f'{{os.getpid()}} {{child.pid}}')\n"
        "child.wait()"
    )
    with built_beside(loaded()):
        until(lambda: pids.exists() and len(pids.read_text().split()) == 2, "it has begun")
    until(lambda: not any(lives(int(pid)) for pid in pids.read_text().split()), "all have ended")


def test_an_installation_builds_nothing(clone: Clone) -> None:
    page = loaded()
    with built_beside(page):
        assert not page.building


MODULE = Path("src", "cleancut", "server", "building.py")
PROJECT = "[project]\nname = 'cleancut'\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The folder of a clone."""
    for name in ("web/make.py", "web/package-lock.json", "hatch_build.py", str(MODULE)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    return tmp_path


def test_a_clone_has_something_to_build_its_page_with(source: Path) -> None:
    assert find_make(source / MODULE) == source / "web" / "make.py"
    assert find_make(Path(building.__file__)) == WEB / "make.py"


@pytest.mark.parametrize("name", ["web/make.py", "web/package-lock.json", "hatch_build.py", "pyproject.toml"])
def test_what_lacks_a_part_is_no_clone(source: Path, name: str) -> None:
    (source / name).unlink()
    assert find_make(source / MODULE) is None


@pytest.mark.parametrize(
    "text", [PROJECT.replace("cleancut", "shop"), "", "project = 'cleancut'", "[project]\nname = 3\n", "no TOML"]
)
def test_another_project_is_no_clone(source: Path, text: str) -> None:
    (source / "pyproject.toml").write_text(text)
    assert find_make(source / MODULE) is None


def test_an_installation_in_a_folder_of_another_name_is_no_clone(source: Path) -> None:
    # As by `pip install --target vendor`, in the folder of a project that has a web/make.py of its own.
    (source / "src").rename(source / "vendor")
    assert find_make(source / "vendor" / MODULE.relative_to("src")) is None
    assert find_make(Path("/cleancut/server/building.py")) is None


HIDDEN = """
import sys
from pathlib import Path
from cleancut.server import building
building.MAKE, building.FOLDER = Path(sys.argv.pop(1)), Path(sys.argv.pop(1))
from cleancut.cli.main import run
run()
"""


@pytest.mark.parametrize("wanted", ["1", "0"])
def test_the_command_builds_unless_it_is_told_not_to(clone: Clone, home: Path, tmp_path: Path, wanted: str) -> None:
    folder = clone("say('building the page …')\nBUILD")
    start = ("-c", HIDDEN, str(building.MAKE), str(folder), "serve", "--port", "0", "--model", "tiny")
    server = Process(*start, CLEANCUT_BUILD_PAGE=wanted).listening()
    try:
        # The API waits for no page.
        until(lambda: _status(server, "/livez") == 200, "it answers")
        if wanted == "1":
            until(lambda: _status(server, "/") == 200, "the page is there")
            assert "doing=building the page …" in server.told.replace("'", "")
        else:
            assert _status(server, "/") == 503
            assert not folder.exists()
        server.signal(signal.SIGTERM)
        assert server.ended() == 0
    finally:
        server.end()


def _status(server: Process, path: str) -> int:
    try:
        return httpx.get(server.address + path, timeout=5, trust_env=False).status_code
    except httpx.TransportError:
        return 0
