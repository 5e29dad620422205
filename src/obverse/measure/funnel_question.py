"""The question of a funnel: see `obverse.measure.funnel` for what each part means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self, get_args

import msgspec

from obverse.errors import QuestionError, unknown
from obverse.measure.fields import check_filter
from obverse.measure.funnel_text import Step, parse_steps, spell_steps
from obverse.measure.period import instant_us, zone_of
from obverse.measure.question import Question, duration_us

Order = Literal["ordered", "strict", "any"]
Count = Literal["person", "entry", "session", "account"]
ByAt = Literal["first", "last"]
OnExclusion = Literal["drop", "remove"]

MAX_STEPS = 20
MAX_EVENTS = 50
MAX_EXCLUSIONS = 10
MAX_GROUPS = 25
MAX_WITHIN = "7305d"

FOREVER = 1 << 61
"""Later than any event; its negative is earlier than any."""

_CHOICES = {"order": Order, "count": Count, "by_at": ByAt, "on_exclusion": OnExclusion}


class Exclusion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Events that must not happen between two steps.

    Attributes:
        events: names of events, any of which counts; empty for any event at all.
        where: filter on those events.
        after: number of the step after which they count, from 1.
        before: number of the step before which they count; None for the last.
    """

    events: tuple[str, ...] = ()
    where: str | None = None
    after: int = 1
    before: int | None = None


class Funnel(Question, frozen=True, kw_only=True, tag="funnel"):
    """How many people take some steps, how long it takes them, where they leave, and what that is worth.

    Attributes:
        steps: 1 to 20 of them.
        order: ``ordered`` (other events may come between), ``strict`` (nothing may), ``any`` order.
        within: how long after the first step the last may come, 1 ms to 20 years.
        grace: how much earlier than a step before it an event may be and still count as in order.
        count: what is counted: each ``person`` once by the best entry, each ``entry``, ``session`` or
            ``account``.
        where: filter on all events of the funnel.
        by: field that people are split by, such as ``context.device.type``.
        by_at: at which step's event the field is read: the ``first`` or the ``last``.
        n_groups: how many of its values are shown; the others are one group.
        exclude: events that must not happen between two steps.
        on_exclusion: ``drop`` (that attempt ends there) or ``remove`` (the person leaves the funnel).
        same: field that must have the same value at all steps, such as ``properties.order_id``.
        start: day or instant from which on the first step counts; None for the beginning.
        end: day or instant before which the first step must be; None for the end.
        zone: name of the time zone of `start` and `end`.
    """

    steps: tuple[Step, ...]
    order: Order = "ordered"
    within: str = "7d"
    grace: str = "0s"
    count: Count = "person"
    where: str | None = None
    by: str | None = None
    by_at: ByAt = "first"
    n_groups: int = 10
    exclude: tuple[Exclusion, ...] = ()
    on_exclusion: OnExclusion = "drop"
    same: str | None = None
    start: str | None = None
    end: str | None = None
    zone: str = "UTC"

    @classmethod
    def parse(cls, text: str, *, exclude: Sequence[Exclusion] = (), **fields: Any) -> Self:
        """Read the steps from text such as ``Product Viewed > Cart Viewed or Product Added``.

        Args:
            text: see `obverse.measure.funnel_text`.
            exclude: events that must not happen between two steps.
            fields: the question's other fields.

        Raises:
            QuestionError: the text or a field is wrong.
        """
        if wrong := sorted(set(fields) - set(cls.__struct_fields__)):
            raise QuestionError(unknown("field", wrong[0], cls.__struct_fields__))
        parts = {"type": "funnel", "steps": parse_steps(text), "exclude": tuple(exclude), **fields}
        try:
            return msgspec.convert(parts, cls, strict=False)
        except msgspec.ValidationError as error:
            raise QuestionError(str(error)) from error

    def text(self) -> str:
        """Write the steps as text that `parse` reads back."""
        return spell_steps(self.steps)

    @property
    def within_us(self) -> int:
        """The window in µs."""
        return duration_us(self.within, "within")

    @property
    def grace_us(self) -> int:
        """The grace in µs."""
        return duration_us(self.grace, "grace")

    @property
    def period_us(self) -> tuple[int, int]:
        """The first and the last-but-one end of the period: [start, end) in µs since 1970 UTC."""
        zone = zone_of(self.zone)
        start = -FOREVER if self.start is None else instant_us(self.start, zone, "start")
        end = FOREVER if self.end is None else instant_us(self.end, zone, "end")
        return start, end

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        for field, choice in _CHOICES.items():
            if getattr(self, field) not in get_args(choice):
                raise QuestionError(
                    f"{field}: {getattr(self, field)!r} is none of {', '.join(get_args(choice))}"
                )
        for field in ("steps", "exclude"):
            msgspec.structs.force_setattr(self, field, tuple(getattr(self, field)))
        self._check_selections()
        self._check_times()
        self._check_combinations()

    def _check_selections(self) -> None:
        if not 1 <= len(self.steps) <= MAX_STEPS:
            raise QuestionError(f"steps: {len(self.steps)} of them; a funnel has 1 to {MAX_STEPS}")
        if len(self.exclude) > MAX_EXCLUSIONS:
            raise QuestionError(f"exclude: {len(self.exclude)} of them; at most {MAX_EXCLUSIONS}")
        for number, step in enumerate(self.steps, 1):
            _check_selection(step, f"step {number}")
        for exclusion in self.exclude:
            _check_selection(exclusion, "exclude")
            before = len(self.steps) if exclusion.before is None else exclusion.before
            if not 1 <= exclusion.after < before <= len(self.steps):
                raise QuestionError(
                    f"exclude: between steps {exclusion.after} and {before} of {len(self.steps)}; "
                    "after must be less than before, both among the steps"
                )
        check_filter(self.where)

    def _check_times(self) -> None:
        if not 1_000 <= self.within_us <= duration_us(MAX_WITHIN, "within"):
            raise QuestionError(f"within: {self.within!r} is not between 1ms and {MAX_WITHIN}")
        if self.grace_us > self.within_us:
            raise QuestionError(f"grace: {self.grace!r} is longer than within, {self.within!r}")
        start, end = self.period_us
        if start >= end:
            raise QuestionError(f"end: {self.end!r} is not after start, {self.start!r}; end is not included")

    def _check_combinations(self) -> None:
        if not 1 <= self.n_groups <= MAX_GROUPS:
            raise QuestionError(f"n_groups: {self.n_groups} is not between 1 and {MAX_GROUPS}")
        if self.order == "strict" and self.exclude:
            raise QuestionError("exclude: in strict order nothing may come between steps anyway")
        if self.order != "ordered" and self.grace_us:
            raise QuestionError(f"grace: it has no meaning with order {self.order!r}")
        if self.same is not None and self.count in ("session", "account"):
            raise QuestionError(f"same: it goes with count person or entry, not {self.count!r}")


def _check_selection(selection: Step | Exclusion, field: str) -> None:
    if len(selection.events) > MAX_EVENTS:
        raise QuestionError(f"{field}: {len(selection.events)} alternatives; at most {MAX_EVENTS}")
    if "" in selection.events:
        raise QuestionError(f"{field}: an event's name is empty")
    check_filter(selection.where, f"{field}, where")
