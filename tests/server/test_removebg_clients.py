"""Open clients of remove.bg's API, as their registries give them, against the service: only their base URL is another.

``removebg`` is from PyPI; ``remove.bg``, ``removebg-wrapper`` and ``removebg-id`` are from npm.
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import removebg.removebg
import requests
from filelock import FileLock
from PIL import Image

from cleancut.server import keys
from tests.pictures import saved
from tests.server.conftest import Running, Start

THEIRS = "https://api.remove.bg"
NPM = ("remove.bg@1.3.0", "removebg-wrapper@1.0.3", "removebg-id@2.0.1")
SCRIPTS = ("remove.bg/dist/index.js", "removebg-wrapper/index.js", "removebg-id/index.js")

pytestmark = pytest.mark.registry


@pytest.fixture(scope="session")
def npm(pytestconfig: pytest.Config) -> Path:
    """The folder with the clients from npm, installed once for all of a machine's runs."""
    program = shutil.which("npm")
    assert program is not None, "npm is needed: install Node"
    folder = pytestconfig.cache.mkdir("npm-clients")
    with FileLock(folder / "lock"):
        if not all((folder / "node_modules" / script).is_file() for script in SCRIPTS):
            command = [program, "install", "--no-save", "--no-audit", "--no-fund", "--prefix", str(folder), *NPM]
            subprocess.run(command, check=True, capture_output=True, timeout=300)
    return folder


@pytest.fixture
def photos(tmp_path: Path, picture: bytes) -> Iterator[str]:
    """The address of a web server on loopback with photo.png."""
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "photo.png").write_bytes(picture)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "web"))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join(10)


@pytest.fixture
def fetching(start: Start) -> Running:
    """A server that fetches URLs, also from this machine."""
    import ipaddress

    return start(allow_url=True, url_networks=(ipaddress.ip_network("127.0.0.0/8"),))


def is_cutout(data: bytes) -> bool:
    image = Image.open(io.BytesIO(data))
    alpha = np.asarray(image.convert("RGBA"))[..., 3]
    return (image.format, image.size) == ("PNG", (160, 128)) and alpha[64, 80] > 230 and alpha[2, 2] == 0


# PyPI.


