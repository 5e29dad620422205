"""What sessions are, in plain Python: lists of events, nothing of the package."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.measure.visits import MINUTE, SECOND, Visit

PAGES = ("Page Viewed", "Screen Viewed")
BUY = "Order Completed"


@dataclass(frozen=True)
class Ways:
    """How sessions are cut, and what a bounce is."""

    gap: int = 30 * MINUTE
    ids: bool = True
    apart: bool = True
    midnight: ZoneInfo | None = None
    campaigns: bool = False
    longest: int | None = None
    bounce: str = "page"


def local_day(time: int, zone: ZoneInfo) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time)).astimezone(zone).date()


def campaign_of(event: Visit) -> tuple[str, str, str] | None:
    told = (event.source, event.medium, event.campaign)
    return told if event.name in PAGES and any(told) else None


def runs(events: Sequence[Visit], ways: Ways, gap: int | None) -> list[list[Visit]]:
    """Cut events at silences, midnights and new campaigns, and where a run would get too long."""
    found: list[list[Visit]] = []
    for event in events:
        new = not found
        if not new:
            run = found[-1]
            new = gap is not None and event.time - run[-1].time > gap
            if ways.longest is not None:
                new = new or event.time - run[0].time > ways.longest
            if ways.midnight:
                new = new or local_day(event.time, ways.midnight) != local_day(run[0].time, ways.midnight)
            if ways.campaigns and campaign_of(event) and any(one.name in PAGES for one in run):
                known = [campaign_of(one) for one in run if campaign_of(one)]
                new = new or not known or known[-1] != campaign_of(event)
        if new:
            found.append([])
        found[-1].append(event)
    return found


def sessions(events: Sequence[Visit], ways: Ways) -> list[list[Visit]]:
    """Give each session's events, in order of time."""
    people: dict[int, list[Visit]] = defaultdict(list)
    for event in sorted(events, key=lambda one: (one.time, one.seq)):
        people[event.person].append(event)
    found: list[list[Visit]] = []
    for own in people.values():
        ids = {one.session for one in own if one.session} if ways.ids else set()
        for each in ids:
            found += runs([one for one in own if one.session == each], ways, None)
        places = {one.touchpoint for one in own} if ways.apart else {""}
        for place in places:
            here = [one for one in own if not ways.apart or one.touchpoint == place]
            for run in runs(here, ways, ways.gap):
                left = [one for one in run if not (ways.ids and one.session)]
                found += [left] if left else []
    return found


def bounced(session: Sequence[Visit], how: str) -> bool:
    views = sum(one.name in PAGES for one in session)
    if any(one.name == BUY for one in session):
        return False
    if how == "event":
        return len(session) == 1
    if how == "short":
        return views < 2 and session[-1].time - session[0].time < 10 * SECOND
    return views == 1 or (views == 0 and len(session) == 1)


def figures(found: Sequence[Sequence[Visit]], how: str) -> dict[str, float]:
    """Count sessions."""
    return {
        "sessions": len(found),
        "people": len({one[0].person for one in found}),
        "bounces": sum(bounced(one, how) for one in found),
        "converting": sum(any(event.name == BUY for event in one) for one in found),
        "value": sum(event.value for one in found for event in one if event.name == BUY),
    }


def entry(session: Sequence[Visit]) -> str:
    views = [one for one in session if one.name in PAGES]
    return (views[0].page or "(no value)") if views else "(no page view)"


def exit_(session: Sequence[Visit]) -> str:
    views = [one for one in session if one.name in PAGES]
    return (views[-1].page or "(no value)") if views else "(no page view)"


def campaign(session: Sequence[Visit]) -> str:
    views = [one for one in session if one.name in PAGES]
    if not views:
        return "(no page view)"
    first = views[0]
    return first.campaign or " / ".join(one for one in (first.source, first.medium) if one) or "(no campaign)"
