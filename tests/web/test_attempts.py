"""How often a password may be tried."""

from __future__ import annotations

import pytest

from obverse.web.attempts import WINDOW_S, Attempts, TooManyAttemptsError


class Clock:
    """A clock that goes when told."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def attempts(clock: Clock) -> Attempts:
    return Attempts(3, clock)


def _spend(attempts: Attempts, address: str, n: int) -> None:
    for _ in range(n):
        attempts.take(address)


def test_an_address_has_so_many_tries_and_then_has_to_wait(attempts: Attempts, clock: Clock) -> None:
    _spend(attempts, "192.0.2.1", 3)
    clock.now += 60
    with pytest.raises(TooManyAttemptsError) as caught:
        attempts.take("192.0.2.1")
    assert (caught.value.status, caught.value.retry_after_s) == (429, 240)
    attempts.take("192.0.2.2")
    clock.now += WINDOW_S - 60
    attempts.take("192.0.2.1")


def test_a_right_password_gives_the_tries_back(attempts: Attempts) -> None:
    _spend(attempts, "192.0.2.1", 2)
    attempts.forgive("192.0.2.1")
    _spend(attempts, "192.0.2.1", 3)


def test_all_addresses_together_have_a_limit_too(attempts: Attempts) -> None:
    for number in range(60):
        attempts.take(f"198.51.100.{number}")
    with pytest.raises(TooManyAttemptsError):
        attempts.take("192.0.2.1")


def test_the_addresses_of_one_ipv6_network_are_one(attempts: Attempts) -> None:
    for end in ("1", "2", "3"):
        attempts.take(f"2001:db8::{end}")
    with pytest.raises(TooManyAttemptsError):
        attempts.take("2001:db8::4")
    attempts.take("2001:db8:0:1::4")
