"""From a summary of acts to the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import msgspec
import numpy as np

from obverse.measure.act.answer import (
    KINDS,
    ActAnswer,
    ActField,
    ActForm,
    ActPage,
    ActRow,
    Kind,
)
from obverse.measure.act.names import NO_FIELD, AllNames
from obverse.measure.act.question import PARTS, Act
from obverse.measure.act.state import (
    BITS,
    BURST,
    F_ABANDONED,
    F_ABANDONED_BY_THEM,
    F_CONVERTERS,
    F_DECIDED_BY_THEM,
    F_OPEN,
    F_PEOPLE,
    F_STARTED,
    F_SUBMITTED,
    N_KIND,
    P_CONVERTED,
    P_OPEN,
    P_PEOPLE,
    PEOPLE,
    RAGE,
    T_LEFT,
    T_LEFT_BY_CONVERTERS,
    T_TOUCHED,
    TIMES,
)
from obverse.measure.act.summary import BIN_BITS, ActSummary, parted
from obverse.measure.clustered import share_of_things
from obverse.measure.estimate import (
    Comparison,
    Estimate,
    Reason,
    benjamini_hochberg,
    compare,
    scaled,
    share,
    total,
    wilson,
)
from obverse.measure.fields import one_step
from obverse.measure.frequent import Frequent
from obverse.measure.moments import less
from obverse.measure.protocol import Facts
from obverse.measure.timed import N_BINS, median_s
from obverse.measure.wording import count
from obverse.tape.layout import Floats, Int64s


def answer(question: Act, summary: ActSummary, facts: Facts) -> ActAnswer:
    """Turn the summary of all units into the answer."""
    maker = _Maker(question, summary, AllNames.of(question, facts.labels))
    single = len(facts.currencies) == 1
    elements = _adjusted(maker.elements())
    return ActAnswer(
        as_of_seq=facts.as_of_seq,
        question=question,
        people=summary.people,
        rage_by="clicks" if maker.burst else "sent",
        pages=tuple(maker.pages()),
        elements=tuple(elements),
        forms=tuple(maker.forms()),
        currency=facts.currencies[0] if single else None,
        notes=_notes(question, summary, facts, maker.burst),
    )


def is_burst(question: Act, n_sent: int) -> bool:
    """Say whether rage clicks are bursts of clicks here, and not what the client sent."""
    return question.rage_by == "clicks" or (question.rage_by == "auto" and n_sent == 0)


class _Maker:
    """Makes the rows of one answer."""

    def __init__(self, question: Act, summary: ActSummary, names: AllNames) -> None:
        self.question = question
        self.summary = summary
        self.names = names
        self.burst = is_burst(question, int(summary.pages.sums[:, 3 + RAGE * N_KIND + TIMES].sum()))
        self._numbers = {KINDS[kind]: kind for kind in range(4)}
        if self.burst:
            self._numbers["rage"] = BURST

    def pages(self) -> list[ActPage]:
        """Make the rows of pages."""
        pages = self.summary.pages
        made = [self._page(row) for row in range(len(pages.keys))]
        return sorted(made, key=lambda page: (-page.people, page.name))

    def _page(self, row: int) -> ActPage:
        pages = self.summary.pages
        sums, name = pages.sums[row], self.names.page.names[int(pages.keys[row])]
        people = int(sums[P_PEOPLE])
        acts = [self._act(row, sums[3:], pages.money[row, 1:], name, None, kind) for kind in KINDS]
        return ActPage(
            name=name,
            people=people,
            conversion=share(int(sums[P_CONVERTED]), people),
            open=int(sums[P_OPEN]),
            value=_worth(pages.money[row, 0]),
            acts=tuple(_adjusted([act for act in acts if act.times])),
        )

    def _act(
        self, page_row: int, sums: Int64s, money: Floats, page: str, element: str | None, kind: Kind
    ) -> ActRow:
        """Make a row of a kind; `sums` and `money` are by kind."""
        number = self._numbers[kind]
        times, people, did, converted = (int(sums[number * N_KIND + part]) for part in range(N_KIND))
        here = self.summary.pages.sums[page_row]
        n_rest, rest = int(here[P_PEOPLE]) - did, int(here[P_CONVERTED]) - converted
        return ActRow(
            page=page,
            element=element,
            kind=kind,
            times=times,
            people=people,
            share=share(people, int(here[P_PEOPLE])),
            compared=did,
            converting=converted,
            conversion=share(converted, did),
            without=share(rest, n_rest),
            versus=compare(converted, did, rest, n_rest),
            value=_worth(money[number]),
            value_per_person=_each(money[number]),
            value_per_other=_each(less(self.summary.pages.money[page_row, 0], money[number])),
        )

    def elements(self) -> list[ActRow]:
        """Make the rows of elements, those that most people did something with."""
        acts, pages = self.summary.acts, self.summary.pages
        used = np.array([self._numbers[kind] * N_KIND + PEOPLE for kind in KINDS])
        row, kind = np.nonzero(acts.sums[:, used])
        people = acts.sums[row, used[kind]]
        made = []
        for at in np.lexsort((acts.keys[row], kind, -people))[: self.question.n_rows].tolist():
            page, element = parted(int(acts.keys[row[at]]))
            page_row = int(np.searchsorted(pages.keys, page))
            page_name, element_name = self.names.page.names[page], self.names.element.names[element]
            sums, money = acts.sums[row[at]], acts.money[row[at]]
            made.append(self._act(page_row, sums, money, page_name, element_name, KINDS[kind[at]]))
        return made

    # -- forms ------------------------------------------------------------------------------------------

    def forms(self) -> list[ActForm]:
        """Make the rows of forms."""
        forms = self.summary.forms
        order = np.lexsort((forms.keys, -forms.sums[:, F_STARTED]))[: self.question.n_forms]
        return [self._form(int(row)) for row in order if forms.sums[row, F_STARTED]]

    def _form(self, row: int) -> ActForm:
        forms = self.summary.forms
        page, form = parted(int(forms.keys[row]))
        sums = forms.sums[row]
        everyone = _Attempts.of(sums)
        return ActForm(
            page=self.names.page.names[page],
            name=self.names.form.names[form],
            people=int(sums[F_PEOPLE]),
            started=int(sums[F_STARTED]),
            submitted=int(sums[F_SUBMITTED]),
            abandoned=int(sums[F_ABANDONED]),
            open=int(sums[F_OPEN]),
            abandonment=share_of_things(forms.pairs[row]),
            of_converters=everyone.converters(int(sums[F_ABANDONED_BY_THEM])),
            of_others=everyone.others(int(sums[F_ABANDONED] - sums[F_ABANDONED_BY_THEM])),
            fields=tuple(self._fields(int(forms.keys[row]), everyone)),
        )

    def _fields(self, form: int, everyone: _Attempts) -> list[ActField]:
        fields = self.summary.fields
        low, high = np.searchsorted(fields.keys, [form << BITS, (form + 1) << BITS])
        made = []
        for row in range(low, high):
            number = int(fields.keys[row]) & (1 << BITS) - 1
            known = self.names.field.names
            bins = _bins(self.summary.times, int(fields.keys[row]))
            left, by_them = (int(fields.sums[row, column]) for column in (T_LEFT, T_LEFT_BY_CONVERTERS))
            made.append(
                ActField(
                    name=known[number] if number < len(known) else NO_FIELD,
                    touched=int(fields.sums[row, T_TOUCHED]),
                    left=left,
                    share=_share_left(left, everyone.abandoned, everyone.people),
                    of_converters=everyone.converters(by_them),
                    of_others=everyone.others(left - by_them),
                    median_s=median_s(bins) if bins.any() else None,
                )
            )
        return sorted(made, key=lambda field: (-field.left, -field.touched, field.name))


@dataclass(frozen=True)
class _Attempts:
    """Attempts at a form that are decided, and who made them, converters apart."""

    abandoned: int
    decided: int
    people: int
    decided_by_converters: int
    n_converters: int

    @classmethod
    def of(cls, sums: Int64s) -> Self:
        decided = int(sums[F_SUBMITTED] + sums[F_ABANDONED])
        people, converters = int(sums[F_PEOPLE]), int(sums[F_CONVERTERS])
        return cls(int(sums[F_ABANDONED]), decided, people, int(sums[F_DECIDED_BY_THEM]), converters)

    def converters(self, left: int) -> Estimate:
        return _share_left(left, self.decided_by_converters, self.n_converters)

    def others(self, left: int) -> Estimate:
        rest = self.decided - self.decided_by_converters
        return _share_left(left, rest, self.people - self.n_converters)


def _share_left(left: int, attempts: int, people: int) -> Estimate:
    """Estimate a share of attempts, as many draws as people, at most."""
    if attempts == 0:
        return Estimate(reason=Reason.NOBODY)
    found, n = left / attempts, min(attempts, people)
    low, high = wilson(found * n, n)
    return Estimate(found, min(low, found), max(high, found))


def _bins(times: Frequent, field: int) -> Int64s:
    low, high = np.searchsorted(times.keys, [field << BIN_BITS, (field + 1) << BIN_BITS])
    bins = np.zeros(N_BINS, dtype=np.int64)
    bins[times.keys[low:high] & (1 << BIN_BITS) - 1] = times.sums[low:high, 0]
    return bins


def _worth(money: Sequence[float] | Floats) -> Estimate:
    return total(int(money[0]), float(money[1]), float(money[2]))


def _each(money: Sequence[float] | Floats) -> Estimate:
    return scaled(_worth(money), 1 / max(float(money[0]), 1.0))


def _adjusted(rows: list[ActRow]) -> list[ActRow]:
    """Adjust the p values of rows for being several, by their false discovery rate."""
    known = [row.versus.p_value for row in rows if row.versus.p_value is not None]
    if not known:
        return rows
    adjusted = iter(benjamini_hochberg(known))
    return [
        row
        if row.versus.p_value is None
        else msgspec.structs.replace(row, versus=_with(row.versus, next(adjusted)))
        for row in rows
    ]


def _with(found: Comparison, p_value: float) -> Comparison:
    return msgspec.structs.replace(found, p_value=p_value)


def _notes(question: Act, summary: ActSummary, facts: Facts, burst: bool) -> tuple[str, ...]:
    notes = _strangers(question, facts)
    if len(facts.currencies) > 1 and summary.pages.money[:, 0, 1].any():
        notes.append(f"Values in several currencies ({', '.join(facts.currencies)}) were added as they are.")
    if burst and summary.pages.sums[:, 3 + BURST * N_KIND + TIMES].any():
        notes.append(
            f"Rage clicks are bursts of {question.rage_clicks} or more clicks on one element, each at most "
            f"{question.rage_gap} after the one before it."
        )
    if summary.acts.keys.size:
        notes.append(
            "Those who do something differ from those who do not in other ways too: a difference in "
            "conversion goes with the act and need not come from it. An experiment tells."
        )
    n_open = int(summary.pages.sums[:, P_OPEN].sum())
    if n_open:
        notes.append(
            f"Some people came less than {question.within} before the newest event and may yet convert; they "
            "count as not converted."
        )
    if summary.acts.error:
        notes.append(
            f"There are more elements than there is room for: each may have been met up to "
            f"{count(summary.acts.error)} times more often than it says."
        )
    return tuple(notes)


def _strangers(question: Act, facts: Facts) -> list[str]:
    """Leave out the names that nobody asked for: a client need not send all of our standard events."""
    defaults = {part.name: part.default for part in msgspec.structs.fields(Act)}
    unasked = [name for name in PARTS if name != "conversion" and getattr(question, name) == defaults[name]]
    names = [event for part in unasked for event in one_step(defaults[part], part).events]
    return [one for one in facts.strangers if not any(f"unknown event {name!r}" in one for name in names)]
