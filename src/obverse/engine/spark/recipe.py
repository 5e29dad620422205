"""What executors compute for a question: its plans boiled down to bits, columns and SQL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version

import duckdb
import pyarrow as pa

from obverse.errors import QuestionError
from obverse.event import SCHEMA
from obverse.tape.columns import Wanted
from obverse.tape.planning import ACCOUNT, EVERYTHING, GROUPED, TOUCHPOINT, Choice, Plan
from obverse.tape.reel import Kind

MAX_TAKES = 60
CLAIM = 62
"""The bit of rows that are no events but claims."""

_WORD = re.compile(r"\w+")
_FIELDS = frozenset(SCHEMA.names)


@dataclass(frozen=True)
class Take:
    """Which events one strip takes: those of a choice, that have a value of a column if one is given."""

    choice: Choice
    same: Wanted | None = None


ALL = Take(Choice((EVERYTHING,), None))
GROUP_CALLS = Take(Choice((GROUPED,), None))


@dataclass(frozen=True)
class Recipe:
    """What is computed for each event, for some plans at once.

    Attributes:
        takes: each has the bit of its number; the bits after them are those of snapshots of people.
        columns: keys and numbers, columns ``c0``, ``c1``, … of the rows.
        valued: whether rows carry money.
        labelled: numbers of the columns whose values get names, with the bits of the events that count.
        claimed: whether there are claims, so that events without a user id must find their person.
        versions: of what computes keys and scans; all machines must have the same.
    """

    takes: tuple[Take, ...]
    columns: tuple[Wanted, ...]
    valued: bool
    labelled: tuple[tuple[int, int], ...]
    claimed: bool
    versions: str

    @classmethod
    def of(cls, plans: Sequence[Plan], derives: bool, claimed: bool) -> Recipe:
        """Boil plans down.

        Args:
            plans: the question's own first, then those of segments.
            derives: whether sessions are derived, since some event has none of its client's.
            claimed: whether there are claims.

        Raises:
            QuestionError: there are too many selections, or a segment counts accounts.
        """
        if any(plan.unit == "account" for plan in plans[1:]):
            raise QuestionError("segment: segments are groups of people, and one counts accounts")
        takes: dict[Take, None] = {}
        columns: dict[Wanted, None] = {}
        for plan in plans:
            for track, choice in enumerate(plan.choices):
                takes[Take(choice, plan.same)] = None
                columns |= dict.fromkeys(plan.columns(track).values())
        if derives and any(plan.unit == "session" for plan in plans):
            takes[ALL] = columns[TOUCHPOINT] = None
        if plans[0].unit == "account":
            takes[GROUP_CALLS] = columns[ACCOUNT] = None
        if len(takes) > MAX_TAKES:
            raise QuestionError(
                f"a question and its segments may select events in {MAX_TAKES} ways, not in {len(takes)}"
            )
        valued = any(plan.value for plan in plans)
        plain = cls((*takes,), (*columns,), valued, (), claimed, versions())
        counted: dict[int, int] = {}
        for plan in plans:
            for key in plan.keys:
                if key.tracks and key.named:
                    at = plain.columns.index(key.wanted)
                    bits = sum({1 << plain.bit(plan, track) for track in key.tracks})
                    counted[at] = counted.get(at, 0) | bits
        return cls(plain.takes, plain.columns, valued, (*counted.items(),), claimed, plain.versions)

    def bit(self, plan: Plan, track: int) -> int:
        """Give the number of the bit of a plan's track."""
        return self.takes.index(Take(plan.choices[track], plan.same))

    def kinds(self) -> set[Kind]:
        """Give the kinds of events that are wanted at all."""
        return {kind for take in self.takes for kind in take.choice.kinds}

    def wanted(self) -> Iterable[Wanted]:
        """Give every expression."""
        yield from self.columns
        for take in self.takes:
            yield from (one for one in (take.choice.where, take.same) if one)

    def fields(self) -> list[str]:
        """Give the columns of the lake that must be read, in the order of its schema."""
        needed = {"time", "seq", "stream"} | {kind.column for kind in self.kinds() if kind.column}
        needed |= {"value"} if self.valued else set()
        needed |= {"type", "user_id", "anonymous_id"} if self.claimed else set()
        for one in self.wanted():
            needed |= _FIELDS & set(_WORD.findall(one.sql))
        return [name for name in SCHEMA.names if name in needed]

    def schema(self) -> pa.Schema:
        """Give the schema of the rows that the first step leaves.

        `unit` is the stream, then the person, then what is counted. A claim's `seq` is its user's stream. The
        text of a key's value is a row with ``text``, its key as `unit` and its column's number as `time`.
        """
        fields = [("unit", pa.int64()), ("time", pa.int64()), ("seq", pa.int64()), ("bits", pa.int64())]
        fields += [(f"c{i}", _TYPES[one.form]) for i, one in enumerate(self.columns)]
        fields += [("value", pa.float64())] if self.valued else []
        fields += [("known", pa.bool_())] if self.claimed else []
        fields += [("text", pa.string())] if self.labelled else []
        return pa.schema(fields)

    def row_schema(self) -> pa.Schema:
        """Give the schema of the rows that go to their person: events alone."""
        return pa.schema([field for field in self.schema() if field.name not in ("known", "text")])


_TYPES = {"key": pa.int64(), "number": pa.float64()}


def versions() -> str:
    """Name what must be the same on all machines for keys and scans to fit together."""
    return f"obverse {version('obverse')}, duckdb {duckdb.__version__}"
