"""Standard output belongs to what was asked for: pictures and JSON lines."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def own_stdout() -> Iterator[None]:
    """Keep file descriptor 1 for ourselves: whatever native libraries print to it goes to standard error instead.

    Within the block ``sys.stdout`` is the real standard output. Where it is no file (a test's capture), nothing
    changes.
    """
    try:
        sys.stdout.flush()
        descriptor = sys.stdout.fileno()
    except (io.UnsupportedOperation, ValueError, AttributeError):
        descriptor = -1
    if descriptor != 1:
        yield
        return
    real = os.dup(1)
    os.dup2(2, 1)
    before, sys.stdout = sys.stdout, open(real, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    try:
        yield
        sys.stdout.flush()
    finally:
        os.dup2(real, 1)
        sys.stdout = before
        os.close(real)
