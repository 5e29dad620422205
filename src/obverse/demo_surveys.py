"""The surveys that the demo's shop asks: the questions to the simulated answers."""

from __future__ import annotations

from obverse.settings.surveys import Surveys
from obverse.simulate.surveys.asking import PLANS, SURVEY_NAMES
from obverse.simulate.surveys.messages import MOMENTS, SURVEY_IDS
from obverse.surveys.moment import Abandoning, Happened
from obverse.surveys.question import Csat, LongText, Nps, Option, Single
from obverse.surveys.survey import Audience, Repeat, Survey

_ORDER = Survey(
    name=SURVEY_NAMES[0],
    questions=(
        Nps(
            id="recommend", text="How likely are you to recommend Kranich Outdoor to a friend?", required=True
        ),
        LongText(id="why", text="What is the main reason for your answer?"),
    ),
    moments=(Happened(id=MOMENTS[0], event="Order Completed"),),
    places=("page",),
    audience=Audience(share=PLANS[0].share),
    repeat=Repeat(how="always", after_days=PLANS[0].rest_days),
    priority=10,
)
_SUPPORT = Survey(
    name=SURVEY_NAMES[1],
    questions=(
        Csat(id="satisfied", text="How satisfied are you with how we dealt with your case?", required=True),
        Single(
            id="solved",
            text="Is it solved?",
            options=(Option("yes", "Yes"), Option("no", "No")),
            required=True,
        ),
        LongText(id="comment", text="Is there anything you want to tell us?"),
    ),
    places=("link",),
    repeat=Repeat(how="always", after_days=PLANS[1].rest_days),
    touchpoint="support",
)
_CART = Survey(
    name=SURVEY_NAMES[2],
    questions=(
        Single(
            id="reason",
            text="What keeps you from ordering today?",
            options=(
                Option("price", "The price"),
                Option("shipping", "What shipping costs"),
                Option("payment", "How I can pay"),
                Option("looking", "I am only looking around"),
                Option("problem", "Something went wrong"),
            ),
            required=True,
        ),
        LongText(id="more", text="Tell us more, in your own words."),
    ),
    moments=(Abandoning(id=MOMENTS[2], what="cart"),),
    places=("page",),
    audience=Audience(share=PLANS[2].share),
    repeat=Repeat(how="always", after_days=PLANS[2].rest_days),
)

_DELIVERY = Survey(
    name=SURVEY_NAMES[3],
    questions=(
        Csat(id="satisfied", text="How satisfied are you with how your order was delivered?", required=True),
        LongText(id="comment", text="What should we know about it?"),
    ),
    places=("link",),
    audience=Audience(share=PLANS[3].share),
    repeat=Repeat(how="always", after_days=PLANS[3].rest_days),
    touchpoint="delivery",
)


def ask(surveys: Surveys) -> None:
    """Have the shop's surveys asked, those that are not yet."""
    there = {one.id for one in surveys.all()}
    for key, survey in zip(SURVEY_IDS, (_ORDER, _SUPPORT, _CART, _DELIVERY), strict=True):
        if key not in there:
            surveys.create(survey.name, survey.to_json(), "live", key)
