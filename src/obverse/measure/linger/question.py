"""The question of lingering: see `obverse.measure.linger` for what each part means."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from obverse.errors import QuestionError
from obverse.measure.fields import Duration, Events, FieldName, check_duration, check_number, selection
from obverse.measure.scope import SplitScope
from obverse.measure.sessions.question import MAX_TEXTS, PAGE_FIELD
from obverse.tape.layout import Selection

Of = Literal["page", "element"]

MAX_TOP = 100


class Linger(SplitScope, frozen=True, kw_only=True, tag="linger"):
    """How long people stay on pages and elements, and whether staying long goes with buying or with leaving.

    Attributes:
        start: first day or instant on which pages are viewed; None for the beginning.
        end: day or instant after the last on which pages are viewed; None for the end.
        of: time on a ``page``, or on an ``element`` of pages.
        pages: events that are views of a page or a screen.
        page: field that says which page was viewed; numbers and ids in addresses count as one, so that
            ``/product/17`` is ``/product/*``.
        patterns: pages that count as one, with ``*`` for anything: ``/blog/*``, or ``/blog/* as Blog``.
        heartbeats: events by which a client says for how long the page was visible since it was opened, or
            since the last such event. Where there are any for a view, only this time counts.
        elements: events by which a client says for how long an element was visible.
        element: field that says which element it was.
        visible: field of these events with the time in milliseconds.
        conversion: the event that staying long may go with; None for none.
        within: how long after the first view of a page a conversion still counts.
        longer_than: what staying long is; None for longer than half of the people on that page.
        gap: a longer silence ends a session, and with it the time on its last page.
        client_ids: whether a client's own session id decides what a session is, where it sends one.
        top: how many pages or elements are shown, those with most people.
        by: field whose value at a person's first view in the period splits people, such as
            ``context.device.type``, or ``segment: NAME`` for who is in a saved segment and who is not.
    """

    of: Of = "page"
    pages: Events = "Page Viewed or Screen Viewed"
    page: FieldName = PAGE_FIELD
    patterns: tuple[str, ...] = ()
    heartbeats: Events = "Page Lingered"
    elements: Events = "Element Viewed"
    element: FieldName = "properties.element"
    visible: FieldName = "coalesce(properties.visible_ms, 1000 * properties.seconds)"
    conversion: Events | None = "Order Completed"
    within: Duration = "1d"
    longer_than: Duration | None = None
    gap: Duration = "30m"
    client_ids: bool = True
    top: int = 20

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        super().__post_init__()
        msgspec.structs.force_setattr(self, "patterns", tuple(self.patterns))
        if self.of not in get_args(Of):
            raise QuestionError(f"of: {self.of!r} is none of {', '.join(get_args(Of))}")
        check_number(len(self.patterns), "patterns: their number", 0, MAX_TEXTS)
        check_number(self.top, "top", 1, MAX_TOP)
        check_duration(self.gap, "gap", "1s", "1d")
        check_duration(self.within, "within")
        if self.longer_than is not None:
            check_duration(self.longer_than, "longer_than", "1ms", "1d")
        self.selections()

    @property
    def gap_us(self) -> int:
        """The silence that ends a session, µs."""
        return check_duration(self.gap, "gap")

    @property
    def within_us(self) -> int:
        """How long a conversion still counts, µs."""
        return check_duration(self.within, "within")

    @property
    def longer_than_us(self) -> int:
        """What staying long is, µs; -1 where each page has its own."""
        return -1 if self.longer_than is None else check_duration(self.longer_than, "longer_than")

    def selections(self) -> dict[str, Selection]:
        """Give what is laid out, by name: all events of sessions, views, heartbeats and conversions."""
        named = {"views": (self.pages, "pages"), "beats": (self.heartbeats, "heartbeats")}
        if self.of == "element":
            named = {"views": (self.elements, "elements")}
        if self.conversion is not None:
            named["orders"] = (self.conversion, "conversion")
        own = {name: selection(text, field, self.where) for name, (text, field) in named.items()}
        return {"events": Selection((), self.where), **own}
