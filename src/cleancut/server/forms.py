"""What clients send: the forms of the routes, made from ``Options`` where they are about the picture."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypedDict

from fastapi import UploadFile
from PIL import ImageColor
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    WithJsonSchema,
    create_model,
)
from starlette.datastructures import UploadFile as AnyUpload

from cleancut.background import Blur, Colour, Transparent, parse_background
from cleancut.choice import AUTO
from cleancut.errors import FileTooLarge, OptionError
from cleancut.files import too_large
from cleancut.jobs.records import Level
from cleancut.models.catalog import CATALOG
from cleancut.options import Options
from cleancut.server.asks import OF_THE_MATTE, OF_THE_SERVER
from cleancut.server.cutouts import empty
from cleancut.server.edits import STROKES_BYTES, Strokes
from cleancut.server.problems import Refused
from cleancut.server.settings import ServerSettings


class FormLimits(TypedDict, total=False):
    """Bounds of a form, as FastAPI takes them."""

    max_files: int
    max_fields: int
    max_part_size: int


# What a form may hold beside its files: more is an attack or an accident.
FORM: FormLimits = {"max_files": 4, "max_fields": 100}

# Each file is open while the form is read, of the 1024 that a process may have by default. For more there is ZIP.
JOB_FILES = 100
JOB_FORM: FormLimits = {"max_files": JOB_FILES + 2, "max_fields": 2000, "max_part_size": STROKES_BYTES}

# A data URL of a picture of 64 MB: the routes' own limits are judged when it is read.
DATA_URL_BYTES = 86_000_000

_PX = r"(?:[0-9]|[1-9][0-9]|[1-4][0-9]{2})(?:\.[0-9]{1,3})?(?:px)?|500(?:px)?"
_PERCENT = r"(?:[0-9]|[1-9][0-9])(?:\.[0-9]{1,3})?%|100%"
_LENGTH = f"(?:{_PX}|{_PERCENT})"
_SIDE = r"[1-9][0-9]{0,3}"
_SHARE = r"(?:[0-9]|[1-9][0-9])(?:\.[0-9]{1,3})?%|100%"
_EDGE = r"[0-9]{1,4}(?:px)?|(?:[0-9]|[1-9][0-9])(?:\.[0-9]{1,3})?%|100%"
_ACROSS, _DOWN = "(?:left|center|right)", "(?:top|center|bottom)"


def _four(length: str) -> str:
    """1, 2 or 4 of them."""
    return f"^(?:{length})(?: (?:{length})|(?: (?:{length})){{3}})?$"


# What the core reads of each, in the words of a schema; regions and paddings are judged beside the photo and canvas.
PATTERNS = {
    "crop_margin": _four(_LENGTH),
    "canvas": f"^{_SIDE}(?:x{_SIDE})?$",
    "padding": _four(r"[0-9]{1,4}(?:px)?|[1-4]?[0-9](?:\.[0-9]{1,3})?%"),
    "scale": r"^(?:original|[1-9][0-9](?:\.[0-9]{1,3})?%|100%)$",
    "position": f"^(?:original|{_ACROSS}|{_DOWN}|{_DOWN} {_ACROSS}|{_ACROSS} {_DOWN}|(?:{_SHARE})(?: (?:{_SHARE}))?)$",
    "max_size": f"^{_SIDE}(?:x{_SIDE})?$",
    "roi": f"^(?:{_EDGE})(?: (?:{_EDGE})){{3}}$",
}

NAMES = [AUTO, *sorted({name for spec in CATALOG.values() for name in (spec.name, *spec.aliases)})]

COLOUR_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "enum": sorted(ImageColor.colormap)},
        {"type": "string", "pattern": "^#?(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})$"},
    ]
}
_BACKGROUND_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "enum": ["transparent", "blur"]},
        {"type": "string", "pattern": "^blur:(?:[1-9][0-9]{0,2}|1000)$"},
        *COLOUR_SCHEMA["anyOf"],
    ]
}


def _no_path(value: str) -> str:
    """A background named by a word; never a file's name, which is what the command line would take it for."""
    if value not in ("transparent", "blur") and not value.startswith("blur:") and not is_colour(value):
        raise ValueError("is neither transparent, blur, blur:RADIUS nor a colour; send a picture as background_image")
    try:
        assert isinstance(parse_background(value), Transparent | Blur | Colour)
    except OptionError as error:
        raise ValueError(f"{error}; {error.hint}") from None
    return value


