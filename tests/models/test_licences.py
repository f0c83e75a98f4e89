from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from cleancut.errors import HomeUnwritable, LicenceNotAccepted
from cleancut.models.licences import accept, check
from cleancut.models.spec import Licence
from cleancut.models.store import Store
from tests.fakes.disk import fill_disk
from tests.fakes.weights import FREE, model

GATED = Licence("Sign-here", commercial=True, url="https://x.invalid/gated", gated=True)
RESEARCH = Licence("CC-BY-NC-4.0", commercial=False, url="https://x.invalid/nc")


def test_free_weights_ask_for_nothing(store: Store) -> None:
    check(model(licence=FREE), store)
    check(model(licence=FREE), Store(store.home, commercial_only=True))
    assert not store.home.exists()


@pytest.mark.parametrize("licence", [GATED, RESEARCH])
def test_others_are_accepted_on_record_first(store: Store, licence: Licence) -> None:
    spec = model(licence=licence)
    with pytest.raises(LicenceNotAccepted, match=licence.url) as refused:
        check(spec, store)
    assert licence.name in str(refused.value)
    assert ("no commercial use" in str(refused.value)) is not licence.commercial
    assert "`cleancut models pull toy --accept-licence`" in refused.value.hint
    accept(spec, store)
    check(spec, store)
    record = json.loads((store.home / "licences.json").read_text("utf-8"))["toy"]
    assert (record["model"], record["licence"], record["url"]) == ("toy", licence.name, licence.url)
    assert datetime.fromisoformat(record["accepted_at"]).tzinfo is not None
    with pytest.raises(LicenceNotAccepted):
        check(model(licence=licence, name="other"), store)


def test_commercial_only_is_no_matter_of_acceptance(store: Store) -> None:
    accept(model(licence=RESEARCH), store)
    strict = Store(store.home, commercial_only=True)
    with pytest.raises(LicenceNotAccepted, match="ruled out") as refused:
        check(model(licence=RESEARCH), strict)
    assert "accept" not in refused.value.hint
    accept(model(licence=GATED, name="gated"), strict)
    check(model(licence=GATED, name="gated"), strict)


@pytest.mark.parametrize(
    "changed", [Licence("CC-BY-NC-5.0", False, RESEARCH.url), Licence(RESEARCH.name, False, "https://x.invalid/new")]
)
def test_changed_terms_are_asked_for_again(store: Store, changed: Licence) -> None:
    accept(model(licence=RESEARCH), store)
    with pytest.raises(LicenceNotAccepted):
        check(model(licence=changed), store)


def test_acceptances_do_not_lose_each_other(store: Store) -> None:
    names = [f"m{number}" for number in range(12)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda name: accept(model(licence=GATED, name=name), store), names))
    assert sorted(json.loads((store.home / "licences.json").read_text())) == sorted(names)


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff"])
def test_a_damaged_record_is_not_overwritten(store: Store, content: bytes) -> None:
    store.home.mkdir()
    record = store.home / "licences.json"
    record.write_bytes(content)
    for use in (check, accept):
        with pytest.raises(LicenceNotAccepted, match=r"licences\.json"):
            use(model(licence=GATED), store)
    assert record.read_bytes() == content


def test_a_record_of_another_shape_is_no_acceptance(store: Store) -> None:
    store.home.mkdir()
    (store.home / "licences.json").write_text('{"toy": true}')
    with pytest.raises(LicenceNotAccepted, match="not been accepted"):
        check(model(licence=GATED), store)


def test_a_full_disk_keeps_the_old_record(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    accept(model(licence=GATED), store)
    before = (store.home / "licences.json").read_bytes()
    fill_disk(monkeypatch, ".part")
    with pytest.raises(HomeUnwritable) as failed:
        accept(model(licence=GATED, name="other"), store)
    assert "CLEANCUT_HOME" in failed.value.hint
    assert (store.home / "licences.json").read_bytes() == before
    assert {each.name for each in store.home.iterdir()} == {"licences.json", "licences.lock"}
