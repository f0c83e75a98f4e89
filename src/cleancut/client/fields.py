"""What the service's forms take, and how it is sent.

The keywords of the client's methods are made from these fields. ``None`` is not sent, so that the service's own
default holds. What each means is said by the field of that name in ``cleancut.Options``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import IO, Any, Literal, ParamSpec, TypeAlias, TypeVar

from cleancut.errors import InputMissing, OptionError
from cleancut.options import Channels, Format, MetadataPolicy, PngEffort, Quality, Shadow

Photo: TypeAlias = bytes | Path | str
"""An encoded picture's bytes, a file, or an http(s) URL that the service fetches."""

Part: TypeAlias = tuple[str, tuple[str | None, bytes | IO[bytes]]]
"""A part of a form: its name, and the name and content of its file; the name is None where it is no file."""

P = ParamSpec("P")
Owner = TypeVar("Owner")
Thing = TypeVar("Thing")
Given = TypeVar("Given")
Returned = TypeVar("Returned")


@dataclass(frozen=True, slots=True)
class Stroke:
    """One touch of a round brush on the matte, in pixels of the photo from its upper left corner."""

    action: Literal["add", "remove"]
    """``add``: this is subject; ``remove``: this is not."""
    points: Sequence[tuple[float, float]]
    """(x, y), at least one; the brush is drawn along the lines between them."""
    radius: float
    """Pixels, > 0."""
    hardness: float = 1.0
    """0..1, the share of the radius that is painted fully."""
    opacity: float = 1.0
    """0..1, what is painted where it is painted fully."""


@dataclass(frozen=True, kw_only=True)
class MatteFields:
    """How the subject is found."""

    model: str | None = None
    quality: Quality | None = None
    refine: bool | None = None
    roi: str | None = None


@dataclass(frozen=True, kw_only=True)
class PictureFields:
    """How a picture is made of a matte. ``background`` is a word; a picture goes into ``background_image``."""

    background: str | None = None
    background_image: bytes | Path | None = None
    format: Format | None = None
    channels: Channels | None = None
    feather: float | None = None
    edge_shift: float | None = None
    translucency: int | None = None
    clean: float | None = None
    decontaminate: bool | None = None
    invert: bool | None = None
    crop: bool | None = None
    crop_margin: str | None = None
    canvas: str | None = None
    padding: str | None = None
    scale: str | None = None
    position: str | None = None
    shadow: Shadow | None = None
    shadow_opacity: int | None = None
    max_size: str | None = None
    max_pixels: int | None = None
    max_bytes: int | None = None
    encode_quality: int | None = None
    png_effort: PngEffort | None = None
    metadata: MetadataPolicy | None = None
    require_subject: bool | None = None
    strokes: Sequence[Stroke] | None = None


@dataclass(frozen=True, kw_only=True)
class CutoutFields(PictureFields, MatteFields):
    """Both."""


class Form:
    """A form that can be sent several times: its files are opened anew each time, and read while they are sent."""

    def __init__(self, given: MatteFields | PictureFields, photo: Photo | None = None) -> None:
        """Raises OptionError for what cannot be sent at all; all other values are the service's to judge."""
        values = {each.name: getattr(given, each.name) for each in fields(given)}
        self._files = _files(photo, values.pop("background_image", None), needed=isinstance(given, MatteFields))
        text = {name: _text(name, value) for name, value in values.items() if value is not None}
        if isinstance(photo, str):
            text["url"] = _url(photo)
        self._text: list[Part] = [(name, (None, value.encode())) for name, value in text.items()]

    @contextmanager
    def parts(self) -> Iterator[list[Part]]:
        """The parts, ready to be sent once. Raises InputMissing."""
        with ExitStack() as opened:
            files: list[Part] = []
            for name, content in self._files.items():
                file = opened.enter_context(_opened(content)) if isinstance(content, Path) else content
                # The file's own name is nobody's business, but without one it would be taken for text.
                files.append((name, ("picture", file)))
            # Text comes first: it is refused before the photo has been sent.
            yield [*self._text, *files]


def _files(photo: object, background: object, *, needed: bool) -> dict[str, bytes | Path]:
    files: dict[str, bytes | Path] = {}
    if isinstance(photo, bytes | Path):
        files["image"] = photo
    elif needed and not isinstance(photo, str):
        raise OptionError(
            f"{type(photo).__name__!r} cannot be sent as a photo",
            hint="give an encoded picture's bytes, a pathlib.Path, or a URL",
        )
    if isinstance(background, bytes | Path):
        files["background_image"] = background
    elif background is not None:
        raise OptionError(
            f"background_image: {background!r} is no picture",
            hint="give a picture's bytes or a pathlib.Path; a colour or blur goes into background",
        )
    return files


def _url(photo: str) -> str:
    if not photo.lower().startswith(("http://", "https://")):
        raise OptionError(f"{photo!r} is no http(s) URL", hint=f"if it is a file, give pathlib.Path({photo!r})")
    return photo


def _text(name: str, value: object) -> str:
    """A field's value as a form holds it. Raises OptionError."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if name == "strokes":
        return _json(value)
    if isinstance(value, bytes | Path):
        raise OptionError(f"{name}: a picture cannot be sent so", hint="give it as background_image")
    return str(value)


def _json(strokes: Any) -> str:
    try:
        return json.dumps([asdict(each) for each in strokes], allow_nan=False)
    except (TypeError, ValueError) as error:
        raise OptionError(
            f"strokes cannot be sent: {error}", hint="give cleancut.client.Stroke objects of plain, finite numbers"
        ) from error


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        # A pipe or a device tells no size, and cannot be read from its start a second time.
        if path.exists() and not path.is_file():
            raise InputMissing(f"{path} is no file", hint="read it yourself, and give the bytes")
        file = path.open("rb")
    except OSError as error:
        raise unreadable(path, error) from error
    with file:
        yield file


def unreadable(path: object, error: OSError) -> InputMissing:
    """The error to show for a file that cannot be read."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    return InputMissing(f"cannot read {path}: {reason}", hint="check the name and the permissions")
