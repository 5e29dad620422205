"""What people do on a page: drawn within the time that the shop knows them to be there."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from obverse.simulate.acts import scenery
from obverse.simulate.acts.scenery import CART, CHECKOUT, PAGES, PRODUCT
from obverse.simulate.acts.stays import Stay, stays
from obverse.simulate.catalogue import CART as CART_PAGE
from obverse.simulate.catalogue import CATEGORY_PAGE, CHECKOUT_PAGE
from obverse.simulate.happenings import World
from obverse.simulate.model import Floats, stream

DEAD_MS = 2500
"""How long nothing must happen for a click to be dead; this and what follows is as the client has it."""
_SETTLED_MS = 2000
_DRAWN = 0.1
_LEAST_VIEW_MS = 1000
_TAGS = {kind: {one.path: one.tag for one in page.elements} for kind, page in PAGES.items()}


class Act(NamedTuple):
    """An act.

    Attributes:
        row: number of the event before it on the same page, whose circumstances are its own.
        at_ms: when, ms since 1970 UTC.
        event: its name.
        properties: what the client says of it.
    """

    row: int
    at_ms: int
    event: str
    properties: dict[str, Any]


@dataclass(frozen=True)
class Acts:
    """What people did, and the truth of it.

    Attributes:
        done: in the order of time.
        stays: a row a stay: `page`, `person`, `on_phone`, `ordered`, `in_vain` (pressed the size guide),
            `reviews_ms` (in view), `started` and `submitted` (the form), `left_after` (the last field),
            `met_error`, `raged`.
    """

    done: list[Act]
    stays: pa.Table


@dataclass
class _Truth:
    in_vain: bool = False
    reviews_ms: int = 0
    started: bool = False
    submitted: bool = False
    left_after: str | None = None
    met_error: bool = False
    raged: bool = False


@dataclass
class _Scene:
    """One stay being played."""

    stay: Stay
    chance: np.random.Generator
    done: list[Act] = field(default_factory=list)
    truth: _Truth = field(default_factory=_Truth)

    def act(self, at_ms: float, event: str, **properties: Any) -> None:
        """Note an act, within the stay."""
        stay = self.stay
        at = min(max(int(at_ms), stay.start_ms + 1), stay.end_ms - 1)
        row = stay.rows[bisect_right(stay.times, at) - 1]
        device = "phone" if stay.on_phone else "desktop"
        self.done.append(Act(row, at, event, properties | {"device": device}))

    def click(self, at_ms: float, path: str) -> dict[str, Any]:
        """Press an element somewhere in its middle; gives what is said of it."""
        x, y = (round(float(one), 2) for one in self.chance.uniform(0.2, 0.8, 2))
        found = {"element": path, "tag": _TAGS[self.stay.kind][path], "x": x, "y": y}
        self.act(at_ms, "Element Clicked", **found)
        return found

    def happens(self, share: float) -> bool:
        """Decide by chance."""
        return bool(self.chance.random() < share)

    def between(self, low: float, high: float) -> float:
        """Draw a number."""
        return float(self.chance.uniform(low, high))

    def within(self, low: float, high: float, since: float, until: float) -> float:
        """Draw an instant between two shares of a stretch of time."""
        return since + (until - since) * self.between(low, high)

    def one_of(self, paths: tuple[str, ...]) -> str:
        """Draw an element."""
        return paths[int(self.chance.integers(len(paths)))]

    def look(self, shares: dict[str, float]) -> dict[str, int]:
        """Tell, on leaving, how long elements were in view: shares of the stay; what is short is not told."""
        times = {path: round(share * self.stay.length_ms) for path, share in shares.items()}
        told = {path: ms for path, ms in times.items() if ms >= _LEAST_VIEW_MS}
        for path, ms in sorted(told.items(), key=lambda one: -one[1]):
            self.act(self.stay.end_ms - 1, "Element Viewed", element=path, visible_ms=ms)
        return told


def acts(made: World, seed: int) -> Acts:
    """Draw what people do on the pages with the client."""
    chance = stream(seed, "acts")
    scenes = [_Scene(stay, chance) for stay in stays(made, chance)]
    for scene in scenes:
        _draw(scene)
        _PLAY[scene.stay.kind](scene)
    done = sorted((act for scene in scenes for act in scene.done), key=lambda act: act.at_ms)
    known = ("person", "on_phone", "ordered")
    rows = [
        {"page": scene.stay.kind} | {name: getattr(scene.stay, name) for name in known} | vars(scene.truth)
        for scene in scenes
    ]
    return Acts(done, pa.Table.from_pylist(rows, schema=_STAYS))


_STAYS = pa.schema(
    [
        pa.field("page", pa.string()),
        pa.field("person", pa.int32()),
        *(pa.field(name, pa.bool_()) for name in ("on_phone", "ordered", "in_vain")),
        pa.field("reviews_ms", pa.int64()),
        *(pa.field(name, pa.bool_()) for name in ("started", "submitted")),
        pa.field("left_after", pa.string()),
        *(pa.field(name, pa.bool_()) for name in ("met_error", "raged")),
    ]
)


def _draw(scene: _Scene) -> None:
    """Draw one page view in ten, where it lasts until the page has settled."""
    stay = scene.stay
    at = stay.start_ms + _SETTLED_MS + scene.between(20, 300)
    if not scene.happens(_DRAWN) or at >= stay.end_ms:
        return
    page = PAGES[stay.kind]
    width, height = page.size(stay.on_phone)
    places = [[one.path, *one.box(stay.on_phone)] for one in page.elements]
    scene.act(at, "Page Drawn", elements=places, width=width, height=height)


def _on_product(scene: _Scene) -> None:
    """Look round; press the size guide in vain, a size, and what leads on; who orders reads the reviews."""
    stay = scene.stay
    added = stay.last("Product Added")
    since, until = float(stay.start_ms), float(added or stay.end_ms)
    if scene.happens(0.3):
        scene.click(scene.within(0.05, 0.2, since, until), scenery.PHOTO)
    at = scene.within(0.25, 0.45, since, until)
    if scene.happens(0.12 if added else 0.32) and until - at > DEAD_MS + 1000:
        scene.act(at + DEAD_MS, "Dead Clicked", **scene.click(at, scenery.GUIDE))
        scene.truth.in_vain = True
        since = at + DEAD_MS
    if scene.happens(0.85 if added else 0.2):
        scene.click(scene.within(0.5, 0.9, since, until), scene.one_of(scenery.SIZES))
    if added:
        scene.click(added - scene.between(40, 300), scenery.ADD)
    _leave(scene)
    looks = {
        scenery.OFFER: scene.between(0.4, 0.9),
        scenery.PHOTO: scene.between(0.2, 0.7),
        scenery.ADD: scene.between(0.2, 0.6),
    }
    if scene.happens(0.9 if stay.ordered else 0.45):
        looks[scenery.REVIEWS] = scene.between(0.35, 0.75) if stay.ordered else scene.between(0.03, 0.3)
    if scene.happens(0.2):
        looks[scenery.ALSO] = scene.between(0.05, 0.2)
    scene.truth.reviews_ms = scene.look(looks).get(scenery.REVIEWS, 0)


def _leave(scene: _Scene) -> None:
    """Press what leads to the page that comes next."""
    stay = scene.stay
    if stay.next_page < 0:
        return
    at = stay.end_ms - scene.between(60, 300)
    if stay.next_page == CART_PAGE:
        scene.click(at, scenery.TO_CART)
    elif stay.next_page >= CATEGORY_PAGE + len(scenery.MENU):
        scene.click(at, scene.one_of(scenery.RELATED))
    else:
        scene.click(at, scene.one_of(scenery.MENU))


def _on_cart(scene: _Scene) -> None:
    """Go on to the checkout; who asks what shipping costs orders less often."""
    stay = scene.stay
    if scene.happens(0.12 if stay.ordered else 0.38):
        scene.click(scene.within(0.2, 0.7, stay.start_ms, stay.end_ms), scenery.SHIPPING)
    if stay.next_page == CHECKOUT_PAGE:
        scene.click(stay.end_ms - scene.between(60, 300), scenery.TO_CHECKOUT)
    scene.look(
        {
            scenery.ITEMS: scene.between(0.5, 0.95),
            scenery.SUMMARY: scene.between(0.3, 0.9),
            scenery.TO_CHECKOUT: scene.between(0.2, 0.8),
        }
    )


_LEAST_FORM_MS, _LONGEST_FORM_MS = 12_000, 30 * 60_000
"""Who is there for less time does not fill in the form; nor does who takes longer, for whom it began anew."""
_ERROR_MS = 5_000
"""Time kept free for an error when paying."""


def _on_checkout(scene: _Scene) -> None:
    """Fill in the form; leave it after the coupon, run into an error when paying, or send it."""
    stay, truth = scene.stay, scene.truth
    paid, ordered = stay.last("Payment Info Entered"), stay.last("Order Completed")
    since, until = stay.start_ms + 500.0, float(paid or stay.end_ms) - 200
    timely = until - since >= _LEAST_FORM_MS and stay.length_ms < _LONGEST_FORM_MS
    if timely and stay.last("Checkout Step Completed"):
        truth.started = True
        fails = 0.03 if ordered else 0.9 if stay.struck else 0.4
        truth.met_error = paid is not None and scene.happens(fails)
        fills = list(scenery.FIELDS if paid else scenery.FIELDS[:-1])
        if ordered and scene.happens(0.12):
            fills.insert(-1, scenery.COUPON)
        elif not ordered and not truth.met_error and scene.happens(0.75):
            fills.append(scenery.COUPON)
        truth.left_after = fills[-1]
        _fill(scene, fills, since, until - (_ERROR_MS if truth.met_error else 0))
        if truth.met_error:
            _fail(scene, until - _ERROR_MS + scene.between(500, 1500))
        if paid and ordered:
            _send(scene, paid, ordered)
    scene.look({scenery.FORM: scene.between(0.7, 0.98), scenery.TOTAL: scene.between(0.05, 0.6)})


def _fill(scene: _Scene, fills: list[str], since: float, until: float) -> None:
    """Fill in fields one after the other; who pressed into the first began there."""
    parts: Floats = scene.chance.gamma(2.0, 1.0, len(fills) + 1)
    parts *= (until - since) / parts.sum()
    at = since
    for name, part in zip(fills, parts.tolist(), strict=False):
        at += part
        entered = at - 0.6 * part
        if name == fills[0]:
            scene.click(entered, f"#{name}")
            scene.act(entered + 0.1 * part, "Form Started", form=scenery.FORM_NAME)
        seconds = round(0.6 * part / 1000, 1)
        scene.act(at, "Field Filled", form=scenery.FORM_NAME, field=name, seconds=seconds)


def _fail(scene: _Scene, at: float) -> None:
    """Press the pay button into an error; most press on. It shows that it works on it, so it is not dead."""
    found = scene.click(at, scenery.PAY)
    scene.act(at, "Error Met", element=scenery.ERROR, line=scenery.ERROR_LINE)
    scene.truth.raged = scene.happens(0.8)
    if scene.truth.raged:
        for _ in range(2):
            at += scene.between(200, 700)
            found = scene.click(at, scenery.PAY)
        scene.act(at, "Rage Clicked", **found)


def _send(scene: _Scene, paid: int, ordered: int) -> None:
    """Press the pay button and send the form, before the order is there."""
    at = max(paid + 1, ordered - scene.between(300, 1500))
    scene.click(at, scenery.PAY)
    scene.act(at, "Form Submitted", form=scenery.FORM_NAME)
    scene.truth.submitted = True


_PLAY = {PRODUCT: _on_product, CART: _on_cart, CHECKOUT: _on_checkout}
