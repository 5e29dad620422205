"""A score as a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from obverse.measure.wording import SPACE, count

if TYPE_CHECKING:
    from obverse.measure.estimate import Estimate
    from obverse.measure.score.answer import ScoreAnswer, ScoreGroup

TITLES = {
    "nps": "NPS",
    "csat": "CSAT",
    "ces": "CES",
    "rating": "Mean rating",
    "seq": "SEQ",
    "sus": "SUS",
    "umux_lite": "UMUX-Lite",
    "mean": "Mean",
}
_MINUS = "\u2212"


def number(kind: str, value: float) -> str:
    """Write a score: NPS to one decimal, CSAT as a share, others to two decimals.

    >>> number("nps", -12.25), number("csat", 0.5), number("ces", 5.123)
    ('\u221212.2', '50.0\u202f%', '5.12')
    """
    if kind == "csat":
        return f"{100 * value:.1f}{SPACE}%"
    text = f"{abs(value):.{1 if kind == 'nps' else 2}f}"
    return _MINUS + text if value < 0 and float(text) else text


def with_ends(kind: str, found: Estimate) -> str:
    """Write a score with its interval, where there is one."""
    if found.value is None:
        return "unknown"
    text = number(kind, found.value)
    if found.low is None or found.high is None:
        return text
    return f"{text} ({number(kind, found.low)} to {number(kind, found.high)})"


def sentence(answer: ScoreAnswer) -> str:
    """Say the score, of how many answers, what it is made of, and how it changed."""
    group, kind = answer.everyone, answer.question.kind
    if not group.answers:
        return "Nobody answered in the period."
    answers = "1 answer" if group.answers == 1 else f"{count(group.answers)} answers"
    text = f"{TITLES[kind]} is {with_ends(kind, group.score)} of {answers}"
    return text + _more(group, kind) + _changed(group, kind) + "."


def _more(group: ScoreGroup, kind: str) -> str:
    if group.standing is not None:
        rank = f"{group.standing.percentile.value or 0:.0f}{SPACE}%"
        return f": grade {group.standing.grade}, better than {rank} of products"
    if kind in ("nps", "csat"):
        parts = [f"{100 * (one.share.value or 0):.0f}{SPACE}% {one.name}" for one in reversed(group.levels)]
        return ": " + ", ".join(parts)
    return ""


def _changed(group: ScoreGroup, kind: str) -> str:
    found = group.change
    if found.value is None:
        return ""
    points = f"{SPACE}points" if kind in ("nps", "csat") else ""
    scaled_to, written = (100, "nps") if kind == "csat" else (1, kind)
    way = "up" if found.value >= 0 else "down"
    text = f"; {way} {number(written, abs(scaled_to * found.value))}{points}"
    if found.low is not None and found.high is not None:
        low, high = (number(written, scaled_to * one) for one in (found.low, found.high))
        text += f" ({low} to {high})"
    return text + " on the period before"
