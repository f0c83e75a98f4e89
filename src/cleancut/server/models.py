"""Which models clients may ask for."""

from __future__ import annotations

from cleancut._version import __version__
from cleancut.choice import AUTO, LOOKS, choices
from cleancut.errors import UnknownModel
from cleancut.models.spec import ModelSpec
from cleancut.models.weights import installed
from cleancut.options import Options
from cleancut.server.problems import Refused
from cleancut.server.settings import ServerSettings


def model_for(name: str, settings: ServerSettings) -> ModelSpec | None:
    """The model of that name, None for auto. Raises UnknownModel."""
    from cleancut.engines import model_of

    return None if name == AUTO else model_of(name, settings.core)


def default_name(settings: ServerSettings) -> str:
    """The model that is taken where a client names none, by its first name."""
    try:
        spec = model_for(settings.model, settings)
    except UnknownModel:
        return settings.model
    return spec.name if spec else AUTO


def identity(spec: ModelSpec | None, options: Options, settings: ServerSettings) -> str:
    """What a matte depends on beside the photo and the options: this version, the weights, the arithmetic. Blocks.

    Else what was kept before would be taken for what the same request gives now.
    """
    from cleancut.engines import model_of, options_for, precision_of, store_of

    store = store_of(settings.core)
    told = [__version__]
    for each in (spec,) if spec else tuple(model_of(name, settings.core) for name in choices(store)[:LOOKS]):
        weights = installed(each, store)
        precision = precision_of(each, options_for(each.name, options, settings.core), settings.core)
        told += [each.name, weights.sha256 if weights else "", precision]
    return " ".join(told)


def check_installed(spec: ModelSpec | None, settings: ServerSettings) -> None:
    """Refuse a model that would have to be fetched first: a client should not be able to fill the disk.

    The default model is the operator's own wish. Raises Refused (model_not_installed), LicenceNotAccepted. Blocks.
    """
    from cleancut.engines import model_of, store_of
    from cleancut.models import licences

    if (spec.name if spec else AUTO) == default_name(settings):
        return
    store = store_of(settings.core)
    asked = spec or model_of(choices(store)[0], settings.core)
    licences.check(asked, store)
    if installed(asked, store) is None:
        raise Refused(
            "model_not_installed",
            f"the weights of {asked.name} are not on this server",
            hint=f"choose one that /api/v1/models lists as installed, or run `cleancut models pull {asked.name}` there",
        )
