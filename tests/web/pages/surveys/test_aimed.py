"""From a part of an answer to a survey aimed at its moment."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from obverse.measure.act import Act
from obverse.measure.cart import Cart
from obverse.measure.funnel_question import Funnel
from obverse.measure.linger import Linger
from obverse.measure.question import Question
from obverse.measure.time_between import TimeBetween
from obverse.measure.trend import Trend
from obverse.settings.segments import Segment
from obverse.web.pages.surveys.aimed import aimed, aimed_at_exposure
from obverse.web.pages.surveys.draft import draft_of, nest, survey_of
from obverse.web.pages.surveys.kinds import blank
from obverse.web.pages.surveys.starters import STARTERS

STEPS = "Cart Viewed [value > 5] > Order Completed or Order Paid"
FUNNEL = Funnel.parse(STEPS, within="2h", start="2026-01-01")
DROPPED = {"step": "1", "outcome": "dropped"}


def moment(href: str) -> dict[str, Any]:
    """Give the moment of the survey that an address begins, as the builder reads it."""
    given = nest(parse_qsl(urlsplit(href).query))
    (one,) = given["moments"]
    aims = {"name": given["name"], "moments": [blank(one["on"]) | {"id": "m"} | one]}
    draft = STARTERS["nps"].draft() | aims
    survey, wrong = survey_of(draft)
    assert wrong == {}
    assert survey is not None
    back: list[dict[str, Any]] = draft_of(survey)["moments"]
    return {name: text for name, text in back[0].items() if text not in ("", "*", "0s", "m")}


@pytest.mark.parametrize(
    ("question", "pick", "expected"),
    [
        (
            FUNNEL,
            DROPPED,
            {"on": "not_taken", "after": "Cart Viewed", "step": "Order Completed", "within_s": "2h"},
        ),
        (
            TimeBetween(from_event="Ticket Opened", to_event="Ticket Solved", within="3d"),
            {},
            {"on": "not_taken", "after": "Ticket Opened", "step": "Ticket Solved", "within_s": "3d"},
        ),
        (Cart(), {"state": "abandoned"}, {"on": "abandoning", "what": "cart"}),
        (Linger(), {"page": "/shoes/*"}, {"on": "lingering", "page": "/shoes/*", "seconds": "1m"}),
        (
            Linger(),
            {"page": "/a", "stay": "long", "from_s": "40.7"},
            {"on": "lingering", "page": "/a", "seconds": "41s"},
        ),
        (Linger(of="element"), {"page": "#size"}, {"on": "lingering", "element": "#size", "seconds": "1m"}),
        (
            Act(),
            {"page": "/pay", "kind": "rage", "element": "a'b"},
            {"on": "event", "event": "Rage Clicked", "page": "/pay", "where": "properties.element = 'a''b'"},
        ),
        (
            Trend(series=("people: Experiment Viewed",), by="properties.variation_name"),
            {"series": "A", "group": "high"},
            {"on": "event", "event": "Experiment Viewed", "where": "properties.variation_name = 'high'"},
        ),
        (
            Trend(series=("Experiment Viewed [properties.experiment_id = 7]",), by="properties.variation_id"),
            {"group": "b"},
            {
                "on": "event",
                "event": "Experiment Viewed",
                "where": "properties.experiment_id = 7 and properties.variation_id = 'b'",
            },
        ),
        (
            Trend(series=("$feature_flag_called",)),
            {},
            {"on": "elsewhere", "event": "$feature_flag_called", "within_s": "7d"},
        ),
        (Act(), {"page": "/pay", "kind": "burst"}, {"on": "event", "event": "Rage Clicked", "page": "/pay"}),
        (Act(), {"page": "/pay", "kind": "error"}, {"on": "event", "event": "Error Met", "page": "/pay"}),
        (Act(), {"page": "/pay", "form": "f"}, {"on": "abandoning", "what": "form", "page": "/pay"}),
        (Act(), {"page": "/pay", "kind": "click"}, {"on": "page", "page": "/pay", "delay_s": "5s"}),
    ],
)
def test_a_part_of_an_answer_has_its_moment(
    question: Question, pick: dict[str, str], expected: dict[str, str]
) -> None:
    assert moment(aimed(question, pick)) == expected


@pytest.mark.parametrize(
    ("question", "pick"),
    [
        (FUNNEL, {"step": "1"}),
        (FUNNEL, {"step": "2", "outcome": "dropped"}),
        (Funnel.parse("A > B", order="any"), DROPPED),
        (Linger(), {"page": "(other)"}),
        (Trend(series=("people: Page Viewed",)), {"row": "2026-01-01"}),
        (Trend(series=("Experiment Viewed",), by="country"), {"group": "(no value)"}),
        (Trend(series=("Experiment Viewed or Order Completed",)), {}),
        (Trend(series=("people: *",)), {}),
        (Funnel.parse("View > *"), DROPPED),
        (Funnel.parse("* > View"), DROPPED),
        (TimeBetween(from_event="View", to_event="*"), {}),
    ],
)
def test_a_part_that_is_no_moment_leads_nowhere(question: Question, pick: dict[str, str]) -> None:
    assert aimed(question, pick) == ""


def test_an_event_of_an_experiment_leads_to_those_in_it_and_those_in_its_variant() -> None:
    told = {"experiment_name": "Don't", "variation_id": "2", "variation_name": None}
    everyone, variant = aimed_at_exposure("Experiment Viewed", told)
    assert moment(everyone.href)["where"] == "properties.experiment_name = 'Don''t'"
    assert moment(variant.href) == {
        "on": "event",
        "event": "Experiment Viewed",
        "where": "properties.experiment_name = 'Don''t' and properties.variation_id = 2",
    }
    (flag,) = aimed_at_exposure("$feature_flag_called", {"$feature_flag": "banner"})
    assert moment(flag.href)["where"] == "properties.\"$feature_flag\" = 'banner'"
    assert not aimed_at_exposure("Experiment Viewed", {"variation_id": "2"})
    assert not aimed_at_exposure("Order Completed", told)


def test_the_segment_of_these_people_is_asked_whatever_its_period() -> None:
    same = Funnel.parse(STEPS, within="2h")
    saved = [
        Segment("Others", FUNNEL.to_json(), {"step": "2"}, None, 0),
        Segment("Left", same.to_json(), DROPPED, None, 0),
    ]
    given = dict(parse_qsl(urlsplit(aimed(FUNNEL, DROPPED, saved)).query))
    assert given["audience.segment"] == "Left"
    trend = Trend(series=("people: Page Viewed",))
    of_trend = [Segment("Seen", trend.to_json(), {}, None, 0)]
    assert dict(parse_qsl(urlsplit(aimed(trend, {}, of_trend)).query)) == {
        "name": "Asked of Seen",
        "audience.segment": "Seen",
    }
