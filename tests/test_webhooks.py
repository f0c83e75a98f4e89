"""Signing and verifying messages: on their own, and against the specification's own library."""

from __future__ import annotations

import base64
import hmac
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from cleancut.client import WebhookRefused, verify_webhook
from cleancut.client.webhooks import new_secret, sign, verify
from cleancut.errors import OptionError

# What the specification's libraries are tested with.
EXAMPLE = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EXAMPLE_SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
EXAMPLE_BODY = b'{"test": 2432232314}'

SECRET, OTHER, THIRD = (f"whsec_{base64.b64encode(bytes([each]) * 32).decode()}" for each in (1, 2, 3))
BODY = '{"type": "job.done", "data": {"name": "Zoë.png"}}'.encode()
AT = 1_700_000_000


def signed(*secrets: str, id: str = "msg_1", at: int = AT, body: bytes = BODY) -> dict[str, str]:
    """The headers of a message."""
    signature = sign(secrets or (SECRET,), id, at, body)
    return {"webhook-id": id, "webhook-timestamp": str(at), "webhook-signature": signature}


def test_a_known_message_has_its_known_signature() -> None:
    assert sign([EXAMPLE], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, EXAMPLE_BODY) == EXAMPLE_SIGNATURE


@pytest.mark.parametrize("body", [BODY, b"", b"\0\xff\r\n", b"x" * 100_000])
def test_what_was_signed_is_verified(body: bytes) -> None:
    assert verify(SECRET, signed(body=body), body, now=AT) == "msg_1"
    assert verify_webhook is verify


def test_a_message_is_verified_by_the_clock_of_the_machine() -> None:
    assert verify(SECRET, signed(at=int(time.time())), BODY) == "msg_1"
    with pytest.raises(WebhookRefused, match="300 seconds ago"):
        verify(SECRET, signed(at=int(time.time()) - 302), BODY)


@pytest.mark.parametrize(
    ("change", "body"),
    [
        ({}, BODY + b" "),
        ({}, b""),
        ({"webhook-id": "msg_2"}, BODY),
        ({"webhook-timestamp": str(AT + 1)}, BODY),
        ({"webhook-signature": "v1," + base64.b64encode(bytes(32)).decode()}, BODY),
        ({"webhook-signature": EXAMPLE_SIGNATURE}, BODY),
    ],
)
def test_a_message_that_was_changed_is_refused(change: dict[str, str], body: bytes) -> None:
    with pytest.raises(WebhookRefused, match="no signature"):
        verify(SECRET, signed() | change, body, now=AT)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_header_that_is_missing_is_named(name: str) -> None:
    for headers in ({each: value for each, value in signed().items() if each != name}, signed() | {name: " "}):
        with pytest.raises(WebhookRefused, match=name) as caught:
            verify(SECRET, headers, BODY, now=AT)
        assert (caught.value.code, caught.value.kind) == ("webhook_refused", "input")


@pytest.mark.parametrize(
    "text", ["x", "-1", "+1", f"{AT}.0", f"0{AT}", f"{AT}e0", "nan", "inf", "1_7", "１７", "9" * 5000, f"{AT}\n1"]
)
def test_a_timestamp_that_is_no_number_of_seconds_is_refused(text: str) -> None:
    with pytest.raises(WebhookRefused, match="no number"):
        verify(SECRET, signed() | {"webhook-timestamp": text}, BODY, now=AT, tolerance=float("inf"))


def test_a_message_is_good_for_as_long_as_it_is_tolerated_before_and_after() -> None:
    for now in (AT - 300, AT + 300.0):
        assert verify(SECRET, signed(), BODY, now=now)
    for now, when in ((AT - 301, "ahead"), (AT + 300.5, "ago")):
        with pytest.raises(WebhookRefused, match=f"300 seconds {when}"):
            verify(SECRET, signed(), BODY, now=now)
    assert verify(SECRET, signed(), BODY, now=AT + 3600, tolerance=3600)
    for tolerance in (9.9, float("nan"), -1):
        with pytest.raises(WebhookRefused):
            verify(SECRET, signed(), BODY, now=AT + 10, tolerance=tolerance)


@pytest.mark.parametrize("spelled", [str.upper, str.title, str.lower])
def test_headers_have_any_case(spelled: Callable[[str], str]) -> None:
    assert verify(SECRET, {spelled(name): value for name, value in signed().items()}, BODY, now=AT)


def test_a_secret_can_be_replaced_on_either_side() -> None:
    both = signed(OTHER, SECRET)
    assert re.fullmatch(r"v1,[A-Za-z0-9+/]{43}= v1,[A-Za-z0-9+/]{43}=", both["webhook-signature"])
    for known in (SECRET, OTHER, [SECRET], (THIRD, OTHER), [OTHER, SECRET]):
        assert verify(known, both, BODY, now=AT)
    assert verify([OTHER, SECRET], signed(SECRET), BODY, now=AT)
    for known in (THIRD, [THIRD]):
        with pytest.raises(WebhookRefused):
            verify(known, both, BODY, now=AT)


