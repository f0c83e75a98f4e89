"""The page that a server shows: what is built, or why nothing is.

An installed cleancut has its page in it. A clone has none at first, and an old one after a change: there ``cleancut
serve`` has it built beside its work (web/make.py), and the API answers meanwhile.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from cleancut.models.packages import end
from cleancut.server.assets import FOLDER, Asset, load


def find_make(module: Path) -> Path | None:
    """What builds the page, where this module lies in a clone: src/cleancut/server is three folders deep in it.

    An installation may lie in another project's folder, whose web/make.py is none of ours: nothing of it may run.
    """
    if module.parents[2].name != "src":
        return None
    clone = module.parents[3]
    make = clone / "web" / "make.py"
    if not all(each.is_file() for each in (make, make.with_name("package-lock.json"), clone / "hatch_build.py")):
        return None
    try:
        ours = tomllib.loads((clone / "pyproject.toml").read_text("utf-8"))["project"]["name"] == "cleancut"
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return make if ours else None


MAKE = find_make(Path(__file__))

_OFF = "build it by `python web/make.py`, or let the server do so: CLEANCUT_BUILD_PAGE=1"
_NOT_IN_IT = "install cleancut anew; `pip install .` in its source builds the page into it"


@dataclass(slots=True)
class Page:
    """What `/` shows."""

    assets: Mapping[str, Asset] = field(default_factory=dict)
    building: str = ""
    """What is being done for it, while it is built."""
    problem: str = ""
    """Why there is no page, where there is none and none is being built."""
    remedy: str = ""

    def load(self) -> None:
        """Take what is built."""
        self.assets = load(FOLDER)
        if not self.assets:
            self.problem = "the page has not been built"
            self.remedy = _OFF if MAKE else _NOT_IN_IT


@contextmanager
def built_beside(page: Page) -> Iterator[None]:
    """In a clone, bring the page up to date while the block runs."""
    if MAKE is None:
        yield
        return
    # Until it is known that what is there is up to date: a twentieth of a second where it is.
    page.building = "" if page.assets else "looking what there is …"
    # It writes UTF-8, whatever the platform's own encoding is.
    build = subprocess.Popen(
        [sys.executable, "-X", "utf8", str(MAKE)], cwd=MAKE.parent, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace", start_new_session=True,
    )  # fmt: skip
    follower = threading.Thread(target=_follow, args=(build, page), name="page", daemon=True)
    follower.start()
    try:
        yield
    finally:
        end(build)
        follower.join()


def _follow(build: subprocess.Popen[str], page: Page) -> None:
    """Tell the log what the build says, and take what it has built."""
    log = structlog.get_logger()
    assert build.stderr is not None
    problem = remedy = ""
    with build.stderr as lines:
        for line in lines:
            if line.startswith("error: "):
                problem = line.removeprefix("error: ").strip()
            elif problem and line.startswith("  "):
                # After an arrow, which what runs make.py may not be able to write.
                remedy = line.strip().partition(" ")[2]
            else:
                page.building = line.strip() or page.building
                log.info("page", doing=line.rstrip())
    if build.wait() == 0:
        page.load()
    elif build.returncode > 0:
        # What is there is older than web/, and may not fit this server: it is not shown.
        page.assets, page.problem, page.remedy = {}, problem or "its build failed", remedy or "see the server's log"
        log.error("no page", problem=page.problem, hint=page.remedy)
    page.building = ""
