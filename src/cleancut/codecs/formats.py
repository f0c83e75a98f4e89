"""Which format a file has, and opening it: one plugin of Pillow, no guessing, nothing printed.

``Image.open`` is not used: it loads all plugins, and applies a limit that is global to the process.
"""

from __future__ import annotations

import ctypes
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING

from cleancut.codecs.header import is_raw, tiff_samples
from cleancut.errors import CleancutError, DamagedImage, ImageTooLarge, NotAnImage, UnsupportedImage

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

READS = "PNG, JPEG, WebP, AVIF, TIFF, BMP, GIF and HEIC are read"

# Format → the module and class that opens it. The classes are used as such: the JPEG factory would look for further
# pictures in the file (MPO), and pillow-heif would register itself for the whole process.
_PLUGINS = {
    "png": ("PIL.PngImagePlugin", "PngImageFile"),
    "jpeg": ("PIL.JpegImagePlugin", "JpegImageFile"),
    "webp": ("PIL.WebPImagePlugin", "WebPImageFile"),
    "avif": ("PIL.AvifImagePlugin", "AvifImageFile"),
    "tiff": ("PIL.TiffImagePlugin", "TiffImageFile"),
    "bmp": ("PIL.BmpImagePlugin", "BmpImageFile"),
    "gif": ("PIL.GifImagePlugin", "GifImageFile"),
    "heic": ("pillow_heif", "HeifImageFile"),
}

_MAGIC = {
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpeg",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
    b"II\x2a\0": "tiff",
    b"MM\0\x2a": "tiff",
    b"II\x2b\0": "tiff",
    b"MM\0\x2b": "tiff",
}
# Length of the header behind "BM", which two letters alone do not tell from a text.
_BMP_HEADERS = {12, 40, 52, 56, 64, 108, 124}
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}

# Pictures that are not read, so that the message can say what they are.
_OTHER_PICTURES = {
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"8BPS": "a Photoshop document",
    b"FUJIFILMCCD-RAW": "a camera's raw file",
    b"IIRO": "a camera's raw file",
    b"IIRS": "a camera's raw file",
    b"MMOR": "a camera's raw file",
    b"IIU\0": "a camera's raw file",
    b"\0\0\x01\0": "an icon file",
    b"\x76\x2f\x31\x01": "OpenEXR",
    b"#?RADIANCE": "Radiance HDR",
    b"qoif": "QOI",
    b"DDS ": "a DDS texture",
}
_NO_PICTURES = {
    b"%PDF": "a PDF document",
    b"%!PS": "PostScript",
    b"PK\x03\x04": "a ZIP archive or an office document",
    b"\x1f\x8b": "a gzip archive",
    b"\x1a\x45\xdf\xa3": "a video (Matroska or WebM)",
    b"OggS": "a sound or video file (Ogg)",
    b"ID3": "a sound file (MP3)",
    b"\x7fELF": "a program",
}

_reading: ContextVar[bool] = ContextVar("cleancut_reading", default=False)


class _WhileReading(type):
    """Makes every warning a kind of ``_Muted`` in a thread or task that is reading a picture, and none elsewhere."""

    # Bound, since Python may still warn when it ends, after it has emptied this module.
    def __subclasscheck__(cls, subclass: type, reading: ContextVar[bool] = _reading) -> bool:
        return reading.get()


class _Muted(Warning, metaclass=_WhileReading):
    """The category of the filter below."""


@contextmanager
def quietly() -> Iterator[None]:
    """A block whose Python warnings are dropped; those of other threads and tasks are not.

    ``warnings.catch_warnings`` swaps the filters of the whole process and would race with other threads. The one
    filter that is put in front here acts only where ``_reading`` is set.
    """
    if not warnings.filters or warnings.filters[0][2] is not _Muted:
        warnings.simplefilter("ignore", _Muted)
    token = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(token)


