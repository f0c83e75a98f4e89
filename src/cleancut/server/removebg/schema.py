"""What the OpenAPI says of this API's bodies, which are read more tolerantly than a schema can say."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from cleancut.server.forms import COLOUR_SCHEMA, DATA_URL_SCHEMA, PATTERNS
from cleancut.server.removebg.parameters import FORMATS, SIZES, TYPES


class OneFault(BaseModel):
    """What is wrong."""

    title: str
    code: str
    detail: str


class Faults(BaseModel):
    """Every refusal."""

    errors: list[OneFault]


_PICTURE = {"type": "string", "format": "binary"}
_FLAG = {"type": "string", "enum": ["true", "false", "1", "0"]}

_OPTIONS: dict[str, Any] = {
    "size": {"type": "string", "enum": list(SIZES), "default": "preview"},
    "type": {"type": "string", "enum": list(TYPES), "default": "auto"},
    "type_level": {"type": "string", "enum": ["1", "2", "none", "latest"], "default": "1"},
    "format": {"type": "string", "enum": list(FORMATS), "default": "auto"},
    "channels": {"type": "string", "enum": ["rgba", "alpha"], "default": "rgba"},
    "roi": {"type": "string", "pattern": PATTERNS["roi"]},
    "crop": _FLAG,
    "crop_margin": {"type": "string", "examples": ["30px", "10% 5%"]},
    "scale": {"type": "string", "pattern": PATTERNS["scale"]},
    "position": {"type": "string", "pattern": PATTERNS["position"]},
    "shadow_type": {"type": "string", "enum": ["none", "auto", "car", "3D", "drop"]},
    "shadow_opacity": {"type": "string", "pattern": "^(auto|[0-9]|[1-9][0-9]|100)$"},
    "semitransparency": _FLAG,
    "bg_color": COLOUR_SCHEMA,
}


def body(**options: Any) -> dict[str, Any]:
    """A request's body, with the photo as a file, or as base64 in JSON."""
    file = {"image_file": _PICTURE, **options}
    text = {"image_file_b64": DATA_URL_SCHEMA, **options}
    return {
        "requestBody": {
            "required": True,
            "description": "The photo as `image_file`, `image_file_b64` or `image_url`; also urlencoded.",
            "content": {
                "multipart/form-data": {"schema": {"type": "object", "properties": file, "required": ["image_file"]}},
                "application/json": {"schema": {"type": "object", "properties": text, "required": ["image_file_b64"]}},
            },
        }
    }


REMOVEBG = body(**_OPTIONS)
IMPROVE = body(tag={"type": "string"}, image_filename={"type": "string"})
