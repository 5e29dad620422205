"""Acts over the page itself: what is told of a page is what people did on it, on the device that is meant."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.sync_api import expect

from obverse.errors import QuestionError
from obverse.web.pages.overlay.asking import expression_of
from obverse.web.pages.overlay.drawn import Drawing, read_drawing
from obverse.web.pages.overlay.wire import TALLEST, Shade, wire
from tests.web.pages.conftest import Eye, send, wait_for
from tests.web.pages.shelf import (
    CLICKED,
    CONVERTING,
    DRAWING,
    LOOKED_LONG,
    ON_PHONES,
    PEOPLE,
    TITLE,
    shelf,
)
from tests.web.pages.test_pages_browser import FAULTS

if TYPE_CHECKING:
    from tests.conftest import Server

PRODUCTS = "/overlay?path=/product/*"


@pytest.fixture(scope="module")
def shop(server: Server) -> Server:
    """The shared server with what people did on the product pages."""
    events = shelf()
    for start in range(0, len(events), 200):
        assert send(server, events[start : start + 200]).status_code == 200
    with server.client() as client:
        wait_for(lambda: client.get("/api/health").json()["lake"]["events"] >= len(events))
    return server


@pytest.fixture
def told(shop: Server, client: httpx.Client) -> Callable[..., Any]:
    """Asks for an overlay as JSON."""

    def ask(path: str = "/product/*", **query: str) -> Any:
        params = {"path": path, "format": "json", **query}
        answer = client.get("/overlay", params=params, timeout=300)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return ask


def cells(told: Any, name: str) -> list[str]:
    rows = told["overlay"]["value"]["elements"]["rows"]
    found = next(row for row in rows if row["name"].endswith(name))
    return [cell["text"].replace("\u202f", " ") for cell in found["cells"]]


def shown(cells: list[dict[str, str]]) -> list[str]:
    return [cell["text"].replace("\u202f", " ") for cell in cells]


def test_elements_are_ranked_by_what_is_asked_for(told: Callable[..., Any]) -> None:
    names = {
        show: [row["name"] for row in told(show=show)["overlay"]["value"]["elements"]["rows"]]
        for show in ("linger", "click", "dead")
    }
    image = "main>section>img"
    assert names["linger"] == ["1. buy", f"2. {TITLE}", image]
    assert names["click"] == ["1. buy", f"2. {image}", TITLE]
    assert names["dead"] == [f"1. {image}", "buy", TITLE]


def test_an_element_has_its_time_its_clicks_and_its_converters(told: Callable[..., Any]) -> None:
    clicked, rage, dead, converters, others, _, saw, median, *_ = cells(told(show="click"), "buy")
    assert (saw, clicked, rage, dead) == (str(LOOKED_LONG), f"{CLICKED}.0 %", "5.0 %", "—")
    assert median == "6 s"
    assert len(CONVERTING) == 45
    assert (converters, others) == (f"{100 * 40 / 45:.1f} %", f"{100 * 10 / 55:.1f} %")


def test_time_in_view_is_compared_by_who_looked_longer_than_half_do(told: Callable[..., Any]) -> None:
    # The title is looked at the longer the later somebody came; converters came early.
    _, _, _, converters, others, difference, *_ = cells(told(), TITLE)
    assert float(converters.split()[0]) < 15 < 70 < float(others.split()[0])
    assert difference.startswith("−")


def test_phones_and_desktops_are_apart(told: Callable[..., Any]) -> None:
    said = {
        device: "".join(part["text"] for part in told(device=device)["overlay"]["value"]["answer"])
        for device in ("desktop", "phone")
    }
    assert said["desktop"].startswith(f"{PEOPLE} people were on /product/* on desktops")
    assert said["phone"].startswith(f"{ON_PHONES} people were on /product/* on phones")
    assert "main>button" in said["phone"]
    assert "main>button" not in said["desktop"]
    assert "Nobody" in str(told(path="/cart", device="phone")["overlay"]["value"]["answer"])


def test_a_pattern_holds_its_pages_and_no_others(told: Callable[..., Any]) -> None:
    people = [
        told(path=path)["overlay"]["value"]["answer"][0]["text"] for path in ("/product/hat", "/product/h*")
    ]
    assert people == ["33 people", "33 people"]
    assert told(path="/product")["overlay"]["value"]["nothing"]
    assert "is no page" in told(path="product")["overlay"]["problem"]


@pytest.mark.parametrize(
    ("pattern", "fits", "not_these"),
    [
        ("/a.b'c[1]/*", ["/a.b'c[1]/x", "/a.b'c[1]/x/y/"], ["/aXb'c1/x", "/a.b'c[1]"]),
        ("/", ["/"], ["/x"]),
        ("/a", ["/a", "/a/"], ["/a/b", "/ab"]),
    ],
)
def test_a_pattern_means_what_it_says(pattern: str, fits: list[str], not_these: list[str]) -> None:
    expression = re.compile(expression_of(pattern))
    assert all(expression.fullmatch(path) for path in fits)
    assert not any(expression.fullmatch(path) for path in not_these)


def test_a_pattern_with_quotes_and_brackets_is_asked_as_it_stands(told: Callable[..., Any]) -> None:
    assert told(path='/it\'s [here] "now" (*)')["overlay"]["problem"] is None


@pytest.mark.parametrize("pattern", ["", "x", "/x\n", "/" + "x" * 400])
def test_what_is_no_path_is_refused(pattern: str) -> None:
    with pytest.raises(QuestionError, match="path"):
        expression_of(pattern)


def test_the_newest_drawing_is_shown_twice_with_its_elements_numbered(told: Callable[..., Any]) -> None:
    wires = told(show="click")["overlay"]["value"]["wires"]
    assert [one["name"] for one in wires] == ["45 who converted", "55 who did not"]
    for one in wires:
        assert (one["width"], one["height"]) == (1280, 2700)
        assert len(one["boxes"]) == len(DRAWING)
        assert {label["number"] for label in one["labels"]} == {1, 2}
    assert [one["labels"][0]["short"] for one in wires] == ["88.9\u202f%", "18.2\u202f%"]
    level = [next(box["level"] for box in one["boxes"] if box["number"] == 1) for one in wires]
    assert level == [9, 2]


def test_the_side_of_value_shows_what_those_spent_who_did_it(told: Callable[..., Any]) -> None:
    found = told(show="click", side="value")["overlay"]["value"]
    said = "".join(part["text"] for part in found["answer"]).replace("\u202f", " ")
    assert f"{PEOPLE} people were on /product/* on desktops; within a day they spent € 900" in said
    assert "88.9 % of it those who click buy" in said  # 40 of 45 converters, each 20 euros
    _, _, _, worth, each, others, *_ = cells(told(show="click", side="value"), "buy")
    assert (worth, each, others) == ("€ 800", "€ 16", "€ 2")  # 5 of the 50 others convert
    assert found["elements"]["columns"][4:7] == ["money of them", "each", "each of others"]
    between = [cell["between"] for cell in found["elements"]["rows"][0]["cells"][3:6]]
    assert all(between)
    assert [one["name"] for one in found["wires"]] == ["each who clicked it", "each of all others"]
    labels = [one["labels"][0]["short"].replace("\u202f", " ") for one in found["wires"]]
    assert labels == [each, others]
    level = [next(box["level"] for box in one["boxes"] if box["number"] == 1) for one in found["wires"]]
    assert level == [9, 1]


def test_the_side_of_value_of_time_in_view_is_of_those_who_stay_long(told: Callable[..., Any]) -> None:
    _, _, _, title_worth, title_each, *_ = cells(told(side="value"), TITLE)
    _, _, _, worth, each, *_ = cells(told(side="value"), "buy")
    # Converters came early, and the title is looked at the longer the later somebody came.
    assert float(title_each.split()[-1]) < float(each.split()[-1])
    assert title_worth != worth


def test_a_drawing_that_is_none_is_not_shown_and_everyone_is_where_nobody_converts(
    told: Callable[..., Any],
) -> None:
    assert told(device="phone")["overlay"]["value"]["wires"] == []
    assert not told(device="phone", show="click")["overlay"]["value"]["compared"]
    held = told(show="click", where="event <> 'Order Completed'")["overlay"]["value"]
    assert [one["name"] for one in held["wires"]] == ["everyone"]
    assert next(box["level"] for box in held["wires"][0]["boxes"] if box["number"] == 1) == 9


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        "{}",
        '{"elements": [["h1", 0, 0, 1]], "width": 10, "height": 10}',
        '{"elements": [[1, 0, 0, 1, 1]], "width": 10, "height": 10}',
        '{"elements": [], "width": 0, "height": 10}',
        '{"elements": [], "width": 10, "height": 1e300}',
    ],
)
def test_what_anybody_can_send_is_no_drawing(text: str) -> None:
    assert read_drawing(text) is None


def test_a_wireframe_keeps_to_its_page() -> None:
    elements = (
        ("small", 5.0, 5.0, 10.0, 10.0),
        ("large", 0.0, 0.0, 100.0, 90_000.0),
        ("out", 500.0, 0.0, 9.0, 9.0),
    )
    drawn = wire(Drawing(elements, 100.0, 90_000.0), {"small": Shade(1, 2.0, "small")}, "everyone")
    assert drawn.cut
    assert drawn.height == TALLEST * 100
    assert [(box.title, box.height, box.level) for box in drawn.boxes] == [
        ("large", TALLEST * 100, 0),
        ("small", 10.0, 9),
    ]


def test_numbers_of_a_wireframe_do_not_lie_on_each_other() -> None:
    names = [f"e{i}" for i in range(1, 6)]
    elements = tuple((name, 10.0 * i, 0.0, 900.0 - 10 * i, 90.0) for i, name in enumerate(names))
    shades = {name: Shade(number, 0.5, name) for number, name in enumerate(names, 1)}
    drawn = wire(Drawing(elements, 900.0, 900.0), shades, "everyone")
    places = sorted(label.x for label in drawn.labels)
    assert {label.number for label in drawn.labels} == {1, 2, 3, 4, 5}
    assert all(right - left >= 1.5 * drawn.text for left, right in pairwise(places))


def test_figures_on_a_wireframe_do_not_lie_on_each_other_nor_outside_it() -> None:
    elements = tuple((f"e{i}", 300.0 * i, 0.0, 290.0, 90.0) for i in range(4))
    shades = {f"e{i}": Shade(i + 1, 0.5, "", short="€ 136 k") for i in range(4)}
    drawn = wire(Drawing(elements, 1200.0, 900.0), shades, "everyone")
    ends = sorted((label.x - label.width / 2, label.x + label.width / 2) for label in drawn.labels)
    assert all(before[1] <= after[0] + 1e-6 for before, after in pairwise(ends))
    assert ends[0][0] >= 0
    assert ends[-1][1] <= 1200.0


def test_a_figure_does_not_hide_a_narrow_element() -> None:
    elements = (
        ("narrow", 100.0, 500.0, 40.0, 40.0),
        ("wide", 100.0, 700.0, 900.0, 40.0),
        ("top", 0, 5.0, 40.0, 40.0),
    )
    shades = {name: Shade(i, 0.5, "", short="29.2 %") for i, (name, *_) in enumerate(elements, 1)}
    drawn = wire(Drawing(elements, 1200.0, 900.0), shades, "everyone")
    narrow, wide, top = sorted(drawn.labels, key=lambda label: label.number)
    half = 0.75 * drawn.text
    assert narrow.y + half <= 500
    assert (wide.y - half, top.y - half) == (700, 5)


def test_forms_errors_and_vitals_are_told(told: Callable[..., Any]) -> None:
    found = told()["overlay"]["value"]
    (form,) = found["forms"]
    assert form["name"] == "question"
    assert form["said"].replace("\u202f", " ").startswith("20 attempts, 75.0 % given up")
    assert [(row["name"], row["cells"][1]["text"]) for row in form["grid"]["rows"]] == [
        ("email", "15"),
        ("text", "0"),
    ]
    (error,) = found["errors"]["rows"]
    assert (error["name"], error["cells"][0]["text"]) == ("TypeError shop.js:12", "3")
    assert shown(error["cells"][3:5]) == ["0 %", "5.5 %"]  # of 45 converters, of 55 others
    assert shown(form["grid"]["rows"][0]["cells"][3:5]) == ["—", "75.0 %"]  # no converter began it
    vitals = {row["name"][-4:-1]: [cell["text"] for cell in row["cells"]] for row in found["vitals"]["rows"]}
    assert vitals["LCP"][0] == "needs improvement"
    assert vitals["LCP"][1].replace("\u202f", " ") == "3.0 s"
    assert vitals["CLS"][:2] == ["poor", "0.30"]
    assert vitals["INP"][0] == "good"
    # Slower than 2.5 s from the 51st of 100 people on; converters are the first 40, and 50 to 54.
    assert [text.replace("\u202f", " ") for text in vitals["LCP"][-3:-1]] == [
        "8.9 %",
        f"{100 * 45 / 55:.1f} %",
    ]
    assert [text.replace("\u202f", " ") for text in vitals["INP"][-3:-1]] == ["0 %", "0 %"]


def test_each_number_leads_to_its_people(told: Callable[..., Any], client: httpx.Client) -> None:
    found = told()["overlay"]["value"]
    row = found["elements"]["rows"][0]
    for cell, n in ((row["cells"][0], LOOKED_LONG), (row["cells"][6], CLICKED), (row["cells"][7], 5)):
        assert f"{n} people" in client.get(cell["href"]).text
    assert "15 people" in client.get(found["forms"][0]["grid"]["rows"][0]["cells"][1]["href"]).text
    assert "3 people" in client.get(found["errors"]["rows"][0]["cells"][0]["href"]).text


def test_a_filter_and_a_segment_hold_the_answer(told: Callable[..., Any]) -> None:
    assert told(where="user_id = 'shopper-1'")["overlay"]["value"]["answer"][0]["text"] == "1 person"
    assert "expression" in told(where="x =")["overlay"]["problem"]
    assert "nobody-saved" in told(segment="nobody-saved")["overlay"]["problem"]


def test_without_a_page_one_is_chosen(shop: Server, client: httpx.Client) -> None:
    found = client.get("/overlay", params={"format": "json", "show": "click"}).json()
    rows = found["pages"]["value"]["rows"]
    assert rows[0]["name"] == "/product/mug"
    assert rows[0]["cells"][0]["href"] == "/overlay?show=click&path=%2Fproduct%2Fmug"
    for name in ("act", "linger"):
        text = client.get(f"/explore/{name}?where=value+is+null", timeout=300, follow_redirects=True).text
        assert '<a href="/overlay?where=value+is+null">See it over the page itself</a>' in text


def test_where_nothing_is_recorded_it_says_how(new_server: Callable[..., Server]) -> None:
    server = new_server().start()
    with server.client() as client:
        for path in ("/overlay", PRODUCTS):
            text = client.get(path, timeout=300).text
            assert "No page has told of clicks" in text
            assert f"/obverse/obverse.js?key={server.write_key}&#34;" in text


@pytest.mark.browser
@pytest.mark.parametrize(
    "path",
    [
        "/overlay",
        PRODUCTS,
        f"{PRODUCTS}&show=click&device=phone",
        f"{PRODUCTS}&side=value",
        "/overlay?path=x",
    ],
)
def test_it_fits_a_phone_and_a_wide_screen_and_can_be_used_by_all(shop: Server, eye: Eye, path: str) -> None:
    schemes: tuple[tuple[int, Any], ...] = ((360, "dark"), (1600, "light"))
    for width, scheme in schemes:
        page = eye.open(shop.address + path, width, color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(FAULTS) == []


@pytest.mark.browser
def test_a_page_is_found_and_looked_at_without_scripts(shop: Server, eye: Eye) -> None:
    page = eye.open(f"{shop.address}/overlay", java_script_enabled=False)
    page.get_by_label("Page, with * for anything").fill("/product/*")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("group", name="Wireframe of the page for 45 who converted")).to_be_visible()
    page.get_by_role("link", name="Dead clicks").click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("1. main>section>img")
    page.get_by_role("link", name="Phone", exact=True).click()
    expect(page.get_by_text("No page view here has been drawn on phones yet")).to_be_visible()
