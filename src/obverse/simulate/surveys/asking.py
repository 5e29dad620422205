"""Who is asked what and when, who answers, and what: drawn from how people feel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from obverse.simulate.calendar import DAY_MS
from obverse.simulate.happenings import World
from obverse.simulate.ids import SUBMISSION, texts, uuids
from obverse.simulate.model import ADD, KIOSK, ORDER, Bools, Codes, Floats, Ints, pick, stream
from obverse.simulate.moments import APP_CLIENT, WEB_CLIENT
from obverse.simulate.outside import spaced
from obverse.simulate.scenes import CODE
from obverse.simulate.surveys.satisfaction import ABOUT, Feelings, feelings, slow
from obverse.simulate.surveys.sentences import BAD, GOOD, NEUTRAL, written

NPS, CSAT, CART, PARCEL = range(4)
"""The surveys by number: after an order, after a case of support, on leaving a cart, after a delivery."""

IGNORED, DISMISSED, ABANDONED, ANSWERED = range(4)
"""What became of a survey that was shown."""
OUTCOMES = ("ignored", "dismissed", "abandoned", "answered")

REASONS = ("price", "shipping", "payment", "looking", "problem")
"""Why a cart was left, as options."""
PROBLEM = 4


BAD_TALK, GOOD_TALK = [0.35, 0.25, 0.2, 0.1, 0.1], [0.25, 0.35, 0.15, 0.1, 0.15]
"""What people write about who think of nothing that happened here: shares by position in `ABOUT`."""


@dataclass(frozen=True)
class Plan:
    """How one survey is asked.

    Attributes:
        share: of people who are picked to be asked.
        level: log odds of an answer for the average person.
        by_satisfaction: what a standard deviation of satisfaction adds to them.
        by_engagement: what a standard deviation of engagement adds.
        comments: share of answers with a text.
        rest_days: days between two times for a person.
    """

    share: float
    level: float
    by_satisfaction: float
    by_engagement: float
    comments: float
    rest_days: int


PLANS = (
    Plan(0.8, -0.6, 0.85, 0.5, 0.6, 60),
    Plan(1.0, -0.2, 0.6, 0.3, 0.5, 14),
    Plan(0.5, -1.2, -0.25, 0.4, 0.8, 30),
    Plan(0.6, -0.9, 0.4, 0.4, 0.5, 30),
)
"""By number of the survey. Who is content answers; of those who leave a cart rather who is not."""


@dataclass(frozen=True)
class Asked:
    """All times that somebody was asked, in the order of time; all columns have shape (n,).

    Attributes:
        survey: `NPS`, `CSAT`, `CART` or `PARCEL`.
        event: number of the event that it followed, in `World.events`.
        person: who was asked.
        shown_ms: when it came into view.
        satisfaction: at that instant.
        score: the true answer to its scale: 0–10 for NPS, 1–5 after a case or a delivery, -1 for the cart.
        propensity: chance of an answer.
        outcome: see `OUTCOMES`.
        reason: position in `REASONS`, -1 but for the cart.
        about: what a text is truly about, position in `ABOUT`; -1 for no text, or about nothing.
        feels: what it feels like.
        text: empty where there is none.
        submission: id of the time of asking.
    """

    survey: Codes
    event: Ints
    person: Codes
    shown_ms: Ints
    satisfaction: Floats
    score: Codes
    propensity: Floats
    outcome: Codes
    reason: Codes
    about: Codes
    feels: Codes
    text: list[str]
    submission: list[str]

    @property
    def n(self) -> int:
        """How many there are."""
        return len(self.person)


@dataclass(frozen=True)
class Opinions:
    """What all people think, and the times that they were asked.

    Attributes:
        felt: how satisfied they are.
        engagement: shape (n_people,), how often they visit, standardised.
        asked: the times.
        people: a row a person: person, satisfaction and score (the true NPS answer at the end of the
            period, asked or not), propensity (chance to answer the NPS survey then), asked (ever).
        answers: a row a time: submission_id, survey, person, shown_at, satisfaction, score (null for the
            cart), propensity, outcome, about (touchpoint that the text is truly about; null without one),
            feels (-1, 0, 1; null without a text).
    """

    felt: Feelings
    engagement: Floats
    asked: Asked
    people: pa.Table
    answers: pa.Table


def opinions(made: World, seed: int) -> Opinions:
    """Draw what people think, who is asked, and what becomes of it."""
    felt = feelings(stream(seed, "satisfaction"), made)
    visits = np.log1p(np.bincount(made.seen.person, minlength=made.who.n))
    engagement = (visits - visits.mean()) / max(float(visits.std()), 1e-9)
    asked = _asked(stream(seed, "surveys"), made, felt, engagement, seed)
    return Opinions(felt, engagement, asked, _people(made, felt, engagement, asked), _answers(asked))


def propensity(survey: Codes, satisfaction: Floats, engagement: Floats) -> Floats:
    """Give the chance of an answer: logistic in satisfaction and engagement."""
    level, by_satisfaction, by_engagement = (
        np.array([getattr(plan, name) for plan in PLANS])[survey]
        for name in ("level", "by_satisfaction", "by_engagement")
    )
    odds = level + by_satisfaction * satisfaction + by_engagement * engagement
    chance: Floats = 1 / (1 + np.exp(-odds))
    return chance


def nps_answer(satisfaction: Floats) -> Codes:
    """Give the true answer from 0 to 10.

    >>> nps_answer(np.array([-3.0, 0.0, 2.0])).tolist()
    [2, 8, 10]
    """
    return np.clip(np.rint(7.6 + 1.9 * satisfaction), 0, 10).astype(np.int32)


def _asked(chance: np.random.Generator, made: World, felt: Feelings, engagement: Floats, seed: int) -> Asked:
    survey, event, shown = _times(chance, made)
    person = made.events.person[event]
    n = len(person)
    satisfaction = felt.at(person, shown)
    score = np.select(
        [survey == NPS, survey == CSAT, survey == PARCEL],
        [
            nps_answer(satisfaction),
            _case(made, event, satisfaction),
            _parcel(made.events.detail[event], satisfaction),
        ],
        -1,
    )
    likely = propensity(survey, satisfaction, engagement[person])
    answered = chance.random(n) < likely
    otherwise = np.searchsorted([0.35, 0.87], chance.random(n), side="right")
    outcome = np.where(answered, ANSWERED, otherwise).astype(np.int32)
    about, feels = _minds(chance, felt, survey, person, shown, satisfaction)
    comments = np.array([plan.comments for plan in PLANS])[survey]
    writes = answered & (chance.random(n) < comments)
    said = written(chance, np.where(about < 0, 0, about), feels)
    reason = np.where(
        feels == BAD, PROBLEM, np.searchsorted([0.35, 0.65, 0.72], chance.random(n), side="right")
    )
    return Asked(
        survey=survey,
        event=event,
        person=person,
        shown_ms=shown,
        satisfaction=satisfaction,
        score=score.astype(np.int32),
        propensity=likely,
        outcome=outcome,
        reason=np.where(survey == CART, reason, -1).astype(np.int32),
        about=np.where(writes & (feels != NEUTRAL), about, -1).astype(np.int32),
        feels=feels,
        text=[text if there else "" for text, there in zip(said, writes.tolist(), strict=True)],
        submission=texts(uuids(seed, SUBMISSION, np.arange(n))),
    )


def _times(chance: np.random.Generator, made: World) -> tuple[Codes, Ints, Ints]:
    """Find the moments of each survey, of people who were picked, no two too near each other."""
    events, seen = made.events, made.seen
    on_screen = (events.client == WEB_CLIENT) | (events.client == APP_CLIENT)
    ordered = np.flatnonzero((events.event == CODE["Order Completed"]) & on_screen)
    solved = np.flatnonzero(events.event == CODE["Support Resolved"])
    left = np.flatnonzero((seen.reached >= ADD) & (seen.reached < ORDER) & (seen.kind != KIOSK))
    last = np.full(seen.n, -1, dtype=np.int64)
    on_page = np.flatnonzero((events.visit >= 0) & (events.client == WEB_CLIENT))
    np.maximum.at(last, events.visit[on_page], on_page)
    leaving = np.sort(last[left][last[left] >= 0])
    came = np.flatnonzero(events.event == CODE["Order Delivered"])
    found = []
    moments = (ordered, (4, 25)), (solved, (600, 5400)), (leaving, (2, 9)), (came, (3600, 36_000))
    for number, (at, wait_s) in enumerate(moments):
        picked = chance.random(made.who.n) < PLANS[number].share
        at = at[picked[events.person[at]]]
        shown = events.at_ms[at] + chance.integers(wait_s[0] * 1000, wait_s[1] * 1000, len(at))
        kept = spaced(events.person[at], shown, PLANS[number].rest_days * DAY_MS)
        kept &= shown < made.calendar.end_ms - 900_000
        found.append((np.full(kept.sum(), number, dtype=np.int32), at[kept], shown[kept]))
    survey, event, shown = (np.concatenate([one[column] for one in found]) for column in range(3))
    order = np.argsort(shown, kind="stable")
    return survey[order], event[order], shown[order]


def _case(made: World, event: Ints, satisfaction: Floats) -> Codes:
    """Give the true answer, from 1 to 5, on a case of support: above all how long it took."""
    ended = made.events.event[event] == CODE["Support Resolved"]
    dragged = np.zeros(len(event), dtype=bool)
    dragged[ended] = slow(made, event[ended])
    found = np.rint(np.where(dragged, 2.3, 4.2) + 0.6 * satisfaction)
    return np.clip(found, 1, 5).astype(np.int32)


def _parcel(days_late: Codes, satisfaction: Floats) -> Codes:
    """Give the true answer, from 1 to 5, on a delivery: above all whether it came when it was promised."""
    found = np.rint(np.where(days_late > 0, 3.6 - 0.3 * days_late, 4.4) + 0.5 * satisfaction)
    return np.clip(found, 1, 5).astype(np.int32)


def _minds(
    chance: np.random.Generator,
    felt: Feelings,
    survey: Codes,
    person: Codes,
    at_ms: Ints,
    satisfaction: Floats,
) -> tuple[Codes, Codes]:
    """Give what people write about and how it feels: what is on their mind, whoever asks."""
    about, effect = felt.on_their_mind(person, at_ms)
    told = chance.random(len(person)) < 0.85
    mood = np.select([satisfaction > 0.7, satisfaction < -0.9], [GOOD, BAD], NEUTRAL)
    nothing = (about < 0) | ~told
    feels = np.where(nothing, mood, np.where(effect < 0, BAD, GOOD)).astype(np.int32)
    feels = np.where((survey == CART) & (feels == GOOD), NEUTRAL, feels).astype(np.int32)
    talk = np.select(
        [feels == BAD], [pick(chance, BAD_TALK, len(person))], pick(chance, GOOD_TALK, len(person))
    )
    return np.where(nothing, talk, about).astype(np.int32), feels


def _people(made: World, felt: Feelings, engagement: Floats, asked: Asked) -> pa.Table:
    everyone = np.arange(made.who.n, dtype=np.int32)
    satisfaction = felt.at(everyone, np.full(made.who.n, made.calendar.end_ms))
    was: Bools = np.isin(everyone, asked.person[asked.survey == NPS])
    return pa.table(
        {
            "person": everyone,
            "satisfaction": satisfaction,
            "score": nps_answer(satisfaction),
            "propensity": propensity(np.full(made.who.n, NPS, dtype=np.int32), satisfaction, engagement),
            "asked": was,
        }
    )


def _answers(asked: Asked) -> pa.Table:
    no_text = np.array([not text for text in asked.text], dtype=bool)
    return pa.table(
        {
            "submission_id": pa.array(asked.submission, pa.string()),
            "survey": pa.array([SURVEY_NAMES[one] for one in asked.survey.tolist()], pa.string()),
            "person": asked.person,
            "shown_at": pa.array(asked.shown_ms * 1000, pa.timestamp("us", tz="UTC")),
            "satisfaction": asked.satisfaction,
            "score": pa.array(asked.score, mask=asked.survey == CART),
            "propensity": asked.propensity,
            "outcome": pa.array([OUTCOMES[one] for one in asked.outcome.tolist()], pa.string()),
            "about": pa.array(
                [ABOUT[one] if one >= 0 else None for one in asked.about.tolist()], pa.string()
            ),
            "feels": pa.array(asked.feels, mask=no_text),
        }
    )


SURVEY_NAMES = ("After an order", "After a case of support", "Why carts are left", "After a delivery")
"""What the team calls the surveys."""
