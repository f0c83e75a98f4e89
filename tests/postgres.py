"""A PostgreSQL of the tests' own."""

from __future__ import annotations

import os
import random
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from signal import SIGKILL, SIGQUIT

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from tests.processes import children

# Postgres' own user on Debian: its server refuses to run as root.
_USER = "postgres"

# Below the ports that a system gives to whoever asks for any (from 32768 on Linux, from 49152 elsewhere): a stopped
# server finds its own free again, and a client that calls it meanwhile cannot be connected to itself.
_PORTS = range(15_000, 32_000)

# initdb is done by then, and the server answers, on a machine that is busy with all other tests.
_DEADLINE = 60.0

# The server itself kills whoever does not end within 5 seconds.
_ENDS_S = 10.0

# Reads until its starter closes the pipe or is no more, and clears away. The server removes its pid file as it ends,
# and kills what does not follow within 5 seconds; the pauses are longer than that.
_WATCHER = """
read -r _
pids=$1/data/postmaster.pid
if pid=$(head -n 1 "$pids") && kill -s QUIT "$pid"; then
    for pause in 0.1 0.2 0.4 0.8 1.6 3.2 6.4; do [ -e "$pids" ] && sleep $pause; done
fi
rm -rf "$1"
"""


class Postgres:
    """A cluster of its own on a free loopback port, with a password; started and stopped by pid.

    It ends, and its folder goes, with ``close`` or with the process that made it, even a killed one.
    """

    def __init__(self, *, durable: bool = False) -> None:
        """``durable``: a commit is on the disk, as in earnest; otherwise all is lost with the machine's power."""
        self.durable = durable
        self.port = _free_port()
        self.password = secrets.token_hex(16)
        # Not TMPDIR or pytest's folder: the server's user must be able to get there, and a socket's path be short.
        self.folder = Path(tempfile.mkdtemp(prefix="cleancut-postgres-", dir="/tmp"))
        self._user = _USER if os.geteuid() == 0 else None
        self._own(self.folder)
        self._data = self.folder / "data"
        self._log = self.folder / "log"
        self._server: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)
        self._watcher = self._popen("sh", "-c", _WATCHER, "sh", str(self.folder), stdin=subprocess.PIPE)

    def start(self) -> None:
        """Answer, on the same port and data as before; nothing if it does already."""
        if self._server and self._server.poll() is None:
            return
        if not self._data.exists():
            self._initialise()
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self.folder,
            "max_connections": 100,
            # A test's rows are few, and each worker has a cluster.
            "shared_buffers": "16MB",
        }
        if not self.durable:
            # Not synchronous_commit: without it, a commit is lost with the server, and not only with the machine.
            settings |= {"fsync": "off", "full_page_writes": "off"}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self._server = self._popen(_command("postgres"), "-D", str(self._data), *words)
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Be gone at once, as after a crash: whoever is connected is cut off, and what was committed is kept."""
        if self._server:
            self._server.send_signal(SIGQUIT)
            try:
                self._server.wait(_ENDS_S)
            except subprocess.TimeoutExpired:
                # It waits a minute for a client that connected just now and has not said a word.
                for child in children(self._server.pid):
                    with suppress(ProcessLookupError):
                        os.kill(child, SIGKILL)
                self._server.wait(_DEADLINE)
            self._server = None

    def database(self) -> str:
        """Make a new empty database; its URL."""
        name = f"test_{next(self._numbers)}"
        self._say("CREATE DATABASE {}", name)
        return self._url(name)

    def drop(self, url: str) -> None:
        """Remove a database, and cut off whoever is connected to it."""
        self._say("DROP DATABASE {} WITH (FORCE)", url.rpartition("/")[2])

    def close(self) -> None:
        """Stop, and remove everything."""
        self.stop()
        self._watcher.communicate()

    def _initialise(self) -> None:
        secret = self.folder / "password"
        secret.write_text(self.password)
        self._own(secret)
        words = ["--pgdata", str(self._data), "--username", "app", "--pwfile", str(secret), "--auth", "scram-sha-256"]
        words += ["--encoding", "UTF8", "--no-locale", "--no-instructions", "--no-sync"]
        with self._popen(_command("initdb"), *words) as process:
            try:
                code = process.wait(_DEADLINE)
            finally:
                process.kill()
        if code:
            raise RuntimeError(f"initdb ended with {code}: {self._log.read_text()}")

    def _wait(self) -> None:
        assert self._server
        until = time.monotonic() + _DEADLINE
        while True:
            try:
                psycopg.connect(self._url("postgres"), connect_timeout=int(_DEADLINE)).close()
                return
            except psycopg.OperationalError as error:
                if self._server.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"PostgreSQL does not answer: {error}: {self._log.read_text()}") from error
            time.sleep(0.02)

    def _popen(self, *words: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        """As a user that is not root, out of reach of the terminal's Ctrl-C, and with no setting of this machine's."""
        with self._log.open("ab") as log:
            return subprocess.Popen(
                words,
                stdin=stdin,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"},
                user=self._user,
                group=self._user,
                extra_groups=[] if self._user else None,
                start_new_session=True,
            )

    def _own(self, path: Path) -> None:
        if self._user:
            shutil.chown(path, self._user, self._user)

    def _url(self, name: str) -> str:
        return f"postgresql://app:{self.password}@127.0.0.1:{self.port}/{name}"

    def _say(self, words: str, name: str) -> None:
        # In no transaction: databases are made and dropped outside of any.
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(SQL(words).format(Identifier(name)))


def postgres_or_skip(*, durable: bool = False) -> Postgres:
    """A started one; where it is not installed, the test is skipped, and in CI fails."""
    if find("initdb") is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is missing: scripts/components installs it")
        pytest.skip("POSTGRESQL IS NOT TESTED: scripts/components installs it")
    made = Postgres(durable=durable)
    try:
        made.start()
    except BaseException:
        made.close()
        raise
    return made


def find(name: str) -> str | None:
    """One of the server's commands: on PATH, or where Debian puts them, of the newest version."""
    debian = sorted(Path("/usr/lib/postgresql").glob("[0-9]*/bin"), key=lambda folder: -float(folder.parent.name))
    return shutil.which(name, path=os.pathsep.join([os.environ["PATH"], *map(str, debian)]))


def _command(name: str) -> str:
    found = find(name)
    assert found, f"{name} is missing: scripts/components installs it"
    return found


def _free_port() -> int:
    while True:
        port = random.choice(_PORTS)
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
