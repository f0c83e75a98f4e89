"""The source archive, the wheel made of it where no Node is, and the page that the wheel serves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from make import DIGEST, PAGE

from cleancut.bench.load import free_port
from tests.fakes.tiny_model import write_tiny_model
from tests.server.wire import until

ROOT = Path(__file__).parents[1]

pytestmark = [
    pytest.mark.registry,
    pytest.mark.skipif(sys.platform == "win32", reason="the PATH without Node is made of links"),
]


@pytest.fixture(scope="module")
def hatchling(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with hatchling as it was published."""
    folder = tmp_path_factory.mktemp("hatchling")
    words = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--target",
        str(folder),
        "hatchling>=1.27,<2",
        "editables",
    ]
    subprocess.run(words, check=True, capture_output=True, timeout=300)
    return folder


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A folder with the archive, and the wheel that was built from it with no Node on the PATH."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "env"):
        (programs / name).symlink_to(str(shutil.which(name)))
    words = [sys.executable, "-m", "build", "--outdir", str(tmp_path / "dist"), str(ROOT)]
    ran = subprocess.run(
        words, env={**os.environ, "PATH": str(programs)}, capture_output=True, text=True, timeout=500, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return tmp_path / "dist"


@pytest.fixture
def address(made: Path, tmp_path: Path) -> Iterator[str]:
    """A server out of the wheel, with this environment's other packages."""
    installed, home, port = tmp_path / "installed", tmp_path / "home", free_port()
    with zipfile.ZipFile(_only(made, "*.whl")) as wheel:
        wheel.extractall(installed)
    write_tiny_model(home)
    environment = {**os.environ, "PYTHONPATH": str(installed), "CLEANCUT_HOME": str(home), "CLEANCUT_BUILD_PAGE": "1"}
    words = [sys.executable, "-P", "-m", "cleancut", "serve", "--port", str(port), "--model", "tiny"]
    server = subprocess.Popen(words, env=environment, cwd=tmp_path, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    until(lambda: server.poll() is not None or _answers(address), "it answers")
    yield address
    server.kill()
    server.wait()


METADATA = """
import sys
sys.path[:0] = [".", "web"]
import hatch_build, make
make.main = lambda words: sys.exit("it builds the page")
print(getattr(hatch_build, "prepare_metadata_for_build_" + sys.argv[1])(sys.argv[2]))
"""


@pytest.mark.parametrize("kind", ["wheel", "editable"])
@pytest.mark.parametrize("by_pip", [False, True])
def test_what_is_told_of_the_package_needs_no_page(hatchling: Path, tmp_path: Path, kind: str, by_pip: bool) -> None:
    environment = {**os.environ, "PYTHONPATH": str(hatchling)} | ({"PIP_BUILD_TRACKER": "1"} if by_pip else {})
    words = [sys.executable, "-c", METADATA, kind, str(tmp_path)]
    ran = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    told = (tmp_path / ran.stdout.strip() / "METADATA").read_text("utf-8")
    assert "\nName: cleancut\n" in told
    assert "\nRequires-Dist: numpy" in told


def test_what_is_published_serves_its_page(made: Path, address: str) -> None:
    """One test, since building takes a quarter of a minute."""
    _look_into_archive(made)
    _look_into_wheel(made)
    answer = httpx.head(address, headers={"Accept-Encoding": "br"}, trust_env=False)
    assert (answer.status_code, answer.headers["content-encoding"]) == (200, "br")
    assert 'id="root"' in httpx.get(address, headers={"Accept-Encoding": "identity"}, trust_env=False).text


def _look_into_archive(made: Path) -> None:
    """It holds the sources of the page, and nothing that is made of them."""
    with tarfile.open(_only(made, "*.tar.gz")) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    assert {"hatch_build.py", "web/make.py", "web/package-lock.json", "web/src/main.tsx", "web/index.html"} <= {*names}
    assert not [name for name in names if "node_modules" in name or name.startswith("src/cleancut/server/page/")]


def _look_into_wheel(made: Path) -> None:
    """It holds the page, and nothing that this was made with."""
    with zipfile.ZipFile(_only(made, "*.whl")) as wheel:
        names = wheel.namelist()
    inside = f"{PAGE.relative_to(ROOT / 'src').as_posix()}/"
    page = {name.removeprefix(inside) for name in names if name.startswith(inside)}
    assert {"index.html", "index.html.br", "index.html.gz", "favicon.svg", DIGEST} <= page
    assert {Path(name).suffix for name in page if name.startswith("assets/")} >= {".js", ".css", ".br", ".gz"}
    assert all(name.startswith("cleancut/") or ".dist-info/" in name for name in names)


def _only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/livez", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
