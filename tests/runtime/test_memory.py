"""Freed memory is kept, where nobody says otherwise."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# Whether an array that is as large as a freed one needs new pages from the system: the faults while it is touched.
PROGRAM = """
import resource
import numpy as np
from cleancut.runtime.memory import keep_freed
if {asked}:
    keep_freed()
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(100_000_000, np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(faults())
"""


def faults(asked: bool) -> int:
    program = PROGRAM.format(asked=asked)
    ran = subprocess.run([sys.executable, "-c", program], env={}, capture_output=True, text=True, check=True)
    return int(ran.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is asked")
def test_a_second_array_finds_the_memory_of_the_first() -> None:
    assert faults(True) < 10 < faults(False)
