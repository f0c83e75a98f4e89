"""From a matte to a picture: crop, canvas, place, shadow, background, channels."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image as Pillow

from cleancut.background import DEFAULT_BLUR, Background, Blur, Colour, Image, Transparent
from cleancut.codecs.colour import from_srgb, to_srgb
from cleancut.errors import ImageTooLarge
from cleancut.geometry import Box, Size
from cleancut.matting.eight_bits import eight_bits
from cleancut.matting.fill import blurred_background
from cleancut.matting.over import over_opaque, over_translucent
from cleancut.matting.place import place
from cleancut.matting.shadow import shadow
from cleancut.matting.straight import straight
from cleancut.matting.subject_box import cut_sides, subject_box
from cleancut.options import Options
from cleancut.placement import WHOLE, Frame, frame_of, has_shadow, shown
from cleancut.types import Alpha, Alpha8, Metadata, Picture, Pixels, Rgb, Source

WHITE = Colour(255, 255, 255)
BLACK = (0, 0, 0)


def compose(
    source: Source,
    colours: Rgb,
    alpha: Alpha,
    options: Options,
    scene: Source | None = None,
    max_pixels: int | None = None,
) -> Picture:
    """The subject with its new alpha, placed in its frame and set on its background. Alpha stays straight.

    ``colours``: (h, w, 3) uint8, the photo as it looks where it is the subject. ``alpha``: (h, w) float32 in 0..1.
    ``scene``: the decoded picture of an image background. The result's pixels are (h, w) for the matte alone, (h, w, 3)
    on an opaque background, else (h, w, 4). Where nothing is scaled, RGB is ``colours`` wherever the subject is, and
    zero where nothing is. Raises ImageTooLarge (by its margins or canvas).
    """
    new = eight_bits(alpha)
    if source.alpha is not None:
        new = _times(new, source.alpha)
    photo, box = Size(source.width, source.height), subject_box(new)
    # What brings its own transparency was cut out before, and ends where it ends.
    cut = cut_sides(new, box) if box is not None and source.alpha is None else WHOLE
    frame = frame_of(photo, box, options, cut)
    if max_pixels is not None and frame.width * frame.height > max(max_pixels, photo.width * photo.height):
        raise ImageTooLarge(
            f"the result would have {frame.width} × {frame.height} pixels, and the limit is {max_pixels:,}",
            hint="give a smaller canvas or margin, or --max-size",
        )
    subject = None if box is None else frame.shows(box)
    if options.channels == "alpha":
        return Picture(place(new, frame), Metadata(dpi=source.metadata.dpi), subject)
    background = options.parsed_background
    if options.format == "jpg" and isinstance(background, Transparent):
        background = WHITE  # JPEG has no alpha
    behind: Pixels | None = None
    if isinstance(background, Blur):
        behind = _blurred(source.rgb, new, background, shown(photo, box, options, cut), frame)
    rgb, new = _placed(colours, new, frame, keep_hidden=options.format == "zip")
    dark = None
    if subject is not None and has_shadow(options, cut):
        dark = shadow(new, subject, options.shadow, options.shadow_opacity)
    icc = source.metadata.icc
    if isinstance(background, Transparent):
        if dark is None:
            # The ZIP keeps the whole frame's colours, since its reader brings the matte to them.
            pixels = straight(rgb, new, keep_hidden=options.format == "zip")
        else:
            pixels = over_translucent(rgb, new, BLACK, dark)
        return Picture(pixels, source.metadata, subject)
    if behind is None:
        behind = _behind(background, frame, icc, scene)
    return Picture(_over(rgb, new, dark, behind), source.metadata, subject)


def _times(first: Alpha8, second: Alpha8) -> Alpha8:
    product = (first.astype(np.uint16) * second + 127) // 255
    return product.astype(np.uint8)


def _placed(colours: Rgb, alpha: Alpha8, frame: Frame, keep_hidden: bool) -> tuple[Rgb, Alpha8]:
    """Colours and alpha in the frame. Scaled together, so that no colour of what is clear bleeds into the edge."""
    if not frame.resamples:
        return place(colours, frame), place(alpha, frame)
    pixels = place(straight(colours, alpha), frame)
    rgb, new = np.ascontiguousarray(pixels[..., :3]), np.ascontiguousarray(pixels[..., 3])
    if keep_hidden:
        rgb = np.where(new[..., None] > 0, rgb, place(colours, frame))
    return rgb, new


def _over(rgb: Rgb, alpha: Alpha8, dark: Alpha8 | None, behind: Pixels) -> Pixels:
    """The subject over its shadow over a background: of one colour (1, 1, 3 or 4), or a picture (h, w, 3)."""
    if behind.shape[2] == 3:
        if dark is not None:
            behind = over_opaque(np.zeros_like(rgb), dark, behind)
        return over_opaque(rgb, alpha, behind)
    red, green, blue, opacity = (int(value) for value in behind[0, 0])
    if dark is None:
        return over_translucent(rgb, alpha, (red, green, blue), opacity)
    floor = over_translucent(np.zeros_like(rgb), dark, (red, green, blue), opacity)
    return over_translucent(rgb, alpha, np.ascontiguousarray(floor[..., :3]), np.ascontiguousarray(floor[..., 3]))


def _blurred(rgb: Rgb, alpha: Alpha8, background: Blur, box: Box, frame: Frame) -> Rgb:
    # Before it is cropped: where a subject is cut by the photo's border, not the subject goes on beyond, but the wall.
    sigma = background.radius or DEFAULT_BLUR * max(alpha.shape)
    blurred = _framed(blurred_background(rgb, alpha, sigma), box)
    same = blurred.shape[:2] == (frame.height, frame.width)
    return blurred if same else _cover(blurred, frame.width, frame.height)


def _framed(rgb: Rgb, box: Box) -> Rgb:
    """The part of a picture that a box shows; beyond the picture, its border goes on."""
    height, width = rgb.shape[:2]
    sides = max(0, -box.top), max(0, box.bottom - height), max(0, -box.left), max(0, box.right - width)
    inner = rgb[max(0, box.top) : box.bottom, max(0, box.left) : box.right]
    if not any(sides):
        return np.ascontiguousarray(inner)
    return np.asarray(cv2.copyMakeBorder(inner, *sides, cv2.BORDER_REPLICATE), np.uint8)


def _behind(background: Background, frame: Frame, icc: bytes | None, scene: Source | None) -> Pixels:
    """What stands behind: one pixel (1, 1, 3 or 4) of a colour, or a picture (h, w, 3)."""
    if isinstance(background, Colour):
        named = np.array([[[background.red, background.green, background.blue]]], np.uint8)
        colour = from_srgb(named, icc)
        return colour if background.alpha == 255 else np.dstack([colour, np.full((1, 1), background.alpha, np.uint8)])
    assert isinstance(background, Image)
    assert scene is not None, "an image background is decoded by the pipeline"
    rgb = scene.rgb if scene.alpha is None else over_opaque(scene.rgb, scene.alpha, np.full((1, 1, 3), 255, np.uint8))
    covered = _cover(rgb, frame.width, frame.height)
    return covered if scene.metadata.icc == icc else from_srgb(to_srgb(covered, scene.metadata.icc), icc)


def _cover(rgb: Rgb, width: int, height: int) -> Rgb:
    """A picture scaled to cover the frame, centred, its aspect kept."""
    tall, wide = rgb.shape[:2]
    scale = max(width / wide, height / tall)
    across, down = min(width / scale, wide), min(height / scale, tall)
    left, top = (wide - across) / 2, (tall - down) / 2
    # Cutting and scaling in one step keeps fractions of a pixel.
    part = (left, top, left + across, top + down)
    return np.asarray(
        Pillow.fromarray(rgb).resize((width, height), Pillow.Resampling.LANCZOS, box=part, reducing_gap=3.0)
    )
