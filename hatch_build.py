"""How a wheel is made: hatchling's way, with the page built into it before.

An editable install builds nothing and needs no Node: there, `cleancut serve` builds the page when it is first shown.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.build import (
    build_editable,
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
)
from hatchling.build import build_wheel as _build_wheel
from hatchling.build import get_requires_for_build_wheel as _requires_for_wheel

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]


def get_requires_for_build_wheel(config_settings: dict[str, Any] | None = None) -> list[str]:
    """Hatchling's own, and Node as a package where the system has none that is new enough."""
    import make

    needed: list[str] = _requires_for_wheel(config_settings)
    return needed if make.find_node() else [*needed, make.NODE_PACKAGE]


def build_wheel(
    wheel_directory: str, config_settings: dict[str, Any] | None = None, metadata_directory: str | None = None
) -> str:
    """Build the page, then the wheel."""
    import make

    if make.main([]) != 0:
        # It has said why, which a traceback would only hide.
        sys.exit(1)
    name: str = _build_wheel(wheel_directory, config_settings, metadata_directory)
    return name


# Whoever wants to know a package's dependencies needs no page; and hatchling has no such hooks where pip asks.
def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: dict[str, Any] | None = None) -> str:
    """The wheel's metadata. No page is built."""
    return _metadata(_build_wheel, metadata_directory, config_settings)


def prepare_metadata_for_build_editable(metadata_directory: str, config_settings: dict[str, Any] | None = None) -> str:
    """An editable install's metadata."""
    return _metadata(build_editable, metadata_directory, config_settings)


def _metadata(build: Callable[..., str], folder: str, config_settings: dict[str, Any] | None) -> str:
    """Build a wheel for its metadata alone, in a third of a second; its folder's name."""
    with TemporaryDirectory() as made, zipfile.ZipFile(Path(made, build(made, config_settings))) as wheel:
        told = [name for name in wheel.namelist() if ".dist-info/" in name and not name.endswith("/RECORD")]
        wheel.extractall(folder, told)
    return told[0].partition("/")[0]
