"""In a real browser: time in view is time that is seen; a page is drawn without what it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.sdk.act_page import Acts, Site, site

pytestmark = pytest.mark.browser

TALL = "<link rel=stylesheet href=/tall.css><h1>Top</h1><div class=tall></div><h2>Below</h2>"
# A page cannot be hidden from here: what it reads to know it is put in the test's hand.
HIDEABLE = """let hidden = false; Object.defineProperty(Document.prototype, "hidden", { get: () => hidden });
  window.hide = (now) => { hidden = now;
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true })); }"""


@pytest.fixture(scope="module")
def shop() -> Iterator[Site]:
    with site() as made:
        made.put("/tall.css", ".tall { height: 3000px } body { margin: 0 }", "text/css")
        yield made


def watched(acts: Acts) -> Acts:
    """Wait until the page's elements are watched and their first places known."""
    acts.after(2500)
    acts.page.evaluate("() => new Promise((done) => new IntersectionObserver(done).observe(document.body))")
    return acts


def times(acts: Acts) -> dict[str, float]:
    return {one["element"]: one["visible_ms"] / 1000 for one in acts.of("Element Viewed")}


def test_the_time_that_elements_are_in_view_is_told_when_the_page_changes(
    shop: Site, fresh_page: Page
) -> None:
    acts = watched(shop.open(fresh_page, TALL))
    acts.after(70_000)
    fresh_page.evaluate("scrollTo(0, 3000)")
    fresh_page.locator("h2").wait_for()
    fresh_page.evaluate("() => new Promise((done) => new IntersectionObserver(done).observe(document.body))")
    acts.after(40_000)
    assert acts.all == []
    fresh_page.evaluate("turn('/next')")
    found = times(acts)
    assert set(found) == {"h1", "h2"}
    assert found["h1"] == pytest.approx(72, abs=8)
    assert found["h2"] == pytest.approx(40, abs=8)
    assert {one["path"] for one in acts.all} == {"/shop"}
    acts.after(3000)
    fresh_page.evaluate("turn('/last')")
    assert [one["properties"]["element"] for one in acts.all[2:]] == ["h2"]
    assert acts.all[2]["path"] == "/next"


def test_a_hidden_page_is_not_looked_at(shop: Site, fresh_page: Page) -> None:
    acts = watched(shop.open(fresh_page, TALL, before=HIDEABLE))
    acts.after(50_000)
    fresh_page.evaluate("hide(true)")
    first = times(acts)["h1"]
    acts.after(600_000)
    fresh_page.evaluate("hide(false)")
    acts.after(30_000)
    fresh_page.evaluate("dispatchEvent(new Event('pagehide'))")
    later = [one["visible_ms"] / 1000 for one in acts.of("Element Viewed")]
    assert later[0] == first == pytest.approx(52, abs=8)
    assert sum(later[1:]) == pytest.approx(30, abs=8)


def test_what_is_added_later_is_watched_too_and_what_goes_keeps_its_time(
    shop: Site, fresh_page: Page
) -> None:
    acts = watched(shop.open(fresh_page, "<main></main>"))
    fresh_page.evaluate("document.querySelector('main').append(document.createElement('h3'), 'x')")
    fresh_page.evaluate("document.querySelector('h3').textContent = 'New'")
    watched(acts)
    acts.after(4000)
    fresh_page.evaluate("document.querySelector('h3').remove()")
    watched(acts)
    fresh_page.evaluate("turn('/next')")
    assert 3 < times(acts)["main>h3"] < 9


def test_a_glance_is_not_told_and_no_more_than_a_few_elements_are(shop: Site, fresh_page: Page) -> None:
    acts = watched(shop.open(fresh_page, "<a href=/>x</a> " * 60))
    fresh_page.evaluate("turn('/next')")
    acts.after(3000)
    fresh_page.evaluate("turn('/more')")
    assert len([one for one in acts.all if one["path"] == "/next"]) == 25
    fresh_page.evaluate("turn('/at once')")
    assert not [one for one in acts.all if one["path"] == "/more"]


