"""A visit to a shop with the browser client: each page view once, in its session, of the right person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import BrowserContext, sync_playwright

import obverse
from obverse.measure.linger import Linger, LingerAnswer
from tests.conftest import CHROMIUM, CHROMIUM_FLAGS
from tests.sdk.shop import KEY_IN_TAG, TAG, Shop, call

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium that keeps the pages that one goes back to, as people's do."""
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=list(CHROMIUM_FLAGS),
            ignore_default_args=["--disable-back-forward-cache"],
        )
        yield made
        made.close()


def test_a_visit_is_page_views_in_one_session_with_where_it_came_from(
    shop: Shop, visitor: BrowserContext
) -> None:
    page = visitor.new_page()
    landing = f"{shop.address}/?utm_source=letter&utm_medium=email&utm_campaign=spring&ref=7#top"
    page.goto(landing, referer="http://mail.example/inbox")
    call(page, "track", "Landed")
    page.get_by_role("link", name="Mug").click()
    call(page, "group", "acme", {"plan": "large"})
    call(page, "track", "Product Viewed", {"product_id": "mug"})
    found = shop.wait_for("Product Viewed", "Landed")
    views = [row for row in found if row["event"] == "Page Viewed"]
    assert [row["path"] for row in views] == ["/", "/mug"]
    home, mug = (row["context"] for row in views)
    assert home["campaign"] == {"source": "letter", "medium": "email", "name": "spring"}
    assert home["page"]["referrer"] == "http://mail.example/inbox"
    assert home["page"]["title"] == "Home"
    assert home["page"]["url"] == landing.removesuffix("#top")
    assert mug["page"]["referrer"].startswith(shop.address)
    assert mug["campaign"] == {}
    assert mug["first"]["campaign"]["name"] == "spring"
    assert mug["first"]["page"]["referrer"] == "http://mail.example/inbox"
    assert {"userAgent", "locale", "timezone", "screen", "library"} <= set(mug)
    assert len({row["session_id"] for row in found}) == 1
    assert len({row["anonymous_id"] for row in found}) == 1
    assert {row["touchpoint"] for row in found} == {"web"}
    viewed = next(row for row in found if row["event"] == "Product Viewed")
    assert (viewed["account_id"], viewed["properties"]) == ("acme", {"product_id": "mug"})


@pytest.mark.parametrize("api", ["navigation", "polled"])
def test_a_page_that_changes_its_own_address_is_viewed_anew(
    shop: Shop, visitor: BrowserContext, api: str
) -> None:
    if api == "polled":
        visitor.add_init_script("delete window.navigation; Object.freeze(history)")
    page = visitor.new_page()
    page.goto(shop.address)
    call(page, "track", "Begun")
    for step in (
        "history.pushState({}, '', '/products/17')",
        "history.replaceState({}, '', '/products/17?colour=red')",
        "history.pushState({}, '', '/products/18#size')",
        "history.back()",
    ):
        page.evaluate(step)
        page.wait_for_timeout(400)  # as people do: no two pages within the time of one look
    call(page, "track", "Ended")
    found = shop.wait_for("Ended")
    views = [row for row in found if row["event"] == "Page Viewed"]
    assert [row["path"] for row in views] == ["/", "/products/17", "/products/18", "/products/17"]
    assert views[1]["context"]["page"]["referrer"] == f"{shop.address}/"
    assert next(row for row in found if row["event"] == "Ended")["path"] == "/products/17"


def test_a_page_that_is_never_idle_is_viewed_once_it_moves_on_or_is_left(
    shop: Shop, visitor: BrowserContext
) -> None:
    visitor.add_init_script("window.requestIdleCallback = () => 0")
    page = visitor.new_page()
    page.goto(shop.address)
    page.wait_for_function("() => window.obverse?.track")
    loaded = page.evaluate("Date.now()")
    assert page.evaluate("Object.keys(localStorage)") == [], "at load, nothing is kept yet"
    page.wait_for_timeout(500)  # so that the time of the view tells which moment it is of
    page.evaluate("document.title = 'Later'; history.pushState({}, '', '/next')")
    page.goto(f"{shop.address}/mug")
    page.evaluate("document.title = 'Later'; dispatchEvent(new Event('pagehide'))")
    found = shop.wait(lambda found: "/mug" in {row["path"] for row in found})
    views = [row for row in found if row["event"] == "Page Viewed"]
    assert [(row["path"], row["context"]["page"]["title"]) for row in views] == [
        ("/", "Home"),
        ("/next", "Later"),
        ("/mug", "Mug"),
    ]
    assert views[0]["time"].timestamp() * 1000 <= loaded
    assert views[1]["time"].timestamp() * 1000 >= loaded + 500


def test_going_back_to_a_page_that_the_browser_kept_is_a_view(shop: Shop, visitor: BrowserContext) -> None:
    page = visitor.new_page()
    page.goto(shop.address)
    call(page, "track", "Begun")
    page.evaluate("window.kept = true")
    shop.wait_for("Begun")
    page.get_by_role("link", name="Mug").click()
    call(page, "track", "Mug")
    page.go_back(wait_until="commit")  # no loading follows
    assert page.evaluate("window.kept") is True, "the browser did not keep the page"
    call(page, "track", "Back")
    found = shop.wait_for("Back", "Mug")
    assert [row["path"] for row in found if row["event"] == "Page Viewed"] == ["/", "/mug", "/"]


