"""The question of acts: see `obverse.measure.act` for what each part means exactly."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from obverse.errors import QuestionError, unknown
from obverse.measure.fields import (
    Duration,
    Events,
    FieldName,
    check_duration,
    check_number,
    one_step,
    selection,
)
from obverse.measure.scope import SplitScope
from obverse.tape.layout import Key, Selection

RageBy = Literal["auto", "sent", "clicks"]

PARTS = ("view", "click", "rage", "dead", "error", "conversion", "form_start", "form_field", "form_submit")
"""The question's events in the order of the layout's tracks."""

VIEWS, CLICKS, RAGES, DEADS, ERRORS, CONVERSIONS, STARTS, FIELDS, SUBMITS = range(len(PARTS))

MAX_ROWS = 200
N_LABELS = 10_000
"""Pages and elements told apart, the most frequent."""
N_FORM_LABELS = 1_000
"""Forms and fields told apart, the most frequent."""


class Act(SplitScope, frozen=True, kw_only=True, tag="act"):
    """What people press, fill in and run into, page by page: clicks, rage and dead ones, errors, forms left.

    Attributes:
        click: events of somebody pressing something.
        rage: events of somebody pressing something over and over, where the client tells.
        dead: events of somebody pressing something that does nothing.
        error: events of somebody running into an error.
        view: events of somebody seeing a page.
        form_start: events of somebody beginning to fill in a form.
        form_field: events of somebody filling in one of its fields.
        form_submit: events of somebody sending it.
        conversion: the event that is hoped for; acts say how many reach it who did them and who did not.
        within: how long after coming to a page a conversion counts for it.
        form_within: how long after its beginning a form must be sent, not to count as abandoned.
        rage_by: what counts as a rage click: what the client ``sent``, or bursts of ``clicks``; ``auto``
            takes what was sent, if anything was, else bursts.
        rage_clicks: how many clicks make a burst, 2 to 20.
        rage_gap: how soon after the one before it each click of a burst must come.
        page: field that says where it was.
        pages: whether numbers and ids in pages count as one: ``/product/17`` is ``/product/*``.
        element: field that says what was pressed, or what failed.
        form: field that says which form it was.
        field: field that says which of the form's fields it was.
        n_rows: how many elements are listed, those that most people pressed or ran into.
        n_forms: how many forms are listed, those that were begun most often.
        by: field whose value where a person first was on a page in the period splits people, such as
            ``context.device.type``, or ``segment: NAME`` for who is in a saved segment and who is not.
    """

    click: Events = "Element Clicked"
    rage: Events = "Rage Clicked"
    dead: Events = "Dead Clicked"
    error: Events = "Error Met"
    view: Events = "Page Viewed or Screen Viewed"
    form_start: Events = "Form Started"
    form_field: Events = "Field Filled"
    form_submit: Events = "Form Submitted"
    conversion: Events = "Order Completed"
    within: Duration = "7d"
    form_within: Duration = "30m"
    rage_by: RageBy = "auto"
    rage_clicks: int = 3
    rage_gap: Duration = "1s"
    page: FieldName = "context.page.path"
    pages: bool = True
    element: FieldName = "properties.element"
    form: FieldName = "properties.form"
    field: FieldName = "properties.field"
    n_rows: int = 50
    n_forms: int = 20

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        super().__post_init__()
        for part in PARTS:
            one_step(getattr(self, part), part)
        for name in ("page", "element", "form", "field"):
            if not getattr(self, name).strip():
                raise QuestionError(f"{name}: name a field, such as 'properties.{name}'")
        if self.rage_by not in get_args(RageBy):
            raise QuestionError(f"rage_by: {unknown('choice', self.rage_by, get_args(RageBy))}")
        for name in ("within", "form_within", "rage_gap"):
            check_duration(getattr(self, name), name)
        check_number(self.rage_clicks, "rage_clicks", 2, 20)
        check_number(self.n_rows, "n_rows", 1, MAX_ROWS)
        check_number(self.n_forms, "n_forms", 1, MAX_ROWS)

    def us(self, name: str) -> int:
        """Read one of the durations, in µs."""
        return check_duration(getattr(self, name), name)

    def selections(self) -> tuple[Selection, ...]:
        """Read which events each of `PARTS` means."""
        return tuple(selection(getattr(self, part), part, self.where) for part in PARTS)

    def keys(self) -> tuple[Key, ...]:
        """Name the fields that events are told apart by: page, element, form, field."""
        forms, acts = (STARTS, FIELDS, SUBMITS), (CLICKS, RAGES, DEADS, ERRORS)
        return (
            self._key("page", (VIEWS, *acts, *forms), N_LABELS),
            self._key("element", acts, N_LABELS),
            self._key("form", forms, N_FORM_LABELS),
            self._key("field", (FIELDS,), N_FORM_LABELS),
        )

    def _key(self, name: str, tracks: tuple[int, ...], n_labels: int) -> Key:
        """Name a field; one that nobody asked for need not be in the lake."""
        text = getattr(self, name)
        unasked = text == next(part.default for part in msgspec.structs.fields(Act) if part.name == name)
        return Key(text, tracks, n_labels, optional=unasked)
