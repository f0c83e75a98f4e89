"""The pipeline alone, as fast as one process can be: ``python -m cleancut.bench.bare OPTIONS PHOTO…`` tells its rate.

Bytes in, bytes out, as many pictures at a time as ``cleancut remove`` works on.
"""

from __future__ import annotations

import itertools
import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cleancut.batch.run import at_a_time
from cleancut.options import Options
from cleancut.remover import Remover
from cleancut.steps.encode import encode

# As long as a picture's time varies by a few parts in a hundred between runs of it.
SECONDS = 40.0
_COUNT = 1_000_000


def main(keywords: str, *photos: str) -> None:
    """Work for ``SECONDS``, and tell ``{"rate": pictures a second}``."""
    options = Options(**json.loads(keywords))
    remover = Remover(**json.loads(keywords))
    bodies = [Path(photo).read_bytes() for photo in photos]

    def cut(data: bytes) -> None:
        encode(remover.cut(data).picture, options)

    # Loads the model, and fills what is filled once.
    for body in bodies:
        cut(body)
    at_once = at_a_time(None, _COUNT)
    endless, turn = itertools.cycle(bodies), threading.Lock()
    began = time.monotonic()

    def work() -> int:
        done = 0
        while time.monotonic() - began < SECONDS:
            with turn:
                body = next(endless)
            cut(body)
            done += 1
        return done

    with ThreadPoolExecutor(at_once) as pool:
        done = sum(each.result() for each in [pool.submit(work) for _ in range(at_once)])
    sys.stdout.write(json.dumps({"rate": done / (time.monotonic() - began)}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
