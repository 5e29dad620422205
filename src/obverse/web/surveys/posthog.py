"""This server's surveys for PostHog's client: which it may ask now, and what becomes of its answers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from obverse.collect.refusal import Refusal, RefusedError
from obverse.errors import NotFoundError
from obverse.settings.surveys import Surveys
from obverse.surveys import posthog
from obverse.surveys.checking import AnswerError
from obverse.surveys.survey import Survey
from obverse.web.surveys.live import Live

_VERSIONS = 256


class PosthogSurveys:
    """What `obverse.collect.posthog_surveys.Surveys` asks for.

    Args:
        live: the surveys as they stand.
        surveys: of the settings, for versions that were asked earlier.
        rest_days: days between any two surveys.
    """

    def __init__(self, live: Live, surveys: Surveys, rest_days: float) -> None:
        self._live = live
        self._surveys = surveys
        self._rest_days = rest_days
        self._version = lru_cache(_VERSIONS)(self._read)

    def told(self) -> list[dict[str, Any]]:
        """List the surveys that the client may ask now."""
        found = (posthog.told(one, self._rest_days) for one in self._live.asked())
        return [one for one in found if one is not None]

    def taken(self, name: str, fields: Mapping[str, Any], who: str) -> tuple[str, dict[str, Any]] | None:
        """Turn an event of the client's into one of ours; None where the survey is none of ours.

        Raises:
            RefusedError: the survey takes no such answer.
        """
        key = str(fields.get("$survey_id", ""))
        if not self._live.is_ours(key):
            return None
        running = self._live.running().get(key)
        if running is None or running.state not in ("live", "paused"):
            raise RefusedError(Refusal.WRONG_ANSWER, f"$survey_id: the survey {key!r} takes no more answers")
        try:
            version = posthog.version_of(fields)
            survey = running.survey if version == running.version else self._version(key, version)
            if posthog.unfit(survey):
                raise ValueError
            event, told = posthog.taken(name, survey, fields)
        except (ValueError, NotFoundError):
            detail = f"$survey_iteration_start_date: the client was not given such a version of {key!r}"
            raise RefusedError(Refusal.WRONG_ANSWER, detail) from None
        except AnswerError as error:
            raise RefusedError(Refusal.WRONG_ANSWER, str(error)) from None
        session = str(fields.get("$session_id") or who)
        submission = blake2b(f"{key}\0{version}\0{session}".encode(), digest_size=16).hexdigest()
        known = {
            "survey_id": key,
            "survey": survey.name,
            "version": version,
            "submission_id": submission,
            "place": "page",
            "moment": posthog.moment_of(survey),
            "share": 1.0,
        }
        return event, known | told

    def _read(self, key: str, version: int) -> Survey:
        return Survey.from_json(self._surveys.version(key, version))
