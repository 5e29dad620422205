"""Data health: can the numbers be trusted? What was accepted, what was refused and why, what waits."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any, ClassVar

from litestar import Request, Response, get

from obverse.collect.ledger import Example, Tally
from obverse.collect.refusal import Refusal
from obverse.web.health import Health, look
from obverse.web.pages.asked import Asked, answer
from obverse.web.pages.figures import count, instant, n_bytes, percent, plural, short, short_day, span
from obverse.web.pages.frame import during
from obverse.web.pages.page import Page, Panel, panel
from obverse.web.pages.part import Part, Sentence

_WAITS_LONG_S = 30.0


@dataclass(frozen=True)
class Fact:
    """A figure of the data's state."""

    name: str
    text: str
    exact: str
    note: str = ""


@dataclass(frozen=True)
class Days:
    """What was received each day.

    Attributes:
        labels: the days, short.
        accepted: events accepted.
        refused: events refused, or requests where a whole request was.
        accepted_titles: each day's accepted events in words.
        refused_titles: each day's refused ones in words.
        rows: (day, accepted, refused).
    """

    labels: tuple[str, ...]
    accepted: tuple[float, ...]
    refused: tuple[float, ...]
    accepted_titles: tuple[str, ...]
    refused_titles: tuple[str, ...]
    rows: tuple[tuple[str, int, int], ...]

    @property
    def most_refused(self) -> float:
        """The worst day's refusals."""
        return max(self.refused, default=0)


@dataclass(frozen=True)
class Shown:
    """An example of what was refused."""

    at: str
    when: str
    source: str
    detail: str
    excerpt: str


@dataclass(frozen=True)
class Reason:
    """A reason for refusal, how often it struck, whom, and examples."""

    reason: str
    meaning: str
    n: int
    share: float
    sources: tuple[tuple[str, int], ...]
    last: str
    examples: tuple[Shown, ...]


@dataclass(frozen=True)
class SourceRow:
    """What one write key sent."""

    name: str
    accepted: int
    refused: int
    share: float
    last: str


@dataclass(frozen=True, kw_only=True)
class HealthPage(Page):
    """Whether the numbers can be trusted."""

    template: ClassVar[str] = "health.html"
    section: ClassVar[str] = "/health"

    period_name: Annotated[str, "The period that counts are for, in words."]
    answer: Annotated[Sentence, "The state of the data in a sentence."]
    state: Annotated[Health | None, "The same as the API's `/api/health` gives it."]
    facts: Annotated[Panel[tuple[Fact, ...]], "Lag, what waits, the size of the lake."]
    warnings: Annotated[tuple[str, ...], "What else the operator should look at."]
    writer_problem: Annotated[str | None, "Why the lake takes no events; empty where it does."]
    days: Annotated[Panel[Days | None], "What was received each day (UTC)."]
    refusals: Annotated[Panel[tuple[Reason, ...]], "What was refused, most frequent reason first."]
    sources: Annotated[Panel[tuple[SourceRow, ...]], "What each write key sent."]


def build(asked: Asked) -> Response[bytes]:
    """Build the page."""
    state = panel(lambda: look(asked.state))
    tallies = panel(lambda: _tallies(asked))
    counts = tallies.value or []
    page = HealthPage(
        title="Data health",
        period_name=during(asked.view.period),
        answer=_sentence(state.value, counts, during(asked.view.period)),
        state=state.value,
        facts=_follow(state, lambda health: _facts(health)),
        warnings=_warnings(state.value) if state.value else (),
        writer_problem=state.value.writer.problem if state.value else None,
        days=_follow(tallies, lambda found: _days(found, asked)),
        refusals=_follow(tallies, lambda found: _reasons(found, asked)),
        sources=_follow(tallies, lambda found: _sources(found)),
    )
    return asked.show(page, flips=False, periods=True)


def _follow(first: Panel[Any], then: Any) -> Panel[Any]:
    """Fill a panel from another, whose failure is also its own."""
    return panel(lambda: then(first.value)) if first.problem is None else Panel(problem=first.problem)


def _tallies(asked: Asked) -> list[Tally]:
    return asked.inbox.ledger.tallies(_since(asked))


def _since(asked: Asked) -> str:
    if asked.view.period == "all":
        return ""
    days = int(asked.view.period.removesuffix("d"))
    return (asked.now.date() - timedelta(days=days - 1)).isoformat()


def _sentence(health: Health | None, tallies: list[Tally], period: str) -> Sentence:
    if health is None:
        return (Part("The state of the data cannot be told just now."),)
    accepted = sum(tally.n for tally in tallies if not tally.reason)
    refused = sum(tally.n for tally in tallies if tally.reason)
    if not accepted and not refused:
        return (Part(f"Nothing was received {period}."),)
    parts = [Part(f"{count(accepted)} {plural(accepted, 'event')}", "figure"), Part(f" came {period}; ")]
    if refused:
        share = percent(refused / (accepted + refused))
        parts += [
            Part(f"{count(refused)}", "bad"),
            Part(f" ({share}) {plural(refused, 'was', 'were')} refused"),
        ]
    else:
        parts.append(Part("none was refused"))
    if health.writer.problem:
        return (*parts, Part(", and "), Part("the lake takes no events", "bad"), Part("."))
    waiting = health.inbox.events
    if waiting and health.inbox.lag_s >= _WAITS_LONG_S:
        parts += [
            Part("; "),
            Part(count(waiting), "figure"),
            Part(f" {plural(waiting, 'waits', 'wait')} to be seen"),
        ]
        return (*parts, Part("."))
    return (*parts, Part("; all that was accepted is in the numbers."))


