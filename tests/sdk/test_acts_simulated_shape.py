"""In a real browser: the simulated acts are what the real client tells of pages that look like the shop's."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from playwright.sync_api import Page

from obverse.simulate.acts import scenery
from obverse.simulate.acts.scenery import CART, CHECKOUT, PAGES, PRODUCT
from tests.sdk.act_page import Acts, Site, site
from tests.simulate.shops import large

pytestmark = pytest.mark.browser

_FOOT = f"<footer>{'<a href=/x>x</a>' * 3}</footer>"
_HEAD = f"""<header><a href=/>Shop</a><nav id=menu>{"<a href=/c>x</a>" * 4}</nav>
  <a href=/cart data-obverse=cart>Cart</a></header>"""
_REVIEWS = f"<section data-obverse=reviews><h2>Reviews</h2>{'<article>Good</article>' * 3}</section>"
BODIES = {
    PRODUCT: f"""{_HEAD}<main><section><img alt=""></section>
      <section data-obverse=offer><h1>Jacket</h1><div id=sizes>{"<button>M</button>" * 5}</div>
        <img alt="" data-obverse=size-guide><button data-obverse=add-to-cart>Add</button></section>
      <section data-obverse=description><h2>About</h2></section>{_REVIEWS}
      <section id=also>{"<a href=/p>x</a>" * 4}</section></main>{_FOOT}""",
    CART: f"""{_HEAD}<main><h1>Cart</h1>
      <section data-obverse=items><img alt=""><select></select><button>Remove</button></section>
      <section data-obverse=summary><a href=/shipping data-obverse=shipping-costs>Shipping</a>
        <button data-obverse=to-checkout>Checkout</button></section></main>{_FOOT}""",
    CHECKOUT: f"""<header><a href=/>Shop</a></header><main><h1>Checkout</h1>
      <form data-obverse=checkout><input id=email><input id=street><input id=postcode><input id=coupon>
        <input id=card><button data-obverse=pay>Pay</button></form>
      <section data-obverse=total></section></main>{_FOOT}""",
}
# An error that the page itself throws would fail the test's page; the module hears this one just the same.
FAILS = """let n = 0;
  addEventListener("submit", (event) => event.preventDefault());
  addEventListener("click", ({ target }) => {
    if (!target.closest("[data-obverse=pay]")) return;
    target.dataset.busy = n++;
    const filename = location.origin + "/checkout.js";
    dispatchEvent(new ErrorEvent("error", { error: new TypeError("x"), filename, lineno: 214 }));
  });"""


def places(kind: str, on_phone: bool) -> str:
    """Styles that put a page's elements where the shop has them."""
    _, height = PAGES[kind].size(on_phone)
    rules = [f"body {{ margin: 0; height: {height}px }}"]
    for one in PAGES[kind].elements:
        left, top, wide, high = one.box(on_phone)
        rules.append(
            f"{one.path} {{ position: fixed; box-sizing: border-box; margin: 0; left: {left}px; top: {top}px;"
            f" width: {wide}px; height: {high}px; cursor: pointer }}"
        )
    return "\n".join(rules)


@pytest.fixture(scope="module")
def shop() -> Iterator[Site]:
    with site() as made:
        for kind, on_phone in product(PAGES, (False, True)):
            made.put(f"/{kind}-{on_phone}.css", places(kind, on_phone), "text/css")
        yield made


def opened(shop: Site, page: Page, kind: str, before: str = "") -> Acts:
    sheets = "".join(
        f'<link rel=stylesheet href="/{kind}-{on_phone}.css" media="(width {than} 768px)">'
        for on_phone, than in ((False, ">="), (True, "<"))
    )
    return shop.open(page, sheets + BODIES[kind], '?options={"draw":1}', before)


@pytest.mark.parametrize("kind", list(PAGES))
def test_a_page_is_drawn_as_the_client_draws_it(shop: Site, fresh_page: Page, kind: str) -> None:
    fresh_page.set_viewport_size({"width": 1280, "height": 700})
    acts = opened(shop, fresh_page, kind)
    acts.after(5000)
    acts.wait(1, "Page Drawn")
    fresh_page.set_viewport_size({"width": 390, "height": 700})
    acts.page.evaluate("() => new Promise((done) => requestAnimationFrame(done))")
    acts.after(5000)
    acts.wait(2, "Page Drawn")
    for found, on_phone in zip(acts.of("Page Drawn"), (False, True), strict=True):
        assert found["elements"] == [[one.path, *one.box(on_phone)] for one in PAGES[kind].elements]
        assert (found["width"], found["height"]) == PAGES[kind].size(on_phone)


def shapes(events: Iterator[tuple[str, dict[str, Any]]]) -> dict[str, dict[str, str]]:
    """The properties of each event with the kinds of their values; numbers are one kind, as in JSON."""
    found: dict[str, dict[str, str]] = {}
    for event, properties in events:
        kinds = {name: _kind(value) for name, value in properties.items()}
        assert found.setdefault(event, kinds) == kinds
    return found


def _kind(value: object) -> str:
    return "number" if isinstance(value, int | float) else type(value).__name__


def test_acts_have_the_names_and_the_properties_of_the_clients(shop: Site, fresh_page: Page) -> None:
    fresh_page.set_viewport_size({"width": 1280, "height": 1400})
    acts = opened(shop, fresh_page, PRODUCT)
    acts.after(5000)
    fresh_page.locator(scenery.GUIDE).click()
    acts.after(3000)
    acts.wait(1, "Dead Clicked")
    assert [one["element"] for one in acts.of("Dead Clicked")] == [scenery.GUIDE]
    fresh_page.evaluate("turn('/next')")
    told = acts.all

    acts = opened(shop, fresh_page, CHECKOUT, FAILS)
    for name in (*scenery.FIELDS, scenery.COUPON):
        fresh_page.locator(f"#{name}").click()
        fresh_page.keyboard.type("x")
    fresh_page.locator(scenery.PAY).click(click_count=3)
    acts.after(3000)
    assert [one["field"] for one in acts.of("Field Filled")] == [*scenery.FIELDS, scenery.COUPON]
    assert acts.of("Form Started")[0]["form"] == scenery.FORM_NAME
    assert [(one["element"], one["line"]) for one in acts.of("Error Met")] == [
        (scenery.ERROR, scenery.ERROR_LINE)
    ]
    assert [one["element"] for one in acts.of("Rage Clicked")] == [scenery.PAY]
    assert acts.of("Dead Clicked") == []
    told += acts.all

    by_client = shapes((one["event"], one["properties"]) for one in told)
    assert shapes((act.event, act.properties) for act in large().acts.done) == by_client
