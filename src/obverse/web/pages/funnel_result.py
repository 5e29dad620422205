"""A funnel's answer as the page shows it: the sentence, the bars and what is lost between them, the table."""

from __future__ import annotations

from dataclasses import dataclass

from obverse.measure.estimate import Estimate
from obverse.measure.funnel_answer import Durations, FunnelAnswer, FunnelGroup, FunnelStep
from obverse.web.pages.address import Address
from obverse.web.pages.figures import (
    NOTHING,
    count,
    cut,
    exact_money,
    money_estimate,
    percent,
    percent_range,
    span,
)
from obverse.web.pages.part import Part, Sentence, ranged
from obverse.web.pages.surveys.aimed import aimed

_SINGULAR = {"people": "person", "entries": "entry", "sessions": "session", "accounts": "account"}
_SURE = 0.05


@dataclass(frozen=True, kw_only=True)
class Drop:
    """What is lost between a step and the next.

    Attributes:
        text: who left, or what was lost.
        exact: the same in full.
        share: of this step.
        low: lower end of its interval.
        high: upper end.
        note: the interval of the value lost.
        pace: how long the others took to the next step, or how many left.
        href: address of the people who left.
        ask: address of a new survey for who leaves here.
    """

    text: str
    exact: str
    share: float | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""
    pace: str = ""
    href: str = ""
    ask: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A step's bar, and the drop after it.

    Attributes:
        number: of the step.
        name: what it is called.
        where: its filter, if any.
        text: how many, or how much.
        exact: the same in full.
        note: share of the first step, or the interval of the value.
        share: length of the bar, of the longest.
        low: lower end of its interval.
        high: upper end.
        next_share: length of the next bar; None at the last step.
        href: address of the people who reached it.
        drop: what is lost after it; None at the last step.
    """

    number: int
    name: str
    where: str | None
    text: str
    exact: str
    note: str
    share: float | None
    low: float | None = None
    high: float | None = None
    next_share: float | None = None
    href: str = ""
    drop: Drop | None = None


@dataclass(frozen=True)
class Line:
    """A row of a table: what it is about, then its numbers."""

    cells: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Multiple:
    """One group of a split as a small funnel.

    Attributes:
        name: the group.
        share: who went all the way, of its first step.
        low: lower end of the share's interval.
        high: upper end.
        text: how many began, or how much value reached the last step.
        versus: how it differs from the rest, where that is sure.
        shares: of each step.
        titles: each step's figures in words.
        label: all of it in words.
        href: address of the people who went all the way.
        lines: each step's numbers.
    """

    name: str
    share: float | None
    low: float | None
    high: float | None
    text: str
    versus: str
    shares: tuple[float | None, ...]
    titles: tuple[str, ...]
    label: str
    href: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Times:
    """How long it took from the first step to the last: a histogram and its rows."""

    counts: tuple[float, ...]
    titles: tuple[str, ...]
    labels: tuple[str, ...]
    rows: tuple[tuple[str, int], ...]
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """All that the page shows of an answer."""

    answer: Sentence
    note: str
    heading: str
    unit: str
    unvalued: bool
    rows: tuple[Row, ...]
    by: str | None
    groups: tuple[Multiple, ...]
    times: Times | None
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    group_columns: tuple[str, ...]
    group_lines: tuple[Line, ...]


def result_of(answer: FunnelAnswer, side: str, here: Address) -> Result:
    """Turn an answer into what the page shows.

    Args:
        answer: of the engine.
        side: people or value.
        here: address of the question; the people behind a bar are at ``/funnel/people`` with the same query.
    """
    value = side == "value"
    last = answer.steps[-1]
    return Result(
        answer=_sentence(answer),
        note=_note(answer),
        heading=f"{'Value' if value else answer.counted.capitalize()} at each step",
        unit=answer.counted,
        unvalued=value and not any(step.value_reached.value for step in answer.steps),
        rows=_value_rows(answer, here) if value else _people_rows(answer, here),
        by=answer.question.by,
        groups=tuple(_multiple(answer, group, value, here) for group in answer.groups),
        times=_times(last, answer.counted) if len(answer.steps) > 1 and last.times else None,
        columns=_columns(answer),
        lines=_lines(answer.steps),
        group_columns=(
            answer.question.by or "",
            answer.counted.capitalize(),
            *_numbered(answer),
            "Difference",
        ),
        group_lines=tuple(_group_line(group) for group in answer.groups),
    )


def people_href(here: Address, number: int, outcome: str, group: str | None = None) -> str:
    """Give the address of the people behind a bar or a drop."""
    return str(here.to("/funnel/people").put(step=number, outcome=outcome, group=group))


def _sentence(answer: FunnelAnswer) -> Sentence:
    first, last, n = answer.steps[0], answer.steps[-1], len(answer.steps)
    counted = _counted(first.people, answer.counted)
    if first.people == 0:
        return (Part("Nobody took the first step, "), _named(first), Part("."))
    if n == 1:
        return (Part(counted, "people"), Part(" took the step "), _named(first), Part("."))
    share = last.share_of_first
    parts = [
        Part(percent(share.value), "figure", f"{count(last.people)} of {count(first.people)}"),
        ranged(percent_range(share.low, share.high)),
        Part(" of "),
        Part(counted, "people"),
        Part(" reached "),
        _named(last),
    ]
    worst = max(answer.steps[:-1], key=lambda step: step.dropped or 0)
    if worst.dropped:
        parts += [Part("; most left at " if n > 2 else "; the others left at "), _named(worst)]
        lost = worst.value_lost
        if lost is not None and lost.value:
            text, between = money_estimate(lost.value, lost.low, lost.high, answer.currency)
            exact = exact_money(lost.value, answer.currency)
            parts += [Part(", worth "), Part(text, "value", exact), ranged(between)]
    return (*parts, Part("."))


def _named(step: FunnelStep) -> Part:
    return Part(cut(step.name), "name", step.name)


def _counted(n: int, unit: str) -> str:
    return f"{count(n)} {_SINGULAR.get(unit, unit) if n == 1 else unit}"


def _note(answer: FunnelAnswer) -> str:
    notes = []
    if answer.incomplete:
        verb = "has" if answer.incomplete == 1 else "have"
        who = _counted(answer.incomplete, answer.counted)
        notes.append(f"{who} {verb} not gone all the way and may yet: the window is still open.")
    if answer.removed:
        notes.append(f"Left out, by the exclusion: {_counted(answer.removed, answer.counted)}.")
    return " ".join((*notes, *answer.notes))


def _people_rows(answer: FunnelAnswer, here: Address) -> tuple[Row, ...]:
    rows = []
    for i, step in enumerate(answer.steps):
        after = answer.steps[i + 1] if i + 1 < len(answer.steps) else None
        share = step.share_of_first
        rows.append(
            Row(
                number=i + 1,
                name=step.name,
                where=_where(answer, i),
                text=count(step.people),
                exact=_counted(step.people, answer.counted),
                note=percent(share.value),
                share=share.value,
                low=share.low if i else None,
                high=share.high if i else None,
                next_share=after.share_of_first.value or 0.0 if after else None,
                href=people_href(here, i + 1, "converted") if step.people else "",
                drop=_people_drop(answer, i, after, here) if after else None,
            )
        )
    return tuple(rows)


def _people_drop(answer: FunnelAnswer, i: int, after: FunnelStep, here: Address) -> Drop:
    step, went = answer.steps[i], after.share_of_previous or Estimate()
    dropped = step.dropped or 0
    still = f"; {count(step.still_open)} of them may yet go on" if step.still_open else ""
    return Drop(
        text=f"{count(dropped)} left",
        exact=f"{_counted(dropped, answer.counted)} left after {step.name}{still}",
        share=None if went.value is None else 1 - went.value,
        low=None if went.high is None else 1 - went.high,
        high=None if went.low is None else 1 - went.low,
        pace=_pace(after.since_previous),
        href=people_href(here, i + 1, "dropped") if dropped else "",
        ask=_ask(answer, i),
    )


def _ask(answer: FunnelAnswer, i: int) -> str:
    return aimed(answer.question, {"step": str(i + 1), "outcome": "dropped"})


def _pace(taken: Durations | None) -> str:
    return f"half went on within {span(taken.median)}" if taken else ""


def _value_rows(answer: FunnelAnswer, here: Address) -> tuple[Row, ...]:
    sums = [step.value_reached for step in answer.steps]
    most = max((one.high or one.value or 0.0 for one in sums), default=0.0) or 1.0
    rows = []
    for i, step in enumerate(answer.steps):
        after = answer.steps[i + 1] if i + 1 < len(answer.steps) else None
        reached = step.value_reached
        text, between = money_estimate(reached.value, reached.low, reached.high, answer.currency)
        rows.append(
            Row(
                number=i + 1,
                name=step.name,
                where=_where(answer, i),
                text=text if reached.value else "no value",
                exact=exact_money(reached.value, answer.currency),
                note=f"({between})" if reached.value and between else "",
                share=(reached.value or 0.0) / most,
                low=None if reached.low is None or not reached.value else reached.low / most,
                high=None if reached.high is None else reached.high / most,
                next_share=(after.value_reached.value or 0.0) / most if after else None,
                href=people_href(here, i + 1, "converted") if step.people else "",
                drop=_value_drop(answer, i, here) if after else None,
            )
        )
    return tuple(rows)


def _value_drop(answer: FunnelAnswer, i: int, here: Address) -> Drop:
    step = answer.steps[i]
    lost = step.value_lost or Estimate()
    text, between = money_estimate(lost.value, lost.low, lost.high, answer.currency)
    who = _counted(step.dropped or 0, answer.counted)
    return Drop(
        text=f"{text} left" if lost.value else f"{who} left, with nothing in hand",
        exact=f"{exact_money(lost.value, answer.currency)}: what the {who} who left had in hand",
        note=f"({between})" if lost.value and between else "",
        pace=who if lost.value else "",
        href=people_href(here, i + 1, "dropped") if step.dropped else "",
        ask=_ask(answer, i),
    )


def _where(answer: FunnelAnswer, i: int) -> str | None:
    return None if answer.question.order == "any" else answer.question.steps[i].where


def _multiple(answer: FunnelAnswer, group: FunnelGroup, value: bool, here: Address) -> Multiple:
    last, share = group.steps[-1], group.steps[-1].share_of_first
    began = f"of {_counted(group.steps[0].people, answer.counted)}"
    reached = last.value_reached
    worth, between = money_estimate(reached.value, reached.low, reached.high, answer.currency)
    titles = tuple(
        f"{step.name}: {count(step.people)} ({percent(step.share_of_first.value)})" for step in group.steps
    )
    return Multiple(
        name=group.name,
        share=share.value,
        low=share.low,
        high=share.high,
        text=f"{worth} {f'({between})' if between else ''} reached the end" if value else began,
        versus=_versus(group),
        shares=tuple(step.share_of_first.value for step in group.steps),
        titles=titles,
        label=f"{group.name}: {percent(share.value)} {began} went all the way. {'; '.join(titles)}",
        href=people_href(here, len(group.steps), "converted", group.name) if last.people else "",
        lines=_lines(group.steps),
    )


def _versus(group: FunnelGroup) -> str:
    found = group.versus_rest
    if found.difference is None or found.p_value is None or found.p_value >= _SURE:
        return ""
    points = abs(found.difference) * 100
    return f"{points:.1f} points {'above' if found.difference > 0 else 'below'} the rest"


def _times(last: FunnelStep, unit: str) -> Times:
    titles = [f"{span(low)} to {span(high)}" for low, high, _ in last.times]
    counts = [n for _, _, n in last.times]
    took = last.since_first
    sentence = (
        f"Half within {span(took.median)}, nine in ten within {span(took.p90)}; mean {span(took.mean)}."
        if took
        else ""
    )
    return Times(
        counts=tuple(float(n) for n in counts),
        titles=tuple(f"{title}: {count(n)} {unit}" for title, n in zip(titles, counts, strict=True)),
        labels=tuple(span(low) for low, _, _ in last.times),
        rows=tuple(zip(titles, counts, strict=True)),
        sentence=sentence,
    )


def _columns(answer: FunnelAnswer) -> tuple[str, ...]:
    unit = answer.counted.capitalize()
    money = f", {answer.currency}" if answer.currency else ""
    return (
        "Step",
        unit,
        "Of the first",
        "Of the one before",
        "Left",
        "Median from the first",
        "From the one before",
        f"Value reached{money}",
        f"Value lost{money}",
    )


def _numbered(answer: FunnelAnswer) -> tuple[str, ...]:
    return tuple(f"{i}. {cut(step.name, 40)}" for i, step in enumerate(answer.steps, 1))[1:]


def _group_line(group: FunnelGroup) -> Line:
    shares = (_share(step.share_of_first) for step in group.steps[1:])
    return Line((group.name, count(group.steps[0].people), *shares, _versus(group) or "not sure"))


def _lines(steps: tuple[FunnelStep, ...]) -> tuple[Line, ...]:
    return tuple(_line(i, step) for i, step in enumerate(steps, 1))


def _line(number: int, step: FunnelStep) -> Line:
    return Line(
        (
            f"{number}. {cut(step.name)}",
            count(step.people),
            _share(step.share_of_first) if number > 1 else percent(step.share_of_first.value),
            _share(step.share_of_previous),
            NOTHING if step.dropped is None else count(step.dropped),
            span(step.since_first.median) if step.since_first else NOTHING,
            span(step.since_previous.median) if step.since_previous else NOTHING,
            _sum(step.value_reached),
            _sum(step.value_lost),
        )
    )


def _share(estimate: Estimate | None) -> str:
    if estimate is None or estimate.value is None:
        return NOTHING
    between = percent_range(estimate.low, estimate.high)
    return f"{percent(estimate.value)} ({between})" if between else percent(estimate.value)


def _sum(estimate: Estimate | None) -> str:
    return exact_money(estimate.value) if estimate is not None and estimate.value is not None else NOTHING
