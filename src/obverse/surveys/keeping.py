"""Making and changing surveys: what the API, the command line and the builder do, by the same rules."""

from __future__ import annotations

from datetime import UTC, datetime

from obverse.errors import InUseError
from obverse.settings.store import Settings
from obverse.settings.surveys import SavedSurvey, State
from obverse.surveys.review import Finding, first_error, review
from obverse.surveys.survey import Survey

_LEADS_TO: dict[State, tuple[State, ...]] = {
    "draft": ("live",),
    "live": ("paused", "closed"),
    "paused": ("live", "closed"),
    "closed": ("live",),
    "imported": (),
}
"""What may become of a survey in each state."""


def create(settings: Settings, survey: Survey) -> SavedSurvey:
    """Keep a new draft.

    Raises:
        QuestionError: another survey has the name.
    """
    return settings.surveys.create(survey.name, survey.to_json())


def edit(settings: Settings, key: str, survey: Survey, now: datetime) -> SavedSurvey:
    """Keep another version. A survey that is live takes none that could not be published.

    Raises:
        NotFoundError: there is no such survey.
        InUseError: it was anonymous when people answered it, and would not be any more.
        QuestionError: another survey has the name, or it is live and the version has errors.
    """
    found = settings.surveys.get(key)
    if found.state != "draft" and read(found).anonymous and not survey.anonymous:
        raise InUseError(
            "anonymous: people are asked this survey anonymously, and that cannot be taken back; to ask who "
            "answers, make a new survey"
        )
    if found.state == "live":
        first_error(looked_over(settings, survey, now))
    return settings.surveys.edit(key, survey.name, survey.to_json())


def set_state(settings: Settings, key: str, state: State, now: datetime) -> SavedSurvey:
    """Publish, pause or close a survey.

    Raises:
        NotFoundError: there is no such survey.
        InUseError: nothing leads from its state to that one.
        QuestionError: it is to be published and has errors.
    """
    found = settings.surveys.get(key)
    if state == found.state:
        return found
    if state not in _LEADS_TO[found.state]:
        ways = " or ".join(_LEADS_TO[found.state]) or "nothing else"
        raise InUseError(f"state: a survey that is {found.state} can become {ways}, not {state}")
    if state == "live":
        first_error(looked_over(settings, read(found), now))
    return settings.surveys.set_state(key, state)


def duplicate(settings: Settings, key: str) -> SavedSurvey:
    """Make a draft that asks the same.

    Raises:
        NotFoundError: there is no such survey.
    """
    survey = read(settings.surveys.get(key))
    taken = {one.name for one in settings.surveys.all()}
    base = survey.name[:80]
    numbers = ("copy", *(f"copy {number}" for number in range(2, len(taken) + 3)))
    name = next(name for word in numbers if (name := f"{base} ({word})") not in taken)
    fields = {field: getattr(survey, field) for field in Survey.__struct_fields__}
    return create(settings, Survey(**fields | {"name": name}))


def looked_over(settings: Settings, survey: Survey, now: datetime | None = None) -> tuple[Finding, ...]:
    """Say what is wrong with a survey, or should be looked at."""
    return review(survey, settings.segments.names(), now or datetime.now(UTC))


def read(found: SavedSurvey) -> Survey:
    """Read the newest version of a survey."""
    return Survey.from_json(found.body)


def ways_of(state: State) -> tuple[State, ...]:
    """List the states that a survey in a state can be put into.

    >>> ways_of("live")
    ('paused', 'closed')
    """
    return _LEADS_TO[state]
