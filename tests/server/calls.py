"""What the tests of the routes ask for, and how they read the answers."""

from __future__ import annotations

import base64
import io
import os
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cleancut.server.keys import Key, keys_file, make
from tests.fakes.tiny_model import write_tiny_model
from tests.server.conftest import Running

Array = NDArray[np.uint8]


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def pixels(data: bytes) -> Array:
    return np.asarray(opened(data))


def data_url(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


def of_url(text: str) -> bytes:
    assert text.startswith("data:image/png;base64,")
    return base64.b64decode(text.partition(",")[2])


def refused(answer: httpx.Response, status: int, code: str) -> str:
    """The text of a refusal, which must be this one, whole and in JSON."""
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    assert set(answer.json()) == {"error", "code", "hint"}
    assert all(answer.json().values())
    return str(answer.json()["error"])


def cut(server: Running, photo: bytes, headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
    """POST /api/v1/cutouts."""
    return server.http.post("/api/v1/cutouts", files={"image": photo}, data=fields, headers=headers)


def matte_of(server: Running, photo: bytes, headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
    """POST /api/v1/mattes."""
    return server.http.post("/api/v1/mattes", files={"image": photo}, data=fields, headers=headers)


def picture_of(server: Running, id: str, headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
    """POST /api/v1/mattes/ID/pictures, for the picture itself."""
    # httpx sends a form without files as application/x-www-form-urlencoded.
    parts: Any = [(name, (None, str(value))) for name, value in fields.items()] or [("format", (None, "png"))]
    return server.http.post(
        f"/api/v1/mattes/{id}/pictures", files=parts, headers={"Accept": "image/*", **(headers or {})}
    )


def key(home: Path, name: str) -> tuple[Key, dict[str, str]]:
    """A new key, and the header that shows it."""
    made, secret = make(keys_file(home), name)
    return made, {"X-Api-Key": secret}


def runs(server: Running, **labels: str) -> float:
    """How often a client has made a model look at a photo."""
    return counted(server, "cleancut_model_runs_total", **labels)


def counted(server: Running, name: str, **labels: str) -> float:
    """A metric, over all of its labels but these."""
    return sum(
        sample.value
        for metric in server.service.metrics.registry.collect()
        for sample in metric.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def objects(home: Path) -> list[Path]:
    """The files of all that is kept."""
    return sorted(each for each in (home / "server" / "store" / "objects").rglob("*") if each.is_file())


def expire(home: Path) -> None:
    """Let the time pass for which all of this was to be kept: an object's mtime says when it ends."""
    for each in objects(home):
        os.utime(each, (time.time() - 1,) * 2)


def brushed(height: int, width: int, x: float, y: float, radius: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The pixels that a hard brush covers for certain, and those that it touches in no way."""
    down, across = np.mgrid[:height, :width] + 0.5
    distance = np.hypot(across - x, down - y)
    return distance <= radius - 0.5, distance >= radius + 0.5


def have_small(server: Running) -> None:
    """A second model."""
    if not (server.home / "small.onnx").exists():
        write_tiny_model(server.home, "small")
