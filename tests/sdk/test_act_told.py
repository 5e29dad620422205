"""In a real browser: each act is told when it happens, once, and not otherwise."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.sdk.act_page import SDK, Site, site

pytestmark = pytest.mark.browser

DEAD_MS = 2600


@pytest.fixture(scope="module")
def shop() -> Iterator[Site]:
    with site() as made:
        yield made


def test_the_types_are_right() -> None:
    node = Path(".venv/bin/node")
    command = [str(one) for one in (node, SDK / "node_modules/.bin/tsc", "--project", SDK)]
    found = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert found.returncode == 0, found.stdout


# -- clicks -------------------------------------------------------------------------------------------------


def test_a_click_is_told_by_where_and_not_by_what(shop: Site, fresh_page: Page) -> None:
    body = (
        "<main><ul><li>One</li><li class='css-1x2y'><button>Pay <b>Ada's</b> bill</button></li></ul></main>"
    )
    acts = shop.open(fresh_page, body)
    fresh_page.get_by_text("Ada's").click()
    (click,) = acts.of("Element Clicked")
    assert click["element"] == "main>ul>li:nth-of-type(2)>button"
    assert (click["tag"], click["device"]) == ("button", "desktop")
    assert 0 < click["x"] < 1
    assert 0 < click["y"] < 1
    assert set(click) == {"element", "tag", "x", "y", "device"}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ("<div id=cart><p><button>Go</button></p></div>", "#cart>p>button"),
        ("<div id=cart><button data-obverse=buy>Go</button></div>", "[data-obverse=buy]"),
        ("<div id=cart><button data-testid=pay>Go</button></div>", "[data-testid=pay]"),
        ("<div id=radix-17><button>Go</button></div>", "div>button"),
        ("<p>a</p><p>b</p><button>Go</button>", "button"),
        ("<button>No</button><button>Go</button>", "button:nth-of-type(2)"),
        ("<button data-obverse='pay ada@x.example 4111 1111'>Go</button>", "[data-obverse=pay * *]"),
    ],
)
def test_a_path_is_short_and_what_frameworks_number_is_no_part_of_it(
    shop: Site, fresh_page: Page, body: str, path: str
) -> None:
    acts = shop.open(fresh_page, body)
    fresh_page.get_by_text("Go", exact=True).click()
    assert acts.of("Element Clicked")[0]["element"] == path


def test_an_element_in_a_shadow_is_named_by_its_host(shop: Site, fresh_page: Page) -> None:
    before = """customElements.define("x-buy", class extends HTMLElement {
      constructor() { super(); this.attachShadow({ mode: "open" }).innerHTML =
        "<p><button>Go</button></p>"; } })"""
    acts = shop.open(fresh_page, "<main><x-buy></x-buy></main>", before=before)
    fresh_page.get_by_text("Go").click()
    assert acts.of("Element Clicked")[0]["element"] == "main>x-buy>p>button"


def test_text_is_told_only_where_the_page_says_so_and_masked_even_then(shop: Site, fresh_page: Page) -> None:
    body = """<button>Plain</button><button data-obverse-text>Write to ada@x.example, 4111-1111-1111</button>
      <div data-obverse-text><label>Name <input value="Ada"></label></div><p contenteditable>Ada wrote</p>"""
    acts = shop.open(fresh_page, body)
    for one in ("Plain", "Write", "Name", "Ada wrote"):
        fresh_page.get_by_text(one).click()
    assert [click.get("text") for click in acts.of("Element Clicked")] == [None, "Write to * *", None, None]
    acts = shop.open(fresh_page, body, '?options={"act":{"text":true}}')
    for one in ("Plain", "Ada wrote"):
        fresh_page.get_by_text(one).click()
    assert [click.get("text") for click in acts.of("Element Clicked")] == ["Plain", None]


def test_three_clicks_in_a_second_each_are_one_rage_click(shop: Site, fresh_page: Page) -> None:
    acts = shop.open(fresh_page, "<button>Go</button><button>Other</button>")
    go = fresh_page.get_by_text("Go")
    for _ in range(5):
        go.click()
    assert [one["element"] for one in acts.of("Rage Clicked")] == ["button:nth-of-type(1)"]
    acts.after(3000)
    for _ in range(2):
        go.click()
    fresh_page.get_by_text("Other").click()
    go.click()
    assert len(acts.of("Rage Clicked")) == 1
    for _ in range(2):
        go.click()
    assert len(acts.of("Rage Clicked")) == 2


def test_slow_clicks_and_selecting_text_are_no_rage(shop: Site, fresh_page: Page) -> None:
    acts = shop.open(fresh_page, "<button>Go</button><p>Some words to select</p><input value=words>")
    for _ in range(4):
        fresh_page.get_by_text("Go").click()
        acts.after(1100)
    fresh_page.get_by_text("Some words").click(click_count=3)
    fresh_page.get_by_role("textbox").click(click_count=3)
    assert acts.names.count("Element Clicked") == 10
    assert acts.of("Rage Clicked") == []


ALIVE = {
    "changes the page": "document.body.dataset.x = 1",
    "changes it later": "setTimeout(() => document.body.append('x'), 2000)",
    "asks a server": "fetch('/slow')",
    "asks a server the old way": "const x = new XMLHttpRequest(); x.open('GET', '/slow'); x.send()",
    "scrolls": "scrollTo(0, 400)",
    "moves the focus": "document.querySelector('input').focus()",
    "goes to another place": "location.hash = 'there'",
    "selects": "getSelection().selectAllChildren(document.querySelector('p'))",
}


@pytest.mark.parametrize("does", ALIVE)
def test_a_click_that_does_something_is_not_dead(shop: Site, fresh_page: Page, does: str) -> None:
    before = f"addEventListener('load', () => document.forms[0].go.onclick = () => {{ {ALIVE[does]} }})"
    body = "<form><button type=button name=go>Go</button></form><input><p>Words</p><div id=tall></div>"
    body += "<link rel=stylesheet href=/tall.css>"
    shop.put("/tall.css", "#tall { height: 5000px }", "text/css")
    acts = shop.open(fresh_page, body, before=before)
    fresh_page.get_by_text("Go").click()
    acts.wait(1)
    fresh_page.evaluate("new Promise(requestAnimationFrame)")
    acts.after(DEAD_MS)
    assert acts.names == ["Element Clicked"]


def test_a_click_after_which_nothing_happens_is_dead_and_our_own_requests_are_no_answer(
    shop: Site, fresh_page: Page
) -> None:
    before = (
        "addEventListener('load', () => document.querySelector('b').onclick = () => { fetch('/v1/batch') })"
    )
    body = (
        "<link rel=stylesheet href=/hand.css><button>Go</button> <b>Bold</b> <p>Words</p><input type=radio>"
    )
    shop.put("/hand.css", "b { cursor: pointer }", "text/css")
    acts = shop.open(fresh_page, body, before=before)
    for name, dead in (("Go", ["button"]), ("Bold", ["button", "b"]), ("Words", ["button", "b"])):
        fresh_page.get_by_text(name).click()
        acts.after(2300)
        acts.after(300)
        assert [one["element"] for one in acts.of("Dead Clicked")] == dead
    fresh_page.get_by_role("radio").click()
    acts.after(DEAD_MS)
    assert len(acts.of("Dead Clicked")) == 2


def test_a_named_part_of_the_page_is_pressed_only_where_it_looks_like_that(
    shop: Site, fresh_page: Page
) -> None:
    body = "<link rel=stylesheet href=/hand.css><section data-obverse=part><p>Words</p></section>"
    body += "<div data-obverse=card><b>Card</b></div>"
    shop.put("/hand.css", "div { cursor: pointer }", "text/css")
    acts = shop.open(fresh_page, body)
    for name in ("Words", "Card"):
        fresh_page.get_by_text(name).click()
        acts.after(DEAD_MS)
    clicked = [one["element"] for one in acts.of("Element Clicked")]
    assert clicked == ["[data-obverse=part]>p", "[data-obverse=card]"]
    assert [one["element"] for one in acts.of("Dead Clicked")] == ["[data-obverse=card]"]


def test_a_link_that_leaves_or_opens_elsewhere_is_not_dead(shop: Site, fresh_page: Page) -> None:
    acts = shop.open(fresh_page, "<a href=mailto:x@y.example>Write</a> <a href=/file download>Get</a>")
    fresh_page.evaluate("document.addEventListener('click', (event) => event.preventDefault())")
    for name in ("Write", "Get"):
        fresh_page.get_by_text(name).click()
    acts.after(DEAD_MS)
    assert acts.names == ["Element Clicked"] * 2


# -- forms --------------------------------------------------------------------------------------------------

FORM = """<form name=checkout action=/done><input name=email type=email><input name=zip><select name=country>
  <option>DE<option>FR</select><input type=checkbox name=terms><textarea name=note></textarea>
  <input type=hidden name=secret value=x><button>Send</button></form>"""


def test_a_form_is_begun_filled_in_and_sent(shop: Site, fresh_page: Page) -> None:
    acts = shop.open(fresh_page, FORM, '?options={"clicks":false}')
    page = fresh_page
    page.evaluate("document.forms[0].addEventListener('submit', (event) => event.preventDefault())")
    page.locator("[name=email]").focus()
    assert acts.all == []
    acts.after(2000)
    page.keyboard.type("ada@x.example")
    page.keyboard.press("Tab")
    page.keyboard.type("12345")
    page.keyboard.press("Tab")
    page.locator("[name=country]").select_option("FR")
    page.locator("[name=terms]").check()
    page.locator("[name=zip]").fill("54321")
    page.keyboard.press("Tab")
    page.locator("[name=note]").fill("x")
    page.locator("[name=note]").fill("")
    page.get_by_text("Send").click()
    told = [
        (one["event"], one["properties"].get("field"), one["properties"].get("refilled")) for one in acts.all
    ]
    assert told == [
        ("Form Started", None, None),
        ("Field Filled", "email", None),
        ("Field Filled", "zip", None),
        ("Field Filled", "country", None),
        ("Field Filled", "terms", None),
        ("Field Filled", "zip", True),
        ("Form Submitted", None, None),
    ]
    assert {one["properties"]["form"] for one in acts.all} == {"checkout"}
    assert 2 <= acts.of("Field Filled")[0]["seconds"] < 60
    page.locator("[name=zip]").fill("1")
    assert acts.names[-1] == "Form Started"


def test_the_field_in_which_a_page_is_closed_is_told(shop: Site, fresh_page: Page) -> None:
    acts = shop.open(fresh_page, FORM, '?options={"clicks":false}')
    fresh_page.locator("[name=zip]").press_sequentially("12")
    assert acts.names == ["Form Started"]
    fresh_page.evaluate("dispatchEvent(new Event('pagehide')); dispatchEvent(new Event('pagehide'))")
    assert [one["field"] for one in acts.of("Field Filled")] == ["zip"]


def test_a_form_whose_fields_are_named_like_its_own_parts_is_told_too(shop: Site, fresh_page: Page) -> None:
    names = ("name", "id", "parentNode", "getAttribute", "closest", "localName", "isConnected")
    fields = "".join(f"<input name={name}>" for name in names)
    acts = shop.open(fresh_page, f"<form id=clobbered><input autofocus name=own>{fields}</form>")
    fresh_page.keyboard.type("x")
    fresh_page.keyboard.press("Tab")
    acts.wait(2)
    assert acts.of("Form Started") == [{"form": "clobbered", "device": "desktop"}]
    assert acts.of("Field Filled")[0]["field"] == "own"


# -- web vitals ---------------------------------------------------------------------------------------------


def test_web_vitals_are_told_as_the_package_measures_them(shop: Site, fresh_page: Page) -> None:
    package = (SDK / "node_modules/web-vitals/dist/web-vitals.js").read_text()
    shop.put("/web-vitals.js", package, "text/javascript")
    built = (SDK / "vitals.js").read_text().replace('"web-vitals"', '"/web-vitals.js"')  # as a build does it
    shop.put("/obverse/built.js", built, "text/javascript")
    # The package has told us all once it has told the same to who listens after us.
    start = """import { start } from "/obverse/built.js";
      import { onFCP, onLCP, onTTFB } from "/web-vitals.js";
      const told = window.vitals = [], consent = () => document.querySelector("h1").className;
      start({ consent, track: (...given) => told.push(given) });
      window.whole = Promise.all([onFCP, onLCP, onTTFB].map((on) => new Promise((done) => on(done))));"""
    shop.put("/vitals-start.js", start, "text/javascript")
    found = {}
    for consent in ("cookieless", "denied"):
        shop.put(
            "/vitals", f"<h1 class={consent}>Shown</h1><script type=module src=/vitals-start.js></script>"
        )
        fresh_page.goto(f"{shop.address}/vitals")
        fresh_page.locator("h1").click()  # after which the largest paint is known
        fresh_page.evaluate("whole")
        found[consent] = {one["name"]: one for _, one in fresh_page.evaluate("vitals")}
    assert found["denied"] == {}
    told = found["cookieless"]
    assert {"FCP", "LCP", "TTFB"} <= set(told)
    assert told["LCP"]["value"] >= told["FCP"]["value"] > 0
    assert set(told["LCP"]) == {"name", "value", "rating", "device"}


# -- errors -------------------------------------------------------------------------------------------------


def test_an_error_is_told_by_kind_and_place_once_a_page_view(shop: Site, broken_page: Page) -> None:
    before = """addEventListener('load', () => document.querySelector('button').onclick = () => {
      for (let i = 0; i < 3; i++) queueMicrotask(() => { throw new TypeError('typed: ada@x.example') });
      Promise.reject(new RangeError('typed: http://secret.example/x.js:9'));
      Promise.reject('secret: ada@x.example'); })"""
    acts = shop.open(broken_page, "<button>Go</button>", before=before)
    broken_page.get_by_text("Go").click()
    acts.after(100)
    acts.wait(3, "Error Met")
    found = acts.of("Error Met")
    elements = ["Error", "RangeError before.js:3", "TypeError before.js:2"]
    assert sorted(one["element"] for one in found) == elements
    assert "secret" not in str(found)
    assert "ada" not in str(found)
    broken_page.evaluate("turn('/next')")
    broken_page.get_by_text("Go").click()
    acts.after(100)
    acts.wait(6, "Error Met")
    assert len(acts.of("Error Met")) == 6


@pytest.fixture
def broken_page(browser: Browser) -> Iterator[Page]:
    """A page whose own errors are meant."""
    context = browser.new_context()
    yield context.new_page()
    context.close()
