"""Items: the standard words of SUS and UMUX-Lite, with the product's name where they speak of the system.

Sources: Brooke, "SUS: a 'quick and dirty' usability scale" (1996); Lewis, Utesch and Maher, "UMUX-LITE: when
there's no time for the SUS" (CHI 2013). Other languages come with the survey's translations, by the item's
number: ``q1.1`` to ``q1.10``.
"""

from __future__ import annotations

from obverse.surveys.question import Sus, UmuxLite

SUS_ITEMS = (
    "I think that I would like to use {product} frequently",
    "I found {product} unnecessarily complex",
    "I thought {product} was easy to use",
    "I think that I would need the support of a technical person to be able to use {product}",
    "I found the various functions in {product} were well integrated",
    "I thought there was too much inconsistency in {product}",
    "I would imagine that most people would learn to use {product} very quickly",
    "I found {product} very cumbersome to use",
    "I felt very confident using {product}",
    "I needed to learn a lot of things before I could get going with {product}",
)
UMUX_LITE_ITEMS = (
    "{product}’s capabilities meet my requirements",
    "{product} is easy to use",
)
_STANDARD: dict[str, tuple[tuple[str, ...], str]] = {
    "sus": (SUS_ITEMS, "this system"),
    "umux_lite": (UMUX_LITE_ITEMS, "This system"),
}
"""Items by kind of question, and what they call a product without a name."""


def items(question: Sus | UmuxLite) -> tuple[str, ...]:
    """Give the words of a question's items.

    >>> from obverse.surveys.question import Sus
    >>> items(Sus(id="q", text="?", product="Obverse"))[1]
    'I found Obverse unnecessarily complex'
    """
    return standard_items("sus" if isinstance(question, Sus) else "umux_lite", question.product)


def standard_items(kind: str, product: str) -> tuple[str, ...]:
    """Give the words of the items of a kind of question; none of a kind that has no items.

    >>> standard_items("umux_lite", "")[1], standard_items("nps", "")
    ('This system is easy to use', ())
    """
    words, system = _STANDARD.get(kind, ((), ""))
    return tuple(word.replace("{product}", product or system) for word in words)
