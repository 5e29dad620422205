"""Linger: how long people stay on pages and elements, and what goes with staying long.

What is counted, exactly
    A *view* of a page is an event of `pages` in the period. It lasts until the next page view in the same
    session; what happens in between (clicks, scrolling) keeps it going. Its time is the sum of the silences
    between the session's events meanwhile, each counted as no more than `gap`. The last view of a session
    lasts to the session's last event; where none followed, its time is *not known*, and it counts in no
    median. (Google Analytics and Matomo count such a view as 0 seconds, or not at all.) Sessions are those
    of `obverse.measure.sessions`: the client's own, else by touchpoint and silence.

    Where the client sends *heartbeats* (events of `heartbeats`, by default ``Page Lingered`` with
    ``properties.visible_ms`` or ``properties.seconds``: for how long the page was visible since it was
    opened or since the last such event), only these count: the time of the view is their sum. One that
    names another page than the one that is open is left out, and noted. One of more than a day is no time.
    (Snowplow's page pings and PostHog's ``$pageleave`` say the same.)

    ``of = "element"``: an event of `elements` (``Element Viewed``) is a view of its element, and tells its
    time itself; what tells none counts as a view of no known time.

    *Exit*: a view after which the session ended. Of a session that may still go on that is not known.

What goes with staying long
    A person counts once for each page, with the first session in the period that viewed it. Their *stay* is
    the time of that session's views of the page; views after a conversion do not count. A stay is *long* if
    it is longer than that of half of the people on this page (to a sixteenth of an octave, 4 %), or than
    `longer_than`. They *convert* by an event of `conversion` after their first view and no later than
    `within` after it; who was not watched for so long is not compared. They *leave* if their session ended
    on the page; this is compared only among those whose client told all of the time, since otherwise nobody
    who leaves has a known time.

    Shares are compared as in `obverse.measure.estimate.compare`, and the p values of all pages and both
    comparisons together are adjusted so that of those below 5 % no more than 5 % are expected to be false
    (Benjamini and Hochberg 1995). It is association, and the answer says so.

Value
    The values of the conversions that count, whatever the stay; per person for long and short stays.

``by``
    A person is in the group of the value at their first view in the period (`obverse.measure.split`).

Intervals
    Shares of people: Wilson. Exit rates: people are independent, their views are not
    (`obverse.measure.clustered`). Medians: order statistics, views taken as independent. Value per person:
    Student's t.
"""

from __future__ import annotations

import numpy as np

from obverse.errors import QuestionError, unknown
from obverse.measure.linger.answer import LingerAnswer, LingerPage, LingerSide
from obverse.measure.linger.answering import answer
from obverse.measure.linger.question import Linger
from obverse.measure.linger.scan import found_by, scan
from obverse.measure.linger.setting import events_of, pages_of, plan_of, rules_of, stays_of
from obverse.measure.linger.state import ANY, LONG, SHORT, Watch, watch_nobody
from obverse.measure.linger.summary import N_SIDES, LingerSummary, blank, from_s
from obverse.measure.orders import orders_of
from obverse.measure.picture import Pick, check_pick
from obverse.measure.protocol import Facts, Plan
from obverse.tape.layout import Bools, Layout

__all__ = [
    "Linger",
    "LingerAnswer",
    "LingerMeasure",
    "LingerPage",
    "LingerSide",
    "LingerSummary",
]

_SIDES = {"any": ANY, "long": LONG, "short": SHORT}
_OUTCOMES = ("any", "converted", "left")


class LingerMeasure:
    """Lingering as a measure: see `obverse.measure.protocol`."""

    question = Linger

    def plan(self, question: Linger) -> Plan:
        """Name all events, views, heartbeats and conversions."""
        return plan_of(question)

    def split_at(self, question: Linger) -> tuple[int, ...]:
        """Split by views."""
        return ([*question.selections()].index("views"),)

    def scan(self, question: Linger, layout: Layout, units: range) -> LingerSummary:
        """Scan a slice of units."""
        return _scanned(question, layout, units, watch_nobody())

    def behind(self, question: Linger, layout: Layout, pick: Pick) -> Bools:
        """Say who viewed a ``page``, stayed ``long`` or ``short`` on it, converted after it or left on it.

        A pick names the ``page``, a ``stay`` (any, long, short), an ``outcome`` (any, converted, left), and
        with a stay ``from_s``: from how many seconds on it is long, as the answer has it.
        """
        check_pick(pick, ("page", "stay", "from_s", "outcome"))
        names, _ = pages_of(question, layout.labels)
        for part, known in (("page", names), ("stay", (*_SIDES,)), ("outcome", _OUTCOMES)):
            if part in pick and pick[part] not in known:
                raise QuestionError(unknown(part, pick[part], known))
        side = _SIDES[pick.get("stay", "any")]
        watch = Watch(
            place=names.index(pick["page"]) if "page" in pick else -1,
            side=side,
            last_short=_last_short(question, pick) if side != ANY else 0,
            converted=pick.get("outcome") == "converted",
            left=pick.get("outcome") == "left",
            people=np.zeros(layout.n_persons, dtype=np.bool_),
        )
        _scanned(question, layout, range(layout.n_units), watch)
        return watch.people

    def answer(self, question: Linger, summary: LingerSummary, facts: Facts) -> LingerAnswer:
        """Turn the summary into the answer."""
        return answer(question, summary, facts)


def _scanned(question: Linger, layout: Layout, units: range, watch: Watch) -> LingerSummary:
    names, places = pages_of(question, layout.labels)
    tally = blank(len(names), question.longer_than is not None)
    tracks = dict(zip(question.selections(), layout.tracks, strict=False))
    events, rules = (
        events_of(question, layout),
        rules_of(question, layout.labels, names, places, layout.newest),
    )
    scan(
        events,
        stays_of(question, layout, "views"),
        stays_of(question, layout, "beats"),
        orders_of(tracks.get("orders"), layout.n_units),
        rules,
        found_by(events, rules.cuts, len(names), units.start, units.stop),
        tally,
        watch,
        units.start,
        units.stop,
    )
    return LingerSummary.of(tally, layout.newest)


def _last_short(question: Linger, pick: Pick) -> int:
    """Find the last bin of short stays by the seconds from which on a stay is long.

    Raises:
        QuestionError: it does not say, or not as the answer does.
    """
    if question.longer_than is not None:
        return 0
    try:
        seconds = float(pick["from_s"])
    except (KeyError, ValueError):
        raise QuestionError(
            "from_s: say from how many seconds on a stay is long, as the answer has it"
        ) from None
    edges = [from_s(at) for at in range(N_SIDES)]
    return int(np.argmin(np.abs(np.array(edges) - seconds)))
