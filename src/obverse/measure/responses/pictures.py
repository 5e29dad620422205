"""What responses show: how far people came, one question's answers, rates; or what became of people after."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from obverse.measure.picture import Bar, Bars, Line, Lines, Picture, Side
from obverse.measure.wording import count

if TYPE_CHECKING:
    from obverse.measure.estimate import Estimate
    from obverse.measure.responses.answer import (
        After,
        Chosen,
        ResponsesAnswer,
        ResponsesGroup,
        ResponsesRow,
    )

STATES = {
    "shown": "shown",
    "started": "started",
    "answered": "answered",
    "partly_answered": "partly answered",
    "abandoned": "abandoned",
    "dismissed": "dismissed",
}
"""How far a submission came: as picks spell it, and as it is read."""


def pictures(answer: ResponsesAnswer, side: Side) -> tuple[Picture, ...]:
    """Give the pictures of one side."""
    if side == "value":
        return (
            _after(answer, "Who converted, of those who were shown it", "share", lambda one: one.share),
            _after(answer, "Money of each person, on average", "money", lambda one: one.value_per_person),
        )
    found: list[Picture] = [_options(answer)] if answer.question.question is not None else []
    found += [_reached(answer)]
    found += [_by_group(answer)] if answer.groups else []
    found += [_over_time(answer)]
    return tuple(found)


def _parts(answer: ResponsesAnswer) -> list[tuple[ResponsesGroup, dict[str, str]]]:
    """Give the groups, or everyone where there is no split, with what picks them."""
    return [(one, {"group": one.name}) for one in answer.groups] or [(answer.everyone, {})]


def _reached(answer: ResponsesAnswer) -> Bars:
    return Bars(
        title="How far people came",
        of="count",
        rows=tuple(
            Bar(
                name=name,
                value=getattr(group, state).submissions,
                note=f"{count(getattr(group, state).people)} people",
                pick=pick | {"state": state},
                group=group.name if answer.groups else "",
            )
            for group, pick in _parts(answer)
            for state, name in STATES.items()
        ),
    )


def _options(answer: ResponsesAnswer) -> Bars:
    ranked = answer.question.shape == "ranking"
    return Bars(
        title=f"{'Mean rank in' if ranked else 'Answers to'} {answer.question.question}",
        of="number" if ranked else "share",
        rows=tuple(
            _option(one, group, pick, split=bool(answer.groups))
            for group, pick in _parts(answer)
            for one in group.options
        ),
    )


def _option(one: Chosen, group: ResponsesGroup, pick: dict[str, str], split: bool) -> Bar:
    found = one.share if one.mean_rank is None else one.mean_rank
    places = [group.name] * split + [one.row] * bool(one.row)
    return Bar(
        name=one.name,
        value=found.value,
        low=found.low,
        high=found.high,
        note=count(one.answers),
        pick=pick | {"option": one.name} | ({"of": one.row} if one.row else {}),
        group=", ".join(places),
    )


def _by_group(answer: ResponsesAnswer) -> Bars:
    return Bars(
        title=f"Response rate by {answer.question.by}",
        of="share",
        rows=tuple(
            Bar(
                name=group.name,
                value=group.response_rate.value,
                low=group.response_rate.low,
                high=group.response_rate.high,
                note=f"{count(group.shown.submissions)} shown",
                pick={"group": group.name, "state": "responded"},
            )
            for group in answer.groups
        ),
        reference=answer.everyone.response_rate.value,
        reference_name="everyone",
    )


def _over_time(answer: ResponsesAnswer) -> Lines:
    rates: list[tuple[str, str, Callable[[ResponsesRow], Estimate]]] = [
        ("response rate", "responded", lambda row: row.response_rate),
        ("completion rate", "answered", lambda row: row.completion_rate),
    ]
    shown = rates[:1] if answer.groups else rates
    return Lines(
        title="Response rate over time" if answer.groups else "Rates over time",
        of="share",
        axis=tuple(row.name for row in answer.everyone.rows),
        axis_title=f"{answer.question.grain} in which it was shown",
        series=tuple(
            Line(
                name=group.name if answer.groups else name,
                values=tuple(rate(row).value for row in group.rows),
                low=tuple(rate(row).low for row in group.rows),
                high=tuple(rate(row).high for row in group.rows),
                open=tuple(not row.complete for row in group.rows),
                picks=tuple(pick | {"row": row.name, "state": state} for row in group.rows),
            )
            for group, pick in _parts(answer)
            for name, state, rate in shown
        ),
    )


def _after(answer: ResponsesAnswer, title: str, of: str, read: Callable[[After], Estimate]) -> Bars:
    kinds = {"responded": "answered", "not_responded": "did not answer"}
    bars: list[Bar] = []
    for group, pick in _parts(answer):
        for field, name in kinds.items():
            after: After = getattr(group, field)
            found = read(after)
            bars.append(
                Bar(
                    name=name,
                    value=found.value,
                    low=found.low,
                    high=found.high,
                    note=f"{count(after.converted)} of {count(after.people)} people",
                    pick=pick | {"after": field} | ({"converted": "yes"} if of == "share" else {}),
                    group=group.name if answer.groups else "",
                )
            )
    return Bars(title, "share" if of == "share" else "money", tuple(bars))
