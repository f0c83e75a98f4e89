"""The client: one method for each thing that the service does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from cleancut.client.answers import Cutout, Matte, Model, Server, check_kind, cutout, told
from cleancut.client.fields import CutoutFields, MatteFields, Photo, RenderFields, form_of
from cleancut.client.jobs import JobCalls
from cleancut.client.transport import Transport, path_of
from cleancut.errors import OptionError, ServiceUnavailable
from cleancut.options import also_takes_options

_PICTURES = {"Accept": "image/*, application/zip"}


@dataclass(frozen=True, slots=True)
class _Models:
    models: tuple[Model, ...]


@dataclass(frozen=True, slots=True)
class _Erased:
    erased: int


class Client(JobCalls):
    """Asks one cleancut service. May be used by several threads; ``close`` it, or use it as a context manager.

    A photo is an encoded picture's bytes, a Path, which is read while it is sent, or an http(s) URL, which the service
    fetches if it is set up so. Keywords that are not given have the service's own default.

    Every method raises ServiceRefused and ServiceUnavailable (both ServiceError), and OptionError or InputMissing for
    what cannot even be sent.
    """

    def __init__(
        self,
        address: str = "http://127.0.0.1:8000",
        *,
        key: str | None = None,
        timeout: float = 150.0,
        retries: int = 3,
        keep: bool = True,
    ) -> None:
        """Nothing is sent yet.

        ``timeout``: seconds in which nothing moves before the service is given up; its own deadline is 120.
        ``retries``: how often a request is sent again if no answer came at all, or one that asks for it (429 and 503;
        Retry-After is heeded up to a minute). ``keep=False`` asks the service to keep nothing of what is sent and made;
        mattes and jobs cannot be made then. Raises OptionError.
        """
        self._transport = Transport(address, key, timeout, retries, keep)

    @property
    def address(self) -> str:
        """Where the service is."""
        return self._transport.address

    def close(self) -> None:
        """Close all connections. The client cannot be used afterwards."""
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @also_takes_options(CutoutFields)
    def remove(self, photo: Photo, given: CutoutFields) -> bytes:
        """Cut out a photo: the encoded picture."""
        return self._cut(photo, given).data

    @also_takes_options(CutoutFields)
    def cut(self, photo: Photo, given: CutoutFields) -> Cutout:
        """Cut out a photo, and tell how it went."""
        return self._cut(photo, given)

    def _cut(self, photo: Photo, given: CutoutFields) -> Cutout:
        with self._transport.answer("POST", "/api/v1/cutouts", form_of(given, photo), _PICTURES) as response:
            return cutout(response)

    @also_takes_options(MatteFields)
    def matte(self, photo: Photo, given: MatteFields) -> Matte:
        """Find the subject of a photo. The service keeps the matte for a while, for any number of pictures."""
        with self._transport.answer("POST", "/api/v1/mattes", form_of(given, photo)) as response:
            return told(response, Matte)

    def find(self, id: str) -> Matte:
        """The matte with that id, as long as it is kept."""
        with self._transport.answer("GET", _place(id)) as response:
            return told(response, Matte)

    @also_takes_options(RenderFields)
    def picture(self, matte: Matte | str, given: RenderFields) -> bytes:
        """A picture of a matte, or of the one with that id; no model runs."""
        return self._render(matte, given).data

    @also_takes_options(RenderFields)
    def render(self, matte: Matte | str, given: RenderFields) -> Cutout:
        """The same, and how it went."""
        return self._render(matte, given)

    def _render(self, matte: Matte | str, given: RenderFields) -> Cutout:
        with self._transport.answer("POST", f"{_place(matte)}/pictures", form_of(given), _PICTURES) as response:
            return cutout(response)

    def result(self, name: str) -> bytes:
        """A picture by the name that its ``Cutout`` has, as long as it is kept."""
        with self._transport.answer("GET", _result(name)) as response:
            return response.read()

    def matte_image(self, matte: Matte | str) -> bytes:
        """The matte itself: a grey PNG of 16 bits, 65,535 = subject."""
        with self._transport.answer("GET", f"{_place(matte)}/matte.png") as response:
            check_kind(response, "image/png")
            return response.read()

    def delete(self, matte: Matte | str) -> None:
        """Delete a matte, its photo and all its pictures now."""
        with self._transport.answer("DELETE", _place(matte)):
            return

    def delete_result(self, name: str) -> None:
        """Delete a picture now."""
        with self._transport.answer("DELETE", _result(name)):
            return

    def models(self) -> tuple[Model, ...]:
        """All models that the service knows, with licence and state."""
        with self._transport.answer("GET", "/api/v1/models") as response:
            return told(response, _Models).models

    def server(self) -> Server:
        """What the service is and accepts."""
        with self._transport.answer("GET", "/api/v1/server") as response:
            return told(response, Server)

    def export(self, target: Path) -> None:
        """Write a ZIP of all that the service keeps for this key: photos, mattes, pictures and the audit's lines.

        Also raises Unwritable. The file appears whole or not at all.
        """
        self._transport.download("/api/v1/data", "application/zip", target)

    def erase(self) -> int:
        """Delete all that the service keeps for this key, now; how many files that were."""
        with self._transport.answer("DELETE", "/api/v1/data") as response:
            return told(response, _Erased).erased

    def ready(self) -> bool:
        """Whether the service is there and its default model has run. Asked once, without retries."""
        try:
            with self._transport.answer("GET", "/readyz", retries=0) as response:
                return response.read() == b"ready"
        except ServiceUnavailable:
            return False


def _place(matte: Matte | str) -> str:
    id = matte.id if isinstance(matte, Matte) else matte
    return path_of("mattes", id, "matte", "give what client.matte() answered, or its id")


def _result(name: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z_-]{1,64}\.[a-z]{1,8}", name):
        raise OptionError(f"{name!r} is no name of a result", hint="give the name that a Cutout has")
    return f"/api/v1/results/{name}"
