"""What a measure is: `question -> plan -> layout -> scan -> summary -> answer`.

A measure is an object with one method for each arrow. An engine lays out what the plan names, scans slices
of the layout's units, merges the summaries and asks for the answer; it knows nothing of any measure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self

from obverse.measure.picture import Pick
from obverse.measure.question import Answer, Question
from obverse.tape.layout import Bools, Key, Layout, Number, Selection

Unit = Literal["person", "session", "account"]


@dataclass(frozen=True)
class Plan:
    """What a question needs laid out: the arguments of `Tape.lay`.

    Attributes:
        selections: which events, one track each.
        unit: what a unit is.
        same: field whose value parts a person's events into units of their own; None for no such parts.
        value: whether tracks carry values.
        keys: fields whose values become codes of the tracks' events.
        numbers: fields whose values the tracks' events get as numbers.
        marks: whether the first track's events tell which other tracks have them.
    """

    selections: tuple[Selection, ...]
    unit: Unit = "person"
    same: str | None = None
    value: bool = False
    keys: tuple[Key, ...] = ()
    numbers: tuple[Number, ...] = ()
    marks: bool = False


@dataclass(frozen=True)
class Facts:
    """What an answer says about the lake beside the summary.

    Attributes:
        as_of_seq: the answer covers every event up to this number.
        labels: `Layout.labels`.
        currencies: of the values in the lake, most frequent first.
        strangers: a word for each event that the question names and the lake has never seen.
    """

    as_of_seq: int
    labels: tuple[tuple[str | None, ...], ...] = ()
    currencies: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()


class Summary(Protocol):
    """What scans leave. Merging is associative and commutative; one of no units changes nothing."""

    def merge(self, other: Self) -> Self:
        """Give the summary of both."""
        ...


class Measure(Protocol):
    """One measure; `question` says which questions are its own."""

    @property
    def question(self) -> type[Question]:
        """The type of its questions."""
        ...

    def plan(self, question: Any) -> Plan:
        """Say what the question needs laid out."""
        ...

    def scan(self, question: Any, layout: Layout, units: range) -> Any:
        """Scan a slice of units into a summary; a slice holds all units of a person or none."""
        ...

    def behind(self, question: Any, layout: Layout, pick: Pick) -> Bools:
        """Say who is behind a part of the answer.

        Args:
            question: what is asked.
            layout: what its plan laid out.
            pick: which part, as the answer's pictures and rows carry it; empty for everyone counted.

        Returns:
            shape (n_persons,); read `Layout.person` where a unit is part of a person.

        Raises:
            QuestionError: there is no such part, or it has no people (accounts).
        """
        ...

    def answer(self, question: Any, summary: Any, facts: Facts) -> Answer:
        """Turn the summary of all units into the answer."""
        ...
