"""From a question and a layout to what the scan works on: the tables and their names, arrays, rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from obverse.errors import QuestionError, unknown
from obverse.measure.buckets import slots_of
from obverse.measure.calendar import FIRST_DAY, edges, local_day, midnight_us, next_start
from obverse.measure.pages import Patterns, folded
from obverse.measure.period import zone_of
from obverse.measure.protocol import Plan
from obverse.measure.rows import Rows
from obverse.measure.scope import NO_VALUE, OTHER, group_names
from obverse.measure.sessions.chains import Cuts
from obverse.measure.sessions.channels import ARRIVAL, NO_CAMPAIGN, Arrival
from obverse.measure.sessions.question import Sessions
from obverse.measure.sessions.state import BOUNCES, GROUPS, Events, Rules, Views
from obverse.tape.arrange import frozen
from obverse.tape.layout import Int32s, Int64s, Key, Layout

NO_PAGE = "(no page view)"
"""Stands for the page, channel, source or campaign of a session without a page view."""

EVERYONE = "everyone"
N_LABELS = 10_000

_REMEMBERED = 8
"""What so many sets of labels stand for is kept: each slice of a layout and each question on it needs it."""

Labels = tuple[str | None, ...]

_NO_CODES: Int32s = frozen(np.zeros(0, np.int32))


def keys_of(question: Sessions) -> dict[str, Key]:
    """Name the codes that a question needs, in the order of its plan."""
    keys = {
        "page": Key(question.page, (1,), N_LABELS, optional=True),
        "arrival": Key(ARRIVAL, (1,), N_LABELS, optional=True),
    }
    if question.per_touchpoint:
        keys["touchpoint"] = Key("touchpoint", (0,), N_LABELS, sparse=True)
    if question.client_ids:
        keys["session"] = Key("session_id", (0,), named=False, sparse=True)
    if question.by is not None:
        keys["by"] = Key(question.by, (0,), question.n_groups)
    return keys


def plan_of(question: Sessions) -> Plan:
    """Name all events that make up sessions, page views and conversions."""
    return Plan(
        question.selections(),
        value=question.conversion is not None,
        keys=(*keys_of(question).values(),),
        marks=True,
    )


@dataclass(frozen=True)
class Setting:
    """A question over a layout.

    Attributes:
        tables: names of the places of each table, but for the last two, whose places are rows, and groups
            by rows.
        rows: of the period; what is before the first one has a place behind the last.
        places: page of each page's code, as its place in the tables of pages.
        arrivals: shape (4, arrivals + 1): channel, source, campaign of each arrival's code as places, and
            the campaign as a whole, -1 for none.
    """

    tables: tuple[tuple[str, ...], ...]
    rows: Rows
    places: Int32s
    arrivals: Int32s

    @property
    def n_groups(self) -> int:
        """How many groups there are; 1 without a split, whatever the tables have."""
        return max(1, len(self.tables[GROUPS]))

    @property
    def bases(self) -> list[int]:
        """Where each table begins, and where the last one ends."""
        n = self.rows.n + 1  # see `rows`
        return [0, *accumulate([*map(len, self.tables), n, n * len(self.tables[GROUPS])])]

    def place(self, table: int, name: str, what: str) -> int:
        """Find a place by its name.

        Raises:
            QuestionError: there is none.
        """
        if name not in self.tables[table]:
            raise QuestionError(unknown(what, name, self.tables[table]))
        return self.tables[table].index(name)


def setting_of(question: Sessions, labels: Sequence[Labels], newest: int) -> Setting:
    """Name the tables of a question; every slice of a layout has the same."""
    found = dict(zip(keys_of(question), labels, strict=True))
    groups = () if question.by is None else tuple(group_names(found["by"]))
    pages, places = page_places(found["page"], question.patterns)
    names, arrivals = _arrived(found["arrival"], question.own_sites)
    pages = (*pages, NO_PAGE)
    return Setting(
        tables=((EVERYONE,), groups, pages, pages, *((*each, NO_PAGE) for each in names)),
        rows=question.rows(newest),
        places=places,
        arrivals=arrivals,
    )


@lru_cache(maxsize=_REMEMBERED)
def _arrived(labels: Labels, own_sites: tuple[str, ...]) -> tuple[tuple[tuple[str, ...], ...], Int32s]:
    """Read the labels of arrivals: names of channels, sources and campaigns, and `Setting.arrivals`."""
    told = [Arrival.read(label, own_sites) for label in labels]
    channels, channel = _numbered([one.channel for one in told], OTHER)
    sources, source = _numbered([one.origin for one in told], OTHER)
    campaigns, campaign = _numbered([_campaign(one) for one in told], OTHER)
    comings: dict[tuple[str, str, str], int] = {}
    coming = [
        comings.setdefault((one.source, one.medium, one.campaign), len(comings)) if one.named else -1
        for one in told
    ]
    numbers: Int32s = frozen(np.array([channel, source, campaign, [*coming, -1]], np.int32))
    return (channels, sources, campaigns), numbers


@lru_cache(maxsize=_REMEMBERED)
def page_places(
    labels: Labels, patterns: tuple[str, ...], most: int | None = None, fold: bool = True
) -> tuple[tuple[str, ...], Int32s]:
    """Name the pages of a layout.

    Args:
        labels: of its codes, most frequent first.
        patterns: pages that count as one.
        most: how many pages are told apart, the most frequent; None for all.
        fold: whether numbers and ids in addresses count as one.

    Returns:
        The pages' names, the last of which is all others, and the number of each code's page.
    """
    known = Patterns(patterns)

    def named(label: str | None) -> str:
        if label is None:
            return NO_VALUE
        return known.name_of(label) or (folded(label) if fold else label)

    names = [named(label) for label in labels]
    kept = set([*dict.fromkeys(names)][:most])
    places, numbers = _numbered([name if name in kept else OTHER for name in names], OTHER)
    return places, frozen(np.array(numbers, np.int32))


def _numbered(names: Sequence[str], rest: str) -> tuple[tuple[str, ...], list[int]]:
    """Number names by first sight; `rest` is the last one, and what a code beyond all labels has."""
    numbers = {name: number for number, name in enumerate(dict.fromkeys(one for one in names if one != rest))}
    numbers[rest] = len(numbers)
    return (*numbers,), [*(numbers[name] for name in names), numbers[rest]]


def _campaign(arrival: Arrival) -> str:
    if arrival.campaign:
        return arrival.campaign
    parts = [part for part in (arrival.source, arrival.medium) if part]
    return " / ".join(parts) if parts else NO_CAMPAIGN


def events_of(question: Sessions, layout: Layout) -> Events:
    """Take the events of a layout."""
    numbers, track = [*keys_of(question)], layout.tracks[0]

    def codes(name: str) -> Int32s:
        found = track.codes[numbers.index(name)] if name in numbers else None
        return _NO_CODES if found is None else frozen(found)

    if track.marks is None:
        raise ValueError("the layout lacks marks")
    offsets, time, seq = map(frozen, (track.offsets, track.time, track.seq))
    return Events(
        *(offsets, time, seq, codes("touchpoint"), codes("session"), codes("by"), frozen(track.marks))
    )


def views_of(layout: Layout, setting: Setting) -> Views:
    """Take the page views of a layout."""
    track = layout.tracks[1]
    page, arrival = track.codes[:2]
    if page is None or arrival is None:
        raise ValueError("the layout lacks pages")
    return Views(
        offsets=frozen(track.offsets),
        page=_some(page),
        arrival=_some(arrival),
        places=setting.places,
        arrivals=setting.arrivals,
    )


def _some(column: NDArray[Any]) -> NDArray[Any]:
    """Give a column that has an entry to read, needed or not, where there is none."""
    return frozen(column if len(column) else np.zeros(1, column.dtype))


def cuts_of(question: Sessions, layout: Layout, events: Events) -> Cuts:
    """Give the rules that end sessions as numbers."""
    found = dict(zip(keys_of(question), layout.labels, strict=True))
    never = frozen(np.zeros(0, np.int64))
    return Cuts(
        gap=question.gap_us,
        midnights=midnights(question.zone, layout.newest) if question.midnight else never,
        campaigns=question.new_campaign,
        apart=len(events.touchpoint) > 0,
        ids=len(events.session) > 0,
        n_touchpoints=len(found.get("touchpoint", ())) + 1,
        longest=question.max_length_us,
    )


def midnights(zone_name: str, newest: int) -> Int64s:
    """Give all midnights from before any event to after the newest, in a zone."""
    zone = zone_of(zone_name)
    first, last = midnight_us(FIRST_DAY, zone), midnight_us(next_start(local_day(newest, zone), "day"), zone)
    found: Int64s = frozen(edges(min(first, last), max(first, last), zone, "day"))
    return found


def rules_of(question: Sessions, layout: Layout, setting: Setting, events: Events) -> Rules:
    """Give the question as numbers."""
    start, end = question.period_us
    unseen = [len(names) - 1 for names in setting.tables]
    slots, per_us = slots_of(setting.rows.edges, question.grain) if setting.rows.n else (_NO_CODES, 0.0)
    return Rules(
        start=start,
        end=end,
        cuts=cuts_of(question, layout, events),
        edges=frozen(setting.rows.edges),
        slots=frozen(slots),
        per_us=per_us,
        bounce=BOUNCES[question.bounce],
        engaged_after=question.engaged_after_us,
        split=question.by is not None,
        bases=frozen(np.array(setting.bases[:-1], np.int64)),
        unseen=frozen(np.array([*unseen, 0, 0], np.int64)),
    )
