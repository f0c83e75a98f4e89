"""All parts of one server, put together from its settings."""

from __future__ import annotations

from dataclasses import dataclass

from cleancut.jobs.desk import Desk
from cleancut.server.admission import Admission
from cleancut.server.arrivals import PLACES, Arrivals
from cleancut.server.auth import Auth, secret_in
from cleancut.server.crew import desk_of
from cleancut.server.cutouts import Cutouts
from cleancut.server.keys import Keys, keys_file
from cleancut.server.limits import Rates
from cleancut.server.metrics import Metrics
from cleancut.server.recent import Recent
from cleancut.server.removebg.credits import Ledger
from cleancut.server.settings import ServerSettings
from cleancut.server.streams import Streams
from cleancut.server.work import Threads, Workers
from cleancut.storage.local import LocalStorage

# Questions to the data base of jobs at a time.
_ASKING = 16


@dataclass(slots=True)
class Service:
    """What the routes work with."""

    settings: ServerSettings
    auth: Auth
    rates: Rates
    admission: Admission
    workers: Workers
    storage: LocalStorage
    cutouts: Cutouts
    recent: Recent
    """Photos in memory that points grow on."""
    metrics: Metrics
    ledger: Ledger
    desk: Desk
    sending: Arrivals
    """For jobs on their way in."""
    receiving: Threads
    """For what is done with them."""
    asking: Threads
    """For questions to the data base of jobs."""
    streams: Streams
    """Of those who watch jobs."""
    not_ready: str | None = "the model has not been loaded yet"
    """Why requests would have to wait or fail; None once the default model has run."""
    device: str = ""
    """Where the default model runs, once it has."""


def service_of(settings: ServerSettings) -> Service:
    """A server's parts. Raises OptionError, Unwritable."""
    secret = secret_in(settings.folder / "secret")
    metrics, rates = Metrics(), Rates()
    admission = Admission(settings.workers, settings.waiting)
    workers = Workers(settings.workers)
    storage = LocalStorage(settings.store_folder or settings.folder / "store", settings.store_bytes)
    recent = Recent(settings.recent_bytes)
    cutouts = Cutouts(settings, storage, workers, admission, metrics, secret, recent)
    ledger = Ledger(settings.folder / "credits.sqlite")
    auth = Auth(settings, Keys(keys_file(settings.core.home)), rates, secret)
    metrics.watch("cleancut_working", "Requests being worked on.", lambda: admission.working)
    metrics.watch("cleancut_waiting", "Requests that upload or wait for their turn.", lambda: admission.waiting)
    desk = desk_of(settings)
    sending = Arrivals()
    receiving, asking = Threads(PLACES, "receiving"), Threads(_ASKING, "asking")
    # The other connections are for all else.
    streams = Streams(max(1, settings.connections // 2))
    return Service(
        settings, auth, rates, admission, workers, storage, cutouts, recent, metrics, ledger, desk, sending, receiving,
        asking, streams,
    )  # fmt: skip
