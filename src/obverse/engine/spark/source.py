"""Where the events of a question come from: what a lake and a table have in common."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from obverse.tape.expression import Path
from obverse.tape.reels import CLAIMING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass
class Tally:
    """What is known of all events.

    Attributes:
        counts: events by name.
        types: the types of calls there are.
        newest: time of the newest event, µs since 1970 UTC; 0 where there is none.
    """

    counts: dict[str, int] = field(default_factory=dict)
    types: set[str] = field(default_factory=set)
    newest: int = 0

    @property
    def claimed(self) -> bool:
        """Whether there may be claims, so that an event's stream need not be its person."""
        return not self.types.isdisjoint(CLAIMING)

    def names(self) -> list[tuple[str, int]]:
        """List names with their counts, the most frequent first."""
        return sorted(self.counts.items(), key=lambda pair: (-pair[1], pair[0]))

    def add(self, events: DataFrame) -> None:
        """Count more events; what comes to the driver is a row for each name and type."""
        from pyspark.sql import functions as fn

        newest = fn.max(fn.unix_micros("time")).alias("newest")
        for row in events.groupBy("event", "type").agg(fn.count("*").alias("n"), newest).collect():
            self.counts[row.event] = self.counts.get(row.event, 0) + row.n
            self.types.add(row.type)
            self.newest = max(self.newest, row.newest)


class Source(Protocol):
    """Events with the lake's columns, as of one moment; `refresh` moves it on."""

    @property
    def stream(self) -> str:
        """SQL of an event's stream, for DuckDB."""
        ...

    @property
    def last_seq(self) -> int:
        """Every event up to this is in."""
        ...

    @property
    def n_events(self) -> int:
        """How many events there are."""
        ...

    def refresh(self) -> None:
        """Take in what has come since."""
        ...

    def tally(self) -> Tally:
        """Count all events."""
        ...

    def frame(self, fields: Sequence[str], names: Collection[str] = ()) -> DataFrame:
        """Give columns of all events.

        Args:
            fields: columns of the lake; `stream` may be missing where the source has none.
            names: top-level fields of properties that are looked at; others may be missing.
        """
        ...

    def place(self, path: Path) -> Path:
        """Say where a field lies that is not a column: in properties, else in context.

        Raises:
            QuestionError: no event has it, or it was named without its place and lies in both.
        """
        ...

    def currencies(self) -> tuple[str, ...]:
        """List the currencies of the events' values."""
        ...

    def notes(self) -> tuple[str, ...]:
        """Say what a reader should know about where the numbers come from."""
        ...

    def retrying(self, error: Exception) -> bool:
        """Tell whether a read may go well when it is done once more, and make ready for that."""
        ...
