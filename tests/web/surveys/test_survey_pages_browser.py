"""A survey's page in a real browser: by keyboard alone, without JavaScript, looked over by axe-core."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect

from obverse.folder import Folder
from obverse.lake.table import EventTable
from obverse.surveys.checking import spell
from obverse.surveys.items import items
from obverse.surveys.question import Option, Question, ShortText, Sus
from obverse.surveys.rendering import Form, render
from obverse.surveys.sheet import begin
from obverse.surveys.survey import Survey, Theme
from tests.axe import violations
from tests.surveys.samples import ANSWERS, QUESTIONS, all_kinds

if TYPE_CHECKING:
    from tests.conftest import Server

pytestmark = pytest.mark.browser
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2


def make(server: Server, survey: Survey) -> str:
    """Publish a survey and give the address of its page."""
    with server.settings() as settings:
        named = msgspec.structs.replace(survey, name=f"{survey.name} {time.time_ns()}")
        key = settings.surveys.create(named.name, named.to_json()).id
        settings.surveys.set_state(key, "live")
    return f"{server.address}/s/{key}"


def answered(server: Server, address: str) -> dict[str, Any]:
    """Wait for the answer to a survey and give what it says."""
    table = EventTable.open(Folder.open(server.data).events)
    where = "event = 'Survey Answered' AND json_extract_string(properties, '$.survey_id') = ?"
    until = time.monotonic() + 20
    while True:
        table.refresh()
        rows = table.read(("properties",), where, (address.rpartition("/")[2],)).to_pylist()
        if rows:
            found: dict[str, Any] = msgspec.json.decode(rows[0]["properties"])
            return found
        assert time.monotonic() < until


@pytest.fixture
def still(browser: Browser) -> Iterator[Page]:
    """A page of a browser that runs no JavaScript."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 760})
    yield context.new_page()
    context.close()


def on(page: Page, n: int) -> None:
    """Choose the n-th of a group of radio buttons by keyboard, counted from 0."""
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    for _ in range(n):
        page.keyboard.press("ArrowRight")


def by_keyboard(page: Page, name: str) -> None:
    """Answer a question of `QUESTIONS` as `ANSWERS` has it, with a keyboard alone."""
    value, keys = ANSWERS[name], page.keyboard
    if name in ("sus", "umux"):
        for item in value:
            on(page, item - 1)
    elif name == "matrix":
        for option in value.values():
            on(page, ["price", "speed", "taste"].index(option))
    elif name == "ranking":
        for option in ("price", "speed", "taste"):
            keys.press("Tab")
            keys.type(str(value.index(option) + 1))
    elif name == "single":
        on(page, 0)
        keys.press("Tab")
    elif name == "multiple":
        for key in ("Tab", "Space", "Tab", "Tab", "Tab", "Space", "Tab"):
            keys.press(key)
        keys.type("a gift")
    elif name in ("short", "long"):
        keys.press("Tab")
        keys.type(value)
    elif name == "consent":
        keys.press("Tab")
        keys.press("Space")
    else:
        on(page, value - (0 if name == "nps" else 1))


def test_each_type_of_question_is_answered_by_keyboard_alone_and_without_javascript(
    server: Server, still: Page
) -> None:
    address = make(server, all_kinds(intro="A few questions."))
    still.goto(address)
    for step, question in enumerate(QUESTIONS, 1):
        expect(still.locator("form")).to_have_attribute("data-step", str(step))
        expect(still.get_by_role("group").or_(still.get_by_role("radiogroup")).first).to_contain_text(
            question.text
        )
        by_keyboard(still, question.id)
        still.keyboard.press("Tab")
        expect(still.locator("button.obv-main")).to_be_focused()
        still.keyboard.press("Enter")
    expect(still.get_by_role("status")).to_contain_text("Thank you.")
    said = answered(server, address)
    assert said["answers"] == ANSWERS
    assert said["others"] == {"multiple": "a gift"}


def test_an_error_takes_the_focus_and_leads_to_the_field(server: Server, still: Page) -> None:
    questions = (ShortText(id="why", text="Why?", required=True), ShortText(id="how", text="How?"))
    still.goto(make(server, Survey(name="Needed", questions=questions)))
    still.keyboard.press("Tab")
    still.keyboard.press("Enter")
    expect(still.get_by_role("alert")).to_be_focused()
    expect(still).to_have_title("Error · Survey")
    still.keyboard.press("Tab")
    still.keyboard.press("Enter")
    field = still.get_by_role("textbox", name="Why?")
    expect(field).to_have_accessible_description("Please answer this question.")
    still.keyboard.press("x")
    expect(field).to_have_value("x")
    still.keyboard.press("Enter")
    expect(still.get_by_role("textbox", name="How?")).to_be_visible()
    still.get_by_role("button", name="Back").click()
    expect(field).to_have_value("x")


