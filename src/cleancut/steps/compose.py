"""From a matte to a picture: crop, background, channels."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image as Pillow

from cleancut.background import DEFAULT_BLUR, Background, Blur, Colour, Image, Transparent
from cleancut.codecs.colour import from_srgb, to_srgb
from cleancut.geometry import Box
from cleancut.matting.eight_bits import eight_bits
from cleancut.matting.fill import blurred_background
from cleancut.matting.over import over_opaque, over_translucent
from cleancut.matting.straight import straight
from cleancut.matting.subject_box import subject_box
from cleancut.options import Options
from cleancut.types import Alpha, Alpha8, Metadata, Picture, Pixels, Rgb, Source

WHITE = Colour(255, 255, 255)


def compose(source: Source, colours: Rgb, alpha: Alpha, options: Options, scene: Source | None = None) -> Picture:
    """The subject with its new alpha, cropped and set on its background. Alpha stays straight.

    ``colours``: (h, w, 3) uint8, the photo as it looks where it is the subject. ``alpha``: (h, w) float32 in 0..1.
    ``scene``: the decoded picture of an image background. The result's pixels are (h, w) for the matte alone, (h, w, 3)
    on an opaque background, else (h, w, 4). RGB is ``colours`` wherever the subject is, and zero where nothing is.
    """
    new = eight_bits(alpha)
    if source.alpha is not None:
        new = _times(new, source.alpha)
    box = _box(new, options)
    if options.channels == "alpha":
        return Picture(_framed(new, box), Metadata(dpi=source.metadata.dpi))
    background = options.parsed_background
    if options.format == "jpg" and isinstance(background, Transparent):
        background = WHITE  # JPEG has no alpha
    blurred = _blurred(source.rgb, new, background, box) if isinstance(background, Blur) else None
    # A margin can reach beyond the photo: nothing is there.
    rgb, new = _framed(colours, box), _framed(new, box)
    if blurred is not None:
        return Picture(over_opaque(rgb, new, blurred), source.metadata)
    if isinstance(background, Transparent):
        # The ZIP keeps the whole frame's colours, since its reader brings the matte to them.
        return Picture(straight(rgb, new, keep_hidden=options.format == "zip"), source.metadata)
    return Picture(_on(background, rgb, new, source.metadata.icc, scene), source.metadata)


def _times(first: Alpha8, second: Alpha8) -> Alpha8:
    product = (first.astype(np.uint16) * second + 127) // 255
    return product.astype(np.uint8)


def _box(alpha: Alpha8, options: Options) -> Box | None:
    subject = subject_box(alpha) if options.crop else None
    return None if subject is None else subject.grown(options.margins)


def _framed(array: Pixels, box: Box | None, replicate: bool = False) -> Pixels:
    """The part of a picture that a box shows; what lies beyond the picture is zero, or its border repeated."""
    if box is None:
        return array
    height, width = array.shape[:2]
    top, left = max(0, -box.top), max(0, -box.left)
    bottom, right = max(0, box.bottom - height), max(0, box.right - width)
    inner = array[max(0, box.top) : box.bottom, max(0, box.left) : box.right]
    if not (top or left or bottom or right):
        return np.ascontiguousarray(inner)
    border = cv2.BORDER_REPLICATE if replicate else cv2.BORDER_CONSTANT
    return np.asarray(cv2.copyMakeBorder(inner, top, bottom, left, right, border, value=(0, 0, 0)), np.uint8)


def _blurred(rgb: Rgb, alpha: Alpha8, background: Blur, box: Box | None) -> Rgb:
    # Before it is cropped: where a subject is cut by the photo's border, not the subject goes on beyond, but the wall.
    sigma = background.radius or DEFAULT_BLUR * max(alpha.shape)
    return _framed(blurred_background(rgb, alpha, sigma), box, replicate=True)


def _on(background: Background, rgb: Rgb, alpha: Alpha8, icc: bytes | None, scene: Source | None) -> Pixels:
    if isinstance(background, Colour):
        named = np.array([[[background.red, background.green, background.blue]]], np.uint8)
        colour = from_srgb(named, icc)
        if background.alpha == 255:
            return over_opaque(rgb, alpha, colour)
        red, green, blue = (int(value) for value in colour[0, 0])
        return over_translucent(rgb, alpha, (red, green, blue), background.alpha)
    assert isinstance(background, Image)
    assert scene is not None, "an image background is decoded by the pipeline"
    return over_opaque(rgb, alpha, _cover(scene, alpha.shape[1], alpha.shape[0], icc))


def _cover(scene: Source, width: int, height: int, icc: bytes | None) -> Rgb:
    """The background picture scaled to cover the frame, centred, its aspect kept, in the photo's colour space."""
    rgb = scene.rgb if scene.alpha is None else over_opaque(scene.rgb, scene.alpha, np.full((1, 1, 3), 255, np.uint8))
    scale = max(width / scene.width, height / scene.height)
    across, down = min(width / scale, scene.width), min(height / scale, scene.height)
    left, top = (scene.width - across) / 2, (scene.height - down) / 2
    # Cutting and scaling in one step keeps fractions of a pixel.
    part = (left, top, left + across, top + down)
    scaled = Pillow.fromarray(rgb).resize((width, height), Pillow.Resampling.LANCZOS, box=part, reducing_gap=3.0)
    covered = np.asarray(scaled)
    return covered if scene.metadata.icc == icc else from_srgb(to_srgb(covered, scene.metadata.icc), icc)
