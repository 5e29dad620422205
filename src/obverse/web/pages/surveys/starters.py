"""Starters: surveys to begin with, each for one purpose, complete and ready to be changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from obverse.surveys.survey import Survey
from obverse.web.pages.surveys.draft import Draft, draft_of

_WHY = {"type": "long_text", "id": "why", "text": "What is the main reason for your answer?"}
_COMMENT = {"type": "long_text", "id": "comment", "text": "What could we have done better?"}


@dataclass(frozen=True)
class Starter:
    """A survey to begin with.

    Attributes:
        title: what it is for.
        says: what one learns by it.
        survey: as JSON, its name left out.
    """

    title: str
    says: str
    survey: dict[str, Any]

    def draft(self) -> Draft:
        """Write it as the builder's form holds it."""
        return draft_of(msgspec.convert({"name": self.title} | self.survey, Survey))


STARTERS: dict[str, Starter] = {
    "nps": Starter(
        "NPS after an order",
        "Would they recommend you, and why? Asked when the order is fresh.",
        {
            "questions": [
                {
                    "type": "nps",
                    "id": "recommend",
                    "text": "How likely are you to recommend us to a friend or colleague?",
                    "required": True,
                },
                _WHY,
            ],
            "moments": [{"on": "event", "id": "ordered", "event": "Order Completed", "delay_s": 2}],
            "repeat": {"how": "always", "after_days": 90},
        },
    ),
    "csat": Starter(
        "CSAT after support",
        "Was the help any good? Asked on the next visit after a call or a chat.",
        {
            "questions": [
                {
                    "type": "csat",
                    "id": "satisfied",
                    "text": "How satisfied are you with the help you got?",
                    "style": "emoji",
                    "required": True,
                },
                _COMMENT,
            ],
            "moments": [{"on": "elsewhere", "id": "helped", "event": "Call Ended", "within_s": 259_200}],
            "repeat": {"how": "always", "after_days": 14},
        },
    ),
    "ces": Starter(
        "CES after the checkout",
        "How much work was it? Effort goes with leaving better than delight does with staying.",
        {
            "questions": [
                {
                    "type": "ces",
                    "id": "effort",
                    "text": "It was easy to place my order.",
                    "required": True,
                    "branches": [{"to": "hard", "at_most": 4}, {"to": "end"}],
                },
                {"type": "long_text", "id": "hard", "text": "What made it harder than it should be?"},
            ],
            "moments": [{"on": "event", "id": "ordered", "event": "Order Completed"}],
            "repeat": {"how": "always", "after_days": 90},
        },
    ),
    "sus": Starter(
        "SUS after a study",
        "Ten items give one number for usability, with a grade that others are measured by too.",
        {
            "questions": [
                {
                    "type": "sus",
                    "id": "usability",
                    "text": "How much do you agree with each of these?",
                    "required": True,
                },
                _COMMENT,
            ],
            "places": ["link", "kiosk", "phone", "api"],
        },
    ),
    "cart": Starter(
        "Why did you leave your cart?",
        "Asked of those who are about to leave with something in it.",
        {
            "questions": [
                {
                    "type": "single",
                    "id": "reason",
                    "text": "What keeps you from ordering today?",
                    "options": [
                        {"id": "price", "text": "The price, or the cost of delivery"},
                        {"id": "looking", "text": "I am only looking"},
                        {"id": "trouble", "text": "Something did not work"},
                        {"id": "payment", "text": "My way of paying is missing"},
                    ],
                    "other": "Something else",
                    "shuffled": True,
                    "branches": [{"to": "trouble", "any_of": ["trouble"]}, {"to": "end"}],
                },
                {"type": "long_text", "id": "trouble", "text": "What did not work?"},
            ],
            "moments": [{"on": "abandoning", "id": "leaving_cart", "what": "cart"}],
            "repeat": {"how": "until_answered", "after_days": 30},
        },
    ),
    "churn": Starter(
        "Why do you leave us?",
        "Asked when somebody cancels: the reason, and what would have kept them.",
        {
            "questions": [
                {
                    "type": "single",
                    "id": "reason",
                    "text": "What is the main reason for leaving?",
                    "required": True,
                    "options": [
                        {"id": "expensive", "text": "Too expensive"},
                        {"id": "missing", "text": "It lacks something I need"},
                        {"id": "difficult", "text": "Too difficult to use"},
                        {"id": "other_product", "text": "I have found something better"},
                        {"id": "unneeded", "text": "I do not need it any more"},
                    ],
                    "other": "Something else",
                    "shuffled": True,
                },
                {"type": "long_text", "id": "kept", "text": "What would have made you stay?"},
            ],
            "moments": [{"on": "event", "id": "cancelled", "event": "Subscription Cancelled"}],
            "repeat": {"how": "until_answered", "after_days": 1, "rests": False},
        },
    ),
}
"""What one can begin with, by the name that addresses have for it."""
