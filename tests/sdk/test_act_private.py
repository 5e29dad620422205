"""In a real browser: nothing that people type leaves, whatever the page does; nothing runs that may not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.sdk.act_page import Acts, Site, site

pytestmark = pytest.mark.browser

MAIL = "ada.lovelace@mail.example"
CARD = "4111 1111 1111 1111"
PASSWORD = "hunterSeven!"
WORDS = "Difference Engine"
TOKEN = "tk9Zq3xV7bN1mK5pL8wR2dF6"
PHONE = "0171-234-5678"
TRAPS = (MAIL, MAIL.replace("@", "%40"), "lovelace", CARD, CARD.replace(" ", ""), "1111", PASSWORD)
MORE_TRAPS = (WORDS, "Engine", TOKEN, PHONE, "234", "Bernoulli", "1815")

FORM = f"""<main id="user-{MAIL}">
<h1 title="{MAIL}">{WORDS}</h1>
<section data-obverse="of {MAIL} {CARD}"><h2 data-testid="{TOKEN}">Hello {MAIL}</h2></section>
<form name="pay-{MAIL}" id="{CARD}" action="/done?mail={MAIL}&token={TOKEN}">
  <label>Password <input type=password name=password></label>
  <label>Card <input name="card[{CARD}]" autocomplete=cc-number></label>
  <label>Words <input name=words value="{WORDS}"></label>
  <label>Mail <input name=mail type=email aria-label="{MAIL}" autocomplete=email></label>
  <label>Note <textarea name=note>{WORDS}</textarea></label>
  <label>Who <select name="{PHONE}"><option value="{MAIL}">Bernoulli<option>{WORDS}</select></label>
  <input type=hidden name="{TOKEN}" value="{TOKEN}">
  <div contenteditable aria-label="Letter">{WORDS}</div>
  <a href="/u/{MAIL}?token={TOKEN}">Of {MAIL}</a>
  <a href="/orders/{TOKEN}" data-value="{CARD}">Call {PHONE}</a>
  <button value="{MAIL}" data-card="{CARD}" title="{WORDS}">Send</button>
</form></main>"""

THROWS = f"""addEventListener("submit", (event) => {{ event.preventDefault();
  const typed = document.forms[0].elements.words.value;
  Promise.reject(new Error("cannot send " + typed + " http://x.example/{MAIL}:1"));
  Promise.reject(typed); Promise.reject({{ name: typed, message: typed, stack: typed }}); }});
  addEventListener("click", (event) => event.target.matches("a") && event.preventDefault())"""


@pytest.fixture(scope="module")
def shop() -> Iterator[Site]:
    with site() as made:
        yield made


def fill_in(page: Page, acts: Acts) -> None:
    """Do all that a person can do on the page."""
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Card").fill(CARD)
    page.get_by_label("Words").fill(WORDS)
    page.get_by_label(MAIL).fill(MAIL)
    page.get_by_label("Note").fill(f"{WORDS}, {MAIL}")
    page.get_by_label("Who").select_option(WORDS)
    page.get_by_label("Letter").press_sequentially("Bernoulli 1815")
    for one in page.locator(
        "h1, h2, section, label, input:not([type=hidden]), textarea, [contenteditable], a"
    ).all():
        one.click(click_count=3)
    acts.after(6000)
    page.locator("a").last.click(click_count=3)
    page.get_by_role("button").click()
    acts.after(3000)


@pytest.mark.parametrize("text", [False, True])
def test_nothing_that_is_typed_and_nothing_personal_leaves(shop: Site, fresh_page: Page, text: bool) -> None:
    body = (
        FORM
        if not text
        else FORM.replace(f'<h1 title="{MAIL}">{WORDS}', "<h1>Title").replace("Bernoulli", "")
    )
    query = f'?options={{"draw":1,"text":{json.dumps(text)}}}'
    query += f"&mail={MAIL}&token={TOKEN}"
    problems: list[str] = []
    page = fresh_page.context.new_page()
    page.on("console", lambda said: problems.append(said.text) if "Content Security" in said.text else None)
    acts = shop.open(page, body, query, THROWS)
    fill_in(page, acts)
    page.evaluate(f"turn('/u/{MAIL}/{TOKEN}')")
    acts.after(5000)
    page.evaluate("dispatchEvent(new Event('pagehide')); turn('/end')")
    told = acts.all
    assert {one["event"] for one in told} == {
        *("Element Clicked", "Rage Clicked", "Dead Clicked", "Element Viewed", "Page Drawn"),
        *("Form Started", "Field Filled", "Form Submitted", "Error Met"),
    }
    assert problems == []
    assert leaked(told) == []


def leaked(told: list[dict[str, Any]]) -> list[str]:
    said = json.dumps([(one["event"], one["properties"]) for one in told], ensure_ascii=False).lower()
    return [trap for trap in (*TRAPS, *MORE_TRAPS) if trap.lower() in said]


def test_the_traps_are_found_where_they_leak() -> None:
    assert leaked([{"event": "x", "properties": {"element": f"#{MAIL}>{CARD}"}}])


NEVER = """window.calls = [];
const own = EventTarget.prototype.addEventListener;
EventTarget.prototype.addEventListener = function (type, ...rest) {
  calls.push(type); return own.call(this, type, ...rest); };
