"""Settings: what they do to the file, what they cost, and how long they last."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Site, Troubles
from tests.e2e.steps import (
    CAT,
    CAT_SIZE,
    Sent,
    button,
    choose,
    cut,
    download,
    photo_file,
    ready,
    shown,
    until,
)

pytestmark = pytest.mark.real

MATTES = "/api/v1/mattes"


def unfold(page: Page, name: str) -> None:
    """Open a part of the settings that is folded."""
    page.locator("summary").filter(has_text=name).first.click()


def test_backgrounds_are_shown_at_once_and_downloaded(page: Page) -> None:
    sent = Sent(page)
    alpha = cut(page).alpha
    clear, solid = (10, 440), (150, 220)
    button(page, "Actual size").click()
    page.get_by_role("radio", name="Colour").check()
    page.get_by_role("radio", name="Mint").check()
    until(page, lambda: shown(page)[clear], lambda seen: bool((seen == (0xCF, 0xE3, 0xD8)).all()))
    file = download(page)
    assert file.pixel(*clear[::-1]) == (0xCF, 0xE3, 0xD8)
    assert file.alpha.min() == 255

    page.get_by_role("radio", name="Picture").check()
    with page.expect_file_chooser() as asked:
        button(page, "Choose a picture").click()
    red = photo_file(np.full((40, 40, 3), (200, 30, 20), np.uint8), "PNG")
    asked.value.set_files({"name": "red.png", "mimeType": "image/png", "buffer": red})
    until(page, lambda: shown(page)[clear], lambda seen: bool((abs(seen.astype(int) - (200, 30, 20)) < 3).all()))
    assert np.abs(np.array(download(page).image.convert("RGB"))[clear].astype(int) - (200, 30, 20)).max() < 3

    page.get_by_role("radio", name="Blur").check()
    blurred = np.asarray(download(page).image.convert("RGB")).astype(int)
    colours = np.asarray(Image.open(CAT).convert("RGB")).astype(int)
    assert np.abs(blurred - colours)[solid].max() < 3
    behind = alpha[:, 1:] == 0
    assert np.abs(np.diff(blurred, axis=1))[behind].mean() < np.abs(np.diff(colours, axis=1))[behind].mean() * 0.7
    assert sent.count("POST", MATTES) == 1, "the model was asked again"


def test_the_file_is_what_was_asked_for(page: Page) -> None:
    cut(page)
    unfold(page, "File")
    page.get_by_label("Format").select_option("jpg")
    expect(page.get_by_text("the background becomes white")).to_be_visible()
    file = download(page)
    assert (file.name, file.image.format) == ("cat-cutout.jpg", "JPEG")
    assert min(file.pixel(440, 10)) > 250
    page.get_by_label("Format").select_option("webp")
    large = download(page)
    page.get_by_label("Size", exact=True).select_option("500")
    assert download(page).image.size == CAT_SIZE, "a small photo was blown up"
    page.get_by_role("slider", name="File quality").fill("20")
    small = download(page)
    assert (small.name, small.image.format) == ("cat-cutout.webp", "WEBP")
    assert len(small.data) < len(large.data)


def test_edges_move_and_soften_and_go_back(page: Page) -> None:
    before = cut(page).alpha.astype(int)
    unfold(page, "Edges")
    shift = page.get_by_role("slider", name="Move in or out")
    shift.fill("-6")
    inner = download(page).alpha.astype(int)
    assert inner.sum() < before.sum()
    shift.fill("6")
    assert download(page).alpha.astype(int).sum() > before.sum()
    button(page, "Reset edges").click()
    page.get_by_role("slider", name="Soften").fill("8")
    soft = download(page).alpha.astype(int)
    assert np.abs(np.diff(soft, axis=1)).max() < np.abs(np.diff(before, axis=1)).max()


def test_another_quality_and_model_ask_the_model_again(page: Page) -> None:
    sent = Sent(page)
    cut(page)
    page.get_by_role("radio", name="Fast").check()
    ready(page)
    assert sent.count("POST", MATTES) == 2
    unfold(page, "Model")
    expect(page.get_by_role("link", name="Apache")).to_be_visible()
    page.get_by_label("Model", exact=True).select_option("u2netp")
    ready(page)
    assert sent.count("POST", MATTES) == 3
    # What was looked for before is known.
    page.get_by_label("Model", exact=True).select_option("")
    ready(page)
    page.get_by_role("radio", name="Balanced").check()
    ready(page)
    assert sent.count("POST", MATTES) == 3


def test_settings_outlive_the_photo(page: Page) -> None:
    cut(page)
    page.get_by_role("radio", name="Colour").check()
    unfold(page, "File")
    page.get_by_label("Format").select_option("webp")
    ready(page)
    button(page, "New photo").click()
    choose(page, CAT)
    file = download(page)
    assert file.name == "cat-cutout.webp"
    assert file.pixel(440, 10) == (255, 255, 255)


def test_a_provider_gets_its_key_from_memory_alone(page: Page, site: Site, troubles: Troubles) -> None:
    troubles.expect("422")
    models = site.http.get("/api/v1/models").json()
    models["models"].append({**models["models"][0], "name": "far-away", "cloud": True, "state": "installed"})
    models["models"][-1]["default"] = False
    page.route("**/api/v1/models", lambda route: route.fulfill(json=models))
    refused = {"error": "a key of the provider is needed", "code": "provider_key", "hint": "give the key"}
    asked: list[str | None] = []

    def answer(route: object) -> None:
        asked.append(route.request.headers.get("x-provider-key"))  # type: ignore[attr-defined]
        route.fulfill(status=422, json=refused)  # type: ignore[attr-defined]

    page.reload()
    cut(page)
    unfold(page, "Model")
    expect(page.get_by_label("Key of the provider")).to_be_hidden()
    page.route("**/api/v1/mattes", answer)
    page.get_by_label("Model", exact=True).select_option("far-away")
    expect(page.get_by_role("alert")).to_contain_text("A key of the provider is needed.")
    secret = "pk-4711-very-secret"
    page.get_by_label("Key of the provider").fill(secret)
    page.get_by_label("Key of the provider").press("Enter")
    until(page, lambda: asked, lambda asked: secret in asked)
    assert secret not in json.dumps(page.evaluate(_KEPT))
    page.reload()
    unfold(page, "Model")
    expect(page.get_by_label("Key of the provider")).to_have_value("")


# All that the browser keeps for the page, but for the bytes of pictures.
_KEPT = """async () => {
    const found = [Object.entries(localStorage), Object.entries(sessionStorage), document.cookie, location.href];
    for (const { name } of await indexedDB.databases()) {
        const wait = (request) => new Promise((done) => { request.onsuccess = () => done(request.result); });
        const base = await wait(indexedDB.open(name));
        for (const store of base.objectStoreNames) {
            const all = base.transaction(store).objectStore(store);
            found.push(name, store, await wait(all.getAllKeys()), await wait(all.getAll()));
        }
        base.close();
    }
    return JSON.parse(JSON.stringify(found));
}"""