def scale(low: int, high: int, worst: str, best: str, given: int, of: str = "") -> list[str]:
    """Say how a scale is read out."""
    ends = {low: f" {worst}", high: f" {best}"}
    return [
        f"radio {n}{of}{ends.get(n, '')}{', checked' if n == given else ''}" for n in range(low, high + 1)
    ]


def choices(kind: str, *given: str) -> list[str]:
    """Say how the three options are read out."""
    return [f"{kind} {one}{', checked' if one in given else ''}" for one in OPTIONS]


OPTIONS = ("The price", "How fast it came", "Its taste")
AGREE = ("Strongly disagree", "Strongly agree")
READ_OUT = {
    "nps": [
        "radiogroup How likely are you to recommend us?",
        *scale(0, 10, "Not at all likely", "Extremely likely", 9),
    ],
    "csat": ["radiogroup How satisfied are you?", *scale(1, 5, "Very dissatisfied", "Very satisfied", 4)],
    "stars": ["radiogroup How many stars?", *scale(1, 5, "Very dissatisfied", "Very satisfied", 5, " of 5")],
    "faces": ["radiogroup How do you feel?", *scale(1, 5, "Bad", "Good", 2, " of 5")],
    "ces": ["radiogroup It was easy to buy.", *scale(1, 7, *AGREE, 6)],
    "seq": ["radiogroup How was the task?", *scale(1, 7, "Very difficult", "Very easy", 7)],
    "sus": [
        "group What do you think?",
        *(
            line
            for item, given in zip(
                items(Sus(id="q", text="?", product="the shop")), ANSWERS["sus"], strict=True
            )
            for line in (f"radiogroup {item}", *scale(1, 5, *AGREE, given))
        ),
    ],
    "umux": [
        *("group And in short?", "radiogroup This system’s capabilities meet my requirements"),
        *scale(1, 7, *AGREE, 6),
        *("radiogroup This system is easy to use", *scale(1, 7, *AGREE, 7)),
    ],
    "single": [
        *("radiogroup What mattered most?", *choices("radio", "The price")),
        *("radio Something else", "textbox Something else"),
    ],
    "multiple": [
        *("group What else mattered? (At most 3)", *choices("checkbox", "The price")),
        *("checkbox More, checked", "textbox More: a gift"),
    ],
    "matrix": [
        *("group How were these?", "radiogroup The price", *choices("radio", "Its taste")),
        *("radiogroup How fast it came", *choices("radio", "The price")),
        *("radiogroup Its taste", *choices("radio", "How fast it came")),
    ],
    "ranking": [
        *("group What comes first? (1 is the best.)", "combobox The price: 2"),
        *("combobox How fast it came: 3", "combobox Its taste: 1"),
    ],
    "short": ["group In a word?", "textbox In a word?: fine"],
    "long": [
        "group In more words? (At most 2000 characters)",
        "textbox In more words? (At most 2000 characters): It came\non time.",
    ],
    "consent": ["group May we write to you?", "checkbox I agree, checked"],
}
SAID = {"group", "radiogroup", "radio", "checkbox", "textbox", "combobox"}