DRAWN = '?options={"draw":1}'


def drawing(acts: Acts) -> dict[str, Any]:
    acts.after(5000)
    acts.wait(1, "Page Drawn")
    return acts.of("Page Drawn")[-1]


def test_a_page_is_drawn_by_places_and_sizes_alone(shop: Site, fresh_page: Page) -> None:
    body = (
        "<link rel=stylesheet href=/tall.css><h1>Ada</h1><div class=tall></div><b hidden>No</b>"
        "<button data-obverse=buy value=secret>Ada's</button><div data-obverse-off><a href=x>Mine</a></div>"
    )
    found = drawing(shop.open(fresh_page, body, DRAWN))
    assert set(found) == {"elements", "width", "height", "device"}
    assert [one[0] for one in found["elements"]] == ["h1", "[data-obverse=buy]"]
    _, x, y, width, height = found["elements"][1]
    box = fresh_page.locator("[data-obverse=buy]").bounding_box()
    assert box is not None
    assert (x, y, width, height) == (
        round(box["x"]),
        round(box["y"]),
        round(box["width"]),
        round(box["height"]),
    )
    assert found["width"] == 1280
    assert found["height"] > 3000


def test_a_page_view_is_drawn_once_for_each_device(shop: Site, fresh_page: Page) -> None:
    acts = shop.open(fresh_page, "<h1>Top</h1>", DRAWN)
    assert drawing(acts)["device"] == "desktop"
    fresh_page.set_viewport_size({"width": 1000, "height": 700})
    acts.after(5000)
    fresh_page.set_viewport_size({"width": 390, "height": 700})
    acts.page.evaluate("() => new Promise((done) => requestAnimationFrame(done))")
    acts.after(5000)
    acts.wait(2, "Page Drawn")
    fresh_page.set_viewport_size({"width": 1000, "height": 700})
    acts.after(5000)
    assert [one["device"] for one in acts.of("Page Drawn")] == ["desktop", "phone"]
    fresh_page.evaluate("turn('/next')")
    acts.after(5000)
    acts.wait(3, "Page Drawn")


def test_of_most_page_views_nothing_is_drawn(shop: Site, fresh_page: Page) -> None:
    acts = shop.open(
        fresh_page, "<h1>Top</h1>", '?options={"draw":0.1,"views":true}', "Math.random = () => 0.2"
    )
    acts.after(6000)
    assert acts.names == []


def test_ten_thousand_nodes_are_no_burden(shop: Site, fresh_page: Page) -> None:
    many = "<ul>" + "<li><a href=/x>one</a></li>" * 5000 + "</ul>"
    before = """window.long = [];
      new PerformanceObserver((list) => long.push(...list.getEntries().map((one) => one.duration)))
      .observe({ type: "longtask", buffered: true });
      window.shifts = []; new PerformanceObserver((list) => shifts.push(...list.getEntries()))
      .observe({ type: "layout-shift", buffered: true })"""
    acts = shop.open(fresh_page, many, DRAWN, before)
    fresh_page.evaluate("long.length = 0")  # what it took to read the page itself
    found = drawing(acts)
    assert 100 < len(found["elements"]) <= 200
    assert len(str(found)) < 16_384 + 200
    for _ in range(20):
        fresh_page.evaluate("document.querySelector('ul').append(document.createElement('li'))")
        acts.after(300)
    acts.after(3000)
    fresh_page.evaluate("scrollTo(0, 1e6)")
    acts.after(3000)
    fresh_page.evaluate("turn('/next')")
    assert len(acts.of("Element Viewed")) <= 25
    assert fresh_page.evaluate("long.every((one) => one < 200)"), fresh_page.evaluate("long")
    assert fresh_page.evaluate("shifts.length") == 0
