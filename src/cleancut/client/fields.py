"""What the service's forms take, and how it is sent.

The keywords of the client's methods are made from these fields. ``None`` is not sent, so that the service's own
default holds. What each means is said by the field of that name in ``cleancut.Options``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import IO, Any, Literal, ParamSpec, TypeAlias, TypeVar

from cleancut.client.answers import Matte
from cleancut.errors import InputMissing, OptionError
from cleancut.options import Channels, Format, MetadataPolicy, PngEffort, Quality, Shadow

Photo: TypeAlias = bytes | Path | str
"""An encoded picture's bytes, a file, or an http(s) URL that the service fetches."""

Priority: TypeAlias = Literal["low", "normal", "high"]

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


@dataclass(frozen=True, slots=True)
class Lasso:
    """All that lies within a closed line on the matte, even-odd where it crosses itself."""

    action: Literal["add", "remove"]
    points: Sequence[tuple[float, float]]
    """(x, y), at least three; the last is joined to the first."""
    opacity: float = 1.0
    """0..1, what is painted inside."""


@dataclass(frozen=True, slots=True)
class Grow:
    """A point that grows on the photo to the next edge."""

    action: Literal["add", "remove"]
    point: tuple[float, float]
    """(x, y)"""
    reach: float = 0.5
    """0..1, how large a difference of colour it passes."""


Edit: TypeAlias = Stroke | Lasso | Grow
"""A change of a matte by hand."""

_KINDS: dict[type[Any], str] = {Stroke: "brush", Lasso: "lasso", Grow: "grow"}


@dataclass(frozen=True, kw_only=True)
class MatteFields:
    """How the subject is found."""

    model: str | None = None
    quality: Quality | None = None
    refine: bool | None = None
    roi: str | None = None


@dataclass(frozen=True, kw_only=True)
class RenderFields:
    """How pictures are made of their mattes. ``background`` is a word; a picture goes into ``background_image``."""

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
    strokes: Sequence[Edit] | None = None


@dataclass(frozen=True, kw_only=True)
class CutoutFields(RenderFields, MatteFields):
    """Both."""


@dataclass(frozen=True, kw_only=True)
class JobFields(RenderFields, MatteFields):
    """What a job has beside its photos, and how all its pictures are made."""

    archive: bytes | Path | None = None
    """A ZIP of photos."""
    mattes: Iterable[Matte | str] = ()
    """Mattes that are kept, or their ids: their photos are taken."""
    webhook: str | None = None
    """Where the job's end is told, by a signed POST."""
    priority: Priority | None = None
    """Which jobs come first."""
    idempotency: str | None = None
    """The same job sent again under the same key is not made twice; by default each has a key of its own."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of a form: its field, the name that is told of it, and what is in it, or where it is read."""

    field: str
    name: str
    content: bytes | Path


class Form:
    """A form that can be sent several times: its files are opened anew each time, and read while they are sent."""

    def __init__(self, text: Iterable[tuple[str, str]], files: Iterable[File]) -> None:
        self._text: list[Part] = [(name, (None, value.encode())) for name, value in text]
        self._files = list(files)

    @contextmanager
    def parts(self) -> Iterator[list[Part]]:
        """The parts, ready to be sent once. Raises InputMissing."""
        with ExitStack() as opened:
            files: list[Part] = []
            for each in self._files:
                content = each.content
                file = opened.enter_context(_opened(content)) if isinstance(content, Path) else content
                files.append((each.field, (each.name, file)))
            # Text comes first: it is refused before the photos have been sent.
            yield [*self._text, *files]


def form_of(given: MatteFields | RenderFields, photo: Photo | None = None) -> Form:
    """The form for one picture.

    Raises OptionError for what cannot be sent at all; all other values are the service's to judge.
    """
    # The file's own name is nobody's business, but without one it would be taken for text.
    files = [File("image", _NAMELESS, photo)] if isinstance(photo, bytes | Path) else []
    text = _texts(given)
    if isinstance(photo, str):
        text.append(("url", _url(photo)))
    elif not files and isinstance(given, MatteFields):
        raise _no_photo(photo)
    return Form(text, files + _behind(given))


def job_form(photos: Iterable[Photo], given: JobFields) -> Form:
    """The form of a job. Raises OptionError."""
    text, files = _texts(given, "archive", "mattes", "idempotency"), _behind(given)
    if given.archive is not None:
        files.append(File("archive", _NAMELESS, _a_file("archive", given.archive, "a ZIP's bytes or a pathlib.Path")))
    sent = 0
    for photo in _several("photos", photos):
        if isinstance(photo, str):
            text.append(("url", _url(photo)))
            continue
        if not isinstance(photo, bytes | Path):
            raise _no_photo(photo)
        sent += 1
        if sent > MOST_FILES:
            raise OptionError(
                f"photos: a job takes at most {MOST_FILES} as files of their own",
                hint="put them into a ZIP and give it as archive, or submit several jobs",
            )
        # Results are named like their photos. A name that is no text has no bytes in UTF-8 either.
        name = photo.name.encode(errors="replace").decode() if isinstance(photo, Path) else ""
        files.append(File("image", name or _NAMELESS, photo))
    text += [("matte", each.id if isinstance(each, Matte) else str(each)) for each in _several("mattes", given.mattes)]
    return Form(text, files)


_NAMELESS = "picture"

# As the service has it: each is open while it is sent and while it is read.
MOST_FILES = 100


def _texts(given: MatteFields | RenderFields, *others: str) -> list[tuple[str, str]]:
    """The fields that are text. Raises OptionError."""
    values = {each.name: getattr(given, each.name) for each in fields(given)}
    named = {name: value for name, value in values.items() if name not in ("background_image", *others)}
    return [(name, _text(name, value)) for name, value in named.items() if value is not None]


def _behind(given: MatteFields | RenderFields) -> list[File]:
    background = getattr(given, "background_image", None)
    if background is None:
        return []
    hint = "a picture's bytes or a pathlib.Path; a colour or blur goes into background"
    return [File("background_image", _NAMELESS, _a_file("background_image", background, hint))]


def _a_file(name: str, content: object, wanted: str) -> bytes | Path:
    if not isinstance(content, bytes | Path):
        raise OptionError(f"{name}: {content!r} cannot be sent as a file", hint=f"give {wanted}")
    return content


def _several(name: str, given: Any) -> Iterable[Any]:
    """Things to go through; a text would fall into its letters. Raises OptionError."""
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise OptionError(f"{name}: {type(given).__name__!r} is no list of them", hint=f"give {name} as a list")
    return given


def _no_photo(photo: object) -> OptionError:
    return OptionError(
        f"{type(photo).__name__!r} cannot be sent as a photo",
        hint="give an encoded picture's bytes, a pathlib.Path, or a URL",
    )


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
        return json.dumps([{"kind": _KINDS[type(each)], **asdict(each)} for each in strokes], allow_nan=False)
    except (TypeError, ValueError, KeyError) as error:
        raise OptionError(
            f"strokes cannot be sent: {error}",
            hint="give Stroke, Lasso and Grow of cleancut.client, of plain, finite numbers",
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
