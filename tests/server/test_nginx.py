"""The page on exposing the server safely: its nginx configuration, in a real nginx, before a real server."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cleancut.server.keys import keys_file, make
from tests.server.conftest import Running, Start

PAGE = Path(__file__).parents[2] / "docs" / "expose.md"
NAME = "cut.example.org"

AROUND = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    {block}
}}
"""


@pytest.fixture
def nginx() -> str:
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None and not os.environ.get("CI"):
        pytest.skip("THE NGINX PAGE IS NOT TESTED: scripts/components installs nginx")
    assert found, "nginx is missing: scripts/components installs it"
    return found


@pytest.fixture
def exposed(start: Start, home: Path) -> tuple[Running, str]:
    """A server as the page says, and a key of it."""
    _, secret = make(keys_file(home), "shop")
    server = start(
        trusted_proxies=("127.0.0.1",), allowed_hosts=(NAME,), rate_limits=("3/minute",), failure_limits=("2/minute",)
    )
    return server, secret


@pytest.fixture
def https(exposed: tuple[Running, str], nginx: str, tmp_path: Path) -> Iterator[httpx.Client]:
    """A client of that server's nginx."""
    folder = tmp_path / "nginx"
    folder.mkdir()
    subject = ["-subj", f"/CN={NAME}", "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *subject]
    subprocess.run(words, check=True, capture_output=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (block,) = re.findall(r"^```nginx\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    for said, here in (
        ("listen 443", f"listen 127.0.0.1:{port}"),
        (f"/etc/letsencrypt/live/{NAME}/fullchain.pem", str(folder / "cert.pem")),
        (f"/etc/letsencrypt/live/{NAME}/privkey.pem", str(folder / "key.pem")),
        ("http://127.0.0.1:8000", exposed[0].address),
    ):
        assert said in block
        block = block.replace(said, here)
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, block=block))
    process = subprocess.Popen([nginx, "-p", str(folder), "-c", str(folder / "nginx.conf")])
    base, headers = f"https://127.0.0.1:{port}", {"Host": NAME}
    with httpx.Client(base_url=base, headers=headers, verify=False, trust_env=False, timeout=30) as client:
        try:
            until = time.monotonic() + 10
            while not listens(port):
                assert process.poll() is None, (folder / "error.log").read_text()
                assert time.monotonic() < until
                time.sleep(0.05)
            yield client
        finally:
            process.terminate()
            process.wait(10)


def listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def test_what_the_page_promises_holds(exposed: tuple[Running, str], https: httpx.Client, picture: bytes) -> None:
    _, secret = exposed
    files = {"image": ("a.png", picture)}
    assert https.post("/api/v1/cutouts", files=files).json()["code"] == "key_needed"
    answer = https.post("/api/v1/cutouts", headers={"X-Api-Key": secret}, files=files)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-ratelimit-remaining"] == "2"
    # Its id is the proxy's, so that both logs can be laid side by side.
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])
    assert https.get("/metrics", headers={"X-Api-Key": secret}).status_code == 403
    cookie = https.post("/api/session", json={"key": secret}).headers["set-cookie"]
    assert "Secure" in cookie
    assert "HttpOnly" in cookie


def test_jobs_pass_and_can_be_watched(exposed: tuple[Running, str], https: httpx.Client, picture: bytes) -> None:
    key = {"X-Api-Key": exposed[1]}
    # Larger than what other routes take: judged by the server, which knows who sends, and not by the proxy.
    large = {"archive": ("a.zip", bytes(150_000_000))}
    assert https.post("/api/v1/jobs", headers=key, files=large).json()["code"] == "bad_archive"
    assert https.post("/api/v1/jobs", files={"image": ("a.png", picture)}).json()["code"] == "key_needed"
    job = https.post("/api/v1/jobs", headers=key, files={"image": ("a.png", picture)}).json()
    with https.stream("GET", job["events"], headers=key) as events:
        assert events.headers["content-type"].startswith("text/event-stream")
        told = [line.partition(": ")[2] for line in events.iter_lines() if line.startswith("event")]
    assert told[0] == "job"
    assert told[-3:] == ["picture", "job", "end"]
    assert https.get(job["results"], headers=key).headers["content-type"] == "application/zip"


def test_a_client_cannot_claim_another_address(https: httpx.Client) -> None:
    codes = []
    for number in range(3):
        headers = {"X-Api-Key": "wrong", "X-Forwarded-For": f"198.51.100.{number}"}
        codes.append(https.get("/api/v1/models", headers=headers).status_code)
    assert codes == [401, 401, 429]


def test_a_page_of_its_own_may_call_and_others_may_not(exposed: tuple[Running, str], https: httpx.Client) -> None:
    key = {"X-Api-Key": exposed[1]}
    assert https.get("/api/v1/models", headers={**key, "Origin": f"https://{NAME}"}).status_code == 200
    assert https.get("/api/v1/models", headers={**key, "Origin": "https://evil.example"}).status_code == 403


def test_more_than_the_largest_request_ends_at_the_proxy(https: httpx.Client) -> None:
    with https.stream("POST", "/api/v1/cutouts", content=(bytes(1_000_000) for _ in range(150))) as answer:
        assert answer.status_code == 413
