"""Passwords, sessions, log-in links, API tokens."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from obverse.errors import NotFoundError, QuestionError
from obverse.settings.access import Access
from obverse.settings.store import Settings

DAY_US = 86_400_000_000
PASSWORD = "correct horse battery"


class Clock:
    """A clock that goes when told."""

    now = 1_700_000_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def access(tmp_path: Path, clock: Clock) -> Iterator[Access]:
    with Settings.open(tmp_path / "settings.db", clock) as settings:
        yield settings.access


def test_only_the_right_password_of_a_known_user_is_right(access: Access) -> None:
    access.set_password(PASSWORD)
    assert access.check_password("admin", PASSWORD)
    assert not access.check_password("admin", PASSWORD + "!")
    assert not access.check_password("nobody", PASSWORD)
    assert not access.check_password("admin", "")


def test_a_user_without_a_password_cannot_log_in_with_one(access: Access) -> None:
    access.open_session(days=1)
    assert not access.has_password()
    assert not access.check_password("admin", "")


@pytest.mark.parametrize("password", ["", "short", "x" * 1025])
def test_a_password_too_short_or_long_is_refused(access: Access, password: str) -> None:
    with pytest.raises(QuestionError, match="10 to 1024"):
        access.set_password(password)
    assert not access.has_password()


def test_a_session_lasts_some_days_after_its_last_use(access: Access, clock: Clock) -> None:
    token = access.open_session(days=2)
    clock.now += DAY_US
    assert access.session_of(token, days=2) is not None  # which lengthens it
    clock.now += 2 * DAY_US - 1
    assert access.session_of(token, days=2) is not None
    clock.now += 2 * DAY_US
    assert access.session_of(token, days=2) is None


def test_a_session_that_is_ended_is_no_more(access: Access) -> None:
    token, other = access.open_session(days=1), access.open_session(days=1)
    access.end_session(token)
    assert access.session_of(token, days=1) is None
    assert access.session_of(other, days=1) is not None


def test_a_new_password_ends_all_sessions_but_the_one_that_set_it(access: Access) -> None:
    mine, other = access.open_session(days=1), access.open_session(days=1)
    access.set_password(PASSWORD, keep=mine)
    assert access.session_of(mine, days=1) is not None
    assert access.session_of(other, days=1) is None


def test_a_log_in_link_works_once(access: Access) -> None:
    link = access.create_link()
    assert access.spend_link(link)
    assert not access.spend_link(link)
    assert not access.spend_link("made up")


def test_a_log_in_link_works_for_seven_days(access: Access, clock: Clock) -> None:
    link = access.create_link()
    clock.now += 7 * DAY_US
    assert not access.spend_link(link)


def test_an_api_token_holds_until_it_is_revoked(access: Access, clock: Clock) -> None:
    token = access.create_token("nightly report")
    clock.now += 1000 * DAY_US
    assert access.token_name(token) == "nightly report"
    access.revoke_token("nightly report")
    assert access.token_name(token) is None
    with pytest.raises(NotFoundError):
        access.revoke_token("nightly report")


def test_one_kind_of_token_is_no_other(access: Access) -> None:
    link, api, session = access.create_link(), access.create_token("x"), access.open_session(days=1)
    assert not access.spend_link(api)
    assert access.token_name(link) is None
    assert access.token_name(session) is None
    assert access.session_of(link, days=1) is None


def test_the_file_holds_no_secret_as_it_is(tmp_path: Path, access: Access) -> None:
    access.set_password(PASSWORD)
    secret = [PASSWORD, access.open_session(days=1), access.create_link(), access.create_token("x")]
    connection = sqlite3.connect(tmp_path / "settings.db")
    dump = "\n".join(connection.iterdump())
    connection.close()
    assert "$argon2id$" in dump
    assert not [text for text in secret if text in dump]
