"""What makes pictures of jobs, and comes to grief over some: by the width of the photo."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from PIL import Image

from cleancut.jobs.picture import Wish, make

CRASHES, HANGS, LEAVES = 77, 78, 79
"""Widths of photos that end the process by a fault, never end, or have the process leave as if all were well."""


def answer(wish: Wish, *context: Any) -> Any:
    """As ``cleancut.jobs.picture.make``."""
    from io import BytesIO

    width = Image.open(BytesIO(wish.photo)).width
    if width == CRASHES:
        os.kill(os.getpid(), signal.SIGSEGV)
    if width == HANGS:
        time.sleep(1000)
    if width == LEAVES:
        os._exit(0)
    return make(wish, *context)
