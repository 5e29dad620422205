"""Sessions: how many, how long, how deep; where they come from, where they begin and end, what they bring.

What is counted, exactly
    A *session* is what the client calls one, where it sends its own session id: all events of a person with
    the same id. Events without an id are parted by silence: a session is a person's events at one
    touchpoint with no gap over `gap` (30 minutes) between one event and the next at that touchpoint, those
    with an id included. A gap of exactly `gap` ends nothing. These are the sessions that a funnel counts
    too. (PostHog, Mixpanel, Amplitude: 30 minutes of inactivity, changeable.)

    - `client_ids` off: ids do not count. `per_touchpoint` off: sessions go on from one touchpoint to another.
    - `max_length`: an event more than that after a session's first one begins a new session, of an id too.
      (PostHog's client: 24 hours, always. Google Analytics 4: no limit, as here by default.)
    - `midnight`: the first event at or after midnight in `zone` begins a new session, of an id too (Universal
      Analytics, Mixpanel).
    - `new_campaign`: a page view that carries another campaign (source, medium and name) than the session's
      last one begins a new session, if the session has had a page view before (Universal Analytics).

    Sessions are made of the events that `events` and `where` let through, with page views and conversions
    that pass `where`. A session belongs to the period, and to the day, in which it *begins*, with all its
    events, whenever they are.

    Its *length* is the time from its first to its last event; with one event it is 0, and counts so in the
    mean and the median. A *page view* is an event of `pages`; the first one of a session gives the entry
    page, and channel, source and campaign (`obverse.measure.sessions.channels` has the table); the last one
    gives the exit page.

``bounce``
    ``page``: one page view only; with no page view, one event only (Universal Analytics, Matomo: a visit
    with one page view). ``event``: one event only (Plausible: one page view and no other event). ``short``:
    shorter than `engaged_after` and fewer than two page views (Google Analytics 4: a session that is not
    engaged; PostHog adds: no autocaptured click). In all three a session with a conversion is no bounce.

``by``
    Splits sessions by a field of their first event.

Value
    The sum of the values of the conversions in a session.

Intervals
    Shares (bounce, conversion): people are independent, their sessions are not; see
    `obverse.measure.clustered`. Means of length, depth and value: Student's t over sessions, and medians:
    order statistics; these take sessions as independent, and the answer says so.
"""

from __future__ import annotations

import numpy as np

from obverse.errors import QuestionError, unknown
from obverse.measure.grouping import code_of
from obverse.measure.orders import orders_of
from obverse.measure.picture import Pick, check_pick
from obverse.measure.protocol import Facts, Plan
from obverse.measure.sessions.answer import (
    SessionsAnswer,
    SessionsFigures,
    SessionsGroup,
    SessionsLength,
    SessionsPlace,
    SessionsRow,
)
from obverse.measure.sessions.answering import answer
from obverse.measure.sessions.question import Sessions
from obverse.measure.sessions.scan import scan
from obverse.measure.sessions.setting import (
    Setting,
    events_of,
    keys_of,
    plan_of,
    rules_of,
    setting_of,
    views_of,
)
from obverse.measure.sessions.state import (
    ANY,
    CAMPAIGNS,
    CHANNELS,
    ENTRIES,
    EXITS,
    GROUPS,
    N_TABLES,
    ROWS,
    SOURCES,
    Rules,
    Tally,
    Watch,
    watch_nobody,
)
from obverse.measure.sessions.summary import SessionsSummary, blank
from obverse.measure.sessions.walk import found_by
from obverse.tape.layout import Bools, Int64s, Layout

__all__ = [
    "Sessions",
    "SessionsAnswer",
    "SessionsFigures",
    "SessionsGroup",
    "SessionsLength",
    "SessionsMeasure",
    "SessionsPlace",
    "SessionsRow",
    "SessionsSummary",
]

_OUTCOMES = ("any", "bounced", "converted")
_PLACES = {"entry": ENTRIES, "exit": EXITS, "channel": CHANNELS, "source": SOURCES, "campaign": CAMPAIGNS}


class SessionsMeasure:
    """Sessions as a measure: see `obverse.measure.protocol`."""

    question = Sessions

    def plan(self, question: Sessions) -> Plan:
        """Name all events that make up sessions, page views and conversions."""
        return plan_of(question)

    def scan(self, question: Sessions, layout: Layout, units: range) -> SessionsSummary:
        """Scan a slice of units."""
        setting = setting_of(question, layout.labels, layout.newest)
        return _scanned(question, layout, setting, units, watch_nobody())

    def behind(self, question: Sessions, layout: Layout, pick: Pick) -> Bools:
        """Say who had a session that a pick describes.

        It may name a ``row``, a ``group``, an ``entry`` page, an ``exit`` page, a ``channel``, a
        ``source``, a ``campaign``, and an ``outcome``: any, bounced, converted.
        """
        setting = setting_of(question, layout.labels, layout.newest)
        people = np.zeros(layout.n_persons, dtype=np.bool_)
        outcome = pick.get("outcome", "any")
        if outcome not in _OUTCOMES:
            raise QuestionError(unknown("outcome", outcome, _OUTCOMES))
        watch = Watch(_wanted(question, layout, setting, pick), _OUTCOMES.index(outcome), people)
        _scanned(question, layout, setting, range(layout.n_units), watch)
        return people

    def answer(self, question: Sessions, summary: SessionsSummary, facts: Facts) -> SessionsAnswer:
        """Turn the summary into the answer."""
        return answer(question, summary, facts)


def _scanned(
    question: Sessions, layout: Layout, setting: Setting, units: range, watch: Watch
) -> SessionsSummary:
    tally = blank(setting.bases[-1], setting.n_groups)
    events = events_of(question, layout)
    rules = rules_of(question, layout, setting, events)
    scan(
        events,
        views_of(layout, setting),
        orders_of(layout.tracks[2] if len(layout.tracks) > 2 else None, layout.n_units),
        rules,
        found_by(events, rules.cuts, units.start, units.stop),
        tally,
        watch,
        units.start,
        units.stop,
    )
    _spread(tally, rules)
    return SessionsSummary.of(tally, layout.newest)


def _spread(tally: Tally, rules: Rules) -> None:
    """Count sessions without a page view in all tables; the scan does so among entry pages alone."""
    first, *others = rules.bases[ENTRIES : CAMPAIGNS + 1] + rules.unseen[ENTRIES : CAMPAIGNS + 1]
    for counts in (tally.tables, tally.few):
        counts[others] = counts[first]


def _wanted(question: Sessions, layout: Layout, setting: Setting, pick: Pick) -> Int64s:
    """Read a pick.

    Raises:
        QuestionError: there is no such part.
    """
    check_pick(pick, ("row", "group", *_PLACES, "outcome"))
    wanted = np.full(N_TABLES, ANY, dtype=np.int64)
    if "group" in pick:
        if question.by is None:
            raise QuestionError(f"group: {pick['group']!r} was asked for, but there is no split")
        wanted[GROUPS] = code_of(layout.labels[[*keys_of(question)].index("by")], pick["group"])
    if "row" in pick:
        wanted[ROWS] = setting.rows.number(pick["row"])
    for part, table in _PLACES.items():
        if part in pick:
            wanted[table] = setting.place(table, pick[part], part)
    return wanted
