"""What Prometheus is told. A step's label is the step's name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

# From a step of a small photo to the deadline.
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_LAG = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1)
_LOOK_EVERY_S = 0.02


class Metrics:
    """The metrics of one server, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.requests = Counter(
            "cleancut_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "cleancut_request_seconds", "From a request's head to its answer's end.", ["route"],
            buckets=_SECONDS, registry=self.registry,
        )  # fmt: skip
        self.steps = Histogram(
            "cleancut_step_seconds", "Time of a pipeline step; queue is the wait for a turn.", ["step"],
            buckets=_SECONDS, registry=self.registry,
        )  # fmt: skip
        self.refusals = Counter("cleancut_refusals", "Refused requests, by code.", ["code"], registry=self.registry)
        self.cache = Counter(
            "cleancut_cache", "Mattes and pictures asked for: hit, miss, or joined to one under way.",
            ["what", "found"], registry=self.registry,
        )  # fmt: skip
        self.runs = Counter(
            "cleancut_model_runs", "Mattes estimated.", ["model", "device", "precision"], registry=self.registry
        )
        self.pictures = Counter(
            "cleancut_job_pictures", "Pictures of jobs that have ended here.", ["state"], registry=self.registry
        )
        self.messages = Counter(
            "cleancut_webhook_attempts", "Attempts to bring a message: delivered, waiting for another, given_up.",
            ["state"], registry=self.registry,
        )  # fmt: skip
        self.pictures_waiting, self.pictures_running = (
            Gauge(f"cleancut_job_pictures_{state}", f"Pictures of all jobs that are {state}.", registry=self.registry)
            for state in ("waiting", "running")
        )
        self.lag = Histogram(
            "cleancut_event_loop_lag_seconds", "How late the event loop is.", buckets=_LAG, registry=self.registry
        )
        self.ready = Gauge("cleancut_ready", "1 once the default model has run.", registry=self.registry)

    def watch(self, name: str, help: str, value: Callable[[], float]) -> None:
        """A gauge whose value is asked for at each scrape."""
        Gauge(name, help, registry=self.registry).set_function(value)

    def steps_taken(self, timings: Mapping[str, float]) -> None:
        """Count steps; ``timings`` in milliseconds."""
        for step, spent in timings.items():
            self.steps.labels(step).observe(spent / 1000)

    def ran(self, model: str, device: str, precision: str) -> None:
        """Count a matte."""
        self.runs.labels(model, device, precision).inc()

    def picture_ended(self, state: str) -> None:
        """Count a picture of a job."""
        self.pictures.labels(state).inc()

    def message_attempted(self, state: str) -> None:
        """Count an attempt to bring a message to a webhook."""
        self.messages.labels(state).inc()

    def pictures_left(self, waiting: int, running: int) -> None:
        """Note what is left of all jobs."""
        self.pictures_waiting.set(waiting)
        self.pictures_running.set(running)

    def shown(self) -> bytes:
        """All of it, in Prometheus' text format."""
        return generate_latest(self.registry)

    async def watch_the_loop(self) -> None:
        """Measure for ever how late the event loop is."""
        while True:
            due = time.perf_counter() + _LOOK_EVERY_S
            await asyncio.sleep(_LOOK_EVERY_S)
            self.lag.observe(max(0.0, time.perf_counter() - due))
