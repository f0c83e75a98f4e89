"""What is kept for a key: all of it to take away, or gone at once."""

from __future__ import annotations

import json
import time
from datetime import datetime
from io import BytesIO
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from cleancut.jobs import messages, views
from cleancut.server import audit
from tests.fakes.tiny_model import photo
from tests.pictures import saved
from tests.server.calls import cut, expire, key, matte_of, objects, picture_of, refused
from tests.server.conftest import Running, Start

# There is always so much, and nothing of anybody.
NOTHING = {"audit.json", "webhooks.json"}

HOOK = "http://127.0.0.1:9/hook"


def sent(server: Running, who: dict[str, str], *photos: bytes, **fields: str) -> dict[str, Any]:
    """A job of these photos, once it has ended."""
    files = [("image", (f"{number}.png", each)) for number, each in enumerate(photos, 1)]
    answer = server.http.post("/api/v1/jobs", headers=who, files=files, data=fields)
    assert answer.status_code == 202, answer.text
    place, until = answer.headers["Location"], time.monotonic() + 60
    while True:
        job: dict[str, Any] = server.http.get(place, headers=who).json()
        # A photo is removed a moment after its picture has ended.
        left = [each.name for each in server.service.desk.store.of(job["id"]) if each.name.endswith(".source")]
        if job["state"] == "done" and not left:
            return job
        assert time.monotonic() < until, job
        time.sleep(0.1)


