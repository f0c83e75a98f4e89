"""What schemathesis has to be told of our API: pictures that are pictures, and a model that is there.

SCHEMATHESIS_HOOKS names this file.
"""

from __future__ import annotations

import base64
import io
import zipfile
from typing import Any

import schemathesis
from hypothesis import strategies as st
from PIL import Image, ImageDraw


def _drawn(format: str, size: tuple[int, int], mode: str = "RGB") -> bytes:
    image = Image.new(mode, size, "white")
    ImageDraw.Draw(image).ellipse((size[0] // 4, size[1] // 4, size[0] * 3 // 4, size[1] * 3 // 4), fill=(20, 0, 10))
    file = io.BytesIO()
    image.save(file, format)
    return file.getvalue()


# Whose bodies are no forms.
JSON = ("/api/edit-mask", "/api/session")

SIZES = ((100, 100), (120, 101), (200, 150))
MODES = {"PNG": ("RGB", "RGBA"), "JPEG": ("RGB",), "WEBP": ("RGB", "RGBA"), "GIF": ("RGB",), "BMP": ("RGB",)}

PICTURES = {
    f"image/{format.lower()}": st.sampled_from([_drawn(format, size, mode) for size in SIZES for mode in modes])
    for format, modes in MODES.items()
}

for _kind, _pictures in PICTURES.items():
    schemathesis.openapi.media_type(_kind, _pictures)

for _kind in ("image/avif", "image/tiff", "image/heic"):
    # A file of another kind under their name: what it is, is judged by its bytes.
    schemathesis.openapi.media_type(_kind, PICTURES["image/png"])


def _zipped(*pictures: bytes) -> bytes:
    with zipfile.ZipFile(file := io.BytesIO(), "w") as archive:
        for at, each in enumerate(pictures):
            archive.writestr(f"photos/{at}.png", each)
    return file.getvalue()


schemathesis.openapi.media_type(
    "application/zip", st.lists(PICTURES["image/png"], min_size=1, max_size=2).map(lambda pictures: _zipped(*pictures))
)

schemathesis.openapi.format(
    "image-data-url",
    # All of one size: an original has to be that of its cut-out.
    st.sampled_from([_drawn("PNG", SIZES[0], mode) for mode in MODES["PNG"]]).map(
        lambda data: "data:image/png;base64," + base64.b64encode(data).decode()
    ),
)


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Mostly the model that the server has; and wrong values that are still wrong as a form sends them."""
    fields = getattr(body, "body", body)
    if not isinstance(fields, dict):
        return body
    if fields.get("model") in ("isnet-general", "u2netp", "auto"):
        fields["model"] = "tiny"
    if context.operation.path not in JSON:
        for name, value in fields.items():
            # A form's field that is empty, or there no times, is a field that was left out.
            if value in (None, [], [""], [None], {}) or (value == "" and name != "url"):
                fields[name] = "?"
    return body
