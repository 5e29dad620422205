"""In a real browser: on a phone and a wide screen, light and dark, with scripts and without, by keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.axe import violations
from tests.web.pages.conftest import HOSTILE, Eye, send, track, wait_for

if TYPE_CHECKING:
    from tests.conftest import Server

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("filled")]

FUNNEL = "/funnel?steps=Product+Viewed+%3E+Product+Added+%3E+Order+Completed"
PATHS = (
    "/",
    "/?side=value&period=all",
    FUNNEL,
    f"{FUNNEL}&by=context.device.type&side=value",
    "/funnel?s1=Product+Viewd&s2=&w2=a+%3E&within=soon&do=ask",
    "/funnel/people?steps=Product+Viewed+%3E+Order+Completed&step=1&outcome=dropped",
    "/explore",
    "/explore/trend?series=people:+Product+Viewed&series=Order+Completed&by=context.device.type",
    "/explore/retention?interval=day&side=value",
    "/explore/paths?goal=Order+Completed",
    "/explore/stages?lapse=soon&do=ask",
    "/people/behind?q=%7B%22type%22:%22stages%22%7D&pick.stage=customer",
    "/segments",
    "/people",
    "/people?q=nobody-at-all",
    "PERSON",
    "/health",
    "/install",
)

# What WCAG asks of every page and a browser can tell: names, labels, ranks of headings, landmarks, targets.
FAULTS = """() => {
  const faults = [];
  const named = (one) => (one.getAttribute("aria-label") || one.textContent || "").trim()
    || [...(one.labels || [])].map((label) => label.textContent.trim()).join("")
    || one.getAttribute("aria-labelledby");
  const seen = (one) => one.checkVisibility({ visibilityProperty: true });
  for (const one of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary"))
    if (seen(one) && !named(one)) faults.push("no name: " + one.outerHTML.slice(0, 120));
  for (const one of document.querySelectorAll("svg:not([aria-hidden=true]):not(svg svg)"))
    if (!one.getAttribute("aria-label")) faults.push("picture has no name: " + one.outerHTML.slice(0, 99));
  if (document.querySelectorAll("h1").length !== 1) faults.push("not one h1");
  let rank = 1;
  for (const one of document.querySelectorAll("main :is(h1, h2, h3, h4)")) {
    if (!seen(one)) continue;
    const own = Number(one.tagName[1]);
    if (own > rank + 1) faults.push("heading skips a rank: " + one.textContent.slice(0, 60));
    rank = own;
  }
  for (const role of ["header", "main", "footer", "nav[aria-label=Sections]"])
    if (!document.querySelector(role)) faults.push("no " + role);
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) faults.push("id twice: " + id);
  for (const one of document.querySelectorAll("[aria-describedby], [aria-labelledby], label[for]"))
    for (const name of ["aria-describedby", "aria-labelledby", "for"])
      for (const id of (one.getAttribute(name) || "").split(" ").filter(Boolean))
        if (!document.getElementById(id)) faults.push(`${name} points nowhere: ${id}`);
  if (!document.documentElement.lang || !document.title) faults.push("no language or title");
  for (const one of document.querySelectorAll(".sections a, .flip a, main button, main .button")) {
    const { width, height } = one.getBoundingClientRect();
    if (width && !one.closest(".unseen") && (height < 43.5 || width < 32))
      faults.push(`small target, ${Math.round(width)} by ${Math.round(height)}: ${one.textContent}`);
  }
  for (const one of document.querySelectorAll("[style]")) faults.push("style attribute: " + one.tagName);
  return faults;
}"""


def address(server: Server, path: str, eye: Eye) -> str:
    """Give the whole address of a path; ``PERSON`` is the page of the person with the hostile events."""
    if path != "PERSON":
        return server.address + path
    page = eye.open(f"{server.address}/people?q=user-0")
    href = page.get_by_role("link", name="user-0", exact=True).get_attribute("href")
    return f"{server.address}{href}"


@pytest.mark.parametrize("path", PATHS)
def test_a_page_fits_a_phone_and_a_wide_screen_and_can_be_used_by_all(
    filled: Server, eye: Eye, path: str
) -> None:
    url = address(filled, path, eye)
    schemes: tuple[tuple[int, Any], ...] = ((360, "dark"), (1600, "light"))
    for width, scheme in schemes:
        page = eye.open(url, width, color_scheme=scheme)
        for closed in page.locator("details:not([open]) > summary").all()[:8]:
            if closed.is_visible():
                closed.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(FAULTS) == []
        assert violations(page) == []


def test_faults_are_found_where_there_are_some(filled: Server, eye: Eye) -> None:
    page = eye.open(f"{filled.address}/install")
    page.evaluate("""() => document.querySelector("main").insertAdjacentHTML("beforeend",
      "<h1>Again</h1><h4>Deep</h4><button></button><svg></svg><label for=no>x</label><input id=main>")""")
    found = "; ".join(page.evaluate(FAULTS))
    for fault in ("not one h1", "skips a rank", "no name", "picture", "points nowhere", "id twice", "small"):
        assert fault in found


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_whole_without_scripts(filled: Server, eye: Eye, path: str) -> None:
    url = address(filled, path, eye)
    page = eye.open(url, java_script_enabled=False)
    expect(page.locator("h1")).to_be_visible()
    assert page.locator(".problem").count() == 0


def test_the_same_address_shows_the_same_page_to_another_reader(filled: Server, eye: Eye) -> None:
    page = eye.open(f"{filled.address}/funnel")
    page.get_by_label("Split by").fill("context.device.type")
    page.get_by_label("Within", exact=True).fill("3d")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.get_by_role("heading", name="Split by context.device.type").wait_for()
    other = eye.open(page.url)
    assert other.locator("main").inner_text() == page.locator("main").inner_text()
    query = parse_qs(urlsplit(page.url).query)
    assert query["within"] == ["3d"]
    assert "order" not in query, "what has its default is left out"


def test_the_flip_keeps_everything_else_and_stays_in_its_place(filled: Server, eye: Eye) -> None:
    page = eye.open(f"{filled.address}{FUNNEL}&within=2d&period=7d")
    flip = page.get_by_role("navigation", name="Side of the coin")
    place = flip.bounding_box()
    flip.get_by_role("link", name="Value").click()
    expect(page.get_by_role("heading", name="Value at each step")).to_be_visible()
    assert flip.bounding_box() == place
    query = parse_qs(urlsplit(page.url).query)
    assert (query["within"], query["period"], query["side"]) == (["2d"], ["7d"], ["value"])
    page.get_by_role("navigation", name="Sections").get_by_role("link", name="Home").click()
    assert parse_qs(urlsplit(page.url).query) == {"side": ["value"], "period": ["7d"]}
    assert page.get_by_role("navigation", name="Side of the coin").bounding_box() == place
    expect(page.get_by_role("link", name="Value", exact=True)).to_have_attribute("aria-current", "true")


def test_a_bar_leads_to_its_people_and_on_to_one_of_them(filled: Server, eye: Eye) -> None:
    page = eye.open(f"{filled.address}{FUNNEL}")
    page.get_by_role("link", name="left after Product Viewed").click()
    expect(page.locator(".answer")).to_have_text("4 people left after Product Viewed.")
    assert page.locator(".people-list li").count() == 4
    page.get_by_role("link", name="user-9").click()
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("Product Viewed")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_funnel_is_built_step_by_step_with_scripts_and_without(
    filled: Server, eye: Eye, scripts: bool
) -> None:
    page = eye.open(f"{filled.address}/funnel?s1=", java_script_enabled=scripts)
    field(page, "Step 1").fill("Order Completed")
    page.get_by_role("button", name="Add a step").click()
    field(page, "Step 2").fill("Product Viewed")
    page.get_by_role("button", name="Move step 2 up").click()
    expect(field(page, "Step 1")).to_have_value("Product Viewed")
    expect(field(page, "Step 2")).to_have_value("Order Completed")
    page.get_by_role("button", name="or… an alternative to step 2").click()
    field(page, "Step 2, or").fill("Product Added")
    page.get_by_role("button", name="where… a filter of step 1").click()
    field(page, "Step 1: only where").fill("touchpoint is not null")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_role("heading", name="People at each step")).to_be_visible()
    query = parse_qs(urlsplit(page.url).query)
    assert query["steps"] == ["Product Viewed [touchpoint is not null] > Order Completed or Product Added"]
    page.get_by_role("button", name="Remove step 1").click()
    expect(field(page, "Step 1")).to_have_value("Order Completed")


def field(page: Page, name: str) -> Any:
    """Find a field of the builder by its exact name, whatever role its list of names gives it."""
    return page.locator(f'form[data-builder] .step-fields input[aria-label="{name}"]').first


def test_the_builder_says_with_scripts_what_it_says_without(filled: Server, eye: Eye) -> None:
    start, presses = f"{filled.address}{FUNNEL}", ("Add a step", "Move step 3 up", "Remove step 1")
    outcomes = []
    for scripts in (True, False):
        page = eye.open(start, java_script_enabled=scripts)
        for name in presses:
            page.get_by_role("button", name=name).click()
        inputs = page.locator("form[data-builder] .step-fields input").all()
        outcomes.append([(one.get_attribute("name"), one.input_value()) for one in inputs])
    assert outcomes[0] == outcomes[1]


def test_what_others_named_is_text_and_nothing_else(filled: Server, eye: Eye) -> None:
    url = address(filled, "PERSON", eye)
    page = eye.open(url)
    page.on("dialog", lambda _: pytest.fail("a script from an event ran"))
    for summary in page.locator("details.event > summary").all()[:4]:
        summary.click()
    assert page.locator("main img, main b").count() == 0
    expect(page.get_by_text(HOSTILE[:30]).first).to_be_visible()
    from urllib.parse import quote

    quoted = quote('"' + HOSTILE + '" > Order Completed')
    funnel = eye.open(f"{filled.address}/funnel?steps={quoted}", 360)
    assert funnel.evaluate("document.documentElement.scrollWidth") <= 360
    assert funnel.locator("main img").count() == 0
    expect(funnel.get_by_role("heading", name="People at each step")).to_be_visible()


def test_an_event_shows_on_the_page_as_it_arrives_and_can_be_paused(filled: Server, eye: Eye) -> None:
    page = eye.open(filled.address)
    state = page.locator("[data-live-state]")
    expect(state).to_have_text("Live: each event as it arrives.")
    assert send(
        filled, [track("user-1", "Just Now <i>Happened", 179, properties={"total": 12.5, "currency": "EUR"})]
    ).is_success
    first = page.locator(".ticker li").first
    expect(first).to_contain_text("Just Now <i>Happened")
    assert page.locator(".ticker i").count() == 0
    page.get_by_role("button", name="Pause").click()
    assert send(filled, [track("user-1", "While Paused", 179)]).is_success
    expect(state).to_contain_text("1 more")
    assert "While Paused" not in page.locator(".ticker").inner_text()
    page.get_by_role("button", name="Go on").click()
    expect(first).to_contain_text("While Paused")


def test_an_event_that_was_sent_is_soon_in_the_funnel(filled: Server, eye: Eye) -> None:
    page = eye.open(f"{filled.address}/funnel?steps=Sent+Just+Now")
    assert send(filled, [track("user-2", "Sent Just Now", 179)]).is_success

    def counted() -> bool:
        page.reload()
        return "1 person" in page.locator(".answer").inner_text()

    wait_for(counted)


def test_the_keyboard_reaches_the_page_at_once_and_reads_the_picture(filled: Server, eye: Eye) -> None:
    page = eye.open(filled.address)
    page.keyboard.press("Tab")
    skip = page.locator("a.skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    chart = page.locator("svg[data-readout]")
    chart.focus()
    page.keyboard.press("End")
    expect(page.locator("#trend-readout")).to_contain_text("(not a whole one)")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#trend-readout")).not_to_contain_text("(not a whole one)")


def test_what_has_the_focus_is_outlined(filled: Server, eye: Eye) -> None:
    page = eye.open(f"{filled.address}{FUNNEL}")
    for _ in range(25):
        page.keyboard.press("Tab")
        width = page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
        assert width >= 2, page.evaluate("document.activeElement.outerHTML.slice(0, 120)")


def test_a_time_zone_is_set_by_the_form_and_kept(filled: Server, eye: Eye) -> None:
    page = eye.open(f"{filled.address}/?period=7d")
    zone = page.get_by_label("Time zone")
    zone.fill("Asia/Tokyo")
    page.get_by_role("button", name="Set").click()
    expect(zone).to_have_value("Asia/Tokyo")
    assert parse_qs(urlsplit(page.url).query) == {"period": ["7d"], "zone": ["Asia/Tokyo"]}
    page.get_by_role("link", name="Data health").click()
    expect(page.get_by_label("Time zone")).to_have_value("Asia/Tokyo")


def test_who_logs_out_is_out(filled: Server, fresh_page: Page) -> None:
    fresh_page.goto(filled.link())
    fresh_page.goto(f"{filled.address}/health")
    fresh_page.get_by_role("button", name="Log out").click()
    expect(fresh_page.get_by_role("heading", name="Log in")).to_be_visible()
    fresh_page.goto(f"{filled.address}/health")
    expect(fresh_page.get_by_role("heading", name="Log in")).to_be_visible()


def test_moving_from_measure_to_measure_keeps_filter_and_side(filled: Server, eye: Eye) -> None:
    page = eye.open(f"{filled.address}/explore")
    page.get_by_role("link", name="What happened when?").click()
    page.get_by_label("Only events where").fill("event <> 'Order Completed'")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_label("Only events where")).to_have_value("event <> 'Order Completed'")
    page.get_by_role("navigation", name="Side of the coin").get_by_role("link", name="Value").click()
    page.get_by_role("navigation", name="Measures").get_by_role("link", name="Stages").click()
    expect(page.get_by_label("Only events where")).to_have_value("event <> 'Order Completed'")
    assert parse_qs(urlsplit(page.url).query)["side"] == ["value"]


@pytest.mark.parametrize("scripts", [True, False])
def test_another_series_is_added_with_scripts_and_without(filled: Server, eye: Eye, scripts: bool) -> None:
    page = eye.open(f"{filled.address}/explore/trend?series=Product+Viewed", java_script_enabled=scripts)
    page.get_by_role("button", name="Add another to Series").click()
    page.locator('form.asking input[name="series"]').last.fill("Order Completed")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.get_by_role("heading", name="To keep").wait_for()
    assert parse_qs(urlsplit(page.url).query)["series"] == ["Product Viewed", "Order Completed"]


def test_the_keyboard_reads_a_picture_and_enter_shows_who(filled: Server, eye: Eye) -> None:
    page = eye.open(f"{filled.address}/explore/trend?series=people:+Order+Completed")
    chart = page.locator("svg[data-readout]").first
    chart.focus()
    page.keyboard.press("End")
    expect(page.locator("#picture-1-readout")).to_contain_text("people")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Who they are")).to_be_visible()
