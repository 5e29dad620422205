"""The answer of acts: pages, their elements, forms and where they are left."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec
import pyarrow as pa

from obverse.measure.act.picturing import figures, picture
from obverse.measure.act.question import Act
from obverse.measure.estimate import Comparison, Estimate
from obverse.measure.picture import Picture, Side
from obverse.measure.split_answer import AnswerGroup, SplitAnswer
from obverse.measure.split_figures import Figure
from obverse.measure.tabled import cells, estimated
from obverse.measure.wording import count, percent

Kind = Literal["click", "rage", "dead", "error"]

KINDS: tuple[Kind, ...] = ("click", "rage", "dead", "error")


class ActRow(msgspec.Struct, frozen=True, kw_only=True):
    """What people did with one element of a page, or with the page as a whole.

    Attributes:
        page: where.
        element: what it was done with; None for anything on the page.
        kind: ``click``, ``rage`` or ``dead`` (clicks), ``error`` (met).
        times: how often.
        people: who did it.
        share: of the people who were on the page.
        compared: people who did it before they converted, and in time.
        converting: of those, who converted in time.
        conversion: their share.
        without: of all others on the page.
        versus: the difference of the two; p values are adjusted for the number of rows that are compared
            (Benjamini and Hochberg 1995). It goes together with the act, it need not come from it.
        value: money of the conversions of those who did it, over all of them.
        value_per_person: the same, on average over those who are compared.
        value_per_other: that of all others on the page.
    """

    page: str
    element: str | None
    kind: Kind
    times: int
    people: int
    share: Estimate
    compared: int
    converting: int
    conversion: Estimate
    without: Estimate
    versus: Comparison
    value: Estimate
    value_per_person: Estimate
    value_per_other: Estimate


class ActPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page and what happens there.

    Attributes:
        name: of the page.
        people: who were there, saw it or did something.
        conversion: of them, the share who converted in time after they came.
        open: of them, who have not converted and may yet.
        value: money of those conversions, over all of them.
        acts: what they did there, one row a kind.
    """

    name: str
    people: int
    conversion: Estimate
    open: int
    value: Estimate
    acts: tuple[ActRow, ...]


class ActField(msgspec.Struct, frozen=True, kw_only=True):
    """A field of a form.

    Attributes:
        name: of the field; ``(none)`` for those who left without filling in any.
        touched: how often it was filled in.
        left: attempts that were given up right after it.
        share: of the attempts that were given up.
        of_converters: of the attempts, decided, of people who converted, the share given up right after it.
        of_others: the same of all others.
        median_s: time it took, in seconds: half of them took no longer since what came before in the attempt;
            up to a quarter off, as a rule far less. None where nobody filled it in.
    """

    name: str
    touched: int
    left: int
    share: Estimate
    of_converters: Estimate
    of_others: Estimate
    median_s: float | None


class ActForm(msgspec.Struct, frozen=True, kw_only=True):
    """A form.

    Attributes:
        page: where it was begun.
        name: of the form.
        people: who began it.
        started: attempts.
        submitted: of these, sent in time.
        abandoned: not sent in time.
        open: begun so lately that they may yet be sent.
        abandonment: of the attempts that are decided, the share that were given up.
        of_converters: the same of people who converted within the time after they came to the page.
        of_others: the same of all others.
        fields: where it was left, the most frequent first.
    """

    page: str
    name: str
    people: int
    started: int
    submitted: int
    abandoned: int
    open: int
    abandonment: Estimate
    of_converters: Estimate
    of_others: Estimate
    fields: tuple[ActField, ...]


