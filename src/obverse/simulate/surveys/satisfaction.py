"""What people go through that stays with them, and how satisfied they are at any instant because of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from obverse.simulate.calendar import DAY_MS
from obverse.simulate.happenings import World
from obverse.simulate.model import APP, CHECKOUT, Bools, Codes, Floats, Ints, begins
from obverse.simulate.scenes import CODE

ABOUT = ("delivery", "web", "app", "store", "support")
"""The touchpoints that experiences, and so texts, are truly about."""
DELIVERY, WEB, IN_APP, STORE, SUPPORT = range(len(ABOUT))

_SLOW_MS = DAY_MS // 8
_LINE = 1 << 45


@dataclass(frozen=True)
class Marks:
    """Experiences that stay, sorted by person and time; all columns have shape (n,).

    Attributes:
        person: whose.
        at_ms: from when on.
        effect: on satisfaction, in standard deviations of the differences between people.
        about: position in `ABOUT`.
    """

    person: Codes
    at_ms: Ints
    effect: Floats
    about: Codes


@dataclass(frozen=True)
class Feelings:
    """How satisfied people are.

    Attributes:
        base: shape (n_people,), satisfaction before anything happens.
        marks: what happened.
    """

    base: Floats
    marks: Marks

    def at(self, person: Codes, at_ms: Ints) -> Floats:
        """Give people's satisfaction at some instants; shape as theirs."""
        total = np.concatenate(([0.0], np.cumsum(self.marks.effect)))
        first, last = self._known(person, at_ms)
        felt: Floats = self.base[person] + np.clip(total[last] - total[first], -3.0, 1.2)
        return felt

    def on_their_mind(self, person: Codes, at_ms: Ints) -> tuple[Codes, Floats]:
        """Give what a person thinks of at an instant: the last bad experience, else the last good one.

        Returns:
            Position in `ABOUT`, -1 where there is nothing, and its effect.
        """
        marks, n = self.marks, len(self.marks.person)
        first, last = self._known(person, at_ms)
        numbers = np.arange(n)
        bad = np.maximum.accumulate(np.where(marks.effect < 0, numbers, -1)) if n else numbers
        latest_bad = np.where(last > 0, np.append(bad, -1)[last - 1], -1)
        chosen = np.where(latest_bad >= first, latest_bad, np.where(last > first, last - 1, -1))
        about, effect = np.append(marks.about, -1), np.append(marks.effect, 0.0)
        return about[chosen].astype(np.int32), effect[chosen]

    def _known(self, person: Codes, at_ms: Ints) -> tuple[Ints, Ints]:
        """Give the first of a person's experiences, and the first after an instant."""
        line = self.marks.person.astype(np.int64) * _LINE + self.marks.at_ms
        start = person.astype(np.int64) * _LINE
        return np.searchsorted(line, start), np.searchsorted(line, start + at_ms, side="right")


def feelings(chance: np.random.Generator, made: World) -> Feelings:
    """Draw what people go through, from what happened in the shop."""
    parts = [
        _deliveries(made),
        _refunds(made),
        _failures(made),
        _support(made),
        _apps(chance, made),
        _stores(chance, made),
    ]
    person, at, effect, about = (np.concatenate([part[column] for part in parts]) for column in range(4))
    order = np.lexsort((at, person))
    marks = Marks(
        person[order].astype(np.int32),
        at[order].astype(np.int64),
        effect[order],
        about[order].astype(np.int32),
    )
    return Feelings(chance.normal(0.0, 1.0, made.who.n), marks)


_Part = tuple[Codes, Ints, Floats, Codes]


def _part(made: World, at: Ints, effect: Floats | float, about: int, later_ms: Ints | int = 0) -> _Part:
    """Make experiences of events."""
    n, events = len(at), made.events
    return (
        events.person[at],
        events.at_ms[at] + later_ms,
        np.broadcast_to(np.asarray(effect, dtype=np.float64), n),
        np.full(n, about, dtype=np.int32),
    )


def _of(made: World, event: str, among: Bools | None = None) -> Ints:
    found = made.events.event == CODE[event]
    return np.flatnonzero(found if among is None else found & among)


def _deliveries(made: World) -> _Part:
    """Orders come in time or late."""
    came = _of(made, "Order Delivered")
    return _part(made, came, np.where(made.events.detail[came] > 0, -1.3, 0.2), DELIVERY)


def _refunds(made: World) -> _Part:
    return _part(made, _of(made, "Order Refunded"), -0.5, WEB)


def _failures(made: World) -> _Part:
    """The planted incident: paid, and it failed."""
    failed = np.flatnonzero(made.seen.struck & (made.seen.reached == CHECKOUT))
    tried = _of(made, "Payment Info Entered", np.isin(made.events.visit, failed))
    return _part(made, tried, -1.2, WEB, 60_000)


def _support(made: World) -> _Part:
    """Cases are solved at once, or drag on."""
    solved = _of(made, "Support Resolved")
    return _part(made, solved, np.where(slow(made, solved), -1.0, 0.35), SUPPORT)


def slow(made: World, solved: Ints) -> Bools:
    """Tell which ends of cases came hours after their beginning."""
    events = made.events
    began = np.zeros(len(made.cases.reason), dtype=np.int64)
    contacts = _of(made, "Support Contacted")
    began[events.detail[contacts]] = events.at_ms[contacts]
    dragged: Bools = events.at_ms[solved] - began[events.detail[solved]] > _SLOW_MS
    return dragged


def _apps(chance: np.random.Generator, made: World) -> _Part:
    """For some the app runs badly from the first time on."""
    opened = _of(made, "Application Opened", made.seen.kind[made.events.visit] == APP)
    order = np.lexsort((made.events.at_ms[opened], made.events.person[opened]))
    first = np.sort(opened[order][begins(made.events.person[opened[order]])])
    return _part(made, first, np.where(chance.random(len(first)) < 0.3, -0.8, 0.25), IN_APP, 300_000)


def _stores(chance: np.random.Generator, made: World) -> _Part:
    went = _of(made, "Store Visited")
    return _part(made, went, np.where(chance.random(len(went)) < 0.12, -0.5, 0.2), STORE, 1_800_000)