def test_who_logs_in_takes_their_past_along(shop: Shop, visitor: BrowserContext) -> None:
    page = visitor.new_page()
    page.goto(shop.address)
    call(page, "identify", f"ann-{shop.source}", {"plan": "free"})
    call(page, "track", "Order Completed", {"total": 5})
    found = shop.wait_for("Order Completed")
    assert [row["user_id"] for row in found if row["event"] == "Page Viewed"] == [None]
    mine = f"source = '{shop.source}'"
    funnel = obverse.Funnel.parse("Page Viewed > Order Completed", within="1d", where=mine)
    assert [step.people for step in shop.lake.ask(funnel).steps] == [1, 1]
    page.goto(f"{shop.address}/mug")
    call(page, "reset")
    call(page, "track", "Somebody Else's")
    found = shop.wait_for("Somebody Else's")
    mug = next(row for row in found if row["path"] == "/mug")
    other = next(row for row in found if row["event"] == "Somebody Else's")
    assert mug["user_id"] == f"ann-{shop.source}"
    assert other["user_id"] is None
    assert other["anonymous_id"] != mug["anonymous_id"]
    assert other["session_id"] != mug["session_id"]


@pytest.mark.parametrize("tag", [KEY_IN_TAG, TAG.replace("?key={key}", "?ver=6.4&key={key}&name=analytics")])
def test_calls_before_the_client_is_there_are_made_once_it_is(
    shop: Shop, visitor: BrowserContext, tag: str
) -> None:
    shop.tag = tag
    shop.options |= {"name": "analytics", "pages": False}
    shop.head = """<script>
        window.analytics = [];
        analytics.push(["page", "Shop", "Home", {colour: "red"}]);
        analytics.push(["track", "Early", {n: 1}]);
    </script>"""
    page = visitor.new_page()
    page.goto(shop.address)
    assert page.evaluate("typeof analytics.track + typeof window.obverse") == "functionundefined"
    found = shop.wait_for("Early")
    assert [row["event"] for row in found] == ["Page Viewed", "Early"]
    assert found[0]["properties"] == {"name": "Home", "category": "Shop", "colour": "red"}
    page.evaluate("analytics.push(['track', 'Late']); analytics.push(['nothing', 'of', 'the', 'kind'])")
    shop.wait_for("Late")


def test_calls_of_the_import_before_it_is_told_where_to_send_are_made_then(
    shop: Shop, visitor: BrowserContext
) -> None:
    shop.tag = """<script type="module">
        import client, {{ load }} from "{module}";
        client.on("page", () => (window.told = (window.told ?? 0) + 1));
        client.identify("ann");
        client.track("Early", {{ n: 1 }});
        window.before = client.consent();
        window.begin = () => load("{key}", JSON.parse("{options}".replaceAll("&quot;", '"'))).track("Late");
    </script>"""
    page = visitor.new_page()
    page.goto(shop.address)
    assert page.evaluate("[before, typeof window.obverse, Object.keys(localStorage).length]") == [
        "denied",
        "undefined",
        0,
    ]
    page.evaluate("begin(); begin()")
    call(page, "track", "Last")
    found = shop.wait_for("Last")
    assert [row["event"] for row in found] == ["Page Viewed", "Identified", "Early", "Late", "Late", "Last"]
    assert [row["user_id"] for row in found] == [None] + ["ann"] * 5
    assert page.evaluate("told") == 1


def test_visible_time_adds_up_for_the_measure_of_lingering(shop: Shop, visitor: BrowserContext) -> None:
    shop.options["heartbeat"] = 0.2
    page = visitor.new_page()
    page.goto(shop.address)
    call(page, "track", "Begun")
    shop.wait_for_so_many("Page Lingered", 2)
    page.get_by_role("link", name="Mug").click()
    call(page, "track", "Ended")
    found = shop.wait(
        lambda found: (
            "Ended" in {row["event"] for row in found}
            and sum(row["event"] == "Page Lingered" and row["path"] == "/" for row in found) >= 3
        )
    )
    home = [row for row in found if row["path"] == "/"]
    told = [row["properties"]["visible_ms"] for row in home if row["event"] == "Page Lingered"]
    views = [row for row in found if row["event"] == "Page Viewed"]
    between_ms = (views[1]["time"] - views[0]["time"]).total_seconds() * 1000
    assert 0.5 * between_ms < sum(told) <= between_ms + 200
    answer = shop.lake.ask(Linger(where=f"source = '{shop.source}'"))
    assert isinstance(answer, LingerAnswer)
    [page_of_home] = [one for one in answer.pages if one.name == "/"]
    # The server's correction for the client's clock can put what a closing page says behind the next view.
    assert page_of_home.total_s in (pytest.approx(sum(told) / 1000), pytest.approx(sum(told[:-1]) / 1000))
