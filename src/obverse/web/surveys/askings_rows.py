"""Rows of what was asked: who, when, how often, and what waits to be written."""

from __future__ import annotations

import sqlite3
from collections import Counter
from concurrent.futures import Future
from hashlib import blake2b
from typing import Any

import msgspec

from obverse.event import stream_key
from obverse.surveys.crowd import Crowd
from obverse.surveys.facts import NEVER, Asking
from obverse.surveys.reasons import Reason

DAY_US, HOUR_US = 86_400_000_000, 3_600_000_000

_DECIDED = """INSERT INTO decision VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET moment = excluded.moment, at = excluded.at, n = n + excluded.n"""


class Who(msgspec.Struct, frozen=True):
    """The keys of who is there; None for an id that is not given."""

    user: int | None = None
    device: int | None = None

    @classmethod
    def of(cls, user_id: str | None, anonymous_id: str | None) -> Who:
        """Make them of ids."""
        return cls(
            stream_key(user_id, None) if user_id else None,
            stream_key(None, anonymous_id) if anonymous_id else None,
        )

    @property
    def key(self) -> int | None:
        """The key to name them by."""
        return self.device if self.user is None else self.user

    @property
    def keys(self) -> tuple[int, ...]:
        """All keys that there are."""
        return tuple(key for key in (self.user, self.device) if key is not None)

    @property
    def rows(self) -> list[tuple[int, bool]]:
        """The keys to write what they were asked under, and whether each row is a user's."""
        found = (self.user, True), (self.device, self.user is not None)
        return [(key, is_users) for key, is_users in found if key is not None]


def key_of(submission: str, what: str = "") -> int:
    """Give the key under which something is kept of a submission, as a signed number of 64 bits."""
    drawn = blake2b(f"{submission}{what}".encode(), digest_size=8).digest()
    return int.from_bytes(drawn, "big", signed=True)


class Reservation(msgspec.Struct, frozen=True):
    """A survey that was given out.

    Attributes:
        key: of the submission, as `key_of` makes it.
        survey: id of it.
        moment: id of the moment.
        at: when, µs since 1970 UTC.
        user: key of the user whom it was given to, if one was known.
        device: key of their device.
    """

    key: int
    survey: str
    moment: str
    at: int
    user: int | None
    device: int | None

    @property
    def who(self) -> Who:
        """Whom it was given to."""
        return Who(self.user, self.device)


class Row(msgspec.Struct, frozen=True):
    """An `Asking` as it is kept, and whether it is a user's already (a device's may be of nobody known)."""

    asked_at: int
    n: int
    answered_at: int
    share: float
    is_users: int

    def asking(self) -> Asking:
        """Give it as a fact."""
        return Asking(self.asked_at, self.n, self.answered_at, self.share)

    def joined(self, other: Row | None) -> Row:
        """Put together what one person was asked under two keys."""
        if other is None or other == self:
            return self
        newest = self if self.asked_at >= other.asked_at else other
        answered_at = max(self.answered_at, other.answered_at)
        return Row(newest.asked_at, max(self.n, other.n), answered_at, newest.share, 1)


class Total:
    """What a survey has come to."""

    def __init__(self, values: tuple[Any, ...] = (0, 0, 0, 0.0, NEVER, b"")) -> None:
        self.asked, self.answered, self.answered_here, people, self.since, registers = values
        self.crowd = Crowd(registers, people)

    def row(self, survey: str) -> tuple[Any, ...]:
        """Give the row of a survey that has come to this."""
        crowd = self.crowd
        counts = self.asked, self.answered, self.answered_here
        return survey, *counts, crowd.n, self.since, bytes(crowd.registers)


class Batch:
    """What waits for a transaction."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[str, Row]] = {}
        self.unsure: set[tuple[int, str]] = set()
        """Those of `rows` that hold only if they are written, by person and survey."""
        self.reserved: dict[int, Reservation] = {}
        self.released: set[int] = set()
        self.units: dict[int, tuple[int, int]] = {}
        self.submissions: dict[int, int] = {}
        self.asked: Counter[tuple[int, str, str]] = Counter()
        self.tallies: Counter[tuple[int, str, str, str]] = Counter()
        self.decisions: dict[tuple[int, str, str], tuple[str, int, int]] = {}
        self.totals: set[str] = set()
        self.waiting: list[Future[None]] = []

    def __bool__(self) -> bool:
        kept = self.rows, self.reserved, self.released, self.units, self.tallies, self.totals, self.waiting
        return any(kept)

    def write(self, connection: sqlite3.Connection, totals: list[tuple[Any, ...]]) -> None:
        """Write all within the connection's open transaction."""
        many = connection.executemany
        many(
            "INSERT OR REPLACE INTO asking VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(person, key, *_values(row)) for person, of in self.rows.items() for key, row in of.items()],
        )
        many(
            "INSERT OR REPLACE INTO reserved VALUES (?, ?, ?, ?, ?, ?)",
            map(msgspec.structs.astuple, self.reserved.values()),
        )
        many("DELETE FROM reserved WHERE key = ?", [(key,) for key in self.released])
        many("INSERT OR REPLACE INTO unit VALUES (?, ?, ?)", [(key, *of) for key, of in self.units.items()])
        many("INSERT OR IGNORE INTO submission VALUES (?, ?)", self.submissions.items())
        many(
            "INSERT INTO tally VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n",
            [
                *((*key, n) for key, n in self.tallies.items()),
                *((*key, Reason.SHOWN.value, n) for key, n in self.asked.items()),
            ],
        )
        many(_DECIDED, [(*key, *rest) for key, rest in self.decisions.items()])
        many("INSERT OR REPLACE INTO total VALUES (?, ?, ?, ?, ?, ?, ?)", totals)


def _values(row: Row) -> tuple[Any, ...]:
    return row.asked_at, row.n, row.answered_at, row.share, row.is_users
