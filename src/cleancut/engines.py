"""From a model's name to an engine that is ready to answer."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from cleancut.choice import AUTO, choices
from cleancut.models.catalog import CATALOG
from cleancut.models.extra import all_models
from cleancut.models.names import find
from cleancut.models.spec import ModelSpec
from cleancut.models.weights import Report, Store, ensure, installed
from cleancut.options import Options
from cleancut.quantisation import make as quantised
from cleancut.quantisation.make import Speed
from cleancut.quantisation.ranges import has_ranges
from cleancut.runtime.checked import CheckedSession
from cleancut.runtime.devices import usable_cores
from cleancut.runtime.pool import EnginePool
from cleancut.runtime.session import Engine
from cleancut.settings import Settings

# Shared by all calls of a process.
LOADED = EnginePool()

# The precision that auto means for a model, and when it was last looked up. The file in integers is made beside the
# work: a few photos later is soon enough.
_CHOSEN: dict[tuple[ModelSpec, Path, str], tuple[str, float]] = {}
_ASK_AGAIN_S = 5.0


def store_of(settings: Settings) -> Store:
    """The place of the weights that the settings name."""
    return Store(settings.home, settings.mirror, settings.commercial_only)


def prepared_models(settings: Settings) -> Path:
    """The folder of models that ONNX Runtime has optimised; all of it can be deleted at any time."""
    return settings.home / "cache" / "models"


def quantised_models(settings: Settings) -> Path:
    """The folder of models in integers; all of it can be deleted at any time, and is then made again."""
    return settings.home / "cache" / "int8"


def model_of(name: str, settings: Settings) -> ModelSpec:
    """The model of that name: catalogue, entry points, or the user's own. Raises UnknownModel."""
    # Looking through all installed packages for entry points takes longer than the rest of the start-up.
    return CATALOG[name] if name in CATALOG else find(name, all_models(settings.home))


def engine_of(options: Options, settings: Settings, report: Report | None = None) -> Engine:
    """The engine that the options ask for: its weights are fetched and loaded at first use. Raises ModelError.

    ``report(what, done, total)`` is told of a download's bytes.
    """
    spec = model_of(options.model, settings)
    precision = precision_of(spec, options, settings)
    exact = (spec, settings.home, options.device, "fp32")

    def load() -> Engine:
        if settings.keep_memory:
            from cleancut.runtime.memory import keep_freed

            keep_freed()
        if precision == "fp32":
            return _exact_engine(spec, options.device, settings, report)
        engine = quick_engine(spec, options.device, settings, report)
        if options.precision == "auto":
            # It was in use until this one was there; doubtful photos open it again.
            LOADED.drop(exact)
        return replace(engine, session=CheckedSession(engine.session, lambda: exact_engine().session))

    def exact_engine() -> Engine:
        return LOADED.get(exact, lambda: _exact_engine(spec, options.device, settings, report))

    return LOADED.get((*exact[:3], precision), load)


def options_for(name: str, options: Options, settings: Settings) -> Options:
    """The options with one model named. Of several that ``auto`` asks, int8 is for those that can."""
    precision = options.precision
    if options.model == AUTO and precision == "int8" and not has_ranges(model_of(name, settings)):
        precision = "auto"
    return replace(options, model=name, precision=precision)


def precision_of(spec: ModelSpec, options: Options, settings: Settings) -> str:
    """The arithmetic that a model runs in: ``auto`` is int8 on a CPU where it was measured to be faster."""
    if options.precision != "auto":
        return options.precision
    if not has_ranges(spec) or not on_cpu(options.device):
        return "fp32"
    key = (spec, settings.home, options.device)
    found, asked = _CHOSEN.get(key, ("", 0.0))
    # What is loaded goes on, whatever becomes of the files; and the disk is not asked for every photo.
    if found != "int8" and time.monotonic() > asked + _ASK_AGAIN_S:
        speed = measured(spec, settings)
        found = "int8" if speed and speed.pays else "fp32"
        _CHOSEN[key] = found, time.monotonic()
    return found


def measured(spec: ModelSpec, settings: Settings) -> Speed | None:
    """What both precisions take here, if the model in integers is there and was measured on this kind of processor."""
    folder = int8_folder(spec, settings)
    if folder is None or quantised.model_in(folder) is None:
        return None
    return quantised.speed_in(folder, threads_of(settings))


def int8_folder(spec: ModelSpec, settings: Settings) -> Path | None:
    """Where a model in integers is or would be; None without weights or a table."""
    weights = installed(spec, store_of(settings)) if has_ranges(spec) else None
    return None if weights is None else quantised.place(quantised_models(settings), spec, weights)


def threads_of(settings: Settings) -> int:
    """Threads of one inference."""
    return usable_cores() if settings.threads is None else settings.threads


def on_cpu(device: str) -> bool:
    """Whether a device as the options name it is the CPU. Raises OptionError, DeviceUnavailable."""
    if device == "cpu":
        return True
    import onnxruntime

    from cleancut.runtime.devices import CPU, candidates

    return candidates(device, onnxruntime.get_available_providers())[0].provider == CPU


def quick_engine(spec: ModelSpec, device: str, settings: Settings, report: Report | None = None) -> Engine:
    """A model in integers, made now if it is not there yet, and nobody to check its answers. Raises ModelError."""
    from cleancut.runtime.onnx import open_engine
    from cleancut.runtime.prepared import graph_in, place

    weights = ensure(spec, store_of(settings), report)
    folder = quantised.place(quantised_models(settings), spec, weights)
    path = quantised.model_in(folder) or quantised.make(weights, spec, folder)
    prepared = place(prepared_models(settings), f"{spec.name}+int8", f"{quantised.checksum(folder)}")
    if graph_in(prepared) is None:
        # Opened for the first time: what is damaged is made again.
        path = quantised.make(weights, spec, folder)
    # Of the outputs only the wanted one is left.
    engine = open_engine(
        path, replace(spec, output_index=0), device, "int8", threads=settings.threads, prepared=prepared
    )
    return replace(engine, spec=spec)


def _exact_engine(spec: ModelSpec, device: str, settings: Settings, report: Report | None) -> Engine:
    """A model as it is published. Weights stored as fp16 are computed in fp32 all the same."""
    from cleancut.runtime.onnx import open_engine
    from cleancut.runtime.prepared import place

    weights = ensure(spec, store_of(settings), report)
    prepared = place(prepared_models(settings), spec.name, f"{weights.sha256} {spec.output_index}")
    return open_engine(weights.path, spec, device, "fp32", threads=settings.threads, prepared=prepared)


def preload(options: Options, settings: Settings) -> None:
    """Begin to load a model whose weights are here, while the caller reads its first photo.

    What goes wrong is left to ``engine_of``, which meets it again.
    """
    # Its modules import each other in a circle, which breaks when two threads import them at the same time.
    import numpy  # noqa: F401

    def load() -> None:
        with suppress(Exception):
            name = choices(store_of(settings))[0] if options.model == AUTO else options.model
            if installed(model_of(name, settings), store_of(settings)):
                engine_of(replace(options, model=name), settings)

    # Not a daemon: ONNX Runtime aborts the process if it ends while a session is being opened.
    threading.Thread(target=load, name="preload").start()