def is_colour(value: str) -> bool:
    """Whether a word is a colour: hex digits, or a CSS name."""
    return bool(re.fullmatch(COLOUR_SCHEMA["anyOf"][1]["pattern"], value)) or value.lower() in ImageColor.colormap


def _a_colour(value: str) -> str:
    if not is_colour(value):
        raise ValueError("is no colour: give a CSS name or 3, 4, 6 or 8 hex digits")
    return value


# The smallest picture that the guides' routes accept: 100 × 100, black.
EXAMPLE = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAGQAAABkAQAAAABYmaj5AAAAFElEQVR42mNgGAWjYBSMglFATwAABXgAAdgporgAAAAASUVORK5CYII="
)

Background = Annotated[str, AfterValidator(_no_path), WithJsonSchema(_BACKGROUND_SCHEMA)]
ColourName = Annotated[str, AfterValidator(_a_colour), WithJsonSchema(COLOUR_SCHEMA)]
ModelName = Annotated[str, Field(max_length=100, json_schema_extra={"enum": NAMES})]
DataUrl = Annotated[str, Field(json_schema_extra={"format": "image-data-url"}, examples=[EXAMPLE])]
# To programs, the former.
DATA_URL_SCHEMA = {"type": "string", "format": "image-data-url", "examples": [EXAMPLE]}
DataUrlOrFile = Annotated[UploadFile | str, WithJsonSchema(DATA_URL_SCHEMA)]

# Where the command line's help speaks of files and flags.
_SAID = {
    "background": "transparent, a colour (hex or CSS name), or blur[:RADIUS] of the photo.",
    "format": "Format of the picture.",
    "background_image": "A picture to stand behind the subject, scaled to cover, centred.",
}


def _field_of(option: Any) -> tuple[Any, Any]:
    """A form's field for an option, with its type, range and help."""
    meta = option.metadata
    kinds: dict[str, Any] = {
        "str": str, "float": float, "bool": bool, "int": int, "int | None": int | None, "str | None": str | None,
    }  # fmt: skip
    kind = Literal[meta["choices"]] if meta["choices"] else kinds.get(option.type, str)
    bounds = {"ge": meta["low"], "le": meta["high"]}
    limits: dict[str, Any] = {name: bound for name, bound in bounds.items() if bound is not None}
    if option.name == "model":
        return ModelName | None, Field(None, description="A model of /api/v1/models; by default the server's own.")
    if option.name == "background":
        kind = Background
    if option.name in PATTERNS:
        limits = {"pattern": PATTERNS[option.name]}
    if kind is float:
        limits["allow_inf_nan"] = False
    return kind, Field(option.default, description=_SAID.get(option.name, meta["help"]), **limits)


def _fields(names: Any) -> dict[str, Any]:
    return {each.name: _field_of(each) for each in fields(Options) if names(each)}


def _of_the_rendering(option: Any) -> bool:
    return option.name not in (*OF_THE_MATTE, *OF_THE_SERVER)


if TYPE_CHECKING:

    class MatteForm(BaseModel):
        """A photo, and how its subject is found."""

        image: UploadFile | None
        url: str | None
        model: str | None
        quality: str
        refine: bool

    class RenderForm(BaseModel):
        """How a picture is made of a matte."""

        background: str
        background_image: UploadFile | None
        strokes: str
        format: str

    class CutoutForm(MatteForm, RenderForm):
        """Both."""

    class JobForm(BaseModel):
        """Photos, and what is to be made of each."""

        image: list[UploadFile]
        archive: UploadFile | None
        url: list[str]
        matte: list[str]
        background_image: UploadFile | None
        strokes: str
        priority: Level
        webhook: str | None

