"""Which column means what: guessed from names and examples, always with the reason, to be shown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from obverse.collect.importing_read import _JSON_NUMBER, Kind
from obverse.collect.importing_time import TimeRule, fits, of_type, told

if TYPE_CHECKING:
    import duckdb

FIELDS = (
    "person",
    "anonymous",
    "time",
    "event",
    "touchpoint",
    "value",
    "currency",
    "account",
    "session",
    "message_id",
)
"""What a column, or a constant, can stand for."""

_NAMES: Mapping[str, tuple[str, ...]] = {
    "message_id": ("message_id", "insert_id", "event_uuid"),
    "session": ("session_id", "session", "visit_id"),
    "anonymous": ("anonymous_id", "anon_id", "device_id", "cookie_id", "visitor_id", "full_visitor_id"),
    "account": ("account_id", "group_id", "company_id", "organization_id", "organisation_id", "org_id"),
    "person": (
        "user_id", "userid", "user", "person_id", "person", "customer_id", "customerid", "customer",
        "client_id", "member_id", "distinct_id", "uid", "case_concept_name", "case_id", "case", "email",
    ),
    "event": (
        "event", "event_name", "eventname", "event_type", "activity", "concept_name", "activity_name",
        "action",
    ),
    "touchpoint": ("touchpoint",),
    "currency": ("currency", "currency_code"),
    "value": (
        "value", "revenue", "amount", "order_value", "dollar_value", "total", "total_price", "order_total",
        "spend",
    ),
}  # fmt: skip
_TIMES = (
    "timestamp", "time_timestamp", "original_timestamp", "event_time", "event_timestamp", "occurred_at",
    "time", "datetime", "date_time", "created_at", "ts", "date", "event_date",
)  # fmt: skip
_TIMELY = re.compile(r"(^|_)(time|timestamp|date|datetime|day|ts|at|epoch|when)(_|$)")
_NUMBER = re.compile(_JSON_NUMBER)
_MISSING = frozenset({"na", "n/a", "nan", "null", "none", "-"})


@dataclass(frozen=True)
class Profile:
    """What the first rows show of a column.

    Attributes:
        name: of the column.
        sql_type: as DuckDB names it; VARCHAR for files without types.
        texts: its filled cells.
        n_rows: rows that were looked at.
    """

    name: str
    sql_type: str
    texts: Sequence[str]
    n_rows: int

    @property
    def kind(self) -> Kind:
        """Kind of the values, for files that have no types: what all filled cells are."""
        said = [text.strip() for text in self.texts if text.strip().lower() not in _MISSING]
        if said and all(_NUMBER.fullmatch(text) for text in said):
            return "number"
        if said and all(text.lower() in ("true", "false") for text in said):
            return "boolean"
        return "text"

    @property
    def word(self) -> str:
        """Give the name in snake case, for comparing."""
        spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self.name)
        return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")


@dataclass(frozen=True)
class Guess:
    """One column that a field is taken from, and why."""

    column: str
    why: str


def guess(profiles: Sequence[Profile], taken: set[str], wanted: set[str]) -> dict[str, Guess]:
    """Guess the column of each wanted field but the time's.

    Args:
        profiles: of all columns.
        taken: columns that have a meaning already.
        wanted: fields that have no column yet.
    """
    found: dict[str, Guess] = {}
    taken = set(taken)
    for field in (*_NAMES, "person"):
        if field not in wanted or field in found:
            continue
        free = [profile for profile in profiles if profile.name not in taken and profile.texts]
        best = _by_name(field, free)
        if best is None and field == "person" and "anonymous" not in found:
            best = _by_ending(free)
        if best is not None:
            found[field] = best
            taken.add(best.column)
    return found


def _by_name(field: str, free: Sequence[Profile]) -> Guess | None:
    for name in _NAMES[field]:
        for profile in free:
            if profile.word == name and _plausible(field, profile):
                return Guess(profile.name, "by its name")
    return None


def _by_ending(free: Sequence[Profile]) -> Guess | None:
    for profile in free:
        if profile.word.endswith("_id") and len(profile.texts) == profile.n_rows:
            return Guess(profile.name, "the first column that is an id in every row")
    return None


def _plausible(field: str, profile: Profile) -> bool:
    """Tell whether a column's cells can be what its name says."""
    if field == "value":
        return profile.kind == "number"
    if field == "currency":
        return all(len(text.strip()) == 3 and text.strip().isalpha() for text in profile.texts)
    if field == "message_id":
        return len(profile.texts) == profile.n_rows == len(set(profile.texts))
    if field == "event":
        return profile.kind == "text"
    return True


def guess_time(
    profiles: Sequence[Profile],
    taken: set[str],
    connection: duckdb.DuckDBPyConnection,
    rule: TimeRule | None = None,
) -> tuple[Guess, TimeRule] | None:
    """Guess which column is the time and how it is written; None where none is.

    Args:
        profiles: of all columns.
        taken: columns that have a meaning already.
        connection: evaluates rules.
        rule: how it is written, where that is known.

    Raises:
        QuestionError: it is a time that can be read in two ways.
    """
    free = [profile for profile in profiles if profile.name not in taken and profile.texts]
    for profile in sorted(free, key=_timeliness):
        if rule is not None:
            if fits(rule, list(profile.texts), connection) > 0.5:
                return Guess(profile.name, f"its cells are times, as {rule.name}"), rule
            continue
        typed = of_type(profile.sql_type)
        if typed is not None:
            return Guess(profile.name, f"it is {typed.name}"), typed
        if profile.kind == "number" and not _TIMELY.search(profile.word):
            continue
        found = told(list(profile.texts), connection, 0.5 if profile.word in _TIMES else 0.95)
        if found is not None:
            return Guess(profile.name, f"its cells are times, as {found.name}"), found
    return None


def _timeliness(profile: Profile) -> tuple[int, int]:
    if profile.word in _TIMES:
        return 0, _TIMES.index(profile.word)
    if _TIMELY.search(profile.word):
        return 1, 0
    return 2, 0
