"""A command line with a tiny model, in a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cleancut.cli.main import main
from tests.fakes.tiny_model import photo, write_tiny_model


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Ran]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with photo.png in it; the model is called tiny."""
    home = tmp_path / "home"
    write_tiny_model(home)
    monkeypatch.setenv("CLEANCUT_HOME", str(home))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    Image.fromarray(photo()).save("photo.png")
    return work


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line in this process."""

    def run(*arguments: str) -> Ran:
        capsys.readouterr()
        code = main(list(arguments))
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run


@pytest.fixture
def spawn(folder: Path) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Run a command line in a process of its own, with real file descriptors."""

    def spawn(*arguments: str, **keywords: Any) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "cleancut", *arguments]
        return subprocess.run(command, capture_output=True, env=os.environ, timeout=60, check=False, **keywords)

    return spawn
