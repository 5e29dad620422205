"""The question about sessions: see `obverse.measure.sessions` for what each part means."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from obverse.errors import QuestionError
from obverse.measure.calendar import Grain
from obverse.measure.fields import Duration, Events, FieldName, check_duration, check_number, selection
from obverse.measure.rows import Rows, rows_of
from obverse.measure.scope import SplitScope
from obverse.measure.sessions.chains import NEVER
from obverse.measure.stages.question import either
from obverse.tape.layout import Selection

Bounce = Literal["page", "event", "short"]

PAGE_FIELD = "coalesce(context.page.path, properties.path, properties.name)"
"""Where a page or a screen says which it is: its path, else its name."""

MAX_TOP = 100
MAX_TEXTS = 50


class Sessions(SplitScope, frozen=True, kw_only=True, tag="sessions"):
    """How many sessions there are, how long, where they come from, begin and end, and what they bring.

    Attributes:
        by: field of a session's first event that sessions are split by, such as ``context.device.type``, or
            ``segment: NAME`` for who is in a saved segment and who is not.
        events: events that make up sessions; page views and conversions always count.
        pages: events that are views of a page or a screen. The first one of a session says where it came
            from.
        page: field that says which page was viewed; numbers and ids in addresses count as one, so that
            ``/product/17`` is ``/product/*``.
        patterns: pages that count as one, with ``*`` for anything: ``/blog/*``, or ``/blog/* as Blog``.
        conversion: the event that sessions should lead to, and that carries their value; None for none.
        gap: a longer silence ends a session.
        max_length: an event longer than this after a session's first begins a new session, whatever the
            client's id; None for sessions of any length.
        client_ids: whether a client's own session id decides, where it sends one: all events of a person with
            the same id are one session, however long the silence.
        per_touchpoint: whether what happens on the web, in the app and in a store is a session each.
        midnight: whether midnight in ``zone`` ends a session.
        new_campaign: whether arriving again from another campaign ends a session.
        bounce: which sessions are bounces. ``page``: those with one page view, or with none and only one
            event; ``event``: those with only one event; ``short``: those shorter than ``engaged_after``
            with fewer than two page views. A session with a conversion never is.
        engaged_after: how long a session must be so that it is no ``short`` bounce.
        own_sites: hosts whose links bring nobody: other sites of yours, payment pages.
        grain: what a row is: ``day``, ``week`` (from Monday) or ``month``.
        top: how many entry pages, exit pages, channels, sources and campaigns are shown.
    """

    events: Events = "*"
    pages: Events = "Page Viewed or Screen Viewed"
    page: FieldName = PAGE_FIELD
    patterns: tuple[str, ...] = ()
    conversion: Events | None = "Order Completed"
    gap: Duration = "30m"
    max_length: Duration | None = None
    client_ids: bool = True
    per_touchpoint: bool = True
    midnight: bool = False
    new_campaign: bool = False
    bounce: Bounce = "page"
    engaged_after: Duration = "10s"
    own_sites: tuple[str, ...] = ()
    grain: Grain = "day"
    top: int = 10

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        super().__post_init__()
        for field, choice in (("bounce", Bounce), ("grain", Grain)):
            if getattr(self, field) not in get_args(choice):
                raise QuestionError(
                    f"{field}: {getattr(self, field)!r} is none of {', '.join(get_args(choice))}"
                )
        for field in ("patterns", "own_sites"):
            msgspec.structs.force_setattr(self, field, tuple(getattr(self, field)))
            check_number(len(getattr(self, field)), f"{field}: their number", 0, MAX_TEXTS)
        check_duration(self.gap, "gap", "1s", "365d")
        if self.max_length is not None:
            check_duration(self.max_length, "max_length", "1s", "365d")
        check_duration(self.engaged_after, "engaged_after", "1ms", "1d")
        check_number(self.top, "top", 1, MAX_TOP)
        self.selections()

    @property
    def gap_us(self) -> int:
        """The silence that ends a session, µs."""
        return check_duration(self.gap, "gap", "1s", "365d")

    @property
    def max_length_us(self) -> int:
        """How long after its first event a session may have events, µs."""
        return (
            NEVER if self.max_length is None else check_duration(self.max_length, "max_length", "1s", "365d")
        )

    @property
    def engaged_after_us(self) -> int:
        """The length from which on a session is not short, µs."""
        return check_duration(self.engaged_after, "engaged_after", "1ms", "1d")

    def selections(self) -> tuple[Selection, ...]:
        """Give what is laid out: all that makes up sessions, page views, and conversions if there are any."""
        named = [(self.events, "events"), (self.pages, "pages")]
        if self.conversion is not None:
            named.append((self.conversion, "conversion"))
        plain = [selection(text, field) for text, field in named]
        return (
            either(plain, self.where),
            *(selection(text, field, self.where) for text, field in named[1:]),
        )

    def rows(self, newest: int) -> Rows:
        """Give the rows of the period; see `obverse.measure.rows.rows_of`."""
        return rows_of(self, self.grain, newest)
