"""How long people linger, in plain Python: lists of events, nothing of the package."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.measure.oracle_sessions import BUY, PAGES, Ways, sessions
from tests.measure.visits import Visit

BEAT = "Page Lingered"


@dataclass(frozen=True)
class View:
    """One view of a page: its time in µs, None where that is not known; how it ended, None where unknown."""

    event: Visit
    session: int
    time: int | None
    said: bool
    left: bool | None

    @property
    def page(self) -> str:
        return self.event.page or "(no value)"

    @property
    def when(self) -> tuple[int, int]:
        return self.event.time, self.event.seq


@dataclass(frozen=True)
class Stay:
    """A person's first session with a page."""

    person: int
    began: int
    time: int | None
    said: bool
    left: bool | None
    bought: bool
    worth: float


def views(events: Sequence[Visit], gap: int, newest: int) -> list[View]:
    """Give all views, by session and time."""
    found = []
    for number, session in enumerate(sessions(events, Ways(gap=gap))):
        at = [i for i, event in enumerate(session) if event.name in PAGES]
        for i, end in pairwise([*at, len(session)]):
            upto = session[i : end + 1]  # with the next view, if there is one
            waits = [min(b.time - a.time, gap) for a, b in pairwise(upto)]
            said = [
                one.visible_ms
                for one in session[i + 1 : end]
                if one.name == BEAT and one.visible_ms >= 0 and one.page in ("", session[i].page)
            ]
            last = end == len(session)
            is_open = last and newest - session[-1].time <= gap
            found.append(
                View(
                    event=session[i],
                    session=number,
                    time=round(sum(said) * 1_000) if said else (sum(waits) if waits else None),
                    said=bool(said),
                    left=None if is_open else last,
                )
            )
    return found


def stays(events: Sequence[Visit], seen: Sequence[View], within: int) -> dict[str, list[Stay]]:
    """Give each person's stay on each page."""
    found: dict[str, list[Stay]] = defaultdict(list)
    for page in {view.page for view in seen}:
        for person in {view.event.person for view in seen}:
            mine = sorted(
                (one for one in seen if (one.page, one.event.person) == (page, person)),
                key=lambda one: one.when,
            )
            if not mine:
                continue
            first = mine[0]
            orders = [
                one
                for one in events
                if one.name == BUY
                and one.person == person
                and (one.time, one.seq) > first.when
                and one.time - first.event.time <= within
            ]
            until = min(((one.time, one.seq) for one in orders), default=(1 << 62, 0))
            part = [one for one in mine if one.session == first.session and one.when < until]
            times = [one.time for one in part if one.time is not None]
            found[page].append(
                Stay(
                    person=person,
                    began=first.event.time,
                    time=sum(times) if times else None,
                    said=all(one.said for one in part),
                    left=part[-1].left,
                    bought=bool(orders),
                    worth=sum(one.value for one in orders),
                )
            )
    return found
