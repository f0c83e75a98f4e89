"""What the README and the pages tell people to type works as it stands there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from cleancut.bench.load import free_port
from cleancut.settings import read_settings
from tests.server.wire import until
from tests.web import built

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.real


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.fixture
def clone(tmp_path: Path, fetched: Callable[[str], str]) -> Path:
    """A folder like a fresh clone, on this environment and these weights."""
    fetched("isnet-general")
    folder = tmp_path / "clone"
    folder.mkdir()
    (folder / "cleancut").symlink_to(ROOT / "cleancut")
    (folder / "scripts").symlink_to(ROOT / "scripts")
    shutil.copytree(ROOT / "examples", folder / "examples")
    return folder


def test_it_opens_with_one_sentence_and_the_two_commands() -> None:
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    assert lines[0] == "# cleancut"
    assert lines[2].endswith(".")
    assert lines[4] == "```sh"
    shell = blocks("README.md", "sh")
    assert shell[0].startswith("./cleancut remove ")
    assert shell[1:3] == ["./cleancut serve\n", "./scripts/test\n"]
    assert os.access(ROOT / "scripts" / "test", os.X_OK)


def test_the_shell_commands_run(clone: Path) -> None:
    environment = os.environ | {"CLEANCUT_HOME": str(read_settings().home)}
    for block in blocks("README.md", "sh"):
        if "scripts/test" in block or block == "./cleancut serve\n":
            continue  # the one is what is running, the other has a test of its own
        ran = subprocess.run(
            ["bash", "-euc", block],
            cwd=clone,
            capture_output=True,
            text=True,
            env=environment,
            timeout=300,
            check=False,
        )
        assert ran.returncode == 0, f"{block}\n{ran.stderr}"
    made = {str(path.relative_to(clone)) for path in clone.rglob("*") if path.is_file()}
    assert {"portrait.png", "examples/cat-cutout.png", "cutouts/cup.jpg", "cup.webp", "mattes/cat.png"} <= made


def test_the_server_shows_the_page(clone: Path) -> None:
    built()
    port = free_port()
    variables = {"CLEANCUT_HOME": str(clone / "home"), "CLEANCUT_BUILD_PAGE": "1", "CLEANCUT_PORT": str(port)}
    with subprocess.Popen(["./cleancut", "serve"], cwd=clone, env={**os.environ, **variables}) as server:
        try:
            until(lambda: server.poll() is not None or _shown(f"http://127.0.0.1:{port}/"), "the page is shown")
            assert server.poll() is None
        finally:
            server.terminate()


def _shown(address: str) -> bool:
    try:
        answer = httpx.get(address, trust_env=False)
    except httpx.TransportError:
        return False
    return answer.status_code == 200 and 'id="root"' in answer.text


@pytest.mark.parametrize("page", ["README.md", "docs/python.md"])
def test_the_python_blocks_run(clone: Path, page: str) -> None:
    environment = os.environ | {"CLEANCUT_HOME": str(read_settings().home)}
    program = "\n".join(blocks(page, "python"))
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=clone,
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
