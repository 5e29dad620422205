"""From the summary of sessions to the answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any, TypeVar

import numpy as np

from obverse.measure import moments
from obverse.measure.clustered import share_of_things
from obverse.measure.estimate import Estimate, Reason, total
from obverse.measure.grouping import GroupKind, kind_of
from obverse.measure.histogram import coarse_s, quantiles_s
from obverse.measure.protocol import Facts
from obverse.measure.ranks import rank_interval
from obverse.measure.scope import OTHER
from obverse.measure.sessions.answer import (
    SessionsAnswer,
    SessionsFigures,
    SessionsGroup,
    SessionsLength,
    SessionsPlace,
    SessionsRow,
)
from obverse.measure.sessions.question import Sessions
from obverse.measure.sessions.setting import EVERYONE, NO_PAGE, Setting, keys_of, setting_of
from obverse.measure.sessions.state import (
    ALL,
    BOUNCED,
    BOUNCED_2,
    BOUNCED_SESSIONS,
    CAMPAIGNS,
    CHANNELS,
    CONVERTING,
    CONVERTING_2,
    CONVERTING_SESSIONS,
    DEPTH,
    ENTRIES,
    EXITS,
    GROUP_ROWS,
    GROUPS,
    LENGTH,
    PEOPLE,
    ROWS,
    SESSIONS,
    SESSIONS_2,
    SOURCES,
    VIEWS,
)
from obverse.measure.sessions.summary import SessionsSummary
from obverse.tape.layout import Floats, Int64s

F = TypeVar("F", bound=SessionsFigures)
Worth = tuple[float, Floats]
"""The sum of values, and the moments of what sessions bring."""

_SEVERAL = (
    "Intervals of lengths, depths and values take sessions as independent; those of one person are not "
    "quite, so these intervals are somewhat too narrow. Those of shares allow for it."
)


def answer(question: Sessions, summary: SessionsSummary, facts: Facts) -> SessionsAnswer:
    """Turn the summary of all units into the answer."""
    setting = setting_of(question, facts.labels, summary.newest)
    made = _Making(question, summary, setting)
    shown = [at for at in range(len(setting.tables[GROUPS])) if made.numbers(GROUPS, at)[SESSIONS]]
    labels = dict(zip(keys_of(question), facts.labels, strict=True)).get("by", ())
    groups = [made.group(number, kind_of(labels, number)) for number in shown]
    everyone = made.everyone()
    depths = summary.depths.sum(axis=0)
    return SessionsAnswer(
        as_of_seq=facts.as_of_seq,
        question=question,
        totals=everyone,
        groups=tuple(sorted(groups, key=lambda group: (group.kind == "other", -group.sessions, group.name))),
        entry_pages=made.places(ENTRIES),
        exit_pages=made.places(EXITS),
        channels=made.places(CHANNELS),
        sources=made.places(SOURCES),
        campaigns=made.places(CAMPAIGNS),
        lengths=tuple(coarse_s(summary.lengths.sum(axis=0))),
        depths=tuple(depths[: 1 + np.flatnonzero(depths)[-1]].tolist()) if depths.any() else (),
        currency=facts.currencies[0] if len(facts.currencies) == 1 else None,
        notes=_notes(summary, setting, facts, everyone),
    )


class _Making:
    """Makes the parts of one answer."""

    def __init__(self, question: Sessions, summary: SessionsSummary, setting: Setting) -> None:
        self.question = question
        self.summary = summary
        self.setting = setting
        self._bases = setting.bases
        without = np.zeros_like(summary.worth)
        without[:, 0] = summary.tables[:, SESSIONS] - summary.worth[:, 0]
        self._worths = moments.merge(summary.worth, without)
        self._shown = self._span()

    def numbers(self, table: int, place: int) -> Int64s:
        """Give the numbers of a place."""
        found: Int64s = self.summary.tables[self._bases[table] + place]
        return found

    def _worth(self, table: int, place: int) -> Worth:
        at = self._bases[table] + place
        return float(self.summary.money[at]), self._worths[at]

    def _span(self) -> range:
        """Give the rows that are shown: where no start is named, none before the first with a session."""
        n = self.setting.rows.n
        used = [at for at in range(n) if self.numbers(ROWS, at)[SESSIONS]]
        return range(0 if self.question.start is not None else min(used, default=n), n)

    def group(self, number: int, kind: GroupKind) -> SessionsGroup:
        """Make a group of the split."""
        name = self.setting.tables[GROUPS][number]
        rows = self._rows(GROUP_ROWS, number * (self.setting.rows.n + 1))
        return self._group(GROUPS, number, rows, slice(number, number + 1), name=name, kind=kind)

    def everyone(self) -> SessionsGroup:
        """Make one group of all."""
        return self._group(ALL, 0, self._rows(ROWS, 0), slice(None), name=EVERYONE, kind=EVERYONE)

    def _group(
        self, table: int, place: int, rows: tuple[SessionsRow, ...], groups: slice, **named: str
    ) -> SessionsGroup:
        summary, numbers = self.summary, self.numbers(table, place)
        sums: Floats = reduce(moments.merge, summary.moments[groups])
        return _figures(
            SessionsGroup,
            numbers,
            self._worth(table, place),
            people=int(numbers[PEOPLE]),
            length=_length(summary.lengths[groups].sum(axis=0), sums[LENGTH]),
            events=mean(sums[DEPTH]),
            pages=mean(sums[VIEWS]),
            rows=rows,
            **named,
        )

    def _rows(self, table: int, base: int) -> tuple[SessionsRow, ...]:
        rows = self.setting.rows
        return tuple(
            _figures(
                SessionsRow,
                self.numbers(table, base + at),
                self._worth(table, base + at),
                people=int(self.numbers(table, base + at)[PEOPLE]),
                name=rows.name(at),
                start=rows.start(at),
                complete=rows.complete(at),
            )
            for at in self._shown
        )

    def places(self, table: int) -> tuple[SessionsPlace, ...]:
        """Make the rows of a table, the largest first; what has no row of its own is one, near the end."""
        names = self.setting.tables[table]
        sizes = [int(self.numbers(table, at)[SESSIONS]) for at in range(len(names))]
        order = sorted((at for at, n in enumerate(sizes) if n), key=lambda at: (-sizes[at], names[at]))
        shown = [at for at in order if names[at] not in (OTHER, NO_PAGE)]
        rest = [*shown[self.question.top :], *(at for at in order if names[at] == OTHER)]
        parts = [[at] for at in shown[: self.question.top]] + [rest] * bool(rest)
        parts += [[at] for at in order if names[at] == NO_PAGE]
        return tuple(self._place(table, part, OTHER if part is rest else names[part[0]]) for part in parts)

    def _place(self, table: int, places: list[int], name: str) -> SessionsPlace:
        """Make one row of some places."""
        numbers = np.sum([self.numbers(table, at) for at in places], axis=0)
        worth = [self._worth(table, at) for at in places]
        return _figures(
            SessionsPlace,
            numbers,
            (sum(money for money, _ in worth), reduce(moments.merge, [each for _, each in worth])),
            people=int(numbers[PEOPLE]) if len(places) == 1 else None,
            name=name,
        )


def _figures(part: Callable[..., F], numbers: Int64s, worth: Worth, **more: Any) -> F:
    """Make what all parts have in common, and `more`."""
    n = int(numbers[SESSIONS])
    return part(
        sessions=n,
        bounces=int(numbers[BOUNCED]),
        bounce_rate=share_of_sessions(numbers, BOUNCED, BOUNCED_2, BOUNCED_SESSIONS),
        converting=int(numbers[CONVERTING]),
        conversion=share_of_sessions(numbers, CONVERTING, CONVERTING_2, CONVERTING_SESSIONS),
        value=worth[0],
        value_per_session=mean(worth[1]),
        **more,
    )


def share_of_sessions(numbers: Int64s, marked: int, squared: int, together: int) -> Estimate:
    """Estimate a share of sessions, people being independent and their sessions alike."""
    n, y, yy = (int(numbers[at]) for at in (PEOPLE, SESSIONS, SESSIONS_2))
    x, xx, xy = (int(numbers[at]) for at in (marked, squared, together))
    if n == 0:
        return Estimate(reason=Reason.NOBODY)
    return share_of_things(
        np.array([n, x / n, y / n, (n * xx - x * x) / n, (n * yy - y * y) / n, (n * xy - x * y) / n])
    )


def mean(draws: Floats) -> Estimate:
    """Estimate a mean from centred moments of shape (3,), by Student's t."""
    n = int(draws[0])
    found = total(n, float(draws[1]), float(draws[2]))
    if found.value is None or n == 1:
        return found
    low = None if found.low is None else found.low / n
    high = None if found.high is None else found.high / n
    return Estimate(float(draws[1]), low, high, found.reason)


