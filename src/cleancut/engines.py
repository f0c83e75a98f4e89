"""From a model's name to an engine that is ready to answer."""

from __future__ import annotations

from cleancut.models.catalog import CATALOG
from cleancut.models.extra import all_models
from cleancut.models.names import find
from cleancut.models.spec import ModelSpec
from cleancut.models.weights import Report, Store, ensure
from cleancut.options import Options
from cleancut.runtime.pool import EnginePool
from cleancut.runtime.session import Engine
from cleancut.settings import Settings


def store_of(settings: Settings) -> Store:
    """The place of the weights that the settings name."""
    return Store(settings.home, settings.mirror, settings.commercial_only)


def model_of(name: str, settings: Settings) -> ModelSpec:
    """The model of that name: catalogue, entry points, or the user's own. Raises UnknownModel."""
    # Looking through all installed packages for entry points takes longer than the rest of the start-up.
    return CATALOG[name] if name in CATALOG else find(name, all_models(settings.home))


def engine_of(options: Options, settings: Settings, pool: EnginePool, report: Report | None = None) -> Engine:
    """The engine that the options ask for: its weights are fetched and loaded at first use. Raises ModelError.

    ``report(what, done, total)`` is told of a download's bytes.
    """
    spec = model_of(options.model, settings)

    def load() -> Engine:
        from cleancut.runtime.onnx import open_engine

        weights = ensure(spec, store_of(settings), report)
        # Weights stored as fp16 are computed in fp32 all the same.
        return open_engine(weights.path, spec, options.device, "fp32", settings.threads)

    return pool.get((spec, options.device, options.precision), load)
