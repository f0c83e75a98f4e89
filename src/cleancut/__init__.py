"""Turn a photo into a cut-out with a true alpha matte.

>>> import cleancut
>>> png = cleancut.remove(open("photo.jpg", "rb").read())        # doctest: +SKIP
>>> remover = cleancut.Remover(background="white", format="jpg")  # doctest: +SKIP

The names below are loaded when they are first used, so that importing cleancut costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleancut._version import __version__

if TYPE_CHECKING:
    from cleancut.errors import (
        CleancutError,
        InputError,
        ModelError,
        NoSubject,
        OptionError,
        OutputError,
    )
    from cleancut.models.spec import ModelSpec
    from cleancut.options import Options
    from cleancut.remover import Remover, estimate_matte, remove, render, unload
    from cleancut.steps.encode import encode
    from cleancut.types import Matte, Picture, Result

_HOME = {
    "CleancutError": "errors",
    "InputError": "errors",
    "ModelError": "errors",
    "NoSubject": "errors",
    "OptionError": "errors",
    "OutputError": "errors",
    "ModelSpec": "models.spec",
    "Options": "options",
    "Remover": "remover",
    "estimate_matte": "remover",
    "remove": "remover",
    "render": "remover",
    "unload": "remover",
    "encode": "steps.encode",
    "Matte": "types",
    "Picture": "types",
    "Result": "types",
}

__all__ = [
    "CleancutError",
    "InputError",
    "Matte",
    "ModelError",
    "ModelSpec",
    "NoSubject",
    "OptionError",
    "Options",
    "OutputError",
    "Picture",
    "Remover",
    "Result",
    "__version__",
    "encode",
    "estimate_matte",
    "remove",
    "render",
    "unload",
]


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name not in _HOME:
        raise AttributeError(f"module 'cleancut' has no attribute {name!r}")
    return getattr(import_module(f"cleancut.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
