"""The API described for people: from its own OpenAPI, without scripts, without anything from elsewhere."""

from __future__ import annotations

from dataclasses import fields
from html.parser import HTMLParser

from cleancut.options import Options
from tests.server.calls import key
from tests.server.conftest import Running, Start


class Page(HTMLParser):
    """A page's texts by the element that they stand in, its elements, and where it leads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.texts: dict[str, list[str]] = {}
        self.links: list[str] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action", "srcset")]
        assert not any(name.startswith("on") or name == "style" for name, _ in attrs), "the CSP would not let it"
        self._inside = tag

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self._inside, []).append(data)


def page(server: Running) -> Page:
    answer = server.http.get("/docs")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return Page(answer.text)


def test_the_page_names_every_route_of_the_openapi(shared: Running) -> None:
    schema = shared.http.get("/openapi.json").json()
    routes = [f"{method.upper()} {path}" for path, of in schema["paths"].items() for method in of]
    assert page(shared).texts["h2"] == routes
    for route in ("POST /api/remove-background", "GET /api/health", "GET /api/download/{filename}"):
        assert route in routes


def test_the_page_names_every_field_and_what_it_takes(shared: Running) -> None:
    found = page(shared)
    names = {each.name for each in fields(Options)} - {"device", "precision"}
    guides = {"image", "model", "method", "feather", "featherRadius", "api_key", "apiKey", "backgroundColor"}
    assert names | guides <= set(found.texts["code"])
    assert {"edits", "edits[].radius", "strokes", "strokes[].points", "foregroundImage"} <= set(found.texts["code"])
    told = " ".join(found.texts["td"])
    assert "One of png, webp, avif, jpg, tiff, zip." in told
    assert 'Default: "png".' in told
    assert "From -200.0 to 200.0." in told
    assert "409" in found.texts["code"]


def test_the_page_runs_no_script_and_fetches_nothing_from_elsewhere(shared: Running) -> None:
    found = page(shared)
    assert not found.elements & {"script", "iframe", "img", "object", "style", "form"}
    assert found.links
    for link in found.links:
        assert link.startswith("/"), link
        assert shared.http.get(link).status_code == 200
    assert shared.http.get("/docs.css").headers["Content-Type"].startswith("text/css")


def test_the_description_is_for_everybody_and_not_part_of_itself(start: Start) -> None:
    server = start()
    key(server.home, "Anna")
    assert server.http.get("/docs").status_code == 200
    paths = server.http.get("/openapi.json").json()["paths"]
    assert not {"/", "/docs", "/docs.css", "/openapi.json"} & set(paths)
