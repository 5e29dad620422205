"""Pacing: which share of the people in a moment to ask, so that the answers wanted are there by the end.

It is feedback: whatever was guessed wrong so far changes what is still wanted, and so the share from now on.
"""

from __future__ import annotations

from obverse.surveys.facts import Progress

DAY_S = 86_400.0
PRIOR_ASKED, PRIOR_ANSWERED = 10.0, 1.0
"""Before anybody was asked one in ten is taken to answer; that weighs as much as ten people asked."""
WATCHED_S = 3600.0
"""People who came in a shorter time are taken to have come in this one, in seconds."""
LEFT_S = 3600.0
"""What is left is never taken to be shorter than this, in seconds."""


def response_rate(progress: Progress) -> float:
    """Give the share of people asked over a page who answer: the posterior mean under a Beta(1, 9) prior.

    >>> response_rate(Progress())
    0.1
    """
    return (progress.answered_here + PRIOR_ANSWERED) / (progress.asked + PRIOR_ASKED)


def share_needed(wanted: int, progress: Progress, left_s: float) -> float:
    """Give the share of people to ask from now on.

    With m answers still wanted, r the share of those asked who answer, λ the new people a day and d the days
    left, asking a share s of those who come brings r·s·λ·d answers; so s = m / (r·λ·d), held to 0 … 1. r is
    `response_rate`; λ is what was counted, over at least an hour.

    Args:
        wanted: answers to reach.
        progress: so far.
        left_s: seconds until the end.

    Returns:
        A number from 0, where nothing is wanted any more, to 1, which is also what to begin with.
    """
    missing = wanted - progress.answered
    if missing <= 0:
        return 0.0
    a_day = progress.people / max(progress.watched_s, WATCHED_S) * DAY_S
    coming = a_day * max(left_s, LEFT_S) / DAY_S
    expected = response_rate(progress) * coming
    return 1.0 if expected <= missing else missing / expected
