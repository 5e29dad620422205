"""From rules to tracks, and from a layout to who passes which rule."""

from __future__ import annotations

import numpy as np

from obverse.measure.behaved.question import Behaved
from obverse.measure.behaved.rules import Did, Is, Rule, Spent
from obverse.measure.behaved.scan import mark_is, mark_spent, mark_times, tally
from obverse.measure.behaved.summary import BehavedSummary
from obverse.measure.fields import selection
from obverse.measure.scope import FOREVER
from obverse.tape.arrange import frozen
from obverse.tape.layout import Bools, Floats, Int64s, Layout, Selection, Track


def plan_selections(question: Behaved) -> tuple[tuple[Selection, ...], tuple[tuple[int, ...], ...]]:
    """Give what is laid out, and for each rule the numbers of its tracks: of what says yes, then no.

    Equal selections are laid out once. Tracks 0 and 1 are who was there, and conversions.
    """
    found = {selection(question.seen, "seen", question.where): 0}
    conversions = selection(question.conversion, "conversion", question.where)
    wanted = [[conversions], *(_selections(rule, question.where) for rule in question.parsed())]
    numbers = [tuple(found.setdefault(one, len(found)) for one in parts) for parts in wanted]
    return tuple(found), tuple(numbers)


def _selections(rule: Rule, everywhere: str | None) -> list[Selection]:
    if not isinstance(rule, Is):
        return [_selection(rule, everywhere)]
    said = [_selection(rule, everywhere, f"({rule.condition})")]
    if rule.which != "any":
        said.append(_selection(rule, everywhere, f"not ({rule.condition})"))
    return said


def _selection(rule: Rule, everywhere: str | None, more: str | None = None) -> Selection:
    filters = [one for one in (everywhere, rule.events.where, more) if one is not None]
    joined = " and ".join(f"({one})" for one in filters) if len(filters) > 1 else None
    return Selection(rule.events.events, joined or (filters[0] if filters else None))


def scan(question: Behaved, layout: Layout, units: range) -> tuple[BehavedSummary, Int64s]:
    """Scan a slice of units.

    Returns:
        the summary, and for each unit the rules that it passes as bits, -1 where it was not there.
    """
    numbers = plan_selections(question)[1]
    rules = question.parsed()
    passed = np.zeros(len(units), dtype=np.int64)
    for number, (rule, tracks) in enumerate(zip(rules, numbers[1:], strict=True)):
        window = question.window_us(rule.when, layout.newest)
        _mark(rule, [layout.tracks[at] for at in tracks], window, 1 << number, passed, units)
    found = BehavedSummary.zero(len(rules))
    seen, orders = layout.tracks[0], layout.tracks[numbers[0][0]]
    tally(
        seen.offsets, seen.time, orders.offsets, orders.time, _values(orders), *question.period_us, passed,
        len(rules), question.match == "all", found.counts, found.passes, found.without, found.spent,
        units.start, units.stop,
    )  # fmt: skip
    return found, passed


def _mark(
    rule: Rule, tracks: list[Track], window: tuple[int, int], bit: int, passed: Int64s, units: range
) -> None:
    yes, where = tracks[0], (units.start, units.stop)
    if isinstance(rule, Did):
        most = FOREVER if rule.most is None else rule.most
        mark_times(yes.offsets, yes.time, *window, rule.least, most, bit, passed, *where)
    elif isinstance(rule, Spent):
        least = -np.inf if rule.least is None else rule.least
        most_spent = np.inf if rule.most is None else rule.most
        mark_spent(yes.offsets, yes.time, _values(yes), *window, least, most_spent, bit, passed, *where)
    elif rule.which == "any":
        mark_times(yes.offsets, yes.time, *window, 1, FOREVER, bit, passed, *where)
    else:
        no = tracks[1]
        mark_is(
            yes.offsets, yes.time, yes.seq, no.offsets, no.time, no.seq, *window,
            rule.which == "last", bit, passed, *where,
        )  # fmt: skip


def members(question: Behaved, passed: Int64s) -> Bools:
    """Say who the members are, from the bits of each unit."""
    whole = (1 << len(question.rules)) - 1
    found: Bools = (passed >= 0) & (passed == whole if question.match == "all" else passed != 0)
    return found


def passes(passed: Int64s, rule: int) -> Bools:
    """Say who passes a rule, from the bits of each unit."""
    found: Bools = (passed >= 0) & ((passed >> rule) & 1 == 1)
    return found


def _values(track: Track) -> Floats:
    return frozen(np.zeros(len(track.time))) if track.value is None else track.value
