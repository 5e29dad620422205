"""Why a survey is shown, or not: its moments, what became of each, what is missing, the last people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from litestar import Request, Response, get

from obverse.surveys.deciding import share_of
from obverse.surveys.facts import NEVER, Progress, Running
from obverse.surveys.moment import Elsewhere, Happened, NotTaken
from obverse.surveys.reasons import Reason
from obverse.web.pages.asked import Asked, answer
from obverse.web.pages.figures import count, instant, percent, plural, short_day, span
from obverse.web.pages.frame import during
from obverse.web.pages.page import Page, Panel, panel
from obverse.web.pages.part import Part, Sentence
from obverse.web.pages.person import display_name, person_href
from obverse.web.pages.survey_moments import said
from obverse.web.surveys import noted
from obverse.web.surveys.noted import HOUR_US, Decided, Tally

if TYPE_CHECKING:
    from obverse.tape.people import Person
    from obverse.web.surveys.offering import Offering

_DAY_H = 24
_LAST = 30


@dataclass(frozen=True)
class ReasonRow:
    """A reason, and how often moments came to it."""

    reason: str
    meaning: str
    n: int
    share: float


@dataclass(frozen=True)
class MomentRow:
    """A moment of the survey: when it calls, how often it came, how often somebody was asked, when last."""

    id: str
    text: str
    n: int
    shown: int
    last: str


@dataclass(frozen=True)
class WhyDays:
    """Moments by day (UTC): how many led to the survey being shown, and how many did not."""

    labels: tuple[str, ...]
    shown: tuple[float, ...]
    stopped: tuple[float, ...]
    shown_titles: tuple[str, ...]
    stopped_titles: tuple[str, ...]
    rows: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class DecidedRow:
    """What was decided for somebody, the last time that it was this."""

    at: str
    when: str
    who: str
    href: str
    reason: str
    meaning: str
    moment: str
    n: int


@dataclass(frozen=True, kw_only=True)
class WhyPage(Page):
    """Why a survey is shown, or not."""

    template: ClassVar[str] = "why.html"
    section: ClassVar[str] = "/surveys"

    id: Annotated[str, "The survey's id."]
    name: Annotated[str, "What the team calls the survey."]
    state: Annotated[str, "Draft, live, paused, closed or imported."]
    period_name: Annotated[str, "The period that counts are for, in words."]
    answer: Annotated[Sentence, "How often its moments came, and what became of them."]
    missing: Annotated[tuple[str, ...], "What keeps it from being shown to anybody, or looks wrong."]
    pace: Annotated[str, "Which share of people is asked, and why that; empty where everybody is."]
    days: Annotated[Panel[WhyDays | None], "Moments by day."]
    reasons: Annotated[Panel[tuple[ReasonRow, ...]], "What moments came to, the most frequent first."]
    moments: Annotated[Panel[tuple[MomentRow, ...]], "Its moments, and whether they come."]
    decided: Annotated[Panel[tuple[DecidedRow, ...]], "The last decisions, newest first."]
    anonymous: Annotated[bool, "Who was shown an anonymous survey is not told."]


def build(asked: Asked, key: str) -> Response[bytes]:
    """Build the page of a survey."""
    asking: Offering = asked.state["asking"]
    saved = asked.settings.surveys.get(key)
    running = Running.of(saved)
    now = round(asked.now.timestamp() * 1e6)
    found = panel(lambda: noted.tallies(asking.askings, key, _since(asked)))
    tallies = found.value or []
    progress = asking.askings.progress(now).get(key, Progress())
    page = WhyPage(
        title=f"Why {saved.name}"[:80],
        id=key,
        name=saved.name,
        state=saved.state,
        period_name=during(asked.view.period),
        answer=_sentence(tallies, during(asked.view.period), found.problem),
        missing=_missing(running, asked, now),
        pace=_pace(running, progress, now),
        days=_follow(found, lambda: _days(tallies, asked)),
        reasons=_follow(found, lambda: _reasons(tallies)),
        moments=_follow(found, lambda: _moments(running, tallies, now)),
        decided=panel(lambda: _decided(noted.latest(asking.askings, key, _LAST), asked)),
        anonymous=running.survey.anonymous,
    )
    return asked.show(page, flips=False, periods=True)


def meaning(reason: str) -> str:
    """Say what a reason means; one that this version does not know is said so."""
    return Reason(reason).meaning if reason in set(Reason) else "A reason that this version does not know."


def _follow(first: Panel[Any], fill: Any) -> Panel[Any]:
    return panel(fill) if first.problem is None else Panel(problem=first.problem)


def _since(asked: Asked) -> int:
    if asked.view.period == "all":
        return 0
    days = int(asked.view.period.removesuffix("d"))
    first = asked.now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return round((first - timedelta(days=days - 1)).timestamp() * 1e6)


def _sentence(tallies: Sequence[Tally], period: str, problem: str | None) -> Sentence:
    if problem is not None:
        return (Part("What was decided cannot be told just now."),)
    n = sum(one.n for one in tallies)
    if not n:
        return (Part(f"None of its moments came {period}."),)
    shown = sum(one.n for one in tallies if one.reason == Reason.SHOWN)
    parts = [
        Part("Its moments came "),
        Part(f"{count(n)} {plural(n, 'time')}", "figure"),
        Part(f" {period}; it was shown "),
        Part(f"{count(shown)} {plural(shown, 'time')}", "people"),
        Part(f" ({percent(shown / n)})"),
    ]
    most = next((one for one in _reasons(tallies) if one.reason != Reason.SHOWN), None)
    if most is not None:
        parts += [
            Part("; where not, most often for "),
            Part(most.reason.replace("_", " "), "figure", most.meaning),
            Part(f" ({percent(most.share)})"),
        ]
    return (*parts, Part("."))


def _missing(running: Running, asked: Asked, now: int) -> tuple[str, ...]:
    """Say what keeps the survey from being shown to anybody."""
    survey, missing = running.survey, []
    state = {
        "draft": "It is a draft: nobody is asked until it is live.",
        "paused": "It is paused: nobody new is asked.",
        "closed": "It is closed.",
        "imported": "It was imported: it is not asked here.",
    }.get(running.state)
    if state:
        missing.append(state)
    if "page" not in survey.places:
        missing.append("It is not asked over a page: “page” is none of its places.")
    elif not survey.moments:
        missing.append("It has no moment: nothing calls for it over a page.")
    if running.starts_at != NEVER and now < running.starts_at:
        missing.append(f"It starts in {span((running.starts_at - now) / 1e6)}.")
    if running.ends_at != NEVER and now >= running.ends_at:
        missing.append(f"It ended {span((now - running.ends_at) / 1e6)} ago.")
    if not missing:
        missing += _silent(running, asked, now)
    return tuple(missing)


def _silent(running: Running, asked: Asked, now: int) -> list[str]:
    """Say what looks wrong with a survey that is asked."""
    asking: Offering = asked.state["asking"]
    survey = running.survey
    lately = noted.tallies(asking.askings, running.id, now - _DAY_H * HOUR_US)
    wrong = []
    if not lately:
        pages = sorted({moment.page for moment in survey.moments})
        where = "" if "*" in pages else f", on pages like {', '.join(pages)}"
        wrong.append(
            f"None of its moments came in 24 h. Is the client, with its surveys, on your pages{where}?"
        )
    names = dict(asked.lake.names())
    wrong += [
        f"No event named “{event}” was ever received; see moment {moment.id}."
        for moment in survey.moments
        for event in _events(moment)
        if event not in names
    ]
    failed = sum(one.n for one in lately if one.reason == Reason.FILTER_FAILED)
    if failed:
        wrong.append(
            f"A filter could not be judged {count(failed)} {plural(failed, 'time')} in 24 h: is it right?"
        )
    segment = survey.audience.segment
    if segment and segment not in {one.name for one in asked.settings.segments.all()}:
        wrong.append(f"There is no segment named “{segment}”: nobody is asked.")
    return wrong


def _events(moment: object) -> tuple[str, ...]:
    if isinstance(moment, Happened | Elsewhere):
        return (moment.event,)
    return (moment.after,) if isinstance(moment, NotTaken) else ()


def _pace(running: Running, progress: Progress, now: int) -> str:
    """Say which share of people is asked now."""
    audience = running.survey.audience
    share = share_of(running, progress, now)
    if not audience.wanted:
        return "" if share == 1 else f"{percent(share)} of people are asked, always the same ones."
    so_far = f"{count(progress.answered)} of {count(audience.wanted)} answers wanted are there. "
    if progress.answered >= audience.wanted:
        return so_far + "Nobody is asked any more."
    if running.ends_at == NEVER:
        return so_far + f"{percent(share)} of people are asked; without an end there is no hurry."
    left = span(max(0, running.ends_at - now) / 1e6)
    people = f"about {count(progress.people)} {plural(round(progress.people), 'person', 'people')}"
    return so_far + (
        f"To reach the rest in the {left} left, {percent(share)} of people are asked now: "
        f"its moments came to {people} so far, and {count(progress.answered_here)} of "
        f"{count(progress.asked)} asked over a page have answered."
    )


def _days(tallies: Sequence[Tally], asked: Asked) -> WhyDays | None:
    if not tallies:
        return None
    shown: Counter[date] = Counter()
    stopped: Counter[date] = Counter()
    for one in tallies:
        (shown if one.reason == Reason.SHOWN else stopped)[_day(one.hour)] += one.n
    first = _day(_since(asked) // HOUR_US) if asked.view.period != "all" else _day(tallies[0].hour)
    last = max(asked.now.astimezone(UTC).date(), _day(tallies[-1].hour))
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    labels = tuple(short_day(datetime(day.year, day.month, day.day)) for day in days)  # noqa: DTZ001 - a day only
    rows = tuple((day.isoformat(), shown[day], stopped[day]) for day in days)
    return WhyDays(
        labels=labels,
        shown=tuple(float(row[1]) for row in rows),
        stopped=tuple(float(row[2]) for row in rows),
        shown_titles=tuple(
            f"{label}: {count(row[1])} shown" for label, row in zip(labels, rows, strict=True)
        ),
        stopped_titles=tuple(
            f"{label}: {count(row[2])} not shown" for label, row in zip(labels, rows, strict=True)
        ),
        rows=rows,
    )


def _day(hour: int) -> date:
    return instant(hour * HOUR_US).date()


def _reasons(tallies: Sequence[Tally]) -> tuple[ReasonRow, ...]:
    n: Counter[str] = Counter()
    for one in tallies:
        n[one.reason] += one.n
    total = n.total() or 1
    return tuple(ReasonRow(reason, meaning(reason), k, k / total) for reason, k in n.most_common())


def _moments(running: Running, tallies: Sequence[Tally], now: int) -> tuple[MomentRow, ...]:
    n: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    last: dict[str, int] = {}
    for one in tallies:
        n[one.moment] += one.n
        shown[one.moment] += one.n if one.reason == Reason.SHOWN else 0
        last[one.moment] = one.hour
    words = {moment.id: said(moment) for moment in running.survey.moments}
    gone = {key: "not in the newest version" for key in n if key not in words}
    return tuple(
        MomentRow(key, text, n[key], shown[key], _ago(last[key], now) if key in last else "")
        for key, text in (words | gone).items()
    )


def _ago(hour: int, now: int) -> str:
    since_h = now // HOUR_US - hour
    return "within the hour" if since_h < 1 else f"{span(since_h * 3600)} ago"


def _decided(found: Sequence[Decided], asked: Asked) -> tuple[DecidedRow, ...]:
    people = asked.lake.tape.people_behind([one.person for one in found])
    return tuple(_decided_row(one, person, asked) for one, person in zip(found, people, strict=True))


def _decided_row(one: Decided, person: Person, asked: Asked) -> DecidedRow:
    at = instant(one.at, asked.view.zone)
    is_known = person.user_id is not None or bool(person.anonymous_ids)
    name = display_name(person.user_id, next(iter(person.anonymous_ids), None))
    return DecidedRow(
        at=at.isoformat(timespec="seconds"),
        when=f"{short_day(at)} {at:%H:%M}",
        who=name if is_known else "somebody without an event",
        href=person_href(person.key) if is_known else "",
        reason=one.reason,
        meaning=meaning(one.reason),
        moment=one.moment,
        n=one.n,
    )


@get("/surveys/{key:str}/why")
async def show(request: Request[Any, Any, Any], key: str) -> Response[bytes]:
    """Show why a survey is shown, or not."""
    return await answer(request, lambda asked: build(asked, key))
