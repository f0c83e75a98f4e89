"""Whose message is sent now."""

from __future__ import annotations

from contextlib import ExitStack, suppress

import pytest

from cleancut.jobs.records import Delivery
from cleancut.jobs.turns import OF_OWNER, OF_RECEIVER, Turns


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def turns(clock: Clock) -> Turns:
    return Turns(clock)


def told(host: str, owner: str = "ann") -> Delivery:
    return Delivery("msg_1", owner, "job", "job.ended", f"https://{host}/told", "{}", "waiting", 1, 0.0, None)


def test_a_receiver_gets_so_many_of_a_client_and_others_go_past(turns: Turns) -> None:
    with ExitStack() as sent:
        for path in range(OF_RECEIVER):
            assert sent.enter_context(turns.taken(told(f"a.example/{path}"))) is None
        assert sent.enter_context(turns.taken(told("A.example:443"))) is not None
        for other in ("b.example", "a.example:8443"):
            assert sent.enter_context(turns.taken(told(other))) is None
        assert sent.enter_context(turns.taken(told("a.example", "bob"))) is None
    with turns.taken(told("a.example")) as wait:
        assert wait is None, "there is room again"


def test_a_client_gets_so_many_whatever_their_hosts(turns: Turns) -> None:
    with ExitStack() as sent:
        for host in range(OF_OWNER):
            assert sent.enter_context(turns.taken(told(f"{host}.example"))) is None
        assert sent.enter_context(turns.taken(told("one-more.example"))) is not None
        assert sent.enter_context(turns.taken(told("one-more.example", "bob"))) is None


def test_those_who_wait_ask_again_one_after_another(turns: Turns, clock: Clock) -> None:
    with ExitStack() as sent:
        for _ in range(OF_RECEIVER):
            sent.enter_context(turns.taken(told("a.example")))

        def waits(count: int) -> list[float]:
            return [sent.enter_context(turns.taken(told("a.example"))) or 0.0 for _ in range(count)]

        assert waits(800) == pytest.approx([1 + each / 40 for each in range(800)])
        clock.now += 10
        assert waits(1) == pytest.approx([11.0]), "behind those who asked before"
        clock.now += 100
        assert waits(1) == pytest.approx([1.0])


def test_nothing_is_remembered_of_what_is_over(turns: Turns, clock: Clock) -> None:
    for each in range(50):
        with ExitStack() as sent:
            for _ in range(OF_RECEIVER + 1):
                sent.enter_context(turns.taken(told(f"{each}.example")))
        clock.now += 2
    assert not turns._under_way
    assert len(turns._last) <= 1


def test_one_that_fails_gives_its_place_back(turns: Turns) -> None:
    for _ in range(OF_RECEIVER + 1):
        with suppress(OSError), turns.taken(told("a.example")) as wait:
            assert wait is None
            raise OSError
