"""From the summary of lingering to the answer."""

from __future__ import annotations

from functools import reduce

import msgspec
import numpy as np

from obverse.measure import moments
from obverse.measure.estimate import Comparison, Reason, benjamini_hochberg, compare, share
from obverse.measure.histogram import quantiles_s
from obverse.measure.linger.answer import LingerAnswer, LingerPage, LingerSide
from obverse.measure.linger.question import Linger
from obverse.measure.linger.setting import MAX_PAGES, pages_of
from obverse.measure.linger.state import (
    BOUGHT,
    COMPARED,
    CONVERTED,
    LEFT,
    OBSERVED,
    PEOPLE,
    STRAY,
    TIMED,
    TOLD,
    TOTAL_US,
    VIEWS,
)
from obverse.measure.linger.summary import LingerSummary, from_s
from obverse.measure.protocol import Facts
from obverse.measure.scope import OTHER
from obverse.measure.sessions.answering import brief, mean, median_s, share_of_sessions
from obverse.measure.sessions.state import BOUNCED, BOUNCED_2, BOUNCED_SESSIONS
from obverse.measure.wording import count
from obverse.tape.layout import Floats, Int64s

_ASSOCIATION = (
    "Long and short stays are compared as they happened: who stays long may have meant to buy, or to leave, "
    "before. That they differ does not say that making people stay longer changes anything; an experiment "
    "would."
)


def answer(question: Linger, summary: LingerSummary, facts: Facts) -> LingerAnswer:
    """Turn the summary of all units into the answer."""
    names, _ = pages_of(question, facts.labels)
    used = [at for at in range(len(names)) if summary.counts[at, VIEWS]]
    order = sorted(used, key=lambda at: (names[at] == OTHER, -summary.counts[at, PEOPLE], names[at]))
    pages = [_page(question, summary, at, names[at]) for at in order[: question.top]]
    return LingerAnswer(
        as_of_seq=facts.as_of_seq,
        question=question,
        pages=_adjusted(pages),
        currency=facts.currencies[0] if len(facts.currencies) == 1 else None,
        notes=_notes(question, summary, facts, names, len(order)),
    )


def _page(question: Linger, summary: LingerSummary, at: int, name: str) -> LingerPage:
    counts, times = summary.counts[at], summary.times[at]
    timed = int(counts[TIMED])
    quarter, three, nine = (
        (brief(one) for one in quantiles_s(times, (0.25, 0.75, 0.9))) if timed else (None,) * 3
    )
    sides, worth = summary.sides[at], summary.worth[at]
    split = last_short(question, sides)
    long = _side(sides[split + 1 :], worth[split + 1 :])
    short = _side(sides[: split + 1], worth[: split + 1])
    if question.longer_than is None:
        long_from = from_s(split) if sides[:, COMPARED].any() else None
    else:
        long_from = question.longer_than_us / 1e6
    return LingerPage(
        name=name,
        people=int(counts[PEOPLE]),
        views=int(counts[VIEWS]),
        timed=timed,
        total_s=float(counts[TOTAL_US]) / 1e6,
        median_s=median_s(times),
        p25_s=quarter,
        p75_s=three,
        p90_s=nine,
        exit_rate=share_of_sessions(summary.exits[at], BOUNCED, BOUNCED_2, BOUNCED_SESSIONS),
        observed=int(counts[OBSERVED]),
        converting=int(counts[CONVERTED]),
        conversion=share(int(counts[CONVERTED]), int(counts[OBSERVED])),
        value=float(summary.money[at]),
        long_from_s=long_from,
        long=long,
        short=short,
        conversion_difference=_compared(sides, split, BOUGHT, COMPARED, question.conversion is not None),
        leaving_difference=_compared(sides, split, LEFT, TOLD, question.of == "page"),
    )


def last_short(question: Linger, sides: Int64s) -> int:
    """Give the last bin of short stays: the one with the median, where the question says nothing else."""
    if question.longer_than is not None:
        return 0
    below = np.cumsum(sides[:, COMPARED])
    return int(np.searchsorted(below, max(1, (below[-1] + 1) // 2))) if below[-1] else 0


def _side(sides: Int64s, worth: Floats) -> LingerSide:
    people, converting, told, left = (int(sides[:, at].sum()) for at in (COMPARED, BOUGHT, TOLD, LEFT))
    spent: Floats = reduce(moments.merge, worth, np.zeros(3))
    return LingerSide(
        people=people,
        converting=converting,
        conversion=share(converting, people),
        value_per_person=mean(np.array(moments.with_zeros(spent, people))),
        leaving=share(left, told),
    )


def _compared(sides: Int64s, split: int, marked: int, of: int, asked: bool) -> Comparison:
    """Compare the share with a mark of long stays with that of short ones."""
    if not asked:
        return Comparison(reason=Reason.NO_REST)
    long, short = sides[split + 1 :].sum(axis=0), sides[: split + 1].sum(axis=0)
    if sides[:, COMPARED].any() and not sides[:, of].any():
        return Comparison(reason=Reason.BY_OUTCOME)  # only who did not leave has a known time
    return compare(int(long[marked]), int(long[of]), int(short[marked]), int(short[of]))


def _adjusted(pages: list[LingerPage]) -> tuple[LingerPage, ...]:
    """Adjust the p values of all comparisons together (Benjamini and Hochberg 1995)."""
    names = ("conversion_difference", "leaving_difference")
    found: list[tuple[int, str, Comparison]] = [
        (at, name, getattr(page, name)) for at, page in enumerate(pages) for name in names
    ]
    known = [(at, name, one, one.p_value) for at, name, one in found if one.p_value is not None]
    p_values = benjamini_hochberg([row[3] for row in known])
    for (at, name, one, _), p_value in zip(known, p_values, strict=True):
        pages[at] = msgspec.structs.replace(
            pages[at], **{name: msgspec.structs.replace(one, p_value=p_value)}
        )
    return tuple(pages)


def _notes(
    question: Linger, summary: LingerSummary, facts: Facts, names: tuple[str, ...], n_pages: int
) -> tuple[str, ...]:
    expected = [one for one in facts.strangers if question.heartbeats not in one]
    notes = list(expected)
    counts = summary.counts.sum(axis=0)
    if counts[VIEWS]:
        notes.append(_ASSOCIATION)
    if counts[VIEWS] > counts[TIMED] and question.of == "page":
        unknown = count(int(counts[VIEWS] - counts[TIMED]))
        notes.append(
            f"For {unknown} of {count(int(counts[VIEWS]))} views the time is not known: nothing followed in "
            f"the session. Clients that send {question.heartbeats} tell it."
        )
    if counts[PEOPLE] > counts[OBSERVED]:
        notes.append(f"People whose {question.within} after the first view are not over are not compared.")
    if counts[STRAY]:
        notes.append(
            f"{count(int(counts[STRAY]))} times named a page that was not the one last viewed, and were left "
            "out."
        )
    if n_pages > question.top or len(names) > MAX_PAGES:
        notes.append(f"The {min(n_pages, question.top)} with most people are shown, of {count(n_pages)}.")
    if len(facts.currencies) > 1 and summary.money.any():
        notes.append(f"Values in several currencies ({', '.join(facts.currencies)}) were added as they are.")
    return tuple(notes)
