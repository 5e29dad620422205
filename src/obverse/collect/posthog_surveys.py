"""Surveys that PostHog's client asks: what collect has to be told of this server's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

NAMES = frozenset(("survey shown", "survey sent", "survey dismissed", "survey abandoned"))
"""The events of PostHog's client that say what became of a survey."""
SURVEY = "$survey_id"
SUBMISSION = "$survey_submission_id"


class Surveys(Protocol):
    """This server's own surveys."""

    def told(self) -> list[dict[str, Any]]:
        """List those that the client may ask now, in the shape of PostHog's API."""

    def taken(self, name: str, fields: Mapping[str, Any], who: str) -> tuple[str, dict[str, Any]] | None:
        """Turn an event into one of ours.

        Args:
            name: one of `NAMES`.
            fields: the event's properties.
            who: id of the client.

        Returns:
            The event's name and properties; None where the survey is none of ours.

        Raises:
            RefusedError: the survey takes no such answer.
        """


class NoSurveys:
    """No surveys of our own."""

    def told(self) -> list[dict[str, Any]]:
        """List none."""
        return []

    def taken(self, name: str, fields: Mapping[str, Any], who: str) -> tuple[str, dict[str, Any]] | None:
        """Leave each event as it is."""
        return None


def is_of_survey(field: str) -> bool:
    """Tell whether a property is about a survey, and in ours said otherwise."""
    return field.startswith("$survey_") and field != SUBMISSION
