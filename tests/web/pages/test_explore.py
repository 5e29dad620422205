"""Every measure can be asked on its page: a first click shows something real, its numbers lead to people."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from obverse.measure import MEASURES
from obverse.measure.linger import Linger
from obverse.measure.time_between import TimeBetween
from obverse.measure.trend import Trend
from obverse.web.pages.behind import said
from tests.web.pages.conftest import ADDED, BOUGHT, LOOKED

if TYPE_CHECKING:
    from tests.conftest import Server

pytestmark = pytest.mark.usefixtures("filled")
EXPLORED = sorted(set(MEASURES) - {"funnel", "overview"})
TREND = "/explore/trend?series=people:+Product+Viewed&series=people:+Order+Completed"


def get(client: httpx.Client, path: str, status: int = 200, **query: Any) -> httpx.Response:
    answer = client.get(path, params=query or None, follow_redirects=True, timeout=120)
    assert answer.status_code == status, answer.text[:2000]
    return answer


def sentence(text: str) -> str:
    found = re.search(r'class="answer">(.*?)</p>', text, re.DOTALL)
    assert found
    return html.unescape(re.sub("<[^>]+>", "", found[1])).replace("\u00a0", " ")


def links(text: str, start: str) -> list[str]:
    return [html.unescape(found) for found in re.findall(r'href="([^"]+)"', text) if found.startswith(start)]


@pytest.mark.parametrize("name", EXPLORED)
@pytest.mark.parametrize("side", ["people", "value"])
def test_a_first_click_on_a_measure_shows_its_answer_without_a_fault(
    client: httpx.Client, name: str, side: str
) -> None:
    text = get(client, f"/explore/{name}", side=side).text
    assert "cannot be answered" not in text
    assert 'class="problem"' not in text
    assert sentence(text)
    assert f'data-side="{side}"' in text
    assert 'aria-current="page"' in text


def test_all_measures_are_listed_and_linked_by_what_one_asks(client: httpx.Client) -> None:
    text = get(client, "/explore").text
    listed = links(text, "/explore/") + links(text, "/funnel") + links(text, "/?") + links(text, "/")
    for name in EXPLORED:
        assert f"/explore/{name}" in listed
    assert "What happened when?" in text


def test_an_answer_on_the_page_is_that_of_the_api(client: httpx.Client, server: Server) -> None:
    page = get(client, f"{TREND}&period=all&format=json").json()
    body = {"type": "trend", "series": ["people: Product Viewed", "people: Order Completed"]}
    headers = {"origin": server.address}
    asked = client.post("/api/ask", json=body, headers=headers, timeout=60)
    assert page["figures"] == asked.json()
    text = get(client, TREND).text
    assert f"{LOOKED} people did Product Viewed" in sentence(text)
    assert f"{BOUGHT} people did Order Completed" in sentence(text)


def test_the_hour_that_clocks_repeat_is_told_apart(client: httpx.Client) -> None:
    hours: dict[str, Any] = {"start": "2025-10-26T02:00", "end": "2025-10-26T04:00", "zone": "Europe/Berlin"}
    text = get(client, "/explore/trend", series="people: *", grain="hour", **hours).text
    assert sentence(text) == "0 people did anything from 26 Oct 2025, 02:00 to 26 Oct 2025, 03:00."
    for hour in ("02:00", "02:00 (+01:00)", "03:00"):
        assert f"Sun 26 Oct 2025 {hour}: 0 people" in text


def test_what_is_wrong_is_told_by_the_name_that_the_form_has_for_it(client: httpx.Client) -> None:
    text = get(client, "/explore/sessions?by=touchpoint&n_groups=99").text
    assert text.count("Groups at most: 99 is not between 1 and 25") == 2  # above, and at the field
    text = get(client, "/explore/retention?start=0001-01-01").text
    assert "From: more than 2000 rows of a week each; choose a later one" in text


def test_a_number_leads_to_as_many_people_as_it_says(client: httpx.Client) -> None:
    text = get(client, f"{TREND}&period=all").text
    table = text[text.index("This as a table") :]
    cells = re.findall(r'<a href="(/people/behind[^"]+)">(\d+)</a>', table)
    assert {int(n) for _, n in cells} >= {LOOKED, BOUGHT}
    for href, n in cells:
        found = get(client, f"{html.unescape(href)}&format=json").json()
        assert found["n"] == int(n)
        assert len(found["people"]["value"]) == int(n)
        assert found["back"].startswith("/explore/trend?")
        assert get(client, found["back"]).status_code == 200


def test_a_bar_of_a_funnel_has_an_address_of_the_same_kind(client: httpx.Client) -> None:
    question = {"type": "funnel", "steps": [{"events": ["Product Viewed"]}, {"events": ["Product Added"]}]}
    pick = {"pick.step": "1", "pick.outcome": "dropped"}
    query: dict[str, Any] = {"q": json.dumps(question), **pick, "format": "json"}
    found = get(client, "/people/behind", **query).json()
    assert found["n"] == LOOKED - ADDED
    assert found["behind"] == "4 people left after Product Viewed."
    back = get(client, found["back"])
    assert back.url.path == "/funnel"
    assert "Product Added" in back.text


def test_which_part_of_an_answer_is_meant_is_told_in_words() -> None:
    trend = Trend(series=("A", "people: B"))
    assert said(trend, {"series": "B", "row": "2026-03-02"}) == (
        "in Trend, series people: B, row Mon 2 Mar 2026"
    )
    took = TimeBetween(from_event="A", to_event="B")
    assert said(took, {"least": "49152ms", "below": "65536ms"}) == (
        "in Time between, least 49\u202fs, below 1.1\u202fmin"
    )
    assert said(Linger(), {"page": "9ms", "from_s": "18.4"}) == "in Linger, page 9ms, from 18\u202fs"
    assert said(Linger(), {"from_s": "soon"}) == "in Linger, from s soon"


def test_the_people_behind_a_number_are_saved_as_a_segment_and_questions_can_be_held_to_it(
    client: httpx.Client,
) -> None:
    text = get(client, f"{TREND}&period=all").text
    table = text[text.index("This as a table") :]
    href = next(
        href
        for href, n in re.findall(r'<a href="(/people/behind[^"]+)">(\d+)</a>', table)
        if int(n) == BOUGHT
    )
    page = get(client, html.unescape(href)).text
    fields = dict(re.findall(r'<input type="hidden" name="(csrf|question|pick)" value="([^"]*)"', page))
    data = {name: html.unescape(value) for name, value in fields.items()} | {"name": "Who bought"}
    saved = client.post("/segments", data=data)
    assert saved.status_code == 303, saved.text
    onward = get(client, saved.headers["location"]).text
    assert "Who bought" in onward
    held = get(client, f"{TREND}&segment=Who+bought").text
    assert f"{BOUGHT} people did Product Viewed" in sentence(held)
    assert "without" in held
    funnel = get(client, "/funnel?steps=Product+Viewed&segment=Who+bought&format=json").json()
    assert funnel["figures"]["steps"][0]["people"] == BOUGHT
    home = get(client, "/?segment=Who+bought&format=json").json()
    assert home["figures"]["value"]["people"]["number"] == BOUGHT


def test_period_filter_and_segment_go_along_from_measure_to_measure(client: httpx.Client) -> None:
    where = "touchpoint = 'server'"
    text = get(client, TREND, where=where, start="2026-01-01", zone="Europe/Berlin", side="value").text
    onward = [urlsplit(href) for href in links(text, "/explore/retention")]
    query = parse_qs(onward[0].query)
    assert query == {
        "where": [where],
        "start": ["2026-01-01"],
        "zone": ["Europe/Berlin"],
        "side": ["value"],
    } or {
        "where",
        "start",
    } <= set(query)
    assert "series" not in query


def test_what_was_typed_stays_and_what_is_wrong_is_said_at_its_field(client: httpx.Client) -> None:
    text = get(client, "/explore/stages?lapse=soon&conversion=A+%5B&do=ask").text
    assert re.search(r'name="lapse"[^>]*value="soon"', text)
    assert 'id="conversion-problem"' in text or 'id="lapse-problem"' in text
    assert 'aria-invalid="true"' in text
    text = get(client, "/explore/trend?where=nonsense.field+%3D+1&do=ask").text
    assert "cannot be answered as it stands" in text


def test_a_finished_question_is_spelled_without_what_it_is_anyway(client: httpx.Client) -> None:
    answer = client.get("/explore/stages?conversion=Order+Completed&lapse=30d&grain=week&where=&by=&do=ask")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/explore/stages?lapse=30d"


def test_a_further_value_of_a_field_can_be_typed_without_a_script(client: httpx.Client) -> None:
    answer = client.get("/explore/trend?series=A&series=B&do=more-series")
    assert answer.headers["location"] == "/explore/trend?series=A&series=B&series=#question"
    text = get(client, "/explore/trend?series=A&series=B&series=").text
    assert len(re.findall(r'<input (?!type="hidden")[^>]*name="series"', text)) == 3


@pytest.mark.parametrize("kind", ["csv", "parquet", "json", "svg"])
def test_an_answer_is_kept_as_a_file(client: httpx.Client, kind: str) -> None:
    text = get(client, f"{TREND}&period=all").text
    (href,) = links(text, f"/export/trend.{kind}")
    file = get(client, href)
    assert file.headers["content-disposition"] == f'attachment; filename="trend.{kind}"'
    starts = {"csv": b"", "parquet": b"PAR1", "json": b"{", "svg": b"<svg"}
    assert file.content.startswith(starts[kind])
    if kind == "csv":
        assert len(file.text.splitlines()) > 1


def test_the_api_gives_files_too_and_refuses_what_it_has_not(client: httpx.Client, server: Server) -> None:
    headers = {"origin": server.address}
    body = {"type": "trend", "series": ["Order Completed"]}
    file = client.post("/api/ask?format=csv", json=body, headers=headers, timeout=60)
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    for wrong in ("format=xls", "side=both&format=png"):
        refused = client.post(f"/api/ask?{wrong}", json=body, headers=headers)
        assert refused.status_code == 400
        assert "unknown" in refused.json()["detail"]


@pytest.mark.parametrize("name", EXPLORED)
def test_python_spells_a_question_that_can_be_run(client: httpx.Client, name: str) -> None:
    page = get(client, f"/explore/{name}", format="json").json()
    spelled = {one["name"]: one["text"] for one in page["spellings"]}
    lines = (
        spelled["Python"]
        .replace("lake = obverse.open('obverse-data')", "")
        .replace("lake.ask(", "question = (")
    )
    made: dict[str, Any] = {}
    exec(lines, made)
    assert json.loads(made["question"].to_json())["type"] == name
    assert json.loads(made["question"].to_json()) == {**page["figures"]["question"], "type": name}


@pytest.mark.parametrize(
    "path",
    [
        "/explore/no-such-measure",
        "/explore/trend?series=%22",
        "/explore/trend?series=%00",
        "/explore/trend?start=never",
        "/explore/stages?engaged_after=99999999999999999999",
        "/explore/retention?segment=no-such",
        "/explore/trend?do=more-nothing",
        "/people/behind",
        "/people/behind?q=%7B",
        "/people/behind?q=%7B%22type%22:%22stages%22%7D&pick.nonsense=1",
        "/people/behind?q=%7B%22type%22:%22stages%22%7D&offset=-1",
        "/export/trend.exe?q=%7B%22type%22:%22trend%22%7D",
        "/export/trend.csv",
    ],
)
def test_a_nonsensical_address_is_answered_with_a_page(client: httpx.Client, path: str) -> None:
    answer = client.get(path, headers={"accept": "text/html"}, follow_redirects=True, timeout=120)
    assert answer.status_code in {200, 400, 404}, answer.text[:500]
    assert "<h1" in answer.text


def test_groups_of_a_split_stand_beside_everyone_and_lead_to_their_people(client: httpx.Client) -> None:
    asked: dict[str, Any] = {"after": "Product Viewed", "goal": "Order Completed"}
    asked["by"] = "context.device.type"
    path = "/explore/paths?period=all"
    found = get(client, path, **asked, format="json").json()
    assert {one["name"]: one["people"] for one in found["figures"]["groups"]} == {"desktop": 5, "phone": 5}
    text = get(client, path, **asked).text
    assert 'value="context.device.type"' in text
    assert "Paths that reach Order Completed, by context.device.type" in text
    assert "phone: " in text[: text.index("All the numbers")]
    assert "(all)" in text[text.index("All the numbers") :]
    (table,) = re.findall(
        r"<table.*?</table>", text[text.index("Paths that reach Order Completed, by") :], re.DOTALL
    )[:1]
    hrefs = [href for href in links(table, "/people/behind") if "pick.group=phone" in href]
    assert hrefs
    behind = get(client, f"{hrefs[0]}&format=json").json()
    assert behind["n"] > 0
    assert "group phone" in behind["behind"]
    exported = get(client, next(href for href in links(text, "/export/paths.csv")))
    assert exported.text.startswith("group,column,")
