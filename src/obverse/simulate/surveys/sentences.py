"""What people write: sentences about a touchpoint, put together from parts."""

from __future__ import annotations

import numpy as np

from obverse.simulate.model import Codes
from obverse.simulate.surveys.satisfaction import ABOUT

BAD, NEUTRAL, GOOD = -1, 0, 1
"""What a text feels like."""

_BAD: dict[str, tuple[str, ...]] = {
    "delivery": (
        "the parcel came four days after the date I was promised",
        "my tent arrived when the holiday was already over",
        "tracking said delivered, but the box stood in the rain at a neighbour's",
        "the courier never rang and I had to fetch it from the other end of town",
        "half of the order was missing and nobody could say when the rest would come",
        "the box was torn open and one boot was wet",
        "I waited at home a whole day for a delivery that did not happen",
        "shipping took longer than the walk I had bought it for",
        "the parcel was sent back although I was at home",
        "no message at all while the parcel sat in a depot for a week",
    ),
    "web": (
        "the payment failed twice and I had to type my card in again",
        "the page asked me for my address three times",
        "shipping costs only show up at the very end of the checkout",
        "the size table says one thing and the jacket another",
        "the search finds everything except what I typed",
        "the filter for colours forgets what I chose whenever I go back",
        "the checkout threw me out and the cart was empty",
        "the photo showed a green bag and a brown one came",
        "the voucher code was refused without a word why",
        "pages take ages on my phone",
    ),
    "app": (
        "the app logs me out every time I open it",
        "the app lost my cart between the bus and the sofa",
        "after the last update the app freezes on the product page",
        "the app sends me to the website in the middle of paying",
        "I cannot find my old orders in the app any more",
        "the app drains my battery faster than the torch I bought",
        "notifications from the app come at three in the morning",
        "the app shows things as in stock that are not",
    ),
    "store": (
        "in the store nobody had time for me for twenty minutes",
        "the store did not have the boots that your page said it had",
        "the till could not take back what I had bought online",
        "the store was so full that I turned round at the door",
        "the man in the store knew less about ropes than I do",
        "the fitting rooms in the store were closed without a reason",
        "the kiosk in the store was out of order again",
    ),
    "support": (
        "support answered after three days with a text that fits anything",
        "I told my case to four people at support, each from the beginning",
        "the hotline kept me waiting for forty minutes and then hung up",
        "support promised to call back and never did",
        "the chat closed itself while I was typing",
        "support told me to ask the manufacturer, who told me to ask you",
        "support would not take back a broken stove without the box",
        "nobody at support could tell me where my refund is",
    ),
}
_GOOD: dict[str, tuple[str, ...]] = {
    "delivery": (
        "the parcel was there the next morning",
        "everything came well packed and a day early",
        "I could tell the courier where to leave it, and he did",
        "three orders, three times on the promised day",
        "the delivery window was kept to the quarter of an hour",
    ),
    "web": (
        "I found the right sleeping bag within two minutes",
        "paying took no time and I did not need an account",
        "the size advice on the page was spot on",
        "the comparison of backpacks helped me to choose",
        "the pages are clear and say what I need to know",
    ),
    "app": (
        "the app remembers my sizes, which is wonderful",
        "ordering in the app on the train works like a charm",
        "the app told me at once when the boots were back in stock",
        "the app is quick and stays out of my way",
    ),
    "store": (
        "the woman in the store took half an hour to fit my backpack",
        "I tried on boots in the store and felt in good hands",
        "the store had everything in stock and a good word on top",
        "returning a jacket in the store took one minute",
    ),
    "support": (
        "support solved it in one call",
        "the chat answered within a minute and knew my order",
        "support sent a new stove without any discussion",
        "a friendly voice at support that really listened",
    ),
}
_NEUTRAL = (
    "I only wanted to look around",
    "nothing special, it did what it should",
    "I am comparing prices and will decide at the weekend",
    "it was all right",
    "I have to ask at home about the colour first",
    "I am not sure yet whether I need it",
    "no complaints, no fireworks",
    "I will come back when the season starts",
)
_BEFORE_BAD = (
    "",
    "honestly, ",
    "to be frank, ",
    "sorry, but ",
    "this time ",
    "I like the shop, but ",
    "once more: ",
)
_AFTER_BAD = (
    ".",
    ". That must not happen.",
    ". I expected better.",
    ". I will think twice next time.",
    ", and that for this price.",
    ". Please do something about it!",
)
_BEFORE_GOOD = ("", "really, ", "as always, ", "I was surprised: ", "well done, ")
_AFTER_GOOD = (".", ". Thank you!", ". Keep it up.", ". I tell all my friends.", "!")
_BEFORE_NEUTRAL = ("", "well, ", "to be honest, ")
_AFTER_NEUTRAL = (".", "")


def written(chance: np.random.Generator, about: Codes, feels: Codes) -> list[str]:
    """Write a text for each of some people.

    Args:
        chance: of the piece.
        about: shape (n,), position in `ABOUT`; not looked at where it feels neutral.
        feels: shape (n,), `BAD`, `NEUTRAL` or `GOOD`.
    """
    drawn = chance.random((len(about), 3))
    return [
        _one(ABOUT[topic], feeling, row)
        for topic, feeling, row in zip(about.tolist(), feels.tolist(), drawn.tolist(), strict=True)
    ]


def _one(topic: str, feeling: int, drawn: list[float]) -> str:
    choices: tuple[tuple[str, ...], ...] = (_BEFORE_NEUTRAL, _NEUTRAL, _AFTER_NEUTRAL)
    if feeling == BAD:
        choices = (_BEFORE_BAD, _BAD[topic], _AFTER_BAD)
    elif feeling == GOOD:
        choices = (_BEFORE_GOOD, _GOOD[topic], _AFTER_GOOD)
    parts = [some[int(at * len(some))] for some, at in zip(choices, drawn, strict=True)]
    text = "".join(parts)
    return text[0].upper() + text[1:]
