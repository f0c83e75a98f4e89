"""From a model's name to an engine that is ready to answer."""

from __future__ import annotations

import threading
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
from cleancut.runtime.pool import EnginePool
from cleancut.runtime.session import Engine
from cleancut.settings import Settings

# Shared by all calls of a process.
LOADED = EnginePool()


def store_of(settings: Settings) -> Store:
    """The place of the weights that the settings name."""
    return Store(settings.home, settings.mirror, settings.commercial_only)


def prepared_models(settings: Settings) -> Path:
    """The folder of models that ONNX Runtime has optimised; all of it can be deleted at any time."""
    return settings.home / "cache" / "models"


def model_of(name: str, settings: Settings) -> ModelSpec:
    """The model of that name: catalogue, entry points, or the user's own. Raises UnknownModel."""
    # Looking through all installed packages for entry points takes longer than the rest of the start-up.
    return CATALOG[name] if name in CATALOG else find(name, all_models(settings.home))


def engine_of(options: Options, settings: Settings, report: Report | None = None) -> Engine:
    """The engine that the options ask for: its weights are fetched and loaded at first use. Raises ModelError.

    ``report(what, done, total)`` is told of a download's bytes.
    """
    spec = model_of(options.model, settings)

    def load() -> Engine:
        from cleancut.runtime.memory import keep_freed
        from cleancut.runtime.onnx import open_engine
        from cleancut.runtime.prepared import place

        if settings.keep_memory:
            keep_freed()
        weights = ensure(spec, store_of(settings), report)
        identity = f"{weights.sha256} {spec.output_index}"
        prepared = place(prepared_models(settings), spec.name, identity)
        # Weights stored as fp16 are computed in fp32 all the same.
        return open_engine(weights.path, spec, options.device, "fp32", threads=settings.threads, prepared=prepared)

    return LOADED.get((spec, settings.home, options.device, options.precision), load)


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
