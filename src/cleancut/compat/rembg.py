"""rembg's library calls, answered by cleancut: ``from cleancut.compat.rembg import remove, new_session``.

Names, keywords and kinds of answer are those of rembg 2.0.86. What differs is meant: colours at soft edges are not
darkened, masks are not stretched to full contrast, and where no model is named cleancut's default is used.
``decontaminate`` and ``alpha_matting`` take the background's colour out of soft edges, as there; the matte itself is
cleancut's own, refined, whatever ``alpha_matting`` and ``vitmatte`` say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cleancut.errors import OptionError
from cleancut.options import Options
from cleancut.remover import Remover, is_array
from cleancut.runtime.devices import CPU, CUDA

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image as PILImage

    Data = bytes | PILImage | NDArray[np.uint8]

_DEFAULT = Options().model


class Session:
    """A model that ``remove`` can be given, so that it is named once."""

    def __init__(self, model_name: str, remover: Remover) -> None:
        self.model_name = model_name
        self.remover = remover


def new_session(model_name: str = _DEFAULT, *args: Any, providers: list[Any] | None = None, **kwargs: Any) -> Session:
    """A session for any model name of rembg or cleancut.

    ``providers`` chooses the device, as ONNX Runtime names it; a GPU that is named works or fails. Raises ModelError.
    """
    from cleancut.engines import model_of
    from cleancut.settings import read_settings

    spec = model_of(model_name, read_settings())
    # Only the matte of its answers is used: colours would be estimated for nothing.
    return Session(spec.name, Remover(model=spec.name, device=_device(providers), decontaminate=False))


def remove(
    data: Data,
    alpha_matting: bool = False,
    alpha_matting_foreground_threshold: int = 240,
    alpha_matting_background_threshold: int = 10,
    alpha_matting_erode_size: int = 10,
    session: Session | None = None,
    only_mask: bool = False,
    post_process_mask: bool = False,
    decontaminate: bool = False,
    vitmatte: bool = False,
    vitmatte_model: str | None = None,
    bgcolor: tuple[int, int, int, int] | None = None,
    force_return_bytes: bool = False,
    *args: Any,
    **kwargs: Any,
) -> Data:
    """Cut out a picture: bytes → PNG bytes, PIL image → PIL image, array → array. Raises CleancutError."""
    from dataclasses import replace

    from cleancut.matting.hard_mask import hard_mask
    from cleancut.pipeline import render
    from cleancut.steps.encode import encode

    remover = (session or new_session()).remover
    result = remover.cut(data)
    matte = replace(result.matte, alpha=hard_mask(result.matte.alpha)) if post_process_mask else result.matte
    options = Options(
        channels="alpha" if only_mask else "rgba",
        background="transparent" if bgcolor is None else _hex(bgcolor),
        # As in rembg, whose matting estimates colours too. Where nobody asks, the photo's stay.
        decontaminate=decontaminate or alpha_matting,
    )
    picture = render(result.source, matte, options)
    if isinstance(data, bytes) or force_return_bytes:
        return encode(picture, options)
    return picture.pixels if is_array(data) else picture.image


def _device(providers: list[Any] | None) -> str:
    """``["CUDAExecutionProvider"]`` or ``[("CUDAExecutionProvider", {"device_id": 1})]`` → ``cuda:1``.

    The first one that cleancut has counts, as in ONNX Runtime; with none of them, OptionError.
    """
    for provider in providers or []:
        name, options = provider if isinstance(provider, tuple) else (provider, {})
        if name == CUDA:
            return f"cuda:{options.get('device_id', 0)}"
        if name == CPU:
            return "cpu"
    if providers:
        raise OptionError(f"none of the providers {providers} is supported", hint=f"use {CUDA} or {CPU}")
    return "auto"


def _hex(colour: tuple[int, ...]) -> str:
    if len(colour) not in (3, 4) or not all(0 <= value <= 255 for value in colour):
        raise OptionError(f"bgcolor {colour!r} is no colour", hint="give (red, green, blue, alpha), each 0 to 255")
    return "#" + bytes(colour).hex()
