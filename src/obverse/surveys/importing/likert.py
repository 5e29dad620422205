"""Words that are scales: answers such as "Very satisfied" are numbers in disguise."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from obverse.surveys.importing.mapping import Type

_MIDDLES = (
    "neutral",
    "neither",
    "neither agree nor disagree",
    "neither satisfied nor dissatisfied",
    "neither easy nor difficult",
    "undecided",
    "average",
    "ok",
    "okay",
    "fair",
)
_SCALES: Mapping[str, tuple[Type, tuple[tuple[str, ...], ...]]] = {
    "satisfied": (
        "csat",
        (("very dissatisfied", "very unsatisfied"), ("dissatisfied", "unsatisfied", "somewhat dissatisfied"),
         _MIDDLES, ("satisfied", "somewhat satisfied"), ("very satisfied",)),
    ),
    "agree": (
        "rating",
        (("strongly disagree", "completely disagree"), ("disagree", "somewhat disagree"), _MIDDLES,
         ("agree", "somewhat agree"), ("strongly agree", "completely agree")),
    ),
    "easy": (
        "ces",
        (("very difficult",), ("difficult", "somewhat difficult"), _MIDDLES, ("easy", "somewhat easy"),
         ("very easy",)),
    ),
    "good": (
        "rating",
        (("very poor", "very bad", "terrible"), ("poor", "bad"), _MIDDLES, ("good",),
         ("very good", "excellent", "outstanding")),
    ),
    "likely": (
        "rating",
        (("very unlikely", "not at all likely"), ("unlikely", "somewhat unlikely"), _MIDDLES,
         ("likely", "somewhat likely"), ("very likely", "extremely likely")),
    ),
    "often": (
        "rating",
        (("never",), ("rarely", "seldom"), ("sometimes",), ("often", "usually"), ("always",)),
    ),
}  # fmt: skip


def scale_of_words(words: Collection[str]) -> tuple[Type, int, dict[str, str]] | None:
    """Tell the scale that words are of: kind, points, and the number of each word; None where they are none.

    >>> scale_of_words(["Very satisfied", "Satisfied", "neutral"])
    ('csat', 5, {'Very satisfied': '5', 'Satisfied': '4', 'neutral': '3'})
    """
    plain = {word: re.sub(r"\s+", " ", word.strip().lower()) for word in words}
    if len(plain) < 2:
        return None
    for kind, steps in _SCALES.values():
        numbers = {text: str(step) for step, texts in enumerate(steps, start=1) for text in texts}
        found = {word: numbers.get(text) for word, text in plain.items()}
        beyond_middle = {number for number in found.values() if number != "3"}
        if all(found.values()) and beyond_middle:
            return kind, 5, {word: str(number) for word, number in found.items()}
    return None