else:
    _MATTE = {
        "image": (UploadFile | None, Field(None, description="The photo; or `url`.")),
        "url": (
            str | None,
            Field(
                None,
                max_length=2048,
                pattern="^(https?://.*)?$",
                description="An http(s) URL of the photo, where allowed.",
            ),
        ),
        **_fields(lambda option: option.name in OF_THE_MATTE),
    }
    _BEHIND = {"background_image": (UploadFile | None, Field(None, description=_SAID["background_image"]))}
    _RENDER = {**_fields(_of_the_rendering), **_BEHIND, "strokes": (Strokes, Field(""))}
    _URL = Annotated[str, Field(max_length=2048, pattern="^https?://.+$")]
    _JOB = {
        "image": (list[UploadFile], Field([], max_length=JOB_FILES, description="Photos, each as a file.")),
        "archive": (UploadFile | None, Field(None, description="A ZIP of photos.")),
        "url": (list[_URL], Field([], description="http(s) URLs of photos, where allowed.")),
        "matte": (
            list[Annotated[str, Field(pattern="^[0-9a-f]{32}$")]],
            Field([], description="Ids of mattes that are kept: their photos are taken."),
        ),
        **_fields(lambda option: option.name not in OF_THE_SERVER),
        **_BEHIND,
        "strokes": (Strokes, Field("")),
        "priority": (Level, Field("normal", description="Which jobs come first.")),
        "webhook": (_URL | None, Field(None, description="Where the job's end is told, by a signed POST.")),
    }
    # A misspelt field is told, not passed over: the picture would be another than was asked for.
    _STRICT = ConfigDict(extra="forbid")
    MatteForm = create_model("MatteForm", __config__=_STRICT, **_MATTE)
    RenderForm = create_model("RenderForm", __config__=_STRICT, **_RENDER)
    CutoutForm = create_model("CutoutForm", __config__=_STRICT, **_MATTE, **_RENDER)
    JobForm = create_model("JobForm", __config__=_STRICT, **_JOB)


async def options_of(form: BaseModel, settings: ServerSettings, background: bytes | None = None) -> Options:
    """The options that a form asks for, on the device that the operator chose. Raises OptionError."""
    names = {each.name for each in fields(Options)}
    values = {name: value for name, value in form if name in names}
    values |= {"device": settings.device, "precision": settings.precision}
    values["model"] = values.get("model") or settings.model
    if background is not None:
        values["background"] = background
    # Colours by name load Pillow's table: not on the event loop the first time.
    return await asyncio.to_thread(lambda: Options(**values))


async def bytes_of(upload: AnyUpload, max_bytes: int | None, what: str) -> bytes:
    """An uploaded file. Raises FileTooLarge, InputMissing."""
    if max_bytes is not None and upload.size is not None and upload.size > max_bytes:
        raise as_sent(too_large(what, upload.size, max_bytes))
    data = await upload.read()
    if not data:
        raise empty(what)
    return data


def bytes_of_data_url(text: str, max_bytes: int | None, what: str) -> bytes:
    """The picture in a data URL, or in plain base64. Raises FileTooLarge, InputMissing, Refused."""
    encoded = text.partition(",")[2] if text.startswith("data:") else text
    if max_bytes is not None and len(encoded) * 3 // 4 > max_bytes + 3:
        raise as_sent(too_large(what, len(encoded) * 3 // 4, max_bytes))
    try:
        data = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise Refused(
            "invalid_value", f"{what} is no base64", hint="send a data URL: data:image/png;base64,…"
        ) from None
    if not data:
        raise empty(what)
    return data


def as_sent(error: FileTooLarge) -> FileTooLarge:
    """The error with a hint for clients, who cannot set the server's variables."""
    return FileTooLarge(str(error), hint="send a smaller picture")
