"""What is written down of each time somebody is asked: one submission, some events on the person's timeline.

Their properties, beside what is named at each event:

- ``survey_id``, ``survey`` (its name), ``version``, ``submission_id`` (the same in all events of one time);
- ``place`` (page, link, kiosk, phone, api, import), ``moment`` (id of the moment, or the place),
  ``language``;
- ``share``: the share of people in this moment who were picked to be asked, so that who was asked can be
  weighted;
- ``variants``: variant by experiment, where any is known (`obverse.surveys.variants`).

The page, the session and the touchpoint stand where every event has them. An anonymous survey's events come
under an id made for the submission, without session, page address, user or anything else that leads to the
person.
"""

from __future__ import annotations

SHOWN = "Survey Shown"
"""The first question came into view."""
STARTED = "Survey Started"
"""Something was chosen or typed."""
PARTLY_ANSWERED = "Survey Partly Answered"
"""Answers so far, as each step is sent: the properties of `ANSWERED`, and ``question``, the last one
answered."""
ANSWERED = "Survey Answered"
"""All was answered. ``answers``: value by question id (see `obverse.surveys.question`); ``others``: what was
filled in by question id; ``scores``: the number that counts by question id (see `obverse.surveys.scoring`);
``seconds`` since it was shown."""
ABANDONED = "Survey Abandoned"
"""Left, or closed after it was started, with ``question``, the one in view. Whoever comes back may
answer after all: what a time of asking came to is what its events say together."""
DISMISSED = "Survey Dismissed"
"""Closed before anything was chosen or typed."""

SURVEY_EVENTS = (SHOWN, STARTED, PARTLY_ANSWERED, ANSWERED, ABANDONED, DISMISSED)
