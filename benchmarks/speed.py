"""All measurements of speed and memory, one after the other: ``scripts/bench PHOTO…`` calls it.

Makes its inputs of the photos that it is given, in a folder that goes away, and writes ``results/speed-….json`` by the
commands of ``cleancut bench``. Nothing else should run on the machine meanwhile; it takes an hour on two cores.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import click
from PIL import Image, ImageOps

from benchmarks.tables import RESULTS, ROOT
from cleancut.evaluation.machine import machine

MEGAPIXELS = (1, 2, 4, 8, 12, 24, 50)
# A folder of one size for the rate, and one of many sizes for the memory.
FOLDER, FOLDER_SIZE = 200, (1632, 1224)
MIXED = 500
MIXED_SIZES = ((640, 480), (1920, 1080), (1000, 1500), (4000, 3000), (1224, 1632), (2400, 2400), (300, 200))
PEER_FOLDER = 20


PARTS = ("peaks", "warm", "u2netp", "cold", "growth", "folder", "mixed", "load", "row")


@click.command()
@click.argument("photos", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--peer", required=True, type=click.Path(path_type=Path), help="The environment that has rembg.")
@click.option("--part", "parts", multiple=True, type=click.Choice(PARTS), help="Only this part. Repeatable.")
def main(photos: Sequence[Path], peer: Path, parts: Sequence[str]) -> None:
    """Measure time and memory; PHOTOS are two or more, of 12 megapixels if there are such."""
    if len(photos) < 2:
        raise click.UsageError("name two photos or more")
    with tempfile.TemporaryDirectory(prefix="cleancut-speed-") as name:
        work = Path(name)
        hd, twelve = _fitted(photos[0], (1920, 1080), work), _fitted(photos[0], (4000, 3000), work)
        second_hd, second_twelve = _fitted(photos[1], (1920, 1080), work), _fitted(photos[1], (4000, 3000), work)
        several = [hd, second_hd, twelve, second_twelve]
        script = ROOT / "benchmarks" / "peers" / "rembg_worker.py"

        command = f"{peer}/bin/rembg s --host 127.0.0.1 --port {{port}} --no-ui --threads 3"
        server = f"rembg=file@/api/remove;model=isnet-general-use {command}"

        def warm(model: str) -> str:
            return f"rembg={peer}/bin/python {script} {model}"

        def cold(model: str) -> str:
            return f"rembg={peer}/bin/rembg i -m {model} {{input}} {{output}}"

        plans = {
            "peaks": lambda: _bench("peaks", "peaks"),
            "warm": lambda: _bench("warm", "speed", *several, "--peer", warm("isnet-general-use")),
            "u2netp": lambda: _bench(
                "u2netp", "speed", twelve, second_twelve, "--model", "u2netp", "--peer", warm("u2netp")
            ),
            "cold": lambda: _bench("cold", "cold", hd, second_hd, twelve, "--peer", cold("isnet-general-use")),
            "growth": lambda: _bench(
                "growth", "speed", *(_sized(photos[0], each, work) for each in MEGAPIXELS), "--rounds", "2"
            ),
            "folder": lambda: _folder(photos, work, peer),
            "mixed": lambda: _bench("mixed", "folder", _many(photos, MIXED, MIXED_SIZES, work / "mixed")),
            # Of its forty threads each takes a gigabyte: more than most machines have.
            "load": lambda: _bench("load", "load", hd, second_hd, "--peer", server),
            "row": lambda: _bench("row", "row", hd, twelve, second_hd, second_twelve),
        }
        for part in parts or PARTS:
            sys.stderr.write(f"— {part}\n")
            plans[part]()


def _folder(photos: Sequence[Path], work: Path, peer: Path) -> None:
    _bench("folder", "folder", _many(photos, FOLDER, (FOLDER_SIZE,), work / "folder"))
    _bench("folder-fast", "folder", work / "folder", "--quality", "fast")
    # What more photos take beyond the first, which waits for the model.
    calls = []
    for count in (1, PEER_FOLDER + 1):
        few = _many(photos, count, (FOLDER_SIZE,), work / f"few-{count}")
        words = [f"{peer}/bin/rembg", "p", "-m", "isnet-general-use", str(few), str(work / f"out-{count}")]
        told = subprocess.run([sys.executable, "-m", "cleancut.bench.call", *words], check=True, capture_output=True)
        calls.append({"photos": count, **json.loads(told.stdout)})
    content = {"machine": machine(), "calls": calls}
    (RESULTS / "speed-folder-rembg.json").write_text(json.dumps(content, indent=1) + "\n", "ascii")


def _bench(result: str, *words: str | Path) -> None:
    command = [sys.executable, "-m", "cleancut", "bench", *map(str, words)]
    sys.stderr.write(f"{shlex.join(command[2:])}\n")
    subprocess.run([*command, "--json", str(RESULTS / f"speed-{result}.json")], check=True)


def _many(photos: Sequence[Path], count: int, sizes: Sequence[tuple[int, int]], folder: Path) -> Path:
    folder.mkdir()
    for number, photo, size in zip(range(count), cycle(photos), cycle(sizes), strict=False):
        _fitted(photo, size, folder).rename(folder / f"{number:03}.jpg")
    return folder


def _sized(photo: Path, megapixels: int, folder: Path) -> Path:
    with Image.open(photo) as image:
        factor = (megapixels * 1e6 / (image.width * image.height)) ** 0.5
        size = round(image.width * factor), round(image.height * factor)
    return _fitted(photo, size, folder)


def _fitted(photo: Path, size: tuple[int, int], folder: Path) -> Path:
    """The middle of a photo at that size, as a JPEG."""
    target = folder / f"{photo.stem}-{size[0]}x{size[1]}.jpg"
    with Image.open(photo) as image:
        ImageOps.fit(image.convert("RGB"), size, Image.Resampling.LANCZOS).save(target, quality=92)
    return target


if __name__ == "__main__":
    main()
