"""The one reader of the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cleancut.errors import OptionError
from cleancut.options import Limits

_YES = ("1", "true", "yes", "on")
_NETWORK = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE")
_NO = ("0", "false", "no", "off")


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for a whole process; each shell takes its part."""

    home: Path
    """CLEANCUT_HOME: weights and caches; by default a folder in the platform's cache folder."""
    mirror: str | None = None
    """CLEANCUT_MODEL_MIRROR: a URL or folder that is asked for NAME.onnx before all other sources."""
    commercial_only: bool = False
    """CLEANCUT_COMMERCIAL_ONLY: refuse models whose licence rules out commercial use."""
    threads: int | None = None
    """CLEANCUT_THREADS: threads of one inference; by default all cores that this process may use."""
    keep_memory: bool = True
    """CLEANCUT_KEEP_MEMORY: keep freed memory for the next photo; by default unless the environment tunes malloc."""
    make_int8: bool = True
    """CLEANCUT_INT8: after the first photo, make the model in integers in the background; by default yes."""
    network: Mapping[str, str] = field(default_factory=dict)
    """Proxies and certificates, as far as they are set, in either case: for `doctor` to show."""
    limits: Limits = field(default_factory=Limits)
    """CLEANCUT_MAX_PIXELS, CLEANCUT_MAX_BYTES, CLEANCUT_MAX_SIDE, CLEANCUT_MIN_SIDE."""


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment. Raises OptionError that names the variable."""
    env = os.environ if environment is None else environment
    default = Limits()
    return Settings(
        home=_home(env),
        mirror=env.get("CLEANCUT_MODEL_MIRROR") or None,
        commercial_only=flag_in(env, "CLEANCUT_COMMERCIAL_ONLY"),
        threads=number_in(env, "CLEANCUT_THREADS", None),
        keep_memory=flag_in(env, "CLEANCUT_KEEP_MEMORY", not _tuned(env)),
        make_int8=flag_in(env, "CLEANCUT_INT8", True),
        network={name: value for name in _NETWORK if (value := env.get(name) or env.get(name.lower()))},
        limits=Limits(
            max_pixels=number_in(env, "CLEANCUT_MAX_PIXELS", default.max_pixels),
            max_bytes=number_in(env, "CLEANCUT_MAX_BYTES", default.max_bytes),
            max_side=number_in(env, "CLEANCUT_MAX_SIDE", default.max_side),
            min_side=number_in(env, "CLEANCUT_MIN_SIDE", default.min_side) or default.min_side,
        ),
    )


def with_variables(**changes: str) -> dict[str, str]:
    """The environment of a process that is begun with other settings."""
    return {**os.environ, **changes}


def _home(env: Mapping[str, str]) -> Path:
    given = env.get("CLEANCUT_HOME")
    if given:
        return Path(given).expanduser().absolute()
    from platformdirs import user_cache_path

    return user_cache_path("cleancut", appauthor=False)


def _tuned(env: Mapping[str, str]) -> bool:
    """Whether somebody has set up glibc's malloc already."""
    return any(name.startswith("MALLOC_") or name == "GLIBC_TUNABLES" for name in env)


def flag_in(env: Mapping[str, str], name: str, default: bool = False) -> bool:
    """A yes or no of the environment. Raises OptionError that names the variable."""
    value = env.get(name, "").strip().lower()
    if not value:
        return default
    if value in _YES:
        return True
    if value in _NO:
        return False
    raise OptionError(f"{name}={env[name]!r} is neither yes nor no", hint=f"set {name} to 1 or 0")


def number_in(env: Mapping[str, str], name: str, default: int | None) -> int | None:
    """A whole number above 0 of the environment. Raises OptionError that names the variable."""
    value = env.get(name, "").strip()
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        number = 0
    if number < 1:
        raise OptionError(f"{name}={value!r} is no whole number above 0", hint=f"correct {name}, or unset it")
    return number