def taken(server: Running, who: dict[str, str] | None = None) -> dict[str, bytes]:
    """What the export holds, by name."""
    answer = server.http.get("/api/v1/data", headers=who)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="cleancut-data.zip"'
    assert answer.headers["Cache-Control"] == "no-store"
    with ZipFile(BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert len(set(archive.namelist())) == len(archive.namelist())
        return {name: archive.read(name) for name in archive.namelist()}


def test_an_export_holds_all_of_ones_own_and_nothing_of_others(start: Start, home: Path, picture: bytes) -> None:
    server = start()
    hers, anna = key(home, "Anna")
    _, ben = key(home, "Ben")
    id = matte_of(server, picture, anna).json()["id"]
    shown = picture_of(server, id, anna)
    his = cut(server, saved(photo(64, 64), "PNG"), ben).headers["Content-Location"].rpartition("/")[2]
    found = taken(server, anna)
    name = shown.headers["Location"].rpartition("/")[2]
    assert set(found) == {f"{id}.source", f"{id}.matte.png", f"{id}.json", name, f"{name}.json", *NOTHING}
    assert found[f"{id}.source"] == picture
    assert found[name] == shown.content
    assert json.loads(found[f"{id}.json"])["model"] == "tiny"
    assert his in taken(server, ben)
    lines = json.loads(found["audit.json"])
    assert [(line["action"], line["owner"]) for line in lines] == [("export", hers.id)]


def test_an_export_of_nothing_is_a_zip_all_the_same(shared: Running, picture: bytes) -> None:
    assert set(taken(shared)) == NOTHING
    cut(shared, picture)
    expire(shared.home)
    assert set(taken(shared)) == NOTHING, "what has expired is not there"


def test_what_is_erased_is_gone_at_once_and_others_keep_theirs(start: Start, home: Path, picture: bytes) -> None:
    server = start()
    _, anna = key(home, "Anna")
    his, ben = key(home, "Ben")
    place = cut(server, picture, anna).headers["Content-Location"]
    kept = cut(server, picture, ben).headers["Content-Location"]
    assert server.http.delete("/api/v1/data", headers=anna).json() == {"erased": 5}
    refused(server.http.get(place, headers=anna), 404, "not_found")
    assert {each.parent.name for each in objects(home)} == {his.id}
    assert server.http.get(kept, headers=ben).status_code == 200
    assert server.http.delete("/api/v1/data", headers=anna).json() == {"erased": 0}
    assert cut(server, picture, anna).headers["X-Cleancut-Cache"] == "miss"


def test_an_export_holds_ones_own_jobs_and_messages_and_no_secrets(start: Start, home: Path, picture: bytes) -> None:
    server = start(webhook_networks=(ip_network("127.0.0.0/8"),))
    _, anna = key(home, "Anna")
    _, ben = key(home, "Ben")
    secret = server.http.post("/api/v1/webhooks/secrets", headers=anna).json()["secret"]
    hers = sent(server, anna, picture, b"no picture", webhook=HOOK)
    his = sent(server, ben, picture)
    found = taken(server, anna)
    place = f"jobs/{hers['id']}"
    assert set(found) == {f"{place}/job.json", f"{place}/1-1.png", *NOTHING}, "a photo goes when its picture is done"
    assert found[f"{place}/1-1.png"] == server.http.get(f"/api/v1/{place}/items/1/result", headers=anna).content
    told = json.loads(found[f"{place}/job.json"])
    assert told["job"]["id"] == hers["id"]
    assert [(each["name"], each["state"]) for each in told["pictures"]] == [("1.png", "done"), ("2.png", "failed")]
    (message,) = json.loads(found["webhooks.json"])["messages"]
    assert (message["job"], message["url"]) == (hers["id"], HOOK)
    assert not any(secret.encode() in data for data in found.values())
    assert set(taken(server, ben)) == {f"jobs/{his['id']}/job.json", f"jobs/{his['id']}/1-1.png", *NOTHING}


def test_jobs_messages_and_secrets_are_erased_and_others_keep_theirs(start: Start, home: Path, picture: bytes) -> None:
    server = start(webhook_networks=(ip_network("127.0.0.0/8"),))
    desk = server.service.desk
    hers, anna = key(home, "Anna")
    his, ben = key(home, "Ben")
    jobs = []
    for who in (anna, ben):
        server.http.post("/api/v1/webhooks/secrets", headers=who)
        jobs.append(sent(server, who, picture, webhook=HOOK))
    # A job, a message and a secret.
    assert server.http.delete("/api/v1/data", headers=anna).json() == {"erased": 3}
    refused(server.http.get(f"/api/v1/jobs/{jobs[0]['id']}", headers=anna), 404, "not_found")
    assert set(taken(server, anna)) == NOTHING
    assert desk.store.of(jobs[0]["id"]) == []
    kept = []
    for owner in (hers.id, his.id):
        secrets = messages.secrets_of(desk.base, owner, time.time())
        kept.append((len(views.jobs_of(desk.base, owner)), len(messages.log(desk.base, owner)), len(secrets)))
    assert kept == [(0, 0, 0), (1, 1, 1)]
    assert [each.name for each in desk.store.of(jobs[1]["id"])] == ["1-1.png"]
    assert server.http.delete("/api/v1/data", headers=anna).json() == {"erased": 0}


def test_every_demand_leaves_a_line_of_who_and_when_and_nothing_else(start: Start, home: Path, picture: bytes) -> None:
    server = start()
    hers, anna = key(home, "Anna")
    his, ben = key(home, "Ben")
    cut(server, picture, anna)
    taken(server, anna)
    server.http.delete("/api/v1/data", headers=anna)
    taken(server, ben)
    refused(server.http.get("/api/v1/data"), 401, "key_needed")
    path = home / "server" / "audit.jsonl"
    assert path.stat().st_mode & 0o777 == 0o600
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    told = [{name: value for name, value in line.items() if name != "at"} for line in lines]
    assert told == [
        {"action": "export", "owner": hers.id},
        {"action": "erase", "owner": hers.id, "objects": 5},
        {"action": "export", "owner": his.id},
    ]
    assert all(datetime.fromisoformat(line["at"]).tzinfo for line in lines)
    own = json.loads(taken(server, anna)["audit.json"])
    assert [line["action"] for line in own] == ["export", "erase", "export"]


def test_a_line_that_was_cut_short_hides_no_other(tmp_path: Path) -> None:
    audit.note(tmp_path, "export", "anna")
    with (tmp_path / "audit.jsonl").open("a") as file:
        file.write('{"at": "2026-\n[1]\n\n')
    audit.note(tmp_path, "erase", "anna", objects=3)
    assert [line["action"] for line in audit.lines(tmp_path, "anna")] == ["export", "erase"]
    assert audit.lines(tmp_path, "ben") == []
    assert audit.lines(tmp_path / "elsewhere", "anna") == []


def test_without_keys_everything_is_everybodys_but_only_on_loopback(start: Start, home: Path, picture: bytes) -> None:
    server = start()
    cut(server, picture)
    assert len(taken(server)) == 5 + len(NOTHING)
    exposed = start(allowed_hosts=("photos.example",), without_keys=True)
    for ask in (exposed.http.get, exposed.http.delete):
        refused(ask("/api/v1/data"), 403, "needs_keys")
    assert len(objects(home)) == 5
    assert [line["action"] for line in audit.lines(home / "server", "local")] == ["export"]
    _, anna = key(home, "Anna")
    assert set(taken(exposed, anna)) == NOTHING


def test_exports_are_counted_since_each_leaves_a_line(start: Start, home: Path) -> None:
    server = start(rate_limits=("2/minute",))
    answers = [server.http.get("/api/v1/data") for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert len(audit.lines(home / "server", "local")) == 2
    # Nobody is kept from having their data deleted.
    assert server.http.delete("/api/v1/data").status_code == 200
