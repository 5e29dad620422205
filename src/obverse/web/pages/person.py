"""One person: what did they go through? The whole timeline across touchpoints, and who they are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from litestar import Request, Response, get

from obverse.errors import NotFoundError
from obverse.event import IDENTIFIED
from obverse.web.pages.asked import Asked, answer
from obverse.web.pages.figures import count, day_name, exact_money, instant, money, plural, span
from obverse.web.pages.frame import Link
from obverse.web.pages.page import Page, Panel, panel
from obverse.web.pages.part import Part, Sentence
from obverse.web.pages.person_surveys import PersonSurvey, surveys_of
from obverse.web.pages.timeline import RowOf, TimelineDay, flat, rows_of, tell

MOST_READ = 5_000
"""Events of a person that are read at most; facts about someone with more say so."""
A_PAGE = 100
_IDS_SHOWN = 8
_KEY_DIGITS = 19


@dataclass(frozen=True)
class PersonFact:
    """Something known about a person."""

    name: str
    text: str
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class PersonPage(Page):
    """What one person went through."""

    template: ClassVar[str] = "person.html"
    section: ClassVar[str] = "/people"

    name: Annotated[str, "What the person is called here: a name or e-mail they gave, else an id."]
    user_id: Annotated[str | None, "The id by which the organisation knows them; empty before that."]
    anonymous_ids: Annotated[tuple[str, ...], "Devices and browsers they were seen with."]
    more_ids: Annotated[int, "Further such ids, not listed."]
    answer: Annotated[Sentence, "Their story in a sentence."]
    facts: Annotated[tuple[PersonFact, ...], "First and last seen, orders, value, account."]
    traits: Annotated[tuple[tuple[str, str], ...], "What they or the organisation said about them, newest."]
    touchpoints: Annotated[tuple[Link, ...], "Where they were, to look at one alone."]
    surveys: Annotated[Panel[tuple[PersonSurvey, ...]], "Surveys: why they are shown them, or not."]
    timeline: Annotated[Panel[tuple[TimelineDay, ...]], "Their events, newest first, by day and visit."]
    older_href: Annotated[str, "Address of the events before these; empty at the beginning."]
    newest_href: Annotated[str, "Address of the newest events, where these are not."]


def person_href(key: int) -> str:
    """Give the path of a person's page.

    >>> person_href(2335604221772777752)
    '/people/2335604221772777752'
    """
    return f"/people/{key}"


def display_name(user_id: str | None, anonymous_id: str | None) -> str:
    """Say what to call someone of whom only ids are known.

    >>> display_name(None, "3f9a77aa-91b2-4d5e")
    'visitor 3f9a77aa'
    """
    if user_id is not None:
        return user_id
    device = anonymous_id or "without an id"
    return f"visitor {device[:8]}" if anonymous_id and len(device) > 12 else f"visitor {device}"


def build(asked: Asked, key: str) -> Response[bytes]:
    """Build the page of the person with a key."""
    if not key.isdecimal() or len(key) > _KEY_DIGITS:
        raise NotFoundError(f"{key!r} is not the key of a person")
    rows = rows_of(asked.lake.tape.timeline(int(key), limit=MOST_READ))
    person = asked.lake.tape.person(int(key))
    traits = _traits(rows)
    at = asked.address.get("at")
    shown, older = _window(rows, at, asked.address.get("before"))
    name = (
        traits.get("name")
        or traits.get("email")
        or display_name(person.user_id, next(iter(person.anonymous_ids), None))
    )
    facts, sentence = _facts(rows, asked, name)
    page = PersonPage(
        title=name[:80],
        name=name,
        user_id=person.user_id,
        anonymous_ids=person.anonymous_ids[:_IDS_SHOWN],
        more_ids=max(0, len(person.anonymous_ids) - _IDS_SHOWN),
        answer=sentence,
        facts=facts,
        traits=tuple(traits.items())[:20],
        touchpoints=_touchpoints(rows, asked, at),
        surveys=panel(lambda: surveys_of(asked, person)),
        timeline=panel(lambda: tell(shown, asked.view.zone)),
        older_href=str(asked.address.put(before=older)) if older else "",
        newest_href=str(asked.address.put(before=None)) if asked.address.get("before") else "",
    )
    return asked.show(page, flips=False)


def _window(rows: list[RowOf], at: str, before: str) -> tuple[list[RowOf], str]:
    """Choose what a page of the timeline shows, and where the next one begins."""
    chosen = [row for row in rows if not at or row["touchpoint"] == at]
    if before:
        time, _, seq = before.partition(".")
        if time.lstrip("-").isdecimal() and seq.isdecimal():
            chosen = [row for row in chosen if (row["time"], row["seq"]) < (int(time), int(seq))]
    shown = chosen[:A_PAGE]
    older = f"{shown[-1]['time']}.{shown[-1]['seq']}" if len(chosen) > A_PAGE else ""
    return shown, older


def _traits(rows: list[RowOf]) -> dict[str, str]:
    """Merge what identify calls said, the newest winning."""
    traits: dict[str, str] = {}
    for row in rows:
        if row["event"] == IDENTIFIED:
            for key, text in flat(row["properties"]):
                traits.setdefault(key, text)
    traits.pop("", None)
    return traits


def _facts(rows: list[RowOf], asked: Asked, name: str) -> tuple[tuple[PersonFact, ...], Sentence]:
    if not rows:
        return (), (Part("No event of "), Part(name, "name"), Part(" is left."))
    zone = asked.view.zone
    more = " or more" if len(rows) >= MOST_READ else ""
    first, last = instant(rows[-1]["time"], zone), instant(rows[0]["time"], zone)
    bought = [row for row in rows if row["event"] == asked.values.conversion_event]
    ago = span(max(0.0, (asked.now - last).total_seconds()))
    worth = _worth(bought)
    accounts = sorted({row["account_id"] for row in rows if row["account_id"]})
    facts = [
        PersonFact("First seen", day_name(first), first.isoformat(timespec="seconds")),
        PersonFact("Last seen", f"{ago} ago", last.isoformat(timespec="seconds")),
        PersonFact("Events", f"{count(len(rows))}{more}"),
        PersonFact(asked.values.conversion_event, f"{count(len(bought))}{more}"),
    ]
    for currency, total in worth.items():
        facts.append(PersonFact("Value", money(total, currency), exact_money(total, currency)))
    if accounts:
        facts.append(PersonFact("Account" if len(accounts) == 1 else "Accounts", ", ".join(accounts[:5])))
    n_places = len({row["touchpoint"] for row in rows})
    where = f"at {count(n_places)} {plural(n_places, 'touchpoint')}"
    sentence = [
        Part(f"{count(len(rows))}{more} {plural(len(rows), 'event')}", "figure"),
        Part(f" {where} since {day_name(first)}, the last {ago} ago; "),
    ]
    return tuple(facts), (*sentence, *_bought(len(bought), worth))


def _worth(bought: list[RowOf]) -> dict[str, float]:
    """Add up what was bought, by currency."""
    worth: dict[str, float] = {}
    for row in bought:
        currency = row["currency"] or ""
        worth[currency] = worth.get(currency, 0.0) + (row["value"] or 0.0)
    return worth


def _bought(n: int, worth: dict[str, float]) -> Sentence:
    if not n:
        return (Part("not a customer yet."),)
    times = "once" if n == 1 else f"{count(n)} times"
    amounts = [
        Part(money(total, currency), "value", exact_money(total, currency))
        for currency, total in worth.items()
    ]
    joined = [piece for amount in amounts for piece in (amount, Part(" and "))][:-1]
    return (Part(f"bought {times}, worth "), *joined, Part("."))


def _touchpoints(rows: list[RowOf], asked: Asked, at: str) -> tuple[Link, ...]:
    n = Counter(row["touchpoint"] for row in rows)
    here = asked.address.put(before=None)
    everywhere = Link("", f"Everywhere {count(len(rows))}", str(here.put(at=None)), not at)
    return (
        everywhere,
        *(
            Link(name, f"{name} {count(k)}", str(here.put(at=name)), at == name)
            for name, k in n.most_common()
        ),
    )


@get("/people/{key:str}")
async def show(request: Request[Any, Any, Any], key: str) -> Response[bytes]:
    """Show one person."""
    return await answer(request, lambda asked: build(asked, key))
