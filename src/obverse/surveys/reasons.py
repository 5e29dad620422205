"""Reasons: the closed list of why somebody was shown a survey, or was not.

The gates stand in the order in which `obverse.surveys.deciding` asks them: a decision names the first that
stopped the survey, so the counts of all reasons add up to the moments that there were.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a survey was shown to somebody in a moment, or was not.

    A decision to hand it out is `SHOWN` as well; what comes of that is counted once it is known.

    >>> Reason.RESTING.meaning
    'This person was asked something else a short time ago: the rest period between any two surveys.'
    """

    SHOWN = "shown"
    LAPSED = "lapsed"
    # The survey.
    NOT_LIVE = "not_live"
    PAUSED = "paused"
    CLOSED = "closed"
    NOT_STARTED = "not_started"
    ENDED = "ended"
    ENOUGH = "enough"
    WRONG_PLACE = "wrong_place"
    # What this person was asked already.
    ALREADY_SHOWN = "already_shown"
    ALREADY_ANSWERED = "already_answered"
    ASKED_RECENTLY = "asked_recently"
    RESTING = "resting"
    RESERVED = "reserved"
    # Who is asked.
    SEGMENT_NOT_READY = "segment_not_ready"
    SEGMENT_UNKNOWN = "segment_unknown"
    NOT_IN_SEGMENT = "not_in_segment"
    # The moment.
    NO_MOMENT = "no_moment"
    WRONG_PAGE = "wrong_page"
    FILTER_NOT_MET = "filter_not_met"
    FILTER_FAILED = "filter_failed"
    MOMENT_NOT_READY = "moment_not_ready"
    # How many are asked.
    NOT_PICKED = "not_picked"
    DAILY_LIMIT = "daily_limit"
    OUTRANKED = "outranked"

    @property
    def meaning(self) -> str:
        """Say it in one sentence to the operator."""
        return _MEANINGS[self]


_MEANINGS = {
    Reason.SHOWN: "It was handed to the browser and came into view.",
    Reason.LAPSED: "It was handed to the browser and never came into view: the page was left, or the reply "
    "lost.",
    Reason.NOT_LIVE: "The survey is not live: a draft, imported, or not there any more.",
    Reason.PAUSED: "The survey is paused: nobody new is asked.",
    Reason.CLOSED: "The survey is closed.",
    Reason.NOT_STARTED: "The survey's first day has not come yet.",
    Reason.ENDED: "The survey's last day is over.",
    Reason.ENOUGH: "The survey has as many answers as were wanted.",
    Reason.WRONG_PLACE: "The survey is not asked over a page: see its places.",
    Reason.ALREADY_SHOWN: "This person was shown the survey, and it is shown once.",
    Reason.ALREADY_ANSWERED: "This person has answered the survey, and it is shown until answered.",
    Reason.ASKED_RECENTLY: "This person was shown the survey a shorter time ago than it waits to ask again.",
    Reason.RESTING: "This person was asked something else a short time ago: the rest period between any two "
    "surveys.",
    Reason.RESERVED: "This person was handed a survey a moment ago, and whether it came into view is not "
    "known yet.",
    Reason.SEGMENT_NOT_READY: "Who is in the survey's segment was still being found out.",
    Reason.SEGMENT_UNKNOWN: "The survey's segment is not there any more, or its people cannot be found.",
    Reason.NOT_IN_SEGMENT: "This person is not in the survey's segment.",
    Reason.NO_MOMENT: "None of the survey's moments had come for this person: the event elsewhere did not "
    "happen, or the step was taken.",
    Reason.WRONG_PAGE: "The moment came on a page that it is not meant for.",
    Reason.FILTER_NOT_MET: "The event happened, but not as the moment's filter wants it.",
    Reason.FILTER_FAILED: "The moment's filter could not be judged in time, or is wrong.",
    Reason.MOMENT_NOT_READY: "For whom the moment has come elsewhere was still being found out.",
    Reason.NOT_PICKED: "This person is not in the share of people who are asked.",
    Reason.DAILY_LIMIT: "As many people as may be asked in a day were asked today (UTC).",
    Reason.OUTRANKED: "Another survey that the same moment called for went first.",
}
