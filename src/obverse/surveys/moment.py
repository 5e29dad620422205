"""The moments that call for a survey.

The browser watches for what happens in the page and tells the server, which judges the rest (`where`, who,
how often). What happened elsewhere, such as a call to support, the server knows by itself.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from obverse.surveys.question import Id

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=86_400)]
NOTICE_S = 30 * 86_400.0
"""A step that was not taken is asked about on a page so many seconds later at most."""


class Moment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What moments of every kind have.

    Attributes:
        id: names it in decisions and answers.
        page: only on pages whose path fits; ``*`` stands for any characters, as in ``/shoes/*``.
        delay_s: seconds to wait before asking; leaving the page ends the wait.
    """

    id: Id
    page: str = "*"
    delay_s: Seconds = 0


class Happened(Moment, frozen=True, tag_field="on", tag="event"):
    """An event in this browser: bought, failed, pressed in rage, met an error.

    Attributes:
        event: its name.
        where: an expression that must hold for it, as in questions: ``properties.revenue > 50``.
    """

    event: Name
    where: str = ""


class Visited(Moment, frozen=True, tag_field="on", tag="page"):
    """A page was opened, and stayed open for `delay_s`."""


class Leaving(Moment, frozen=True, tag_field="on", tag="leaving"):
    """Somebody is about to leave: the pointer goes for the tabs, or a phone's page is scrolled up fast."""


class Lingering(Moment, frozen=True, tag_field="on", tag="lingering"):
    """The page was in view for long.

    Attributes:
        seconds: in view, all in all.
        element: a CSS selector: time counts while such an element is in view; without, the page's.
    """

    seconds: Seconds
    element: str = ""


class Abandoning(Moment, frozen=True, tag_field="on", tag="abandoning"):
    """A cart or a form was begun, not finished, and somebody is about to leave it.

    Attributes:
        what: ``cart``: a product was added and no order completed since; ``form``: a field was filled and the
            form not sent.
    """

    what: Literal["cart", "form"] = "cart"


class NotTaken(Moment, frozen=True, tag_field="on", tag="not_taken"):
    """A step of a funnel was not taken in time after the one before it; noticed on this page or the next.

    Attributes:
        after: event of the step before.
        step: event of the step that was not taken.
        within_s: seconds to take it in.
    """

    after: Name
    step: Name
    within_s: Annotated[float, msgspec.Meta(gt=0, le=7_776_000)]


class Elsewhere(Moment, frozen=True, tag_field="on", tag="elsewhere"):
    """An event at any touchpoint, such as a call to support or a delivery; asked on the person's next page.

    Attributes:
        event: its name.
        where: an expression that must hold for it.
        within_s: the event is not older than this, in seconds.
    """

    event: Name
    where: str = ""
    within_s: Annotated[float, msgspec.Meta(gt=0, le=7_776_000)] = 604_800


AnyMoment = Happened | Visited | Leaving | Lingering | Abandoning | NotTaken | Elsewhere
"""A moment of any kind; ``on`` tells them apart in JSON."""