for (const name of ["MutationObserver", "IntersectionObserver"]) {
  const Own = window[name];
  window[name] = class extends Own { observe(...given) { calls.push(name); super.observe(...given); } };
}
window.ownFetch = fetch;"""


def test_nothing_listens_where_consent_is_denied_and_all_does_once_it_is_given(
    shop: Site, fresh_page: Page
) -> None:
    acts = shop.open(fresh_page, "<form><button>Go</button></form>", "?consent=denied", NEVER)
    acts.after(6000)
    fresh_page.get_by_text("Go").hover()
    assert fresh_page.evaluate("calls") == []
    assert fresh_page.evaluate("fetch === ownFetch")
    fresh_page.evaluate("allow('cookieless')")
    assert {"click", "submit", "error", "IntersectionObserver", "MutationObserver"} <= set(
        fresh_page.evaluate("calls")
    )
    fresh_page.evaluate("document.forms[0].onsubmit = () => false")
    fresh_page.get_by_text("Go").click()
    n = len(acts.all)
    assert n > 0
    fresh_page.evaluate("allow('denied')")
    fresh_page.get_by_text("Go").click()
    acts.after(9000)
    fresh_page.evaluate("turn('/next')")
    assert len(acts.all) == n
    assert fresh_page.evaluate("fetch === ownFetch")


def test_what_is_stopped_stays_stopped(shop: Site, fresh_page: Page) -> None:
    acts = shop.open(fresh_page, "<button>Go</button>")
    fresh_page.evaluate("stop(); allow('granted')")
    fresh_page.get_by_text("Go").click()
    acts.after(6000)
    assert acts.all == []


HOSTILE = """Object.assign(Object.prototype, { text: true, once: true, signal: 1, root: 1, draw: 1,
  passive: 1, clicks: false, timeout: "x", toJSON: undefined });
Array.prototype.extra = function () {};
Object.freeze(window.fetch);
Object.defineProperty(window, "fetch", { value: window.fetch, writable: false, configurable: false });"""


def test_a_hostile_page_changes_nothing(shop: Site, fresh_page: Page) -> None:
    body = "<button>Go Ada</button><form><input name=q></form>"
    body += "<img name=hidden><form name=addEventListener></form>"
    acts = shop.open(fresh_page, body, before=HOSTILE)
    for _ in range(2):
        fresh_page.get_by_text("Go").click()
    acts.after(9000)
    fresh_page.locator("[name=q]").fill("x")
    fresh_page.evaluate("turn('/next')")
    assert acts.names[:2] == ["Element Clicked"] * 2
    assert {"Form Started", "Dead Clicked", "Element Viewed"} <= set(acts.names)
    assert "Page Drawn" not in acts.names
    assert "text" not in [*acts.of("Element Clicked")[0]]


def test_what_is_marked_off_is_not_there(shop: Site, fresh_page: Page) -> None:
    before = """customElements.define("x-buy", class extends HTMLElement {
      constructor() {
        super(); this.attachShadow({ mode: "open" }).innerHTML = "<button>Deep</button>"; } })"""
    body = "<div data-obverse-off><form><input name=q><button>Go</button></form><x-buy></x-buy></div>"
    acts = shop.open(fresh_page, body, '?options={"draw":1}', before)
    fresh_page.evaluate("document.forms[0].onsubmit = () => false")
    fresh_page.locator("[name=q]").fill("x")
    fresh_page.get_by_text("Go").click()
    fresh_page.get_by_text("Deep").click()
    acts.after(6000)
    acts.wait(1, "Page Drawn")
    fresh_page.evaluate("turn('/next')")
    assert acts.names == ["Page Drawn"]
    assert acts.of("Page Drawn")[0]["elements"] == []


def test_a_client_that_fails_is_no_trouble_for_the_page(shop: Site, fresh_page: Page) -> None:
    shop.put(
        "/broken.js",
        """import { start } from "/obverse/act.js";
      const fail = () => { throw new Error("broken"); };
      start({ track: fail, consent: () => "granted", on: fail });
      start({ track: fail, consent: fail, on: fail });""",
        "text/javascript",
    )
    acts = shop.open(fresh_page, "<script type=module src=/broken.js></script><button>Go</button>")
    fresh_page.get_by_text("Go").click()
    acts.after(6000)
    assert acts.names == ["Element Clicked", "Dead Clicked"]
