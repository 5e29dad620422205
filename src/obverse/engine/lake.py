"""What every engine offers: the same questions, asked the same way, wherever they run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Self, overload

import pyarrow as pa

from obverse.engine.people import PeoplePage
from obverse.errors import unknown
from obverse.measure.funnel import Funnel, FunnelAnswer
from obverse.measure.overview import Overview, OverviewAnswer
from obverse.measure.picture import Pick
from obverse.measure.protocol import Facts, Plan
from obverse.measure.question import Answer, Question
from obverse.tape.layout import Layout


class AnyLake(ABC):
    """Events to ask questions of; close it after use, or use it by `with`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @overload
    def ask(self, question: Funnel) -> FunnelAnswer: ...

    @overload
    def ask(self, question: Overview) -> OverviewAnswer: ...

    @overload
    def ask(self, question: Question) -> Answer: ...

    def ask(self, question: Question) -> Answer:
        """Answer a question, as of the newest event.

        Raises:
            QuestionError: it cannot be asked as it stands.
        """
        return self._ask(question)

    @abstractmethod
    def _ask(self, question: Question) -> Answer: ...

    @abstractmethod
    def people(
        self, question: Question, pick: Pick | None = None, *, limit: int = 100, offset: int = 0
    ) -> PeoplePage:
        """List the people behind a part of an answer, in an order that stays while no events come.

        Args:
            question: what was asked.
            pick: which part, as the answer's pictures carry it: ``{"step": "2", "outcome": "dropped"}``;
                everyone who is counted unless given.
            limit: how many people.
            offset: how many to pass over first.

        Raises:
            QuestionError: there is no such part, or accounts are counted.
        """

    @abstractmethod
    def names(self) -> list[tuple[str, int]]:
        """List the names of events with their counts, the most frequent first."""

    @abstractmethod
    def sql(self, text: str) -> pa.Table:
        """Run SQL over the view `events`, which has every event.

        Raises:
            QuestionError: the text is refused.
        """

    @abstractmethod
    def close(self) -> None:
        """Give back what is held."""


def facts(plan: Plan, layout: Layout, known: Mapping[str, int], currencies: tuple[str, ...]) -> Facts:
    """Gather what an answer says beside its summary.

    Args:
        plan: the question's.
        layout: any that was made for it.
        known: the names of all events.
        currencies: of all events.
    """
    named = dict.fromkeys(name for selection in plan.selections for name in selection.events)
    return Facts(
        as_of_seq=layout.last_seq,
        labels=layout.labels,
        currencies=currencies,
        strangers=tuple(unknown("event", name, known) for name in named if name not in known),
    )
