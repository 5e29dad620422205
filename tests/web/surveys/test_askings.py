"""Askings: what was asked is not forgotten by a log-in, a restart or another thread; no more is kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from obverse.errors import BusyError, DataError
from obverse.surveys.facts import NEVER, Asking
from obverse.surveys.reasons import Reason
from obverse.web.surveys.askings import Askings
from obverse.web.surveys.askings_rows import DAY_US, Who

NOW = 20_000 * DAY_US + 13 * 3_600_000_000
ANNA, BEN = Who.of("anna", None), Who.of("ben", None)


def at(device: str, user: str | None = None) -> Who:
    """Be at a device, logged in or not."""
    return Who.of(user, device)


@pytest.fixture
def askings(tmp_path: Path) -> Iterator[Askings]:
    """A fresh file."""
    made = Askings(tmp_path / "askings.db")
    yield made
    made.close()


def ask(askings: Askings, who: Who, survey: str = "s1", when: int = NOW, anonymous: bool = False) -> None:
    """Ask somebody and wait until that is kept."""
    askings.ask(who, survey, "m1", when, 0.5, anonymous=anonymous).result(5)


def test_what_was_asked_is_known_at_once_and_after_a_restart(tmp_path: Path) -> None:
    askings = Askings(tmp_path / "askings.db")
    done = askings.ask(at("d1"), "s1", "m1", NOW, 0.5, anonymous=False)
    assert askings.asked(at("d1")) == {"s1": Asking(NOW, 1, NEVER, 0.5)}
    done.result(5)
    ask(askings, at("d1"), when=NOW + 1)
    askings.close()
    again = Askings(tmp_path / "askings.db")
    assert again.asked(at("d1")) == {"s1": Asking(NOW + 1, 2, NEVER, 0.5)}
    assert again.asked(at("d2")) == {}
    assert again.progress(NOW)["s1"].asked == 2
    assert again.progress(NOW)["s1"].today == 2
    assert again.progress(NOW + DAY_US)["s1"].today == 0
    again.close()


def test_to_log_in_does_not_reset_the_clock(askings: Askings) -> None:
    ask(askings, at("d1"))
    assert askings.asked(at("d1", "anna")) == askings.asked(at("d1"))
    assert askings.asked(at("d2", "anna")) == askings.asked(at("d1")), "nor does another device"
    assert askings.asked(ANNA) == askings.asked(at("d1"))


def test_to_log_out_does_not_reset_the_clock(askings: Askings) -> None:
    ask(askings, at("d1", "anna"))
    assert askings.asked(at("d1")) != {}
    askings.asked(at("d2", "anna"))
    assert askings.asked(at("d2")) != {}


def test_two_people_who_share_a_device_are_two_people(askings: Askings) -> None:
    ask(askings, at("d1", "anna"))
    assert askings.asked(at("d1", "ben")) == {}
    ask(askings, at("d2"))
    assert askings.asked(at("d2", "anna")).keys() == {"s1"}
    assert askings.asked(at("d2", "ben")) == {}, "who logged in first was asked"


def test_chance_picks_the_same_person_before_and_after_they_log_in_and_on_each_device(
    askings: Askings,
) -> None:
    before = askings.unit(at("d1"), 0)
    assert askings.unit(at("d1", "anna"), 0) == before
    askings.flush()
    assert askings.unit(at("d2", "anna"), 0) == before
    assert askings.unit(ANNA, 0) == before
    assert askings.unit(BEN, 0) not in (before, 0)
    assert askings.unit(Who(), 7) == 7


def test_an_answer_counts_once(askings: Askings) -> None:
    ask(askings, at("d1"))
    for _ in range(3):
        askings.answered(at("d1"), "s1", "x1", NOW + 5, here=True)
        askings.flush()
    askings.answered(Who(), "s1", "x2", NOW + 5, here=False)
    assert askings.asked(at("d1"))["s1"].answered_at == NOW + 5
    found = askings.progress(NOW)["s1"]
    assert (found.asked, found.answered, found.answered_here) == (1, 2, 1)


def test_reasons_are_counted_by_hour_and_the_newest_of_each_person_kept(askings: Askings) -> None:
    for minute in range(3):
        reasons = {"s1": ("m1", Reason.RESTING), "s2": ("m1", Reason.NOT_PICKED)}
        askings.note(at("d1"), reasons, NOW + minute * 60_000_000, nameless=False)
    askings.note(at("d2"), {"s1": ("m1", Reason.RESTING)}, NOW, nameless=True)
    tallies = askings.rows("SELECT survey, reason, n FROM tally ORDER BY survey")
    assert tallies == [("s1", "resting", 4), ("s2", "not_picked", 3)]
    decided = askings.rows("SELECT person, at, n FROM decision WHERE survey = 's1'")
    assert decided == [(at("d1").key, NOW + 120_000_000, 3)]


def test_people_who_came_into_a_moment_are_counted_once(askings: Askings) -> None:
    for person in (1, 2, 2, 1, 3):
        askings.met(("s1",), person, NOW)
    found = askings.progress(NOW + 10_000_000)["s1"]
    assert round(found.people) == 3
    assert found.watched_s == 10


def test_old_decisions_and_too_many_are_forgotten(tmp_path: Path) -> None:
    askings = Askings(tmp_path / "askings.db", kept_rows=10)
    for n in range(30):
        askings.note(at(f"d{n}"), {"s1": ("m1", Reason.RESTING)}, NOW + n, nameless=False)
    askings.note(at("old"), {"s2": ("m1", Reason.RESTING)}, NOW - 31 * DAY_US, nameless=False)
    askings.flush()
    askings.tidy(NOW)
    kept = askings.rows("SELECT at FROM decision ORDER BY at")
    assert kept == [(NOW + n,) for n in range(20, 30)]
    assert askings.rows("SELECT sum(n) FROM tally") == [(31,)], "counts stay"
    askings.close()


def test_several_threads_lose_nothing(tmp_path: Path) -> None:
    askings = Askings(tmp_path / "askings.db")

    def work(thread: int) -> None:
        for n in range(200):
            who = at(f"{thread}-{n}", f"user {n}")
            askings.note(who, {"s1": ("m1", Reason.RESTING)}, NOW, nameless=False)
            askings.ask(who, "s2", "m1", NOW, 1.0, anonymous=False)
            askings.answered(who, "s2", f"{thread}-{n}", NOW, here=True)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    askings.close()
    again = Askings(tmp_path / "askings.db")
    assert again.rows("SELECT n FROM tally ORDER BY survey") == [(800,), (800,)]
    found = again.progress(NOW)["s2"]
    assert (found.asked, found.answered) == (800, 800)
    assert again.asked(Who.of("user 7", None))["s2"].n == 4
    again.close()


def test_of_an_anonymous_survey_only_the_day_is_kept_of_a_person(askings: Askings, tmp_path: Path) -> None:
    ask(askings, at("d1", "anna"), anonymous=True)
    ask(askings, at("d1", "anna"), anonymous=True)
    day_end = NOW - NOW % DAY_US + DAY_US - 1
    assert askings.asked(ANNA) == {"s1": Asking(day_end, 1, NEVER, 1.0)}


@pytest.mark.parametrize(
    ("body", "message"),
    [(b"SQLite format 3\0 no more" * 99, "damaged"), (b"", "is not what Obverse keeps")],
)
def test_a_damaged_file_is_said_and_left_alone(tmp_path: Path, body: bytes, message: str) -> None:
    path = tmp_path / "askings.db"
    path.write_bytes(body)
    with pytest.raises(DataError, match=message):
        Askings(path)
    assert path.read_bytes() == body


def test_a_file_with_a_damaged_page_is_said(tmp_path: Path) -> None:
    path = tmp_path / "askings.db"
    askings = Askings(path)
    for n in range(3_000):
        askings.ask(at(f"d{n}"), "s1", "m1", NOW, 1.0, anonymous=False)
    askings.close()
    body = bytearray(path.read_bytes())
    body[40_960:45_056] = b"\xff" * 4096
    path.write_bytes(body)
    with pytest.raises(DataError, match="damaged"):
        Askings(path)


def test_a_later_version_is_left_alone(tmp_path: Path) -> None:
    Askings(tmp_path / "askings.db").close()
    with sqlite3.connect(tmp_path / "askings.db") as connection:
        connection.execute("PRAGMA user_version = 9")
    with pytest.raises(DataError, match="has version 9"):
        Askings(tmp_path / "askings.db")


def test_nobody_is_asked_where_that_cannot_be_kept(tmp_path: Path) -> None:
    askings = Askings(tmp_path / "askings.db")
    askings._writer.execute("PRAGMA max_page_count = 1")  # a full disk, as far as SQLite can tell
    done = [askings.ask(at(f"d{n}"), "s1", "m1", NOW, 1.0, anonymous=False) for n in range(2_000)]
    failed = [one for one in done if isinstance(one.exception(5), BusyError)]
    assert failed
    askings._writer.execute("PRAGMA max_page_count = 100000")
    ask(askings, at("late"))
    assert askings.progress(NOW)["s1"].asked == 1 + len(done) - len(failed)
    askings.close()
    with pytest.raises(BusyError, match="closing"):
        askings.ask(at("d1"), "s1", "m1", NOW, 1.0, anonymous=False)
