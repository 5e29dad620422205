"""A simulation: a shop that has been let run, its events on the wire and the truth behind them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from obverse.errors import QuestionError
from obverse.simulate.acts import messages as acts_messages
from obverse.simulate.acts.acting import Acts, acts
from obverse.simulate.happenings import World, world
from obverse.simulate.model import Shop
from obverse.simulate.surveys.asking import Opinions, opinions
from obverse.simulate.surveys.messages import Writer
from obverse.simulate.truth import Truth
from obverse.simulate.wire import Body, bodies


@dataclass(frozen=True)
class Simulation:
    """A shop that has been let run.

    Attributes:
        seed: that it was made from.
        made: all that was drawn.
    """

    seed: int
    made: World

    @property
    def n_events(self) -> int:
        """How many different events happened; the bodies hold some of them twice."""
        return self.made.events.n

    def bodies(self) -> Iterator[Body]:
        """Yield what clients send, as bodies of Segment's batch call in the order of arrival.

        The bodies are bytes; send `body.at(now)` over a real connection. They are written one by one, so
        that memory stays bounded, and are the same each time.
        """
        return bodies(self.made, self.seed)

    @cached_property
    def opinions(self) -> Opinions:
        """What people truly think, who of them was asked, and what became of it."""
        return opinions(self.made, self.seed)

    def survey_bodies(self) -> list[Body]:
        """Give what comes of asking people, as bodies of Segment's batch call in the order of arrival.

        They are no part of `bodies`: they come from the shop's surveys, under a key of their own.
        """
        return list(Writer(self.made, self.opinions.asked, self.seed).bodies())

    @cached_property
    def acts(self) -> Acts:
        """What people do on the pages that have Obverse's own client, and the truth of it."""
        return acts(self.made, self.seed)

    def act_bodies(self) -> list[Body]:
        """Give what that client tells of it, as bodies of Segment's batch call in the order of arrival.

        They are no part of `bodies`: another client sends them.
        """
        return list(acts_messages.bodies(self.made, self.seed, self.acts.done))

    @cached_property
    def truth(self) -> Truth:
        """The truth behind the events."""
        return Truth(self.made, self.seed)


def shop(
    seed: int,
    n_people: int = 30_000,
    days: int = 120,
    *,
    end: datetime,
    parameters: Shop | None = None,
) -> Simulation:
    """Let a shop run.

    The same arguments give the same bytes, in any process, with the same versions of NumPy and of the time
    zone database.

    Args:
        seed: not negative.
        n_people: how many people there are, at least 10.
        days: length of the period, at least 14.
        end: its end, with a time zone; nothing happens at or after it.
        parameters: of the model; the demo's where None.

    Raises:
        QuestionError: an argument is out of its range.

    >>> from datetime import UTC, datetime
    >>> made = shop(7, n_people=50, days=30, end=datetime(2026, 6, 1, tzinfo=UTC))
    >>> sum(body.n_events for body in made.bodies()) >= made.n_events > 500
    True
    """
    if end.tzinfo is None:
        raise QuestionError(f"end: {end} has no time zone; write datetime(…, tzinfo=UTC)")
    if seed < 0 or n_people < 10 or days < 14:
        raise QuestionError(f"seed: {seed}, n_people: {n_people}, days: {days}; the least are 0, 10 and 14")
    return Simulation(seed, world(parameters or Shop(), seed, n_people, days, end))