@pytest.fixture
def brilam(fetching: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> removebg.removebg.RemoveBg:
    monkeypatch.setattr(removebg.removebg, "API_ENDPOINT", f"{fetching.address}/v1.0/removebg")
    monkeypatch.chdir(tmp_path)
    return removebg.removebg.RemoveBg("any key", str(tmp_path / "error.log"))


def test_removebg_of_pypi_sends_a_file_a_url_and_base64(
    brilam: removebg.removebg.RemoveBg, photos: str, picture: bytes, tmp_path: Path
) -> None:
    Path("photo.png").write_bytes(picture)
    brilam.remove_background_from_img_file("photo.png")
    assert is_cutout(Path("photo.png_no_bg.png").read_bytes())
    brilam.remove_background_from_img_url(f"{photos}/photo.png", new_file_name="url.png")
    assert is_cutout(Path("url.png").read_bytes())
    brilam.remove_background_from_base64_img(base64.b64encode(picture).decode(), size="4k", new_file_name="b64.png")
    assert is_cutout(Path("b64.png").read_bytes())
    brilam.remove_background_from_img_file("photo.png", size="hd", bg_color="00ff00")
    # On a colour nothing is clear, and auto is JPEG.
    image = Image.open("photo.png_no_bg.png")
    assert (image.format, image.convert("RGB").getpixel((2, 2))) == ("JPEG", (0, 255, 1))


def test_removebg_of_pypi_meets_errors(brilam: removebg.removebg.RemoveBg, fetching: Running, photos: str) -> None:
    def status(key: str = "any") -> int:
        client = removebg.removebg.RemoveBg(key, "error.log")
        with pytest.raises(requests.HTTPError) as caught:
            client.remove_background_from_img_url(f"{photos}/nothing.png")
        answer = caught.value.response
        assert answer is not None
        assert answer.json()["errors"][0]["title"]
        return int(answer.status_code)

    assert status() == 400
    keys.make(keys.keys_file(fetching.home), "shop")
    assert status("wrong") == 403
    assert not Path("no-bg.png").exists()


# npm.


@pytest.fixture
def node(npm: Path, tmp_path: Path) -> Any:
    """Runs a script beside the clients, whose base URL is a server's."""

    def node(server: Running, script: str) -> subprocess.CompletedProcess[str]:
        folder = tmp_path / "node"
        if not folder.is_dir():
            shutil.copytree(npm / "node_modules", folder / "node_modules", symlinks=True)
            for name in SCRIPTS:
                file = folder / "node_modules" / name
                text = file.read_text()
                assert THEIRS in text
                file.write_text(text.replace(THEIRS, server.address))
        environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
        return subprocess.run(
            ["node", "-e", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    return node


REMOVE_BG = """
const client = require("remove.bg");
client.%s(%s).then(
    result => console.log(JSON.stringify(result)),
    errors => console.log(JSON.stringify({errors})));
"""


def test_remove_bg_of_npm_sends_a_file_a_url_and_base64(
    node: Any, fetching: Running, photos: str, picture: bytes, tmp_path: Path
) -> None:
    (tmp_path / "photo.png").write_bytes(picture)
    common = {"apiKey": "any", "size": "regular", "type": "product", "crop": False, "scale": "original"}
    calls = {
        "removeBackgroundFromImageFile": {"path": str(tmp_path / "photo.png"), "outputFile": str(tmp_path / "out.png")},
        "removeBackgroundFromImageUrl": {"url": f"{photos}/photo.png"},
        "removeBackgroundFromImageBase64": {"base64img": base64.b64encode(picture).decode()},
    }
    for function, given in calls.items():
        ran = node(fetching, REMOVE_BG % (function, json.dumps(common | given)))
        assert ran.returncode == 0, ran.stderr
        said = json.loads(ran.stdout)
        assert is_cutout(base64.b64decode(said["base64img"])), function
        assert (said["creditsCharged"], said["detectedType"]) == ("0.25", "product")
        assert (said["resultWidth"], said["resultHeight"]) == ("160", "128")
        assert said["rateLimit"] == "500"
        assert int(said["rateLimitRemaining"]) < 500
        assert int(said["rateLimitReset"]) > 1_700_000_000
    assert is_cutout((tmp_path / "out.png").read_bytes())


def test_remove_bg_of_npm_meets_every_kind_of_refusal(node: Any, start: Start, picture: bytes) -> None:
    server = start(credits=1, removebg_limits=("3/minute",))
    good = keys.make(keys.keys_file(server.home), "shop")[1]
    said = base64.b64encode(picture).decode()

    def ask(**given: Any) -> dict[str, Any]:
        options = {"apiKey": good, "base64img": said, "size": "full", **given}
        ran = node(server, REMOVE_BG % ("removeBackgroundFromImageBase64", json.dumps(options)))
        found: dict[str, Any] = json.loads(ran.stdout)
        return found

    assert ask(apiKey="wrong")["errors"][0]["title"] == "API Key invalid"
    assert ask()["creditsCharged"] == "1"
    assert ask()["errors"][0]["title"] == "Insufficient credits"
    blank = base64.b64encode(saved(np.full((64, 64, 3), 255, np.uint8), "PNG")).decode()
    assert ask(base64img=blank, size="preview")["errors"][0]["code"] in ("unknown_foreground", "insufficient_credits")
    assert ask()["errors"][0]["title"] == "Rate limit exceeded"


@pytest.mark.parametrize(
    ("package", "functions", "outputs"),
    [
        ("removebg-wrapper", ("rbFromImageFile", "rbFromImageUrl"), ("output.png", "output-2.png")),
        ("removebg-id", ("FromPath", "FromUrl"), ("hasil-path.png", "hasil-url.png")),
    ],
)
def test_smaller_clients_of_npm_send_a_file_and_a_url(
    node: Any, fetching: Running, photos: str, picture: bytes, tmp_path: Path, package: str,
    functions: tuple[str, str], outputs: tuple[str, str],
) -> None:  # fmt: skip
    (tmp_path / "photo.png").write_bytes(picture)
    sources = str(tmp_path / "photo.png"), f"{photos}/photo.png"
    for function, source, output in zip(functions, sources, outputs, strict=True):
        ran = node(fetching, f"require({package!r}).{function}({source!r}, 'any')")
        assert ran.returncode == 0, ran.stderr
        assert is_cutout((tmp_path / "node" / output).read_bytes())
    ran = node(fetching, f"require({package!r}).{functions[1]}('{photos}/nothing.png', 'any')")
    assert "Failed to download image" in ran.stderr
    assert '"errors"' in ran.stderr


# Exchanges that were recorded with the service itself (remove-bg/ruby, spec/fixtures/vcr_cassettes, 2020).


def test_the_recorded_answer_to_a_url(fetching: Running, photos: str) -> None:
    sent = httpx.QueryParams({"image_url": f"{photos}/photo.png", "size": "auto"})
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Api-Key": "any", "Accept": "*/*"}
    answer = fetching.http.post("/v1.0/removebg", content=str(sent), headers=headers)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
    told = {name: answer.headers[f"X-{name}"] for name in ("Width", "Height", "Max-Width", "Max-Height")}
    assert told == {"Width": "160", "Height": "128", "Max-Width": "160", "Max-Height": "128"}
    assert (answer.headers["X-Type"], answer.headers["X-Credits-Charged"]) == ("other", "1")
    assert (answer.headers["X-RateLimit-Limit"], answer.headers["X-RateLimit-Remaining"]) == ("500", "499")
    assert re.fullmatch("[0-9]{10}", answer.headers["X-RateLimit-Reset"])
    assert is_cutout(answer.content)


def test_the_recorded_answer_to_a_url_where_nothing_is(fetching: Running, photos: str) -> None:
    answer = fetching.http.post("/v1.0/removebg", data={"image_url": f"{photos}/no-photo.jpg"})
    assert answer.status_code == 400
    title = answer.json()["errors"][0]["title"]
    assert title.startswith("Failed to download image from given image_url: ")
    assert "404" in title


def test_the_recorded_answers_to_a_wrong_key_and_of_an_account(start: Start) -> None:
    server = start(credits=4943)
    known = keys.make(keys.keys_file(server.home), "shop")[1]
    wrong = server.http.get("/v1.0/account", headers={"X-Api-Key": "invalid"})
    assert wrong.status_code == 403
    assert {name: wrong.json()["errors"][0][name] for name in ("title", "code")} == {
        "title": "API Key invalid", "code": "auth_failed"
    }  # fmt: skip
    account = server.http.get("/v1.0/account", headers={"X-Api-Key": known}).json()
    assert account == {
        "data": {
            "attributes": {
                "credits": {"subscription": 4943, "payg": 0, "enterprise": 0, "total": 4943},
                "api": {"free_calls": 0, "sizes": "all"},
            }
        }
    }
