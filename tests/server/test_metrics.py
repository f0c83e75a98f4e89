"""What Prometheus is told."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families as families

import cleancut.steps
from cleancut.server.problems import REFUSALS
from tests.fakes.engines import Failing
from tests.server.busy import (
    CUT,
    GUIDES,
    a_photo,
    asked,
    calling,
    gated,
    idle,
    replace_model,
    uploading,
    waits_for_answers,
    wanted,
)
from tests.server.conftest import Running, Start
from tests.server.wire import ask, request, until

Labels = tuple[tuple[str, str], ...]


class Told:
    """One scrape."""

    def __init__(self, server: Running) -> None:
        answer = server.http.get("/metrics")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        self.families = list(families(answer.text))
        samples = [sample for family in self.families for sample in family.samples]
        self.values: dict[tuple[str, Labels], float] = {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in samples
        }

    def __call__(self, name: str, **labels: str) -> float:
        """A value; 0 where there is none, as Prometheus takes it."""
        return self.values.get((name, tuple(sorted(labels.items()))), 0)

    def labels(self, name: str, label: str) -> set[str]:
        """All values of a label."""
        return {dict(labels)[label] for each, labels in self.values if each == name}


def steps_there_are() -> set[str]:
    return {each.name for each in pkgutil.iter_modules(cleancut.steps.__path__)}


def test_requests_are_counted_by_method_route_and_status(server: Running) -> None:
    for _ in range(3):
        server.http.get("/livez")
    server.http.post(CUT, files={"image": b"no picture"})
    told = Told(server)
    assert told("cleancut_requests_total", method="GET", route="/livez", status="200") == 3
    assert told("cleancut_requests_total", method="POST", route=CUT, status="415") == 1
    assert told("cleancut_request_seconds_count", route="/livez") == 3
    assert told("cleancut_request_seconds_count", route=CUT) == 1


def test_labels_are_routes_and_never_what_clients_make_up(server: Running, picture: bytes) -> None:
    name = server.http.post(CUT, files={"image": picture}).headers["content-location"].rpartition("/")[2]
    for path in (f"/api/v1/results/{name}", f"/api/download/{name}", f"/api/v1/mattes/{name[:32]}"):
        assert server.http.get(path).status_code == 200
    for number in range(5):
        server.http.get(f"/made-up-{number}")
        server.http.get(f"/api/v1/results/made-up-{number}")
        server.http.get(f"/api/v1/mattes/made-up-{number}/photo?made-up")
        server.http.request("DELETE", f"/made-up-{number}")
        ask(server.port, request(f"MADEUP{number}", "/livez"))
        ask(server.port, request("GET", "/livez", f"Host: made-up-{number}", host=None))
    server.http.get("/livez")
    told = Told(server)
    known = {getattr(route, "path", "") for route in server.server.app.routes}
    routes = told.labels("cleancut_requests_total", "route")
    assert {"/api/v1/results/{name}", "/api/download/{filename}", "/api/v1/mattes/{id}", "none"} <= routes
    assert told.labels("cleancut_request_seconds_count", "route") == routes
    assert not any("made-up" in route or name in route for route in routes)
    assert len(routes) <= len(known) + 20
    assert told.labels("cleancut_requests_total", "method") <= {"GET", "POST", "DELETE", "other"}
    assert told("cleancut_requests_total", method="GET", route="none", status="404") == 5
    text = server.http.get("/metrics").text
    assert "made-up" not in text
    assert "MADEUP" not in text
    assert name[:32] not in text


def test_every_step_has_its_time_under_its_own_name(server: Running, picture: bytes) -> None:
    matte = server.http.post("/api/v1/mattes", files={"image": picture}).json()
    strokes = '[{"action": "add", "points": [[3, 3]], "radius": 3}]'
    made = server.http.post(matte["pictures"], files={"strokes": (None, strokes)})
    assert made.status_code == 201, made.text
    told = Told(server)
    steps = told.labels("cleancut_step_seconds_count", "step")
    assert steps - {"queue", "paint"} <= steps_there_are()
    assert {"queue", "probe", "validate", "decode", "preprocess", "infer", "refine", "adjust", "encode"} <= steps
    assert told("cleancut_step_seconds_count", step="infer") >= 1
    assert told("cleancut_step_seconds_count", step="encode") == 1
    dur = re.search(r"encode;dur=([\d.]+)", made.headers["server-timing"])
    assert dur
    assert told("cleancut_step_seconds_sum", step="encode") == pytest.approx(float(dur[1]) / 1000, abs=1e-4)
    assert told("cleancut_step_seconds_count", step="queue") == 2


def test_a_step_is_counted_once_however_many_wait_for_it(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = start(workers=2)
    gate = gated(monkeypatch)
    with calling(server, gate) as callers:
        answers = [callers.cut(a_photo(0), path) for path in (CUT, CUT, GUIDES)]
        until(lambda: sorted(waits_for_answers(server)) == [1, 2], "all wait")
        gate.go_on.set()
        assert {each.result().status_code for each in answers} == {200}
    told = Told(server)
    assert told("cleancut_step_seconds_count", step="infer") == 1
    assert told("cleancut_step_seconds_count", step="encode") == 2
    assert told("cleancut_model_runs_total", model="fake", device="cpu", precision="fp32") == 1
    assert told("cleancut_cache_total", what="picture", found="miss") == 2
    assert told("cleancut_cache_total", what="picture", found="joined") == 1


def test_what_was_kept_is_told_as_a_hit(server: Running, picture: bytes) -> None:
    for _ in range(3):
        assert server.http.post(CUT, files={"image": picture}).status_code == 200
        assert server.http.post("/api/v1/mattes", files={"image": picture}).status_code == 201
    told = Told(server)
    assert told("cleancut_cache_total", what="picture", found="miss") == 1
    assert told("cleancut_cache_total", what="picture", found="hit") == 2
    assert told("cleancut_cache_total", what="matte", found="hit") == 3
    assert told("cleancut_model_runs_total", model="tiny", device="cpu", precision="fp32") == 1


def test_how_many_are_worked_on_and_wait(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = start(workers=1)
    assert (Told(server)("cleancut_working"), Told(server)("cleancut_waiting")) == (0, 0)
    gate = gated(monkeypatch)
    with calling(server, gate) as callers:
        for number in range(3):
            callers.cut(a_photo(number))
        until(lambda: gate.begun == 1 and wanted(server) == 3, "one is worked on, two wait")
        with uploading(server, a_photo(4)):
            until(lambda: server.service.admission.inside == 4, "one uploads")
            told = Told(server)
            assert told("cleancut_working") == 1
            assert told("cleancut_waiting") == 3
    until(lambda: idle(server), "all are done")
    assert (Told(server)("cleancut_working"), Told(server)("cleancut_waiting")) == (0, 0)


def test_refusals_are_counted_by_their_code(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = start(workers=1, waiting=0, rate_limits=("5/hour",))

    def refusals(code: str) -> float:
        return Told(server)("cleancut_refusals_total", code=code)

    server.http.post(CUT, files={"image": b"no picture"})
    server.http.post(CUT)
    server.http.get("/nowhere")
    server.http.put("/livez")
    server.http.get("/livez", headers={"Host": "example.org"})
    server.http.get("/livez", headers={"Origin": "https://example.org"})
    with asked(server, a_photo(0)):
        until(lambda: server.service.admission.inside == 1, "it is inside")
    until(lambda: idle(server), "it has gone")
    with uploading(server, a_photo(0)):
        until(lambda: server.service.admission.inside == 1, "it is inside")
        server.http.post(CUT, files={"image": a_photo(0)})
    until(lambda: idle(server), "it has gone")
    with monkeypatch.context() as patch:
        replace_model(patch, Failing(ZeroDivisionError()))
        server.http.post(CUT, files={"image": a_photo(1)})
    server.http.post(CUT, files={"image": a_photo(1)})
    once = (
        "not_an_image", "invalid_value", "not_found", "method_not_allowed", "wrong_host", "foreign_page", "server_full",
        "internal_error", "rate_limited",
    )  # fmt: skip
    assert {code: refusals(code) for code in once} == dict.fromkeys(once, 1)
    assert refusals("client_gone") >= 1
    told = Told(server)
    assert told.labels("cleancut_refusals_total", "code") <= {*REFUSALS, "not_an_image"}
    assert told("cleancut_requests_total", method="POST", route=CUT, status="499") >= 1


def test_the_process_and_its_event_loop_are_watched(server: Running) -> None:
    until(lambda: Told(server)("cleancut_event_loop_lag_seconds_count") > 3, "the loop was looked at")
    told = Told(server)
    assert told("cleancut_event_loop_lag_seconds_sum") >= 0
    assert told("process_resident_memory_bytes") > 10_000_000
    assert told("process_open_fds") > 3
    assert told("cleancut_ready") == 1
    named = {family.name.removesuffix("_created") for family in told.families if family.name.startswith("cleancut")}
    assert named == {
        "cleancut_requests", "cleancut_request_seconds", "cleancut_step_seconds", "cleancut_refusals", "cleancut_cache",
        "cleancut_model_runs", "cleancut_event_loop_lag_seconds", "cleancut_ready", "cleancut_working",
        "cleancut_waiting", "cleancut_webhook_attempts", "cleancut_job_pictures", "cleancut_job_pictures_waiting",
        "cleancut_job_pictures_running",
    }  # fmt: skip
    assert all(family.documentation for family in told.families)


def test_it_is_not_ready_before_its_model_has_run(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = gated(monkeypatch)
    server = start(ready=False)
    assert Told(server)("cleancut_ready") == 0
    gate.go_on.set()
    until(lambda: Told(server)("cleancut_ready") == 1, "it is ready")


def test_two_servers_of_one_process_count_apart(start: Start) -> None:
    one, other = start(), start()
    one.http.get("/livez")
    assert Told(one)("cleancut_requests_total", method="GET", route="/livez", status="200") == 1
    assert Told(other)("cleancut_requests_total", method="GET", route="/livez", status="200") == 0


def test_the_names_of_steps_are_those_of_their_functions() -> None:
    for name in steps_there_are():
        assert callable(getattr(importlib.import_module(f"cleancut.steps.{name}"), name)), name
