"""What holds for a running server: from the environment, and from the flags of ``cleancut serve`` before it."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from cleancut.errors import OptionError
from cleancut.options import Limits, Precision
from cleancut.outside.network import Network
from cleancut.settings import Settings, flag_in, number_in, read_settings

LogFormat = Literal["text", "json"]

# What the guides ask for, where strangers can reach the server.
EXPOSED_RATES = ("10/minute", "50/hour", "200/day")

# As a browser sends them: a name or an address, IPv6 in brackets.
_NAME = r"[a-z0-9._-]+|\[[0-9a-f:.]+\]"
_ORIGIN = rf"https?://(?:{_NAME})(?::[0-9]+)?"

Parse = Callable[[Mapping[str, str], str, Any], Any]


def _text(env: Mapping[str, str], name: str, default: Any) -> Any:
    return env.get(name, "").strip() or default


def _words(env: Mapping[str, str], name: str, default: Any) -> Any:
    words = tuple(word for word in env.get(name, "").replace(",", " ").replace(";", " ").split() if word)
    return words or default


def _count(env: Mapping[str, str], name: str, default: Any) -> Any:
    """A whole number, also 0."""
    return 0 if env.get(name, "").strip() == "0" else number_in(env, name, default)


def _rates(env: Mapping[str, str], name: str, default: Any) -> Any:
    """Windows such as ``10/minute;50/hour``; ``none`` for no limit."""
    text = env.get(name, "").strip().lower()
    if not text:
        return default
    if text == "none":
        return ()
    from limits import parse_many

    # One after the other, since limits itself takes other lines between them, and passes over what it cannot read.
    windows = tuple(each.strip() for each in text.replace(",", ";").split(";") if each.strip())
    try:
        usable = [item.amount > 0 for each in windows for (item,) in [parse_many(each)]]
    except ValueError:
        usable = []
    if not usable or not all(usable):
        raise OptionError(
            f"{name}={env[name]!r} is no list of rates", hint=f"set {name} like 10/minute;50/hour, or to none"
        )
    return windows


def _networks(env: Mapping[str, str], name: str, default: Any) -> Any:
    try:
        return tuple(ipaddress.ip_network(word) for word in _words(env, name, default))
    except ValueError as error:
        raise OptionError(
            f"{name}={env[name]!r} holds what is no network: {error}", hint=f"set {name} like 10.0.0.0/8"
        ) from None


def _proxies(env: Mapping[str, str], name: str, default: Any) -> Any:
    # A proxy's name would never be believed: a connection has an address alone. And who believes all, as `*` does,
    # lets every client choose its own address.
    _networks(env, name, default)
    return _words(env, name, default)


def _matching(form: str, example: str) -> Parse:
    def parse(env: Mapping[str, str], name: str, default: Any) -> Any:
        words = [word.lower().rstrip("/") for word in _words(env, name, default)]
        for word in words:
            if not re.fullmatch(form, word):
                raise OptionError(f"{name}: {word!r} cannot be used", hint=f"set {name} like {example}")
        return tuple(words)

    return parse


def _port(env: Mapping[str, str], name: str, default: Any) -> Any:
    text = env.get(name, "").strip() or str(default)
    if not text.isdecimal() or len(text) > len("65535") or int(text) > 65_535:
        raise OptionError(f"{name}={text!r} is no port", hint=f"set {name} to 1 to 65535, or 0 for any that is free")
    return int(text)


def _one_of(*choices: str) -> Parse:
    def parse(env: Mapping[str, str], name: str, default: Any) -> Any:
        value = env.get(name, "").strip() or default
        if value not in choices:
            raise OptionError(f"{name}={value!r} is not known", hint=f"choose one of {', '.join(choices)}")
        return value

    return parse


def _setting(default: Any, help: str, parse: Parse = number_in) -> Any:
    """A field that CLEANCUT_NAME sets."""
    return field(default=default, metadata={"help": help, "parse": parse})


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Settings of one server. Raises OptionError for a value that cannot be used."""

    core: Settings

    host: str = _setting("127.0.0.1", "address to listen on; beyond loopback keys are needed", _text)
    port: int = _setting(8000, "port to listen on", _port)
    # One picture in the model, one on its way there, one on its way out: more only take memory (batch/run.py).
    workers: int = _setting(3, "pictures worked on at a time")
    # On two cores and at 2 MP about half a minute of work: longer than that, and clients give up.
    waiting: int = _setting(
        16, "requests let in beside those, uploading or waiting for their turn; more get 503", _count
    )
    deadline: int = _setting(120, "seconds from a request's first byte to its answer")
    # Each costs a file descriptor, of which a process has 1024 by default, and kept files and models need some too.
    connections: int = _setting(500, "open connections; more are closed at once")
    patience: int = _setting(20, "seconds that a client may fall silent while sending or receiving")
    drain: int = _setting(30, "seconds that requests under way may still take after SIGTERM")
    allow_url: bool = _setting(False, "let clients name the picture's URL", flag_in)
    url_networks: tuple[Network, ...] = _setting(
        (), "networks inside which URLs may lie all the same, such as `10.1.0.0/16`", _networks
    )
    without_keys: bool = _setting(False, "serve beyond loopback although no key has been made", flag_in)
    allowed_hosts: tuple[str, ...] = _setting(
        (),
        "names by which the server is called, besides those of loopback",
        _matching(_NAME, "cut.example, without a port"),
    )
    origins: tuple[str, ...] = _setting(
        (),
        "origins of web pages that may call the API (CORS), such as `https://shop.example`",
        _matching(_ORIGIN, "https://shop.example"),
    )
    trusted_proxies: tuple[str, ...] = _setting(
        (), "addresses of proxies whose `X-Forwarded-For` and `-Proto` are believed", _proxies
    )
    rate_limits: tuple[str, ...] | None = _setting(
        None,
        "requests of one key, or of one address where there are no keys, `none` for no limit; unset: "
        f"`{';'.join(EXPOSED_RATES)}` where strangers reach the server, else no limit",
        _rates,
    )
    address_limits: tuple[str, ...] = _setting((), "requests of one address, whatever its keys", _rates)
    removebg_limits: tuple[str, ...] = _setting(
        ("500/minute",), "megapixels of one client's photos at `/v1.0/…`, each counting for one at least", _rates
    )
    credits: int | None = _setting(
        None,
        "credits that a key without a plan of its own has in a month at `/v1.0/…`; unset: any number",
        _count,
    )
    failure_limits: tuple[str, ...] = _setting(("10/minute",), "wrong keys from one address", _rates)
    build_page: bool = _setting(
        True, "in a clone, build the page when it is first needed, and again when `web/` has changed", flag_in
    )
    session_seconds: int = _setting(43_200, "seconds that a sign-in on the page holds")
    store: bool = _setting(True, "`0` keeps nothing once the answer is sent: no cache, no downloads", flag_in)
    store_folder: Path | None = _setting(
        None, "folder of what is kept for clients; unset: `server/store` in `CLEANCUT_HOME`", _text
    )
    # Some thousand cut-outs of 12 MP, with their photos.
    store_bytes: int = _setting(20_000_000_000, "most bytes kept; beyond it, what was used longest ago goes first")
    keep_seconds: int = _setting(3600, "seconds that mattes and results are kept")
    # Four of 20 MP, or two of 50; each click on another photo else waits for its decoder.
    recent_bytes: int = _setting(
        400_000_000, "most bytes of photos kept in memory for two minutes, while points grow on them"
    )
    model: str = _setting("isnet-general", "model where a client names none", _text)
    device: str = _setting("auto", "device that models run on: `auto`, `cpu`, `cuda` or `cuda:N`", _text)
    precision: Precision = _setting(
        "auto", "arithmetic of the models: `auto`, `fp32` or `int8`", _one_of("auto", "fp32", "int8")
    )
    loaded_models: int = _setting(4, "models kept in memory; a model in two precisions counts twice")
    guides_max_bytes: int = _setting(10_000_000, "most bytes of a picture at `/api/…`")
    guides_min_side: int = _setting(100, "fewest pixels a side at `/api/…`")
    guides_max_side: int = _setting(4000, "most pixels a side at `/api/…`")
    removebg_max_bytes: int = _setting(22_000_000, "most bytes of a picture at `/v1.0/…`")
    removebg_max_pixels: int = _setting(50_000_000, "most pixels of a picture at `/v1.0/…`")
    feedback_seconds: int = _setting(2_592_000, "seconds that pictures sent to `/v1.0/improve` are kept")
    v1_max_bytes: int = _setting(64_000_000, "most bytes of a picture at `/api/v1/…`")
    # Photos of "50 megapixels" have a little more: 8688 × 5792, 8192 × 6144.
    v1_max_pixels: int = _setting(52_000_000, "most pixels of a picture at `/api/v1/…`")
    database: str | None = _setting(
        None, "data base of jobs, as `postgresql://user:password@host/name`; unset: a file in `server/jobs`", _text
    )
    jobs_folder: Path | None = _setting(
        None,
        "folder of jobs' photos and results, which all servers and workers share; unset: `server/jobs/store` in "
        "`CLEANCUT_HOME`",
        _text,
    )
    job_workers: int = _setting(
        1, "pictures of jobs that this process makes at a time; `0` leaves them to `cleancut worker`", _count
    )
    metrics_port: int = _setting(0, "port of a worker's metrics, at `CLEANCUT_HOST`; 0 for none", _port)
    job_pictures: int = _setting(1000, "most pictures of one job")
    job_bytes: int = _setting(1_000_000_000, "most bytes of one job's photos, also unpacked")
    job_upload_seconds: int = _setting(3600, "seconds that sending a job may take")
    job_picture_seconds: int = _setting(300, "seconds that one picture of a job may take")
    job_seconds: int = _setting(86_400, "seconds that a job and its results are kept after its end")
    job_longest_seconds: int = _setting(604_800, "seconds after which what still waits of a job is given up")
    jobs_pictures: int = _setting(10_000, "pictures of one key's jobs that may wait")
    jobs_bytes: int = _setting(50_000_000_000, "most bytes of the photos of all jobs that are kept")
    webhook_networks: tuple[Network, ...] = _setting(
        (), "networks inside which webhooks may lie all the same, such as `10.1.0.0/16`", _networks
    )
    log_format: LogFormat = _setting("text", "`json` for one JSON object a line", _one_of("text", "json"))

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65_535:
            raise OptionError(f"--port: {self.port} is no port", hint="give 1 to 65535, or 0 for any that is free")
        if self.workers < 1:
            raise OptionError(f"--workers: {self.workers} is too few", hint="give at least 1")

    @property
    def folder(self) -> Path:
        """Where keys, secrets, the audit and what is kept for clients lie."""
        return self.core.home / "server"

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the server's socket."""
        return is_loopback(self.host)

    @property
    def exposed(self) -> bool:
        """Whether strangers reach it, by the socket or through a proxy."""
        return not self.on_loopback or bool(self.trusted_proxies or self.allowed_hosts)

    @property
    def rates(self) -> tuple[str, ...]:
        """Windows of one client: those set, else the guides' where strangers reach the server, else none."""
        if self.rate_limits is not None:
            return self.rate_limits
        return EXPOSED_RATES if self.exposed else ()

    @property
    def guides_limits(self) -> Limits:
        """What the guides' own routes accept."""
        return Limits(None, self.guides_max_bytes, self.guides_max_side, self.guides_min_side)

    @property
    def removebg_accepts(self) -> Limits:
        """What /v1.0 accepts."""
        return Limits(self.removebg_max_pixels, self.removebg_max_bytes)

    @property
    def v1_limits(self) -> Limits:
        """What /api/v1 accepts."""
        return Limits(self.v1_max_pixels, self.v1_max_bytes)


def is_loopback(host: str) -> bool:
    """Whether an address to bind is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def variable(name: str) -> str:
    """The variable that sets a field: ``keep_seconds`` → ``CLEANCUT_KEEP_SECONDS``."""
    return f"CLEANCUT_{name.upper()}"


def read_server_settings(environment: Mapping[str, str] | None = None, **flags: Any) -> ServerSettings:
    """Settings from the environment, and before it from those of ``flags`` that are not None. Raises OptionError."""
    env = os.environ if environment is None else environment
    values = {
        each.name: each.metadata["parse"](env, variable(each.name), each.default)
        for each in fields(ServerSettings)
        if each.name != "core"
    }
    values |= {name: value for name, value in flags.items() if value is not None}
    for name in ("store_folder", "jobs_folder"):
        if values[name] is not None:
            values[name] = Path(values[name]).expanduser().absolute()
    return ServerSettings(core=read_settings(environment), **values)
