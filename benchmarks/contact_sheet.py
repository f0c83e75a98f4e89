"""A sheet of photos as shops show them, to be looked at: python -m benchmarks.contact_sheet SHEET.png PHOTO..."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from cleancut import Remover, render

TILE = 360

# What a shop would ask for; each is a column.
COLUMNS: list[dict[str, Any]] = [
    {"background": "white", "canvas": "1000x1000", "padding": "8%"},
    {"background": "white", "canvas": "1000x1000", "padding": "10%", "shadow": "drop"},
    {"background": "white", "canvas": "1000x1000", "padding": "10%", "position": "bottom", "shadow": "contact"},
    {"background": "#e8e8ea", "canvas": "1000x1000", "padding": "12%", "shadow": "cast"},
    {"background": "#f4f1ea", "canvas": "1200x900", "padding": "5%", "position": "left", "scale": "80%"},
    {"background": "blur", "crop": True, "crop_margin": "10%"},
]


def sheet(photos: list[Path]) -> Image.Image:
    """A row for each photo: the photo itself, and it in each of ``COLUMNS``."""
    remover = Remover()
    made = Image.new("RGB", (TILE * (len(COLUMNS) + 1), TILE * len(photos)), "#808080")
    for row, photo in enumerate(photos):
        result = remover.cut(photo)
        tiles = [Image.fromarray(result.source.rgb)]
        tiles += [render(result.source, result.matte, **options).image for options in COLUMNS]
        for column, tile in enumerate(tiles):
            small = ImageOps.contain(tile.convert("RGB"), (TILE - 4, TILE - 4))
            made.paste(small, (column * TILE + 2, row * TILE + 2))
    return made


if __name__ == "__main__":
    sheet([Path(each) for each in sys.argv[2:]]).save(sys.argv[1])
