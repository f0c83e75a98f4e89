"""A disk that is full."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest


def fill_disk(monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    """Every file with that suffix takes some bytes and then no more."""
    real = Path.open

    def opened(path: Path, mode: str = "r", *rest: Any, **named: Any) -> Any:
        file = real(path, mode, *rest, **named)
        if path.name.endswith(suffix) and mode != "rb":
            write = file.write

            def full(data: bytes) -> int:
                write(data[:10])
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

            return _Wrapped(file, full)
        return file

    monkeypatch.setattr(Path, "open", opened)


class _Wrapped:
    def __init__(self, file: Any, write: Any) -> None:
        self.file, self.write = file, write

    def __enter__(self) -> _Wrapped:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