@contextmanager
def reading(subject: str) -> Iterator[None]:
    """A block that calls decoders on bytes from anywhere: no warning leaves it, and only errors of cleancut.

    Raises DamagedImage, or ImageTooLarge when the memory or a decoder's own limit does not suffice.
    """
    from PIL import Image

    try:
        with quietly():
            yield
    except CleancutError:
        raise
    except MemoryError as error:
        raise ImageTooLarge(f"{subject} needs more memory than there is", hint="shrink the picture") from error
    except Image.DecompressionBombError as error:
        hint = "shrink the picture, or save it as PNG or JPEG"
        raise ImageTooLarge(f"{subject} is larger than its decoder accepts: {error}", hint=hint) from error
    except Exception as error:
        # Decoders fed with damaged bytes raise nearly everything, from struct.error to AttributeError.
        reason = str(error).strip() or type(error).__name__
        hint = "save it again with another program, or fetch it again if the download was cut off"
        raise DamagedImage(f"{subject} is damaged: {reason}", hint=hint) from error


def recognise(data: bytes) -> str:
    """The format by the first bytes, named as in ``Header.format``. Raises NotAnImage, UnsupportedImage."""
    if not data:
        raise NotAnImage("the file is empty", hint="choose a picture; " + READS)
    for magic, name in _MAGIC.items():
        if data.startswith(magic):
            if name == "tiff" and is_raw(data):
                raise _unsupported("a camera's raw file")
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in _BMP_HEADERS:
        return "bmp"
    if data[4:8] == b"ftyp":
        return _by_brand(data)
    for magic, name in _OTHER_PICTURES.items():
        if data.startswith(magic):
            raise _unsupported(name)
    raise NotAnImage(f"this is no picture: it looks like {_likeness(data)}", hint="choose a picture; " + READS)


@cache
def _silence_libtiff() -> None:
    """Keep libtiff from printing errors to the terminal; Pillow raises them, and silences the warnings itself.

    The library knows this switch only, for the whole process. Its own default, printing, cannot be had per thread.
    """
    from PIL import _imaging

    # Symbols are looked up through what the module is linked with. On platforms where that fails, errors are printed.
    with suppress(OSError, AttributeError):
        ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler(None)


def open_image(data: bytes) -> tuple[str, ImageFile]:
    """Format and the opened, not yet decoded, picture; call within ``reading``.

    Raises NotAnImage, UnsupportedImage, and whatever the plugin raises.
    """
    name = recognise(data)
    if name == "tiff" and tiff_samples(data) > 6:
        # Six is what Pillow's table ends at; it would write an error to the log, and so to the terminal.
        raise UnsupportedImage("a TIFF with more than 6 values a pixel is not read", hint="save it as RGB or RGBA")
    if name == "tiff":
        _silence_libtiff()
    module, plugin = _PLUGINS[name]
    try:
        opener = getattr(import_module(module), plugin)
    except ImportError as error:
        if name != "heic":
            raise
        hint = "pip install 'cleancut[heic]'"
        raise UnsupportedImage("HEIC is read by pillow-heif, which is not installed", hint=hint) from error
    return name, opener(BytesIO(data), "")


def _by_brand(data: bytes) -> str:
    """AVIF or HEIC by the brands of an ISO base media file; videos have the same structure."""
    # Major brand, version, compatible brands. The box is a few dozen bytes; 4 kB bound a false length.
    end = min(int.from_bytes(data[:4], "big"), 4096)
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, end, 4))}
    if brands & _AVIF_BRANDS:
        return "avif"
    if brands & _HEIC_BRANDS:
        return "heic"
    if b"crx " in brands:
        raise _unsupported("a camera's raw file")
    raise NotAnImage("this is no picture: it looks like a video", hint="save one of its frames as PNG or JPEG")


def _unsupported(name: str) -> UnsupportedImage:
    return UnsupportedImage(f"{name} is not read", hint=f"save it as PNG, TIFF or JPEG; {READS}")


def _likeness(data: bytes) -> str:
    for magic, name in _NO_PICTURES.items():
        if data.startswith(magic):
            return name
    # Markup may begin with a byte order mark, blanks and comments; 1 kB shows the first tag of nearly all files.
    text = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in text:
        return "SVG, which is drawn and has no pixels"
    if text.startswith((b"<!doctype html", b"<html")) or b"<html" in text:
        return "a web page"
    if text.startswith(b"<"):
        return "XML"
    try:
        # The cut may fall within a character of up to 4 bytes.
        data[:1024].decode("utf-8", errors="strict") if len(data) <= 1024 else data[:1020].decode("utf-8", "ignore")
    except UnicodeDecodeError:
        return "data of another kind"
    return "data of another kind" if b"\0" in data[:1024] else "a text"