def _facts(health: Health) -> tuple[Fact, ...]:
    inbox, lake, writer = health.inbox, health.lake, health.writer
    share = percent(inbox.bytes / inbox.max_bytes) if inbox.max_bytes else ""
    return (
        Fact(
            "From receipt to visible",
            span(max(writer.lag_s, inbox.lag_s)),
            "the oldest event of the last append had waited so long, or the oldest that waits now has",
            "at the last append" if writer.lag_s >= inbox.lag_s else "and counting",
        ),
        Fact(
            "Waiting in the inbox",
            short(inbox.events),
            f"{count(inbox.events)} events, {n_bytes(inbox.bytes)} of {n_bytes(inbox.max_bytes)}",
            f"{n_bytes(inbox.bytes)}, {share} of its room",
        ),
        Fact(
            "In the lake",
            short(lake.events),
            f"{count(lake.events)} events, version {lake.version} of the table",
            f"{n_bytes(lake.bytes)}, {count(lake.files)} {plural(lake.files, 'file')}",
        ),
        Fact(
            "Sent twice, kept once",
            short(health.duplicates),
            f"{count(health.duplicates)} events whose message id was in the lake already",
            "in the last 30 days",
        ),
    )


def _warnings(health: Health) -> tuple[str, ...]:
    writer = health.writer
    warnings = []
    if writer.rejected:
        lines = plural(writer.rejected, "line was", "lines were")
        warnings.append(
            f"{count(writer.rejected)} damaged {lines} set aside in the data folder; see the log."
        )
    if writer.upkeep_problem:
        warnings.append(f"Files are not tidied, though events come in all the same: {writer.upkeep_problem}")
    return tuple(warnings)


def _days(tallies: list[Tally], asked: Asked) -> Days | None:
    if not tallies:
        return None
    accepted: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for tally in tallies:
        (refused if tally.reason else accepted)[tally.day] += tally.n
    first = date.fromisoformat(_since(asked) or tallies[0].day)
    last = max(asked.now.date(), date.fromisoformat(tallies[-1].day))
    days = [(first + timedelta(days=i)) for i in range((last - first).days + 1)]
    labels = tuple(short_day(datetime(day.year, day.month, day.day)) for day in days)  # noqa: DTZ001 - a day only
    rows = tuple((day.isoformat(), accepted[day.isoformat()], refused[day.isoformat()]) for day in days)
    return Days(
        labels=labels,
        accepted=tuple(float(row[1]) for row in rows),
        refused=tuple(float(row[2]) for row in rows),
        accepted_titles=tuple(
            f"{label}: {count(row[1])} accepted" for label, row in zip(labels, rows, strict=True)
        ),
        refused_titles=tuple(
            f"{label}: {count(row[2])} refused" for label, row in zip(labels, rows, strict=True)
        ),
        rows=rows,
    )


def _reasons(tallies: list[Tally], asked: Asked) -> tuple[Reason, ...]:
    total = sum(tally.n for tally in tallies) or 1
    by_reason: dict[str, list[Tally]] = {}
    for tally in tallies:
        if tally.reason:
            by_reason.setdefault(tally.reason, []).append(tally)
    examples = asked.inbox.ledger.examples(500) if by_reason else []
    made = (_reason(reason, found, examples, total, asked) for reason, found in by_reason.items())
    return tuple(sorted(made, key=lambda one: -one.n))


def _reason(reason: str, tallies: list[Tally], examples: list[Example], total: int, asked: Asked) -> Reason:
    n = sum(tally.n for tally in tallies)
    sources: Counter[str] = Counter()
    for tally in tallies:
        sources[tally.source or "no known key"] += tally.n
    shown = tuple(_example(one, asked) for one in examples if one.reason == reason)[:5]
    known = reason in set(Refusal)
    return Reason(
        reason=reason,
        meaning=Refusal(reason).meaning if known else "A reason that this version does not know.",
        n=n,
        share=n / total,
        sources=tuple(sources.most_common(5)),
        last=max(tally.day for tally in tallies),
        examples=shown,
    )


def _example(one: Example, asked: Asked) -> Shown:
    at = instant(one.received_at, asked.view.zone)
    return Shown(
        at=at.isoformat(timespec="seconds"),
        when=f"{short_day(at)} {at:%H:%M}",
        source=one.source or "no known key",
        detail=one.detail,
        excerpt=one.excerpt,
    )


def _sources(tallies: list[Tally]) -> tuple[SourceRow, ...]:
    by_source: dict[str, list[Tally]] = {}
    for tally in tallies:
        by_source.setdefault(tally.source, []).append(tally)
    rows = []
    for name, found in by_source.items():
        accepted = sum(tally.n for tally in found if not tally.reason)
        refused = sum(tally.n for tally in found if tally.reason)
        last = max(tally.day for tally in found)
        rows.append(
            SourceRow(name or "no known key", accepted, refused, refused / (accepted + refused), last)
        )
    return tuple(sorted(rows, key=lambda row: -(row.accepted + row.refused)))


@get("/health")
async def show(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Show whether the numbers can be trusted."""
    return await answer(request, build)
