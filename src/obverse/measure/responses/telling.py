"""Responses as a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from obverse.measure.wording import count, duration, percent

if TYPE_CHECKING:
    from obverse.measure.estimate import Estimate
    from obverse.measure.responses.answer import ResponsesAnswer


def sentence(answer: ResponsesAnswer) -> str:
    """Say how many were asked, how many answered, and how long it took."""
    group = answer.everyone
    if not group.submissions:
        return "Nobody was asked in the period."
    done, partly = group.answered.submissions, group.partly_answered.submissions
    some = f", {count(partly)} in part" if partly else ""
    if group.response_rate.value is None:
        text = f"{count(done)} answered{some}"
    else:
        text = (
            f"{_with_ends(group.response_rate)} of {count(group.shown.submissions)} times shown were answered"
        )
        text += f": {count(done)} in full{some}"
    if group.completion_rate.value is not None:
        text += f"; {_with_ends(group.completion_rate)} of those begun were completed"
    if group.seconds.value is not None:
        text += f", half of them within {duration(group.seconds.value)}"
    return text + "."


def _with_ends(found: Estimate) -> str:
    text = percent(found.value or 0)
    if found.low is None or found.high is None:
        return text
    return f"{text} ({100 * found.low:.1f}\u2013{100 * found.high:.1f})"
