"""Moments in words, as pages say them."""

from __future__ import annotations

from obverse.surveys.moment import Abandoning, AnyMoment, Elsewhere, Happened, Leaving, Lingering, NotTaken
from obverse.web.pages.figures import span


def said(moment: AnyMoment) -> str:
    """Say when a moment comes.

    >>> said(Happened(id="m1", event="Order Completed", where="properties.revenue > 50"))
    'when Order Completed happens, where properties.revenue > 50'
    >>> said(Lingering(id="m1", seconds=30, page="/shoes/*", delay_s=5))
    'after 30\u202fs on the page, on /shoes/*, 5\u202fs later'
    """
    on = "" if moment.page == "*" else f", on {moment.page}"
    later = f", {span(moment.delay_s)} later" if moment.delay_s else ""
    return f"{_what(moment)}{on}{later}"


def _what(moment: AnyMoment) -> str:
    if isinstance(moment, Happened):
        return f"when {moment.event} happens{_where(moment.where)}"
    if isinstance(moment, Elsewhere):
        return f"on the next page after {moment.event}, within {span(moment.within_s)}{_where(moment.where)}"
    if isinstance(moment, NotTaken):
        return f"when {moment.step} does not follow {moment.after} within {span(moment.within_s)}"
    if isinstance(moment, Lingering):
        on = f"on {moment.element}" if moment.element else "on the page"
        return f"after {span(moment.seconds)} {on}"
    if isinstance(moment, Abandoning):
        return f"when somebody is about to leave a {moment.what} that was begun"
    return "on leaving the page" if isinstance(moment, Leaving) else "on opening a page"


def _where(where: str) -> str:
    return f", where {where}" if where else ""
