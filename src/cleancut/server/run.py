"""From settings to a server that listens, until it is told to stop."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from types import FrameType

import structlog
import uvicorn

from cleancut.engines import on_cpu
from cleancut.errors import OptionError
from cleancut.server.app import create_app
from cleancut.server.building import built_beside
from cleancut.server.connections import KEEP_ALIVE_S, patient
from cleancut.server.keys import Keys, keys_file
from cleancut.server.models import model_for
from cleancut.server.service import Service
from cleancut.server.settings import ServerSettings

# Connections that wait to be accepted: more than this, and the kernel lets the clients try again.
_BACKLOG = 256

# More than connections and jobs on their way in ever take.
_FILES = 16_384

# A step of the largest photos takes about as long, and none can be stopped half-way.
LAST_STEP_S = 5.0


def serve(settings: ServerSettings, listening: Callable[[str], None]) -> None:
    """Serve until SIGTERM; ``listening`` is told the address.

    Raises OptionError, ModelError, Unwritable; KeyboardInterrupt after SIGINT. Whatever hangs, the process has ended
    ``drain`` and a few seconds after the signal.
    """
    check_exposure(settings)
    check_model(settings)
    _allow_files()
    with bind(settings.host, settings.port) as bound:
        server = Server(settings, alone=True)
        host, port = bound.getsockname()[:2]
        listening(f"http://{f'[{host}]' if ':' in host else host}:{port}")
        with built_beside(server.app.state.page) if settings.build_page else nullcontext():
            server.run(sockets=[bound])
    if server.interrupted:
        raise KeyboardInterrupt


def _allow_files() -> None:
    """Have as many files open as this process may: each connection is one, and each photo on its way in."""
    try:
        import resource
    except ImportError:
        return  # Windows has no such limit.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def check_exposure(settings: ServerSettings) -> None:
    """Refuse to let strangers in without keys. Raises OptionError."""
    if not settings.exposed or settings.without_keys or Keys(keys_file(settings.core.home)):
        return
    how = f"--host {settings.host}" if not settings.on_loopback else "a trusted proxy or an allowed host"
    raise OptionError(
        f"{how} lets other machines reach the server, and no key has been made",
        hint="make one by `cleancut keys make NAME`, or say --without-keys if everybody may use it",
    )


def check_model(settings: ServerSettings) -> None:
    """Refuse names that no waiting makes right; such a server would never be ready. Raises OptionError, ModelError."""
    model_for(settings.model, settings)
    # Finding out what auto is takes longer than the rest of the start.
    if settings.device != "auto":
        on_cpu(settings.device)


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens at an address. Raises OptionError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with ExitStack() as unless_it_goes_well:
            bound = unless_it_goes_well.enter_context(socket.socket(family, kind, protocol))
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
            # Now, since two servers may be bound to one port as long as neither listens.
            bound.listen(_BACKLOG)
            unless_it_goes_well.pop_all()
            return bound
    except (OSError, UnicodeError) as error:
        raise OptionError(
            f"cannot listen on {host}:{port}: {getattr(error, 'strerror', None) or error}",
            hint="choose another --port or --host",
        ) from error


class Server(uvicorn.Server):
    """uvicorn, which refuses new requests from the moment it is told to stop.

    ``alone``: the process is the server's, and is ended with it even if something hangs.
    """

    def __init__(self, settings: ServerSettings, alone: bool = False) -> None:
        self.interrupted = False
        self._longest = settings.drain + LAST_STEP_S if alone else None
        self.app = create_app(settings)
        proxies = list(settings.trusted_proxies)
        config = uvicorn.Config(
            self.app,
            http=patient(settings.patience, settings.connections),
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=proxies or "127.0.0.1",
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=settings.drain,
            backlog=_BACKLOG,
        )
        super().__init__(config)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGINT, SIGTERM. A second SIGINT waits for nothing.

        uvicorn's own would raise the signal again when all is done: whoever stops a service by SIGTERM would be told
        that it failed.
        """
        service: Service = self.app.state.service
        service.admission.closed = service.sending.closed = True
        self.interrupted = self.interrupted or sig == signal.SIGINT
        self.force_exit = self.force_exit or (self.should_exit and sig == signal.SIGINT)
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let requests under way end; those that do not within ``drain`` are told that the server stops."""
        if self._longest is not None:
            end_after(self._longest)
        await super().shutdown(sockets)
        if self.force_exit:
            # uvicorn leaves it at that; but a request can still be told, and a folder be cleaned.
            for task in self.server_state.tasks:
                task.cancel()
            await self.lifespan.shutdown()
            if self._longest is not None:
                end_after(1)


def end_after(seconds: float) -> None:
    """End the process then, if it still is there: Python would wait for all threads, and so for a model that hangs."""

    def end() -> None:
        structlog.get_logger().error("stopped, with work under way that did not end")
        os._exit(1)

    last = threading.Timer(seconds, end)
    last.daemon = True
    last.start()
