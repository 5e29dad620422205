"""Askings: who was asked what and when, how many were, and why others were not.

Whoever decides reads here and says what was decided; both are quick, as one thread writes for all of them in
groups. What is given out is reserved, in the file, before anybody has it; the person was asked once it came
into view (`Askings.hear`), and that is in the file before the browser's report is answered. Counts and
reasons follow within a second.

A person is known by up to two keys (`Who`), as identity has it (`obverse.lake.identity`): what a browser was
asked while nobody was logged in is that person's who logs in next, and what a user was asked holds on each of
their devices, after they have logged out too. Two people who share a device are two people.

Of an anonymous survey a person's row says on which day they were asked and nothing else: no answer, no
submission, no time, and no decision of that instant. As what comes of it names nobody, the person counts as
asked when it is given out.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import msgspec

from obverse.errors import BusyError, DataError
from obverse.surveys.facts import NEVER, Asking, Progress
from obverse.surveys.reasons import Reason
from obverse.surveys.recording import Kind
from obverse.surveys.survey import Survey
from obverse.surveys.ticket import Ticket
from obverse.web.surveys import askings_file
from obverse.web.surveys.askings_rows import DAY_US, HOUR_US, Batch, Reservation, Row, Total, Who, key_of
from obverse.web.surveys.forgetting import KEPT, Kept, forget
from obverse.web.surveys.reserved import Reserved

_LOG = logging.getLogger(__name__)
_LAZY_S = 1.0
"""Counts and reasons wait this long for a transaction to go with."""
_TIDY_S = 600.0
_MOST_WAITING = 20_000
"""Decisions that wait to be written at most; beyond them only counts are kept."""
_UNIT_DAYS = 30
"""That the unit of a user was asked for is written down again after so many days."""

_ASKED = "SELECT survey, asked_at, n, answered_at, share, is_users FROM asking WHERE person = ?"
_TODAY = """SELECT survey, sum(n) FROM tally WHERE hour >= ? AND hour < ? AND reason = ? GROUP BY survey"""


class Askings:
    """Who was asked what, of one data folder. Safe to use from several threads.

    Args:
        path: of the file.
        clock: gives the time, µs since 1970 UTC.
        kept: what is kept for how long.

    Raises:
        DataError: the file is damaged, something else, or of a later version.
    """

    def __init__(
        self,
        path: Path,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
        kept: Kept = KEPT,
    ) -> None:
        self._clock = clock
        self._path = path
        self._kept = kept
        self._writer = askings_file.connect(path)
        self._reader = askings_file.connect_reader(path)
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._pending, self._writing = Batch(), Batch()
        self._totals: dict[str, Total] = {}
        self._today: Counter[str] = Counter()
        self._day = NEVER
        self._closed = False
        self._reserved = Reserved()
        self._load()
        self._thread = threading.Thread(target=self._run, name="askings", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write what waits and close the file."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._wake.set()
        self._thread.join()
        self._reader.close()
        self._writer.close()

    # -- reading ----------------------------------------------------------------------------------------

    def asked(self, who: Who) -> dict[str, Asking]:
        """Give what a person was asked, by id of the survey, as if it had always been known who they are."""
        with self._lock:
            return {key: row.asking() for key, row in self._rows_of(who).items()}

    def reserved(self, who: Who) -> frozenset[str]:
        """Give the surveys that were given out to a person and may still come into view."""
        with self._lock:
            self._lapse()
            return self._reserved.of(who)

    def unit(self, who: Who, chance: int) -> int:
        """Give the number by which chance picks a person: the same when they log in, and on each device.

        Args:
            who: is there.
            chance: a number for somebody without any id.
        """
        if who.user is None:
            return chance if who.device is None else who.device
        today = self._clock() // DAY_US
        with self._lock:
            unit, day = self._unit(who.user) or (who.device, NEVER)
            if unit is None:
                return who.user
            if today - day > _UNIT_DAYS:
                self._pending.units[who.user] = unit, today
        return unit

    def progress(self, now: int) -> dict[str, Progress]:
        """Give how far each survey has come."""
        with self._lock:
            self._turn(now)
            self._lapse()
            return {
                key: Progress(
                    asked=one.asked,
                    answered=one.answered,
                    answered_here=one.answered_here,
                    today=self._today[key] + self._reserved.n(key),
                    people=one.crowd.n,
                    watched_s=0.0 if one.since == NEVER else (now - one.since) / 1e6,
                )
                for key, one in self._totals.items()
            }

    def rows(self, query: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Run a query over the file, for pages; what has not been written yet is written first.

        Raises:
            DataError: the file is damaged.
        """
        self.flush()
        try:
            connection = askings_file.connect_reader(self._path)
            try:
                return connection.execute(query, values).fetchall()
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise askings_file.explain(self._path, error) from error

    # -- noting -----------------------------------------------------------------------------------------

    def reserve(self, who: Who, survey: str, moment: str, submission: str, at: int) -> Future[None]:
        """Note that a survey is given out; it counts at once, and is in the file when the future is done.

        Args:
            who: is given it.
            survey: id of it.
            moment: id of the moment.
            submission: id of the submission.
            at: µs since 1970 UTC.

        Returns:
            A future that raises BusyError where nothing could be kept: then nobody may be shown it.
        """
        one = Reservation(key_of(submission), survey, moment, at, who.user, who.device)
        with self._lock:
            self._check_open()
            self._total(survey)
            self._reserved.add(one)
            self._pending.reserved[one.key] = one
            return self._kept_soon()

    def ask(self, who: Who, survey: str, moment: str, at: int) -> Future[None]:
        """Note that somebody is asked an anonymous survey: the day alone, and at once.

        Args:
            who: is asked.
            survey: id of it.
            moment: id of the moment.
            at: µs since 1970 UTC.

        Returns:
            As `reserve` does.
        """
        with self._lock:
            self._check_open()
            for person, is_users in who.rows:
                last = self._rows(person).get(survey)
                answered_at = NEVER if last is None else last.answered_at
                # A share that follows the answers so far would tell when.
                self._put(person, survey, Row(at - at % DAY_US + DAY_US - 1, 1, answered_at, 1.0, is_users))
                self._pending.unsure.add((person, survey))
            self._count_asked(survey, at)
            self._pending.asked[at // HOUR_US, survey, moment] += 1
            return self._kept_soon()

    def shown(self, ticket: Ticket) -> Future[None] | None:
        """Note that what was given out came into view: now its person was asked; once for each ticket.

        Returns:
            A future that is done when that is in the file; None where it was noted before.
        """
        survey, at, seen = ticket.survey_id, ticket.asked_at, key_of(ticket.submission_id, " seen")
        who = Who.of(ticket.user_id, ticket.anonymous_id)
        with self._lock:
            if self._closed or self._is_counted(seen):
                return None
            pending = self._pending
            pending.submissions[seen] = self._clock() // DAY_US
            for person, is_users in who.rows:
                last = self._rows(person).get(survey) or Row(NEVER, 0, NEVER, ticket.share, is_users)
                asked_at = max(at, last.asked_at)
                self._put(person, survey, Row(asked_at, last.n + 1, last.answered_at, ticket.share, is_users))
            self._count_asked(survey, at)
            hour = at // HOUR_US
            if self._release(key_of(ticket.submission_id)) is None:  # it lapsed, and was shown after all
                pending.tallies[hour, survey, ticket.moment, Reason.LAPSED.value] -= 1
            self._note(who.key, survey, ticket.moment, Reason.SHOWN, at)
            return self._kept_soon()

    def answered(self, who: Who, survey: str, submission: str, at: int, *, here: bool) -> None:
        """Note an answer; the same submission again counts once.

        Args:
            who: answered; nobody where that is not known, as of an anonymous survey.
            survey: id of it.
            submission: id of the submission.
            at: µs since 1970 UTC.
            here: it was asked over a page.
        """
        key = key_of(submission)
        with self._lock:
            if self._closed or self._is_counted(key):
                return
            self._pending.submissions[key] = at // DAY_US
            for person, is_users in who.rows:
                last = self._rows(person).get(survey) or Row(at, 1, at, 1.0, is_users)
                self._put(person, survey, msgspec.structs.replace(last, answered_at=at))
            total = self._total(survey)
            total.answered += 1
            total.answered_here += here

    def hear(self, ticket: Ticket, survey: Survey, kind: Kind) -> Future[None] | None:
        """Note what became of a time of asking: see `obverse.web.surveys.taking.Heard`."""
        here = ticket.place == "page"
        kept = self.shown(ticket) if here and not survey.anonymous else None
        if kind == "answered":
            who = Who.of(ticket.user_id, ticket.anonymous_id)
            self.answered(who, ticket.survey_id, ticket.submission_id, self._clock(), here=here)
        return kept

    def note(self, who: Who, reasons: Mapping[str, tuple[str, Reason]], at: int, *, nameless: bool) -> None:
        """Note what was decided, but what is shown: whether it came into view is not known yet.

        Args:
            who: was there.
            reasons: moment and reason by id of the survey.
            at: µs since 1970 UTC.
            nameless: count only, as an anonymous survey was shown.
        """
        person = None if nameless else who.key
        with self._lock:
            for survey, (moment, reason) in reasons.items():
                if reason is not Reason.SHOWN:
                    self._note(person, survey, moment, reason, at)

    def met(self, surveys: tuple[str, ...], unit: int, at: int) -> None:
        """Note that somebody came into a moment of some surveys; who comes again counts once."""
        with self._lock:
            for survey in surveys:
                total = self._total(survey)
                if total.since == NEVER:
                    total.since = at
                if total.crowd.add(unit):
                    self._pending.totals.add(survey)

    def flush(self) -> None:
        """Write what waits now."""
        with self._lock:
            if self._closed:
                return
            self._lapse()
            done = self._kept_soon()
        done.result()

    # -- within the lock --------------------------------------------------------------------------------

    def _check_open(self) -> None:
        if self._closed:
            raise BusyError("the server is closing; ask again")

    def _kept_soon(self) -> Future[None]:
        """Have what waits written at once; the future is done when it is."""
        done: Future[None] = Future()
        self._pending.waiting.append(done)
        self._wake.set()
        return done

    def _count_asked(self, survey: str, at: int) -> None:
        self._turn(at)
        if at // DAY_US == self._day:
            self._today[survey] += 1
        self._total(survey).asked += 1

    def _note(self, person: int | None, survey: str, moment: str, reason: Reason, at: int) -> None:
        pending = self._pending
        pending.tallies[at // HOUR_US, survey, moment, reason.value] += 1
        if person is not None and len(pending.decisions) < _MOST_WAITING:
            key = (person, survey, reason.value)
            n = pending.decisions[key][2] + 1 if key in pending.decisions else 1
            pending.decisions[key] = moment, at, n

    def _lapse(self) -> None:
        """Forget what was given out too long ago without coming into view."""
        for one in self._reserved.lapse(self._clock()):
            self._pending.released.add(one.key)
            self._note(one.who.key, one.survey, one.moment, Reason.LAPSED, one.at)

    def _release(self, key: int) -> Reservation | None:
        self._pending.released.add(key)
        return self._reserved.remove(key)

    def _rows_of(self, who: Who) -> dict[str, Row]:
        theirs = self._rows(who.user) if who.user is not None else {}
        if who.device is None:
            return theirs
        devices = self._rows(who.device)
        if who.user is None:
            return devices
        found = dict(theirs)
        for survey, row in devices.items():
            if not row.is_users:  # asked before this user logged in
                found[survey] = row.joined(theirs.get(survey))
                self._put(who.user, survey, found[survey])
                self._put(who.device, survey, msgspec.structs.replace(row, is_users=True))
        for survey, row in found.items():
            if survey not in devices:
                self._put(who.device, survey, row)
        return found

    def _rows(self, person: int) -> dict[str, Row]:
        found = {row[0]: Row(*row[1:]) for row in self._reader.execute(_ASKED, (person,))}
        found.update(self._writing.rows.get(person, {}))
        found.update(self._pending.rows.get(person, {}))
        return found

    def _put(self, person: int, survey: str, row: Row) -> None:
        self._pending.rows.setdefault(person, {})[survey] = row

    def _unit(self, user: int) -> tuple[int, int] | None:
        """Give a user's unit, and the day on which that was last written down."""
        for batch in (self._pending, self._writing):
            if user in batch.units:
                return batch.units[user]
        row: tuple[int, int] | None = self._reader.execute(
            "SELECT unit, day FROM unit WHERE person = ?", (user,)
        ).fetchone()
        return row

    def _is_counted(self, key: int) -> bool:
        if key in self._pending.submissions or key in self._writing.submissions:
            return True
        found = self._reader.execute("SELECT 1 FROM submission WHERE key = ?", (key,))
        return found.fetchone() is not None

    def _total(self, survey: str) -> Total:
        self._pending.totals.add(survey)
        return self._totals.setdefault(survey, Total())

    def _turn(self, now: int) -> None:
        """Begin a day's counts."""
        if now // DAY_US > self._day:
            self._day = now // DAY_US
            first = self._day * 24
            found = self._reader.execute(
                _TODAY,
                (first, first + 24, Reason.SHOWN.value),
            )
            self._today = Counter(dict(found.fetchall()))

    # -- writing ----------------------------------------------------------------------------------------

    def _load(self) -> None:
        found = self._reader.execute(
            "SELECT survey, asked, answered, answered_here, people, since, registers FROM total"
        )
        self._totals = {row[0]: Total(row[1:]) for row in found}
        columns = ", ".join(Reservation.__struct_fields__)
        kept = self._reader.execute(f"SELECT {columns} FROM reserved")  # noqa: S608 - our own names
        self._reserved = Reserved(Reservation(*row) for row in kept)

    def _run(self) -> None:
        tidied_at = 0.0
        while True:
            self._wake.wait(_LAZY_S)
            self._wake.clear()
            with self._lock:
                self._lapse()
                batch, self._pending = self._pending, Batch()
                self._writing = batch
                totals = [self._totals[key].row(key) for key in batch.totals]
                closing = self._closed
            error = self._commit(batch, totals) if batch else None
            with self._lock:
                self._writing = Batch()
            for one in batch.waiting:
                if error is None:
                    one.set_result(None)
                else:
                    one.set_exception(error)
            if closing:
                return
            if time.monotonic() - tidied_at > _TIDY_S:
                tidied_at = time.monotonic()
                self.tidy(self._clock())

    def _commit(self, batch: Batch, totals: list[tuple[Any, ...]]) -> BusyError | DataError | None:
        """Write all in one transaction; give the error where nothing was written."""
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            batch.write(self._writer, totals)
            self._writer.execute("COMMIT")
        except Exception as error:
            with contextlib.suppress(sqlite3.Error):
                self._writer.execute("ROLLBACK")
            _LOG.error("what was asked cannot be kept: %s", error)
            self._undo(batch)
            if isinstance(error, sqlite3.Error):
                return askings_file.explain(self._path, error)
            return DataError(f"{self._path.name}: cannot write ({error!r})")
        return None

    def _undo(self, batch: Batch) -> None:
        """Take back whom nobody may show anything now; keep the rest for the next time."""
        with self._lock:
            pending = self._pending
            for (_, survey, _), n in batch.asked.items():
                self._totals[survey].asked -= n
                self._today[survey] -= n
            for key in batch.reserved:
                self._reserved.remove(key)
            for person, of in batch.rows.items():
                for survey, row in of.items():
                    if (person, survey) not in batch.unsure:
                        pending.rows.setdefault(person, {}).setdefault(survey, row)
            pending.released |= batch.released
            pending.tallies.update(batch.tallies)
            pending.submissions.update(batch.submissions)
            pending.totals |= batch.totals

    def tidy(self, now: int) -> None:
        """Forget what nobody needs any more: see `obverse.web.surveys.forgetting`."""
        try:
            forget(self._writer, self._kept, now)
        except sqlite3.Error as error:
            _LOG.error("what is too old cannot be forgotten: %s", error)
