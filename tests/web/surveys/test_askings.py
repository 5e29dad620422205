"""Askings: what was asked is not forgotten by a log-in, a restart or another thread; no more is kept."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from obverse.errors import BusyError, DataError
from obverse.settings.surveys import SavedSurvey, State
from obverse.surveys.facts import NEVER, Asking
from obverse.surveys.question import Nps
from obverse.surveys.reasons import Reason
from obverse.surveys.recording import EVENTS
from obverse.surveys.survey import Repeat, Survey
from obverse.surveys.ticket import Ticket
from obverse.web.surveys.askings import Askings
from obverse.web.surveys.askings_rows import DAY_US, Who
from obverse.web.surveys.forgetting import Kept
from obverse.web.surveys.reserved import RESERVED_US

NOW = 20_000 * DAY_US + 13 * 3_600_000_000
NUMBERS = itertools.count()
ANNA, BEN = Who.of("anna", None), Who.of("ben", None)


def at(device: str, user: str | None = None) -> Who:
    """Be at a device, logged in or not."""
    return Who.of(user, device)


def ticket(device: str | None, user: str | None = None, survey: str = "s1", when: int = NOW) -> Ticket:
    """Make a ticket of its own."""
    return Ticket(
        survey_id=survey,
        version=1,
        submission_id=f"x{next(NUMBERS)}",
        asked_at=when,
        place="page",
        moment="m1",
        share=0.5,
        user_id=user,
        anonymous_id=device,
    )


@pytest.fixture
def askings(tmp_path: Path) -> Iterator[Askings]:
    """A fresh file."""
    made = Askings(tmp_path / "askings.db", lambda: NOW)
    yield made
    made.close()


def give(askings: Askings, given: Ticket) -> Ticket:
    """Give a survey out and wait until that is kept."""
    who = Who.of(given.user_id, given.anonymous_id)
    askings.reserve(who, given.survey_id, "m1", given.submission_id, given.asked_at).result(5)
    return given


def show(askings: Askings, given: Ticket) -> None:
    """Have it come into view, and wait until that is kept."""
    kept = askings.shown(given)
    assert kept is not None
    kept.result(5)


def ask(askings: Askings, device: str | None, user: str | None = None, when: int = NOW) -> None:
    """Ask somebody and wait until that is kept."""
    show(askings, give(askings, ticket(device, user, when=when)))


def test_what_was_asked_is_known_at_once_and_after_a_restart(tmp_path: Path) -> None:
    askings = Askings(tmp_path / "askings.db", lambda: NOW)
    done = askings.shown(give(askings, ticket("d1")))
    assert askings.asked(at("d1")) == {"s1": Asking(NOW, 1, NEVER, 0.5)}
    assert done is not None
    done.result(5)
    ask(askings, "d1", when=NOW + 1)
    askings.close()
    again = Askings(tmp_path / "askings.db")
    assert again.asked(at("d1")) == {"s1": Asking(NOW + 1, 2, NEVER, 0.5)}
    assert again.asked(at("d2")) == {}
    assert again.progress(NOW)["s1"].asked == 2
    assert again.progress(NOW)["s1"].today == 2
    assert again.progress(NOW + DAY_US)["s1"].today == 0
    again.close()


def test_to_log_in_does_not_reset_the_clock(askings: Askings) -> None:
    ask(askings, "d1")
    assert askings.asked(at("d1", "anna")) == askings.asked(at("d1"))
    assert askings.asked(at("d2", "anna")) == askings.asked(at("d1")), "nor does another device"
    assert askings.asked(ANNA) == askings.asked(at("d1"))


def test_to_log_out_does_not_reset_the_clock(askings: Askings) -> None:
    ask(askings, "d1", "anna")
    assert askings.asked(at("d1")) != {}
    askings.asked(at("d2", "anna"))
    assert askings.asked(at("d2")) != {}


def test_two_people_who_share_a_device_are_two_people(askings: Askings) -> None:
    ask(askings, "d1", "anna")
    assert askings.asked(at("d1", "ben")) == {}
    ask(askings, "d2")
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
    ask(askings, "d1")
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
    askings = Askings(tmp_path / "askings.db", lambda: NOW, Kept(decisions=10))
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
    askings = Askings(tmp_path / "askings.db", lambda: NOW)

    def work(thread: int) -> None:
        for n in range(200):
            who = at(f"{thread}-{n}", f"user {n}")
            askings.note(who, {"s1": ("m1", Reason.RESTING)}, NOW, nameless=False)
            given = ticket(f"{thread}-{n}", f"user {n}", "s2")
            askings.reserve(who, "s2", "m1", given.submission_id, NOW)
            askings.shown(given)
            askings.answered(who, "s2", f"{thread}-{n}", NOW, here=True)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    askings.close()
    again = Askings(tmp_path / "askings.db", lambda: NOW)
    assert again.rows("SELECT n FROM tally ORDER BY survey") == [(800,), (800,)]
    found = again.progress(NOW)["s2"]
    assert (found.asked, found.answered) == (800, 800)
    assert again.asked(Who.of("user 7", None))["s2"].n == 4
    again.close()


def test_of_an_anonymous_survey_only_the_day_is_kept_of_a_person(askings: Askings, tmp_path: Path) -> None:
    for _ in range(2):
        askings.ask(at("d1", "anna"), "s1", "m1", NOW).result(5)
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
        askings.ask(at(f"d{n}"), "s1", "m1", NOW)
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
    askings = Askings(tmp_path / "askings.db", lambda: NOW)
    askings._writer.execute("PRAGMA max_page_count = 1")  # a full disk, as far as SQLite can tell
    named = [askings.reserve(at(f"d{n}"), "s1", "m1", f"full{n}", NOW) for n in range(2_000)]
    failed = [isinstance(one.exception(5), BusyError) for one in named]
    assert any(failed)
    assert [askings.reserved(at(f"d{n}")) == frozenset() for n in range(2_000)] == failed
    done = [askings.ask(at(f"e{n}"), "s2", "m1", NOW) for n in range(2_000)]
    lost = [one for one in done if isinstance(one.exception(5), BusyError)]
    assert lost
    askings._writer.execute("PRAGMA max_page_count = 100000")
    askings.ask(at("late"), "s2", "m1", NOW).result(5)
    assert askings.progress(NOW)["s2"].asked == 1 + len(done) - len(lost)
    askings.close()
    with pytest.raises(BusyError, match="closing"):
        askings.reserve(at("d1"), "s1", "m1", "closed", NOW)


def test_who_was_shown_something_while_the_disk_was_full_was_asked_all_the_same(tmp_path: Path) -> None:
    askings = Askings(tmp_path / "askings.db", lambda: NOW)
    askings._writer.execute("PRAGMA max_page_count = 1")
    done = [askings.shown(ticket(f"d{n}")) for n in range(2_000)]
    assert any(isinstance(one.exception(5), BusyError) for one in done if one is not None)
    askings._writer.execute("PRAGMA max_page_count = 100000")
    askings.close()
    again = Askings(tmp_path / "askings.db", lambda: NOW)
    assert all(again.asked(at(f"d{n}")) for n in range(2_000))
    assert again.progress(NOW)["s1"].asked == 2_000
    again.close()


# -- what is given out, and what comes into view ---------------------------------------------------------


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        """Tell the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock."""
    return Clock()


def counted(askings: Askings) -> dict[str, int]:
    """Count what moments came to."""
    return dict(askings.rows("SELECT reason, sum(n) FROM tally GROUP BY reason HAVING sum(n) <> 0"))


def test_who_was_given_a_survey_was_not_asked_before_it_came_into_view(tmp_path: Path, clock: Clock) -> None:
    askings = Askings(tmp_path / "askings.db", clock)
    given = give(askings, ticket("d1", "anna"))
    assert askings.asked(ANNA) == {}
    for who in (ANNA, at("d1"), at("d2", "anna")):
        assert askings.reserved(who) == {"s1"}
    assert askings.reserved(at("d1", "ben")) == frozenset(), "another user of the device"
    found = askings.progress(NOW)["s1"]
    assert (found.asked, found.today) == (0, 1)
    clock.now += 2_000_000
    show(askings, given)
    assert askings.asked(ANNA) == {"s1": Asking(NOW, 1, NEVER, 0.5)}
    assert askings.reserved(ANNA) == frozenset()
    assert askings.shown(given) is None, "it came into view once"
    found = askings.progress(NOW)["s1"]
    assert (found.asked, found.today) == (1, 1)
    assert counted(askings) == {"shown": 1}
    askings.close()


def test_what_never_came_into_view_lapses(tmp_path: Path, clock: Clock) -> None:
    askings = Askings(tmp_path / "askings.db", clock)
    given = give(askings, ticket("d1"))
    clock.now += RESERVED_US - 1
    assert askings.reserved(at("d1")) == {"s1"}
    clock.now += 1
    assert askings.reserved(at("d1")) == frozenset()
    assert askings.asked(at("d1")) == {}
    assert askings.progress(clock.now)["s1"].today == 0
    assert counted(askings) == {"lapsed": 1}
    assert askings.rows("SELECT reason, at FROM decision") == [("lapsed", NOW)]
    assert askings.rows("SELECT * FROM reserved") == []
    clock.now += DAY_US
    show(askings, given)  # a page that slept
    assert askings.asked(at("d1")) == {"s1": Asking(NOW, 1, NEVER, 0.5)}, "asked when it was given out"
    assert counted(askings) == {"shown": 1}, "each moment counts once"
    assert askings.progress(clock.now)["s1"].today == 0, "that was yesterday"
    askings.close()


@pytest.mark.parametrize("shown_in", ["time", "vain"])
def test_a_restart_forgets_nothing_of_what_was_given_out(tmp_path: Path, clock: Clock, shown_in: str) -> None:
    askings = Askings(tmp_path / "askings.db", clock)
    given = give(askings, ticket("d1", "anna"))
    askings.close()
    askings = Askings(tmp_path / "askings.db", clock)
    assert askings.reserved(at("d1")) == {"s1"}
    assert askings.progress(NOW)["s1"].today == 1
    if shown_in == "time":
        show(askings, given)
    else:
        clock.now += RESERVED_US
    askings.close()
    askings = Askings(tmp_path / "askings.db", clock)
    assert askings.reserved(at("d1")) == frozenset()
    assert (askings.asked(ANNA) != {}) == (shown_in == "time")
    assert askings.shown(given) is None or shown_in == "vain"
    askings.close()


def test_any_later_event_of_a_time_of_asking_says_that_it_was_shown(askings: Askings) -> None:
    survey = Survey(name="s", questions=(Nps(id="q", text="?"),))
    for n, kind in enumerate(EVENTS):
        for _ in range(2):
            askings.hear(give(askings, ticket(f"d{n}")) if not n else ticket(f"d{n}"), survey, kind)
        assert askings.asked(at(f"d{n}"))["s1"].n == 2
    assert askings.progress(NOW)["s1"].asked == 12


# -- what is forgotten ------------------------------------------------------------------------------------


def test_askings_that_no_rule_needs_are_forgotten(tmp_path: Path) -> None:
    rules = {
        "once": Repeat(how="once"),
        "again": Repeat(how="always", after_days=60),
        "until": Repeat(how="until_answered", after_days=60),
    }
    live = [saved(key, repeat) for key, repeat in rules.items()]
    kept = Kept(surveys=lambda: [*live, saved("over", Repeat(), "closed")], rest_days=14)
    askings = Askings(tmp_path / "askings.db", lambda: NOW, kept)
    for survey in (*rules, "over", "gone"):
        for days in (13, 15, 59, 61, 364, 366, 3_000):
            who = f"{survey} {days}"
            show(askings, ticket(who, survey=survey, when=NOW - days * DAY_US))
            if survey == "until" and days == 3_000:
                askings.answered(at(who), survey, who, NOW - 2_999 * DAY_US, here=True)
    askings.flush()
    askings.tidy(NOW)
    left = {
        survey: [days for days in (13, 15, 59, 61, 364, 366, 3_000) if askings.asked(at(f"{survey} {days}"))]
        for survey in (*rules, "over", "gone")
    }
    assert left == {
        "once": [13, 15, 59, 61, 364, 366, 3_000],
        "again": [13, 15, 59],
        "until": [13, 15, 59, 3_000],
        "over": [13, 15, 59, 61, 364],
        "gone": [13],
    }
    askings.close()


def saved(key: str, repeat: Repeat, state: State = "live") -> SavedSurvey:
    """Keep a survey in a state."""
    survey = Survey(name=key, questions=(Nps(id="q", text="?"),), repeat=repeat)
    return SavedSurvey(
        id=key, name=key, state=state, version=1, body=survey.to_json(), created_at=0, changed_at=0
    )


def test_a_unit_that_is_asked_for_now_and_then_is_kept(tmp_path: Path, clock: Clock) -> None:
    askings = Askings(tmp_path / "askings.db", clock)
    for who in ("anna", "ben"):
        askings.unit(at("d1", who), 0)
    for _ in range(12):
        clock.now += 40 * DAY_US
        assert askings.unit(ANNA, 0) == at("d1").key
        askings.flush()
        askings.tidy(clock.now)
    assert askings.unit(ANNA, 0) == at("d1").key
    assert askings.unit(BEN, 0) == BEN.key
    askings.close()


def test_a_file_of_the_version_before_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "askings.db"
    askings = Askings(path, lambda: NOW)
    ask(askings, "d1", "anna")
    unit = askings.unit(at("d1", "anna"), 0)
    askings.close()
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.executescript("DROP TABLE reserved; ALTER TABLE unit DROP COLUMN day; PRAGMA user_version = 1;")
    again = Askings(path, lambda: NOW)
    assert again.asked(ANNA).keys() == {"s1"}
    again.tidy(NOW)
    assert again.unit(at("d2", "anna"), 0) == unit
    give(again, ticket("d2"))
    assert again.rows("PRAGMA user_version") == [(2,)]
    again.close()
