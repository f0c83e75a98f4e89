"""Calls of remove.bg's API."""

from __future__ import annotations

import io
from typing import Any

import httpx
from PIL import Image

from tests.fakes.tiny_model import photo
from tests.pictures import saved
from tests.server.conftest import Running

URL = "/v1.0/removebg"


def large(width: int = 800, height: int = 500) -> bytes:
    return saved(photo(height, width), "PNG")


def post(server: Running, picture: bytes | None = None, headers: Any = None, **fields: Any) -> httpx.Response:
    files = {} if picture is None else {"image_file": ("photo.png", picture)}
    return server.http.post(URL, files=files, data=fields, headers=headers or {})


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def fault(response: httpx.Response, status: int, code: str) -> dict[str, str]:
    """What an error says."""
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    said = response.json()
    assert set(said) == {"errors"}
    (error,) = said["errors"]
    assert set(error) == {"title", "code", "detail"}
    assert error["code"] == code, error
    assert all(isinstance(each, str) and each for each in error.values())
    assert "X-Credits-Charged" not in response.headers
    return dict(error)
