"""What the C library does with memory that is freed."""

from __future__ import annotations

import ctypes
import platform
from contextlib import suppress
from functools import cache

# mallopt(3)
_TRIM_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -4, -8

# The arrays of a 50 MP photo come and go within it.
_KEPT = 1 << 30


@cache
def keep_freed() -> None:
    """Keep freed memory for the next array, instead of giving each large one back and asking for it again.

    Memory that is new to a process has to be cleared, and on virtual machines even found, page by page: at 12 MP a
    third of the time that is spent beside the model. The peak stays what it is. Only glibc is asked.

    What one thread has freed serves all others too: each with an arena of its own would keep its own largest arrays,
    and several pictures at a time would hold a third more (benchmarks/results/speed-load.json has it with one).
    """
    if platform.libc_ver()[0] != "glibc":
        return
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_MAX, 0)
        mallopt(_TRIM_THRESHOLD, _KEPT)
        mallopt(_ARENA_MAX, 1)
