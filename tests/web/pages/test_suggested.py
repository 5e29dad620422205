"""A first question names events that there are, and never one in the place of what it is not."""

from __future__ import annotations

import pytest

from obverse.measure import MEASURES
from obverse.measure.asking import fields_of, question_from
from obverse.web.pages.explore.suggested import suggested, usual

SHOP = ("Page Viewed", "Product Viewed", "Product Added", "Checkout Started", "Order Completed")
APP = ("Screen Opened", "Lesson Started", "Trial Begun", "Subscribed > Yearly", "Identified")


def first(name: str, events: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    return suggested(name, MEASURES[name].question, events, "Order Completed")


@pytest.mark.parametrize("name", sorted(set(MEASURES) - {"funnel", "overview"}))
@pytest.mark.parametrize("events", [SHOP, APP, ("Only One",)])
def test_a_first_question_can_always_be_asked(name: str, events: tuple[str, ...]) -> None:
    question_from(MEASURES[name].question, first(name, events))


def test_the_conversion_is_the_one_that_the_organisation_names_or_the_likeliest() -> None:
    assert usual(SHOP, "Product Added").buys == "Product Added"
    assert usual(APP, "Order Completed").buys == '"Subscribed > Yearly"', "spelled so that it is read as one"
    assert usual(SHOP, "Order Completed").looks == "Product Viewed"


def test_a_conversion_that_no_event_has_gives_way_to_one_that_there_is() -> None:
    assert first("stages", APP)["conversion"] == ('"Subscribed > Yearly"',)
    assert "conversion" not in first("stages", SHOP)


def test_what_stands_for_one_kind_of_event_is_never_replaced_by_another() -> None:
    given = first("linger", SHOP)
    certain = {spec.name for spec in fields_of(MEASURES["linger"].question) if spec.widget == "events"}
    assert {"heartbeats", "elements"} <= certain
    assert not {"heartbeats", "elements", "pages"} & set(given)


def test_a_score_and_its_reliability_are_of_answers_that_there_are() -> None:
    numbers = [
        "properties.answers.a",
        "properties.answers.b",
        "properties.scores.ease",
        "properties.scores.nps_1",
    ]
    score, reliability = (MEASURES[name].question for name in ("score", "reliability"))
    assert suggested("score", score, SHOP, "Order Completed", numbers)["question"] == ("nps_1",)
    assert suggested("score", score, SHOP, "Order Completed", numbers[:3])["question"] == ("ease",)
    assert suggested("reliability", reliability, SHOP, "Order Completed", numbers)["items"] == tuple(
        numbers[:2]
    )


def test_without_events_nothing_is_suggested() -> None:
    assert first("trend", ()) == {}