def test_every_signature_is_compared_with_every_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def compare(expected: bytes, given: bytes) -> bool:
        compared.append((expected, given))
        return real(expected, given)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert verify([SECRET, OTHER], signed(SECRET, OTHER, THIRD), BODY, now=AT)
    assert len(set(compared)) == 6


def test_signatures_of_other_versions_are_passed_over() -> None:
    good = signed()["webhook-signature"]
    value = good.removeprefix("v1,")
    for list_ in (f"v1a,xyz {good}", f"{good} v2,{value}", f"nonsense , v1 v1, v1,é\ud800 {good}", f"  {good}  {good}"):
        assert verify(SECRET, signed() | {"webhook-signature": list_}, BODY, now=AT)
    for list_ in (f"v2,{value}", f"v1a,{value}", f"V1,{value}", value, f"v1 {value}", f"v1,{value}=", "v1,", "v1,é"):
        with pytest.raises(WebhookRefused, match="no signature"):
            verify(SECRET, signed() | {"webhook-signature": list_}, BODY, now=AT)


@pytest.mark.parametrize("id", ["", "a.b", "a b", "a\n", "é", "\ud800", "\x7f"])
def test_an_id_that_could_be_read_in_two_ways_is_refused(id: str) -> None:
    with pytest.raises(OptionError, match="id"):
        sign([SECRET], id, AT, BODY)
    with pytest.raises(WebhookRefused):
        verify(SECRET, signed() | {"webhook-id": id or " "}, BODY, now=AT)


def test_the_parts_of_a_message_cannot_be_shifted() -> None:
    body = f"{AT}.5".encode()
    shifted = {"webhook-id": f"msg_1.{AT}", "webhook-timestamp": str(AT)}
    with pytest.raises(WebhookRefused, match="webhook-id is malformed"):
        verify(SECRET, signed(body=body) | shifted, b"5", now=AT)


@pytest.mark.parametrize("timestamp", [-1, 10**12, 1.5])
def test_a_timestamp_out_of_range_is_not_signed(timestamp: int) -> None:
    with pytest.raises(OptionError, match="timestamp"):
        sign([SECRET], "msg_1", timestamp, BODY)


def test_new_secrets_are_long_and_all_different() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert {len(base64.b64decode(each.removeprefix("whsec_"), validate=True)) for each in made} == {32}
    assert all(verify(each, signed(each), BODY, now=AT) for each in made)


def spelled(length: int) -> str:
    return "whsec_" + base64.b64encode(bytes(range(length))).decode()


@pytest.mark.parametrize(
    "secret",
    [
        *(
            "",
            "whsec_",
            "secret",
            SECRET.removeprefix("whsec_"),
            SECRET.upper(),
            SECRET[:-2],
            SECRET + "=",
            SECRET + "!",
        ),
        *(f" {SECRET}", f"{SECRET}\n", "whsec_" + "é" * 43, spelled(23), spelled(65), f"whsk_{SECRET[6:]}"),
    ],
)
def test_a_secret_that_is_misspelled_is_told_and_not_repeated(secret: str) -> None:
    calls: list[Callable[[], str]] = [
        lambda: sign([SECRET, secret], "msg_1", AT, BODY),
        lambda: verify(secret, signed(), BODY, now=AT),
        lambda: verify([SECRET, secret], signed(), BODY, now=AT),
    ]
    for call in calls:
        with pytest.raises(OptionError, match="whsec_") as caught:
            call()
        assert len(secret) < 7 or secret not in f"{caught.value} {caught.value.hint}"


def test_secrets_of_all_lengths_of_the_specification_are_taken() -> None:
    for length in (24, 64):
        assert verify(spelled(length), signed(spelled(length)), BODY, now=AT)
    with pytest.raises(OptionError, match="no secret"):
        sign([], "msg_1", AT, BODY)
    with pytest.raises(OptionError, match="no secret"):
        verify([], signed(), BODY, now=AT)


def test_the_library_of_the_specification_verifies_what_is_signed_here() -> None:
    now = int(time.time())
    for secrets in ([SECRET], [OTHER, SECRET], [SECRET, OTHER]):
        assert Webhook(SECRET).verify(BODY, signed(*secrets, at=now)) == json.loads(BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(THIRD).verify(BODY, signed(SECRET, OTHER, at=now))
    fresh = new_secret()
    assert Webhook(fresh).verify(BODY, signed(fresh, at=now)) == json.loads(BODY)


def test_what_the_library_of_the_specification_signs_is_verified_here() -> None:
    signature = Webhook(SECRET).sign("msg_1", datetime.fromtimestamp(AT, UTC), BODY.decode())
    headers = {"Webhook-Id": "msg_1", "Webhook-Timestamp": str(AT), "Webhook-Signature": signature}
    assert verify(SECRET, headers, BODY, now=AT) == "msg_1"
    assert signature == sign([SECRET], "msg_1", AT, BODY)


def test_verifying_loads_no_library() -> None:
    code = "import sys, cleancut.client.webhooks; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert "cleancut.client.webhooks" in loaded
    assert not {"httpx", "pydantic", "numpy", "fastapi"} & set(loaded)
