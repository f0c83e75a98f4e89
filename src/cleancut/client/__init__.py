"""The HTTP service, asked from Python.

>>> from cleancut.client import Client
>>> with Client("http://127.0.0.1:8000") as client:                        # doctest: +SKIP
...     png = client.remove(Path("photo.jpg"), background="white")
"""

from __future__ import annotations

from cleancut.client.answers import Cutout, Licence, Matte, Model, Server
from cleancut.client.client import Client
from cleancut.client.fields import Edit, Grow, Lasso, Photo, Stroke
from cleancut.client.jobs import Attempt, Item, Job, Message, Problem, Secret
from cleancut.client.webhooks import verify as verify_webhook
from cleancut.errors import ServiceError, ServiceRefused, ServiceUnavailable, WebhookRefused

__all__ = [
    "Attempt",
    "Client",
    "Cutout",
    "Edit",
    "Grow",
    "Item",
    "Job",
    "Lasso",
    "Licence",
    "Matte",
    "Message",
    "Model",
    "Photo",
    "Problem",
    "Secret",
    "Server",
    "ServiceError",
    "ServiceRefused",
    "ServiceUnavailable",
    "Stroke",
    "WebhookRefused",
    "verify_webhook",
]
