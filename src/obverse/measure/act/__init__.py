"""Acts: what people press, fill in and run into, page by page, and what becomes of those who do.

What is counted, exactly
    Somebody was *on a page* who has an event in the period with that page: a view, a click, an error, a form.
    The page is the value of `page`, with ids folded (`obverse.measure.pages`). They came at the first such
    event.

    Acts are *clicks*, *rage clicks*, *dead clicks* and *errors* in the period, at the page and element that
    the events name. What the client does not send can be asked for under another name or filter (PostHog:
    ``$autocapture``, ``$rageclick``, ``$dead_click``, ``$exception``). Rage clicks are those that were sent;
    where none were, they are made out of clicks: a burst of `rage_clicks` or more by one person on one
    element of one page, each at most `rage_gap` after the one before, with no click elsewhere between. A
    burst counts once, at the click that makes it one. (PostHog: three clicks within one second each, near
    each other.)

Conversion
    Who came to a page converts if an event of `conversion` follows at that instant or later, `within` the
    time (closed) after they came, in the period or later. Somebody *did* something there if they first did it
    before they converted and within that time. Who did and who did not are all who were there: their shares
    are compared (Newcombe's interval), p values adjusted over all rows that are listed (Benjamini and
    Hochberg 1995). Whoever does something differs in other ways too, and had to stay long enough to do it; so
    this is association, and the answer says so. People who came lately and may yet convert count as not
    converted, and are named. The money of a row is that of these conversions.

Forms
    An *attempt* at a form begins with `form_start`, or with a field filled in or the form sent where none is
    open. It is *submitted* if `form_submit` of the same form follows within `form_within` (closed),
    *abandoned* if that time is over without it, else open: not decided, and never counted as abandoned.
    Another start of the same form in that time is the same attempt. The field it was *left* after is the last
    one filled in in that time; ``(none)`` where there is none. An attempt belongs to the page where, and the
    period in which, it began; it is a converter's if its person converts as said above, coming to that page.
    The time that a field took is that since the event before it in the attempt.

``by``
    A person is in the group of the value where they first were on any page in the period: at a view, a click
    or any other act, or an event of a form (`obverse.measure.split`).

Bounds
    Pages and elements: the most frequent 10 000 values, forms and fields: 1 000; all others are one. Elements
    by page are exact up to 16 384, forms up to 4 096, fields up to 8 192 (`obverse.measure.frequent`).
"""

from __future__ import annotations

from obverse.errors import QuestionError, unknown
from obverse.measure.act.answer import KINDS, ActAnswer, ActField, ActForm, ActPage, ActRow
from obverse.measure.act.answering import answer, is_burst
from obverse.measure.act.names import NO_FIELD, AllNames
from obverse.measure.act.picturing import OUTCOMES, PICKS
from obverse.measure.act.question import CONVERSIONS, PARTS, Act
from obverse.measure.act.scan import scan
from obverse.measure.act.state import (
    ANY,
    BURST,
    F_ABANDONED,
    F_OPEN,
    F_STARTED,
    F_SUBMITTED,
    RAGE,
    SEEK_ACT,
    SEEK_FIELD,
    SEEK_FORM,
    SEEK_PAGE,
    State,
)
from obverse.measure.act.summary import ActSummary
from obverse.measure.picture import Pick, check_pick
from obverse.measure.protocol import Facts, Plan
from obverse.tape.layout import Bools, Layout

__all__ = ["Act", "ActAnswer", "ActField", "ActForm", "ActMeasure", "ActPage", "ActRow", "ActSummary"]

_OUTCOMES = dict(zip(OUTCOMES, (F_STARTED, F_SUBMITTED, F_ABANDONED, F_OPEN), strict=True))


class ActMeasure:
    """Acts as a measure: see `obverse.measure.protocol`."""

    question = Act

    def plan(self, question: Act) -> Plan:
        """Name views, acts, conversions and what happens to forms."""
        return Plan(selections=question.selections(), value=True, keys=question.keys())

    def split_at(self, question: Act) -> tuple[int, ...]:
        """Split by all that says that somebody was on a page."""
        return tuple(track for track in range(len(PARTS)) if track != CONVERSIONS)

    def scan(self, question: Act, layout: Layout, units: range) -> ActSummary:
        """Scan a slice of units."""
        return ActSummary.of(State(question, layout, AllNames.of_layout(question, layout)), units)

    def behind(self, question: Act, layout: Layout, pick: Pick) -> Bools:
        """Say who is behind a page, an act or a form; without any, who was on any page."""
        check_pick(pick, PICKS)
        names = AllNames.of_layout(question, layout)
        state = State(question, layout, names)
        page = names.page.number(pick["page"], "page") if "page" in pick else ANY
        if "form" in pick:
            form = names.form.number(pick["form"], "form")
            if "field" in pick:
                own = pick["field"] == NO_FIELD and NO_FIELD not in names.field.names
                field = len(names.field.names) if own else names.field.number(pick["field"], "field")
                state.seek(layout.n_persons, SEEK_FIELD, page, form, field)
            else:
                outcome = _number(_OUTCOMES, pick.get("outcome", "started"), "outcome")
                state.seek(layout.n_persons, SEEK_FORM, page, form, outcome)
        elif "kind" in pick or "element" in pick:
            element = names.element.number(pick["element"], "element") if "element" in pick else ANY
            kind = self._kind(question, layout, names, pick["kind"]) if "kind" in pick else ANY
            state.seek(layout.n_persons, SEEK_ACT, page, element, kind)
        else:
            state.seek(layout.n_persons, SEEK_PAGE, page)
        scan(state.walk, 0, layout.n_units)
        found: Bools = state.found > 0
        return found

    def _kind(self, question: Act, layout: Layout, names: AllNames, name: str) -> int:
        """Give the kind's number; for rage clicks as the answer has them: by what was sent in the period."""
        kinds = {kind: number for number, kind in enumerate(KINDS)} | {"burst": BURST}
        number = _number(kinds, name, "kind")
        if number != RAGE:
            return number
        state = State(question, layout, names)
        state.seek(layout.n_persons, SEEK_ACT, ANY, ANY, RAGE)
        scan(state.walk, 0, layout.n_units)
        return BURST if is_burst(question, int(state.found.sum())) else RAGE

    def answer(self, question: Act, summary: ActSummary, facts: Facts) -> ActAnswer:
        """Turn the summary into the answer."""
        return answer(question, summary, facts)


def _number(numbers: dict[str, int], name: str, part: str) -> int:
    if name not in numbers:
        raise QuestionError(unknown(part, name, numbers))
    return numbers[name]
