"""The HTTP service, asked from Python.

>>> from cleancut.client import Client
>>> with Client("http://127.0.0.1:8000") as client:                        # doctest: +SKIP
...     png = client.remove(Path("photo.jpg"), background="white")
"""

from __future__ import annotations

from cleancut.client.answers import Cutout, Licence, Matte, Model, Server
from cleancut.client.client import Client
from cleancut.client.fields import Photo, Stroke
from cleancut.errors import ServiceError, ServiceRefused, ServiceUnavailable

__all__ = [
    "Client",
    "Cutout",
    "Licence",
    "Matte",
    "Model",
    "Photo",
    "Server",
    "ServiceError",
    "ServiceRefused",
    "ServiceUnavailable",
    "Stroke",
]