def _length(counts: Int64s, seconds: Floats) -> SessionsLength | None:
    if not counts.any():
        return None
    p25, p75, p90 = (brief(one) for one in quantiles_s(counts, (0.25, 0.75, 0.9)))
    return SessionsLength(mean_s=mean(seconds), median_s=median_s(counts), p25_s=p25, p75_s=p75, p90_s=p90)


def median_s(counts: Int64s) -> Estimate:
    """Estimate a median from a histogram of durations, by order statistics (`obverse.measure.ranks`)."""
    n = int(counts.sum())
    if n == 0:
        return Estimate(reason=Reason.NOBODY)
    (low,), (high,) = rank_interval(np.array([n]), 0.5)
    found = brief(quantiles_s(counts, (0.5,))[0])
    if low < 1 or high > n:
        return Estimate(found, reason=Reason.TOO_FEW)
    lower, upper = quantiles_s(counts, (low / n, high / n))
    return Estimate(found, brief(lower), brief(upper))


def brief(seconds: float) -> float:
    """Give 0 for what is less than the millisecond that can be told."""
    return seconds if seconds >= 0.001 else 0.0


def _notes(
    summary: SessionsSummary, setting: Setting, facts: Facts, everyone: SessionsGroup
) -> tuple[str, ...]:
    notes = list(facts.strangers)
    if everyone.sessions:
        notes.append(_SEVERAL)
    if len(facts.currencies) > 1 and everyone.value:
        notes.append(f"Values in several currencies ({', '.join(facts.currencies)}) were added as they are.")
    unseen = summary.tables[setting.bases[ENTRIES] + len(setting.tables[ENTRIES]) - 1, SESSIONS]
    if everyone.sessions and unseen == everyone.sessions:
        notes.append(
            "No session has a page view, so nothing is known of pages and channels: name them in `pages`."
        )
    return tuple(notes)
