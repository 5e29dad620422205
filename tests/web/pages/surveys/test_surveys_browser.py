"""The survey pages in a real browser: the builder with and without its script, and what axe-core finds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Page, expect

from obverse.surveys.moment import Happened
from tests.axe import violations
from tests.surveys.asked import now, send, told
from tests.web.pages.surveys.test_survey_pages import kept, saved
from tests.web.surveys.survey_server import known, make, offer

if TYPE_CHECKING:
    from tests.conftest import Server

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
PAGES = {
    "list": "/surveys",
    "new": "/surveys/new",
    "begun": "/surveys/new?starter=cart",
    "edit": "/surveys/{draft}/edit",
    "results": "/surveys/{key}",
    "unasked": "/surveys/{draft}",
    "split": "/surveys/{key}?by=properties.moment",
    "why": "/surveys/{asked}/why",
    "why not": "/surveys/{key}/why",
    "unanswered": "/surveys/{asked}",
}


@pytest.fixture(scope="module")
def keys(server: Server) -> dict[str, str]:
    """Surveys to look at: one with answers, a draft, and one that was asked."""
    key = kept(server, "A name so long that it has to go on and on over several lines ", "live")
    draft = kept(server, "A draft", translations={"de": {"thanks": "Danke."}})
    then = now() - timedelta(hours=3)
    scores = {"ann": 10, "bob": 9, "cid": 4, "dan": None}
    events = [one for who, score in scores.items() for one in told(key, who, score, then, why=f"I am {who}")]
    send(server, events)
    asked = make(server)
    with server.anyone() as anyone:
        known(server, anyone, asked)
        assert offer(server, anyone, asked, anonymousId="ann").json()["offer"] is not None
        assert offer(server, anyone, asked, anonymousId="ann").json()["offer"] is None
    return {"key": key, "draft": draft, "asked": asked}


@pytest.fixture(params=["light", "dark", "phone"])
def look(request: pytest.FixtureRequest, browser: Browser, server: Server) -> Iterator[Page]:
    """A page that is logged in: light and dark, wide and on a phone."""
    scheme: Any = "light" if request.param == "light" else "dark"
    viewport: Any = PHONE if request.param == "phone" else {"width": 1280, "height": 900}
    context = browser.new_context(color_scheme=scheme, viewport=viewport, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(server.link())
    yield page
    context.close()


def test_from_a_timeline_one_click_aims_a_survey_at_those_in_a_variant(
    browser_page: Page, server: Server
) -> None:
    page = browser_page
    viewed = {"experiment_name": "Price's test", "variation_name": "high"}
    event = {"type": "track", "event": "Experiment Viewed", "userId": "in-a-test", "properties": viewed}
    send(server, [event | {"messageId": "viewed", "timestamp": now().isoformat()}], "default")
    page.goto(f"{server.address}/people?q=in-a-test")
    page.get_by_role("link", name="in-a-test").first.click()
    page.get_by_text("Experiment Viewed").first.click()
    link = page.get_by_role("link", name="in Price's test, high")
    link.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Event", exact=True)).to_have_value("Experiment Viewed")
    for at, (field, value) in enumerate(viewed.items()):
        row = page.locator(f"#f-moments-0-conditions-{at}")
        expect(row.get_by_label("What")).to_have_value(f"properties.{field}")
        expect(row.get_by_label("With")).to_have_value(value)
    page.get_by_role("button", name="Save and publish").first.click()
    expect(page.get_by_role("status")).to_contain_text("Published")
    page.goto(f"{server.address}/explore/trend?series=people:+Experiment+Viewed&by=properties.variation_name")
    page.get_by_role("link", name="in high").click()
    expect(page.locator("#f-moments-0-conditions-0").get_by_label("With")).to_have_value("high")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_as_wide_as_its_screen(
    look: Page, server: Server, keys: dict[str, str], name: str
) -> None:
    look.goto(f"{server.address}{PAGES[name].format(**keys)}")
    look.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert violations(look) == []
    assert look.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_builder_follows_without_loading_pages(server: Server, browser_page: Page) -> None:
    page = browser_page
    page.goto(f"{server.address}/surveys/new?starter=nps")
    page.evaluate("window.mark = 'the same page'")
    preview = page.frame_locator("iframe[name=preview]")
    expect(preview.get_by_text("How likely are you to recommend us")).to_be_visible()
    page.get_by_label("Question 1", exact=True).fill("Would you come again?")
    expect(page.get_by_text("Not saved yet.")).to_be_visible()
    expect(preview.get_by_text("Would you come again?")).to_be_visible()
    page.get_by_label("Ask also").first.select_option("single")
    page.get_by_role("button", name="Add the question").click()
    third = page.get_by_label("Question 3", exact=True)
    expect(third).to_be_focused()
    third.fill("Which size?")
    option = page.get_by_label("Option 3 of question 3", exact=True)
    option.fill("Large")
    option.press("Enter")
    expect(page.get_by_label("Option 4 of question 3", exact=True)).to_be_focused()
    page.get_by_role("button", name="Move question 3 up", exact=True).click()
    expect(page.get_by_label("Question 2", exact=True)).to_have_value("Which size?")
    expect(page.get_by_label("Question 1", exact=True)).to_have_value("Would you come again?")
    page.get_by_label("Name, for your team").fill("Made in the browser")
    assert page.evaluate("window.mark") == "the same page"
    page.get_by_role("button", name="Save the draft").click()
    page.wait_for_url("**/edit?saved=1")
    survey = saved(server, page.url.split("/")[-2])
    assert [question.text for question in survey.questions][:2] == ["Would you come again?", "Which size?"]
    assert [one.text for one in survey.questions[1].options] == ["One", "Two", "Large"]  # type: ignore[union-attr] # a single choice


def test_a_branch_and_a_filter_are_chosen_on_a_phone(server: Server, browser_page: Page) -> None:
    paid = {"type": "track", "event": "Rent Paid", "userId": "fay", "properties": {"total": 80}}
    send(server, [paid | {"timestamp": now().isoformat()}])
    page = browser_page
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    moment = "moments.0.on=event&moments.0.event=Rent+Paid"
    page.goto(f"{server.address}/surveys/new?starter=nps&name=Chosen+on+a+phone&{moment}")
    page.locator("#f-questions-0-branches summary").click()
    page.get_by_role("button", name="Add a branch to question 1").click()
    branch = page.get_by_role("group", name="branch 1")
    branch.get_by_label("is at least").select_option("9")
    branch.get_by_label("then go to").select_option("the end")
    page.locator("#f-moments-0-conditions summary").click()
    first = page.get_by_role("group", name="condition 1 of moment 1")
    first.get_by_label("What").select_option("properties.total")
    first.get_by_label("How").select_option("is more than")
    first.get_by_label("With").fill("50")
    page.get_by_role("button", name="Write it into the filter of moment 1").press("Enter")
    where = page.get_by_label("Only where")
    expect(where).to_be_focused()
    expect(where).to_have_value("properties.total > 50")
    second = page.get_by_role("group", name="condition 2 of moment 1")
    second.get_by_label("What").select_option("touchpoint")
    second.get_by_label("How").select_option("is there")
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Save the draft").press("Enter")
    page.wait_for_url("**/edit?saved=1")
    survey = saved(server, page.url.split("/")[-2])
    assert [(one.to, one.at_least) for one in survey.questions[0].branches] == [("end", 9)]
    assert [one.where for one in survey.moments if isinstance(one, Happened)] == [
        "properties.total > 50 and touchpoint is not null"
    ]


def test_the_builder_says_what_is_wrong_and_leads_there(server: Server, browser_page: Page) -> None:
    page = browser_page
    page.goto(f"{server.address}/surveys/new")
    page.get_by_label("Share of these people").fill("900")
    link = page.get_by_role("link", name="Audience, share: ")
    expect(link).to_be_visible()
    link.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#f-audience-share")).to_be_in_viewport()
    page.get_by_role("button", name="Save and publish").click()
    expect(page.get_by_role("alert")).to_contain_text("Not saved")
    expect(page.get_by_label("Share of these people")).to_have_value("900")
    expect(page.get_by_label("Share of these people")).to_have_attribute("aria-invalid", "true")


def test_the_builder_is_whole_without_javascript(server: Server, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server.link())
    page.goto(f"{server.address}/surveys/new?starter=churn")
    page.get_by_label("Name, for your team").fill("Made without a script")
    page.get_by_label("Ask also").first.select_option("consent")
    page.get_by_role("button", name="Add the question").click()
    expect(page.get_by_label("Question 3", exact=True)).to_have_value(
        "May we write to you about your answers?"
    )
    page.get_by_role("button", name="Show", exact=True).click()
    preview = page.frame_locator("iframe[name=preview]")
    expect(preview.get_by_text("What is the main reason for leaving?")).to_be_visible()
    page.get_by_role("button", name="Save and publish").click()
    expect(page.get_by_text("Published: it is being asked from now on.")).to_be_visible()
    assert saved(server, page.url.split("/")[-1].partition("?")[0]).name == "Made without a script"
    context.close()


def test_the_preview_has_the_widths_of_a_phone_and_a_desktop(server: Server, browser_page: Page) -> None:
    page = browser_page
    page.goto(f"{server.address}/surveys/new?starter=cart")
    frame = page.frame_locator("iframe[name=preview]")
    expect(frame.get_by_text("What keeps you from ordering today?")).to_be_visible()
    widths = []
    for name in ("Phone", "Desktop"):
        page.get_by_label(name, exact=True).check()
        widths.append(frame.locator("body").evaluate("() => innerWidth"))
    assert widths[0] <= 390 < 900 <= widths[1]
