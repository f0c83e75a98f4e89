"""Packages made up by tests, and package clients that hand them over or fail."""

from __future__ import annotations

import io
import json
import stat
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from cleancut.models.spec import NpmChunks, WheelMember
from tests.fakes.weights import BYTES

NPM = NpmChunks("@toys/net", "1.2.3", "dist/resources.json", "/models/toy", 50_000)
WHEEL = WheelMember("toy-net", "1.2.3", "toy/net.onnx")
# Tests put a fake in its place.
_PYTHON = sys.executable
CUTS = [0, 16_384, 32_768, len(BYTES)]


def quiet(done: int, total: int | None) -> None:
    return


def script(path: Path, body: str) -> Path:
    """A client of our own: Python, with the arguments in ``argv``."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!{_PYTHON} -S\nimport os, shutil, sys, time\nargv = sys.argv[1:]\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def fake_npm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str) -> None:
    script(tmp_path / "bin" / "npm", body)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))


def fake_pip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str) -> None:
    monkeypatch.setattr(sys, "executable", str(script(tmp_path / "bin" / "python", body)))


def deliver(file: Path, option: str) -> str:
    return f"shutil.copy({str(file)!r}, argv[argv.index({option!r}) + 1])"


def listing(*spans: tuple[str, int, int], size: int = len(BYTES)) -> bytes:
    chunks = [{"hash": name, "offsets": [start, end]} for name, start, end in spans]
    return json.dumps({NPM.entry: {"size": size, "mime": "x/y", "chunks": chunks}}).encode()


GOOD = listing(*((f"c{each}", CUTS[each], CUTS[each + 1]) for each in range(3)))
CHUNKS = {f"package/dist/c{each}": BYTES[CUTS[each] : CUTS[each + 1]] for each in range(3)}
# The manifest comes last and the chunks in another order than theirs, as in the real package.
MEMBERS = {
    "package/LICENSE.md": b"text", **dict(reversed(CHUNKS.items())), "package/dist/resources.json": GOOD,
}  # fmt: skip


def tarball(path: Path, members: dict[str, bytes], *links: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        folder = tarfile.TarInfo("package/dist")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        for each in links:
            tar.addfile(each)
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def wheel(path: Path, member: str = WHEEL.member) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("toy/__init__.py", "raise SystemExit('imported!')")
        made.writestr(member, BYTES)
    return path