def read_out(page: Page) -> list[str]:
    """Give what Chromium tells a screen reader of the form: role, name, description, state and value."""
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    known = {node["nodeId"]: node for node in nodes}
    said, left = [], [nodes[0]]
    while left:
        node = left.pop()
        left += [known[child] for child in reversed(node.get("childIds", [])) if child in known]
        role = node.get("role", {}).get("value", "").lower()
        if node.get("ignored") or role not in SAID:
            continue
        states = {one["name"]: one["value"].get("value") for one in node.get("properties", ())}
        described, value = (node.get(name, {}).get("value") for name in ("description", "value"))
        text = f"{role} {node['name']['value']}" + (f" ({described})" if described else "")
        text += ", checked" if states.get("checked") == "true" else ""
        said.append(text + (f": {value}" if value else ""))
    return said


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: str(one.id))
def test_a_screen_reader_is_told_what_is_asked_and_answered(fresh_page: Page, question: Question) -> None:
    survey = all_kinds()
    filled_in = "a gift" if question.id == "multiple" else ""
    sheet = msgspec.structs.replace(
        begin(survey), question=question, fields=spell(question, ANSWERS[question.id], filled_in)
    )
    fresh_page.set_content(render(survey, sheet, Form(action="/", language="en")))
    assert read_out(fresh_page) == READ_OUT[question.id]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_step_error_thanks_or_notice(
    server: Server, browser: Browser, scheme: Any
) -> None:
    needed = tuple(msgspec.structs.replace(one, required=True, help="Take your time.") for one in QUESTIONS)
    survey = all_kinds(intro="A few questions.", translations={"de": {"nps.text": "Wie wahrscheinlich?"}})
    survey = msgspec.structs.replace(survey, questions=needed, theme=Theme(accent="#ffcc00"))
    context = browser.new_context(color_scheme=scheme, viewport={"width": 390, "height": 760})
    page = context.new_page()
    page.goto(make(server, survey))
    for question in QUESTIONS:
        assert violations(page) == [], question.id
        page.locator("button.obv-main").click()
        expect(page.get_by_role("alert")).to_be_visible()
        assert violations(page) == [], f"{question.id}, wrong"
        page.locator("body").click(position={"x": 1, "y": 1})
        page.locator("form a").focus()
        by_keyboard(page, question.id)
        page.locator("button.obv-main").click()
    expect(page.get_by_role("status")).to_be_visible()
    assert violations(page) == []
    page.goto(f"{server.address}/s/none")
    assert violations(page) == []
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_page_of_who_reads_out(
    server: Server, browser: Browser, scheme: Any
) -> None:
    survey = all_kinds(translations={"de": {"intro": "Einige Fragen."}})
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(server.link())
    page.goto(make(server, survey).replace("/s/", "/surveys/") + "/phone?q=nobody")
    assert violations(page) == []
    page.get_by_label("Language").select_option("Deutsch")
    page.get_by_role("button", name="Ask without a name").click()
    expect(page.get_by_role("button", name="Weiter")).to_be_visible()
    assert violations(page) == []
    context.close()


def test_where_the_reader_sets_the_colours_words_are_seen_on_what_is_chosen_and_on_the_way_on(
    server: Server, browser: Browser
) -> None:
    context = browser.new_context(forced_colors="active", viewport={"width": 390, "height": 760})
    page = context.new_page()
    page.goto(f"{make(server, all_kinds(translations={'ar': {'nps.text': 'كم؟'}}))}?lang=ar")
    page.get_by_role("radio").first.dispatch_event("click")
    for name in ("button.obv-main", ":checked + .obv-face"):
        colours = page.locator(name).first.evaluate(
            "(one) => ['forcedColorAdjust', 'color', 'backgroundColor'].map((n) => getComputedStyle(one)[n])"
        )
        # Otherwise the browser draws a plate of the words' own colour behind them.
        assert colours[0] == "none"
        assert colours[1] != colours[2]
    direction = "(one) => getComputedStyle(one).direction"
    assert page.locator("form").evaluate(direction) == "rtl"
    assert page.locator(".obv-progress span").evaluate(direction) == "ltr", "its words are English"
    context.close()


@pytest.mark.parametrize("width", [320, 390, 1200])
@pytest.mark.parametrize("language", ["de", "ar"])
def test_nothing_is_wider_than_the_screen(
    server: Server, browser: Browser, width: int, language: str
) -> None:
    options = tuple(Option(f"o{n}", LONG) for n in range(5))
    questions = tuple(
        msgspec.structs.replace(
            one,
            text=LONG,
            **({"options": options} if hasattr(one, "options") else {}),
            **({"rows": options[:2]} if hasattr(one, "rows") else {}),
            **({"low": LONG, "high": LONG} if hasattr(one, "low") else {}),
        )
        for one in QUESTIONS
    )
    address = make(
        server,
        Survey(
            name="Long", questions=questions, intro=LONG, thanks=LONG, translations={language: {"x": "y"}}
        ),
    )
    context = browser.new_context(viewport={"width": width, "height": 700})
    page = context.new_page()
    page.goto(f"{address}?lang={language}")
    for question in (*QUESTIONS, None):
        assert page.evaluate("document.documentElement.scrollWidth") <= width, question
        if page.locator("button.obv-main").count():
            page.locator("button.obv-main").click()
    expect(page.get_by_role("status")).to_be_visible()
    context.close()