class ActAnswer(SplitAnswer, frozen=True, kw_only=True):
    """The answer to an `Act`.

    Attributes:
        question: what was asked.
        people: who was on any page.
        rage_by: what counts as a rage click here: ``sent`` or ``clicks``.
        pages: most people first.
        elements: those that most people did something with first.
        forms: begun most often first.
        currency: of the money; None where there is none or several.
        notes: what else the reader must know.
        groups: the same for each group of a split, largest first; empty without one.
    """

    measure: ClassVar[str] = "act"

    question: Act
    people: int
    rage_by: Literal["sent", "clicks"]
    pages: tuple[ActPage, ...]
    elements: tuple[ActRow, ...]
    forms: tuple[ActForm, ...]
    currency: str | None = None
    notes: tuple[str, ...] = ()
    groups: tuple[AnswerGroup[ActAnswer], ...] = ()

    def _sentence(self) -> str:
        """Say what most people press, what they press in vain, and which form is given up."""
        if not self.people:
            return "Nobody was on any page."
        text = f"{count(self.people)} people were on {count(len(self.pages))} pages"
        for kind, said in (("click", "most of them pressed"), ("rage", "most rage clicks were on")):
            rows = [row for row in self.elements if row.kind == kind]
            if rows:
                row = max(rows, key=lambda one: one.people)
                text += f"; {said} {row.element} on {row.page} ({count(row.people)} people)"
        forms = [form for form in self.forms if form.abandonment.value is not None]
        if forms:
            form = max(forms, key=lambda one: one.abandoned)
            share = percent(form.abandonment.value or 0)
            text += f"; {share} of attempts at {form.name} on {form.page} were given up"
            if form.fields and form.fields[0].left:
                text += f", most after {form.fields[0].name}"
        return text + "."

    def figures(self) -> tuple[Figure, ...]:
        """Give the shares who do something, give a form up, and convert, and money by page."""
        return figures(self)

    def _table(self) -> pa.Table:
        """Give a row for each element and kind of act."""
        return pa.Table.from_pylist([_act_row(row) for row in self.elements], schema=_ACTS)

    def pages_table(self) -> pa.Table:
        """Give a row for each page and kind of act."""
        rows = [_act_row(row) for page in self.pages for row in page.acts]
        return pa.Table.from_pylist(rows, schema=_ACTS)

    def forms_table(self) -> pa.Table:
        """Give a row for each field of each form."""
        return pa.Table.from_pylist(
            [_field_row(form, field) for form in self.forms for field in form.fields], schema=_FORMS
        )

    def _pictures(self, side: Side) -> tuple[Picture, ...]:
        """Show what is pressed, what is pressed in vain, and where forms are left; or the money behind it."""
        return picture(self, side)


_ACTS = pa.schema(
    [
        pa.field("page", pa.string()),
        pa.field("element", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("times", pa.int64()),
        pa.field("people", pa.int64()),
        *estimated("share", "conversion", "without"),
        *estimated("difference"),
        pa.field("p_value", pa.float64()),
        *estimated("value", "value_per_person", "value_per_other"),
    ]
)

_FORMS = pa.schema(
    [
        pa.field("page", pa.string()),
        pa.field("form", pa.string()),
        *(pa.field(name, pa.int64()) for name in ("started", "submitted", "abandoned", "open")),
        *estimated("abandonment"),
        pa.field("field", pa.string()),
        pa.field("touched", pa.int64()),
        pa.field("left", pa.int64()),
        *estimated("share", "of_converters", "of_others"),
        pa.field("median_s", pa.float64()),
    ]
)


def _act_row(row: ActRow) -> dict[str, object]:
    found: dict[str, object] = {
        "page": row.page,
        "element": row.element,
        "kind": row.kind,
        "times": row.times,
        "people": row.people,
        **cells("difference", row.versus),
        "p_value": row.versus.p_value,
    }
    for name in ("share", "conversion", "without", "value", "value_per_person", "value_per_other"):
        found |= cells(name, getattr(row, name))
    return found


def _field_row(form: ActForm, field: ActField) -> dict[str, object]:
    return {
        "page": form.page,
        "form": form.name,
        "started": form.started,
        "submitted": form.submitted,
        "abandoned": form.abandoned,
        "open": form.open,
        **cells("abandonment", form.abandonment),
        "field": field.name,
        "touched": field.touched,
        "left": field.left,
        **cells("share", field.share),
        **cells("of_converters", field.of_converters),
        **cells("of_others", field.of_others),
        "median_s": field.median_s,
    }
