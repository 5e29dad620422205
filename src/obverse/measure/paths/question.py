"""The question of paths: see `obverse.measure.paths` for what each part means exactly."""

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
from obverse.tape.layout import Selection

Trail = Literal["session", "person"]
Count = Literal["first", "every"]

MAX_STEPS = 20
MAX_PLACES = 50
MAX_STREAMS = 200
MAX_PATHS = 100
MAX_PATTERNS = 50

EVENT = "event"
"""The place that is an event's own name."""


class Paths(SplitScope, frozen=True, kw_only=True, tag="paths"):
    """What people do after an event, before it, or between two: place by place, and the most frequent paths.

    Attributes:
        after: what paths begin with: ``Product Viewed``; None for the beginning of each trail.
        before: what paths end with: what leads up to it; None for no certain end. With both, the ways
            between.
        steps: how many steps of a path are told apart, 2 to 20.
        place: what a step is called by: ``event`` for the event's name, or a field such as
            ``context.page.path``.
        pages: whether numbers and ids in the values of a field count as one: ``/product/17`` and
            ``/product/18`` are ``/product/*``.
        patterns: places that count as one, with ``*`` for anything: ``/blog/*``, or ``/blog/* as Blog``.
        events: which events are steps; ``*`` for all.
        exclude: events that are never steps: ``Page Viewed``.
        fold: whether the same place several times in a row is one step.
        trail: what paths are cut from: a ``session``, which ends with `gap` of silence, or all of a
            ``person``'s events.
        gap: how long a silence ends a session.
        within: how long a path may take; None for as long as its trail does.
        count: of the events that a trail has for `after` (or `before`) only the ``first`` makes a path, or
            ``every`` one that is not inside an earlier path.
        whole: follow each path to its end, whatever its length, and count which place follows which: the
            view of a process and its variants.
        goal: what should be reached: ``Order Completed``; each place says what share of paths gets there.
        value: events whose money counts; None for those of the goal.
        n_places: how many places each column shows, the most frequent; the others are one.
        n_streams: how many of the ways from place to place are listed, the most frequent.
        n_paths: how many of the most frequent whole paths are listed.
        by: field whose value at a person's first `after` in the period splits people (without one: at their
            first `before`; without both: at their first event), such as ``context.device.type``, or
            ``segment: NAME`` for who is in a saved segment and who is not.
    """

    after: Events | None = None
    before: Events | None = None
    steps: int = 5
    place: FieldName = EVENT
    pages: bool = True
    patterns: tuple[str, ...] = ()
    events: Events = "*"
    exclude: Events | None = None
    fold: bool = True
    trail: Trail = "session"
    gap: Duration = "30m"
    within: Duration | None = None
    count: Count = "first"
    whole: bool = False
    goal: Events | None = None
    value: Events | None = None
    n_places: int = 8
    n_streams: int = 50
    n_paths: int = 20

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        super().__post_init__()
        msgspec.structs.force_setattr(self, "patterns", tuple(self.patterns))
        for name, options in (("trail", Trail), ("count", Count)):
            if getattr(self, name) not in get_args(options):
                raise QuestionError(f"{name}: {unknown('choice', getattr(self, name), get_args(options))}")
        for name in ("after", "before", "events", "exclude", "goal", "value"):
            if getattr(self, name) is not None:
                one_step(getattr(self, name), name)
        if not self.place.strip():
            raise QuestionError("place: name what a step is called by: 'event' or a field")
        check_duration(self.gap, "gap")
        if self.within is not None:
            check_duration(self.within, "within")
        check_number(self.steps, "steps", 2, MAX_STEPS)
        check_number(self.n_places, "n_places", 1, MAX_PLACES)
        check_number(self.n_streams, "n_streams", 1, MAX_STREAMS)
        check_number(self.n_paths, "n_paths", 1, MAX_PATHS)
        self._check_rules()

    def _check_rules(self) -> None:
        if self.exclude is not None and one_step(self.exclude, "exclude").events == ():
            raise QuestionError(f"exclude: {self.exclude!r} is every event; name those to leave out")
        if self.after and self.before and self.steps < 3 and not self.whole:
            raise QuestionError(
                f"steps: {self.steps} leave nothing between after and before; ask for 3 or more"
            )
        if self.count == "every" and not (self.after or self.before):
            raise QuestionError("count: 'every' needs an event to begin or end with: after or before")
        if len(self.patterns) > MAX_PATTERNS:
            raise QuestionError(f"patterns: {len(self.patterns)} are more than {MAX_PATTERNS}")
        for pattern in self.patterns:
            if not pattern.strip() or pattern.strip().startswith("as "):
                raise QuestionError(
                    f"patterns: {pattern!r} names no places; write '/blog/*' or '/blog/* as Blog'"
                )

    def selections(self) -> dict[str, Selection]:
        """Read which events each part means: a selection for each of the parts that are asked for."""
        parts = {
            "events": self.events,
            "after": self.after,
            "before": self.before,
            "exclude": None if self.excluded_names() is not None else self.exclude,
            "goal": self.goal,
            "value": self.value,
        }
        return {name: selection(text, name, self.where) for name, text in parts.items() if text is not None}

    def excluded_names(self) -> frozenset[str] | None:
        """Give the excluded events' names where names are enough to tell them; None where they are not."""
        if self.exclude is None:
            return frozenset()
        step = one_step(self.exclude, "exclude")
        return frozenset(step.events) if self.place == EVENT and step.where is None else None

    @property
    def gap_us(self) -> int:
        """The silence that ends a session, in µs."""
        return check_duration(self.gap, "gap")

    @property
    def within_us(self) -> int | None:
        """How long a path may take, in µs; None for no limit."""
        return None if self.within is None else check_duration(self.within, "within")

    @property
    def n_columns(self) -> int:
        """How many columns of places are counted: one where the whole path is followed."""
        return 1 if self.whole else self.steps

    @property
    def aligned_right(self) -> bool:
        """Whether columns are counted from the end: paths that lead up to an event, from wherever."""
        return self.before is not None and self.after is None and not self.whole
