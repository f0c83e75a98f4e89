"""``./cleancut`` and ``scripts/install``, in a folder like a fresh clone.

The install itself is faked by a ``python3`` that makes an environment of two scripts, but for one test that does it all
through the machine's own pip.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="these are shell scripts")

# Makes `.venv/bin/python`, which as pip makes `.venv/bin/cleancut`; notes each call.
FAKE_PYTHON = """#!/bin/sh
echo "$*" >> "$NOTES"
case "$*" in
*"-m venv"*) for last; do :; done; rm -rf "$last"; mkdir -p "$last/bin"; cp "$0" "$last/bin/python" ;;
*"-m pip install"*) sleep "${SLOW:-0}"; printf '#!/bin/sh\\necho ran "$@"\\n' > .venv/bin/cleancut
    chmod +x .venv/bin/cleancut ;;
esac
"""


class Clone:
    """A clone with a Python of its own on the PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "a clone"
        self.folder.mkdir()
        for name in ("cleancut", "pyproject.toml"):
            shutil.copy2(ROOT / name, self.folder)
        shutil.copytree(ROOT / "scripts", self.folder / "scripts")
        self.notes = folder / "notes"
        programs = folder / "bin"
        programs.mkdir()
        fake = programs / "python3"
        fake.write_text(FAKE_PYTHON)
        fake.chmod(0o755)
        self.environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "NOTES": str(self.notes)}

    def start(self, *arguments: str, program: str | Path = "./cleancut", **extra: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [program, *arguments],
            cwd=self.folder,
            env=self.environment | extra,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, program: str | Path = "./cleancut", **extra: str) -> tuple[int, str, str]:
        with self.start(*arguments, program=program, **extra) as process:
            out, err = process.communicate(timeout=30)
            return process.returncode, out, err

    @property
    def installs(self) -> int:
        return self.notes.read_text().count("-m pip install") if self.notes.exists() else 0


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def test_the_first_call_installs_and_the_next_does_not(clone: Clone) -> None:
    code, out, err = clone.run("remove", "a photo.jpg")
    assert (code, out) == (0, "ran remove a photo.jpg\n")
    assert "Setting up .venv" in err
    assert clone.run("x") == (0, "ran x\n", "")
    assert clone.installs == 1


def test_a_changed_project_is_installed_again(clone: Clone) -> None:
    clone.run()
    with (clone.folder / "pyproject.toml").open("a") as file:
        file.write("\n")
    clone.run()
    assert clone.installs == 2


def test_extras_are_installed_once_too(clone: Clone) -> None:
    for _ in range(2):
        assert clone.run("dev", program="scripts/install")[0] == 0
    assert clone.run("x")[:2] == (0, "ran x\n")
    assert clone.installs == 1
    assert "--editable .[dev]" in clone.notes.read_text()


@pytest.mark.parametrize("lost", ["python", "cleancut"])
def test_a_broken_environment_is_made_again(clone: Clone, lost: str) -> None:
    clone.run()
    program = clone.folder / ".venv" / "bin" / lost
    program.unlink()
    program.symlink_to("/nowhere/python3")
    if lost == "cleancut":
        program.unlink()
    assert clone.run("x")[:2] == (0, "ran x\n")
    assert clone.installs == 2


def test_a_clone_that_was_moved_is_installed_anew(clone: Clone) -> None:
    clone.run()
    clone.folder = clone.folder.rename(clone.folder.with_name("moved"))
    assert clone.run("x")[:2] == (0, "ran x\n")
    assert clone.installs == 2


def test_it_can_be_called_through_links(clone: Clone, tmp_path: Path) -> None:
    (tmp_path / "first").symlink_to(clone.folder / "cleancut")
    (tmp_path / "second").symlink_to("first")
    assert clone.run("x", program=tmp_path / "second")[:2] == (0, "ran x\n")


def test_several_at_once_install_once(clone: Clone) -> None:
    running = [clone.start("x", SLOW="1") for _ in range(3)]
    ended = [(process.communicate(timeout=30), process.returncode) for process in running]
    assert [(out, code) for (out, _), code in ended] == [("ran x\n", 0)] * 3
    assert clone.installs == 1
    assert sum("waiting for another install" in err for (_, err), _ in ended) == 2


def test_a_lock_whose_owner_is_gone_is_taken_over(clone: Clone) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    (clone.folder / ".bootstrap.lock").symlink_to(str(gone.pid))
    assert clone.run("x")[:2] == (0, "ran x\n")
    assert not (clone.folder / ".bootstrap.lock").is_symlink()


def test_an_interrupted_install_is_done_again(clone: Clone) -> None:
    process = clone.start("x", SLOW="5")
    while not clone.installs:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    process.communicate(timeout=30)
    assert clone.run("x")[:2] == (0, "ran x\n")
    assert clone.installs == 2


def test_a_folder_that_cannot_be_written_is_said(clone: Clone) -> None:
    # Root may write everywhere, but not into a folder that is gone.
    (clone.folder / "scripts" / "install").write_text(
        (ROOT / "scripts" / "install").read_text().replace("lock=.bootstrap.lock", "lock=missing/lock")
    )
    code, _, err = clone.run("x")
    assert code == 1
    assert "cannot write to" in err


def test_a_python_that_was_named_and_will_not_do_is_said(clone: Clone) -> None:
    code, _, err = clone.run("x", PYTHON="/nowhere/my python")
    assert code == 1
    assert "PYTHON=/nowhere/my python" in err


@pytest.mark.registry
def test_a_fresh_clone_installs_and_answers(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    clone.mkdir()
    for name in ("cleancut", "pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy2(ROOT / name, clone)
    for name in ("scripts", "src", "web"):
        shutil.copytree(ROOT / name, clone / name, ignore=shutil.ignore_patterns("node_modules", "page"))
    environment = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    ran = subprocess.run(
        ["./cleancut", "--version"],
        cwd=clone,
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("cleancut, version ")
    # The page is built when it is first shown, and needs no Node before.
    assert not (clone / "web" / "node_modules").exists()
