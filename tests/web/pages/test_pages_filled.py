"""The pages say what happened: the same figures in the sentence, the picture, the table and the people."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.web.pages.conftest import ADDED, BOUGHT, CHECKED_OUT, HOSTILE, LOOKED

if TYPE_CHECKING:
    from tests.conftest import Server

pytestmark = pytest.mark.usefixtures("filled")

STEPS = "Product Viewed > Product Added > Checkout Started > Order Completed"


def page(client: httpx.Client, path: str, **query: Any) -> Any:
    answer = client.get(path, params={**query, "format": "json"}, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_home_counts_people_customers_conversion_and_value(client: httpx.Client) -> None:
    figures = page(client, "/")["figures"]["value"]
    assert figures["people"]["number"] == LOOKED + 1, "and the visitor"
    assert figures["customers"]["number"] == BOUGHT
    assert figures["conversion"]["number"] == pytest.approx(BOUGHT / (LOOKED + 1))
    assert figures["conversion"]["low"] < BOUGHT / (LOOKED + 1) < figures["conversion"]["high"]
    assert figures["value"]["number"] == 60
    assert figures["comparison"] == "", "there is no whole period before to compare with"
    assert not any(figures[name]["change"] for name in ("people", "customers", "conversion", "value"))
    text = client.get("/").text
    assert f"{LOOKED + 1} people" in text
    assert "€\u202f60" in text


@pytest.mark.parametrize("period", ["7d", "30d", "90d", "120d", "all", "nonsense"])
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "Mars/Olympus"])
def test_home_stands_in_every_period_and_zone(client: httpx.Client, period: str, zone: str) -> None:
    answer = client.get("/", params={"period": period, "zone": zone})
    assert answer.status_code == 200
    assert 'class="problem"' not in answer.text
    assert ("unknown time zone" in html.unescape(answer.text)) == (zone == "Mars/Olympus")


def test_home_is_about_the_days_that_its_address_names(client: httpx.Client) -> None:
    since = page(client, "/", start="2020-01-01")
    assert since["figures"]["value"]["people"]["number"] == LOOKED + 1
    assert since["period_name"] == "since 1\xa0Jan\xa02020"
    before = page(client, "/", start="2020-01-01", end="2020-02-01", period="all")
    assert (before["empty"], before["period_name"]) == (True, "from 1\xa0Jan\xa02020 to 31\xa0Jan\xa02020")
    assert before["all_href"] == "/?period=all"
    for wrong, problem in (
        ({"start": "yesterday"}, "start: 'yesterday'"),
        ({"start": "2020-02-01", "end": "2020-01-01"}, "end: '2020-01-01' is not after start"),
    ):
        assert page(client, "/", **wrong)["figures"]["problem"].startswith(problem)
    explored = client.get("/explore/trend", params={"series": "*", "start": "2020-01-01"}).text
    assert 'href="/?start=2020-01-01"' in explored


def test_the_last_events_are_there_without_a_script(client: httpx.Client) -> None:
    happened = page(client, "/")["live"]["value"]
    assert len(happened) == 10
    assert HOSTILE in {one["event"] for one in happened}


def test_the_funnel_counts_each_step(client: httpx.Client) -> None:
    found = page(client, "/funnel", steps=STEPS)
    assert [step["people"] for step in found["figures"]["steps"]] == [LOOKED, ADDED, CHECKED_OUT, BOUGHT]
    rows = found["result"]["value"]["rows"]
    assert [row["text"] for row in rows] == [str(n) for n in (LOOKED, ADDED, CHECKED_OUT, BOUGHT)]
    assert [row["drop"]["text"] for row in rows[:-1]] == ["4 left", "1 left", "2 left"]


def test_the_other_side_shows_the_money(client: httpx.Client) -> None:
    rows = page(client, "/funnel", steps=STEPS, side="value")["result"]["value"]["rows"]
    assert rows[-1]["text"] == "€\u202f60"
    assert rows[0]["text"] == "no value"


@pytest.mark.parametrize("side", ["people", "value"])
@pytest.mark.parametrize("count", ["person", "entry", "session"])
def test_as_many_people_are_behind_a_bar_as_it_says(client: httpx.Client, side: str, count: str) -> None:
    found = page(client, "/funnel", steps=STEPS, side=side, count=count)
    steps, rows = found["figures"]["steps"], found["result"]["value"]["rows"]
    hrefs = [(step["people"], row["href"]) for step, row in zip(steps, rows, strict=True)]
    hrefs += [(step["dropped"], row["drop"]["href"]) for step, row in zip(steps[:-1], rows[:-1], strict=True)]
    for n, href in hrefs:
        behind = (
            client.get(href, params={"format": "json"})
            if "?" not in href
            else client.get(f"{href}&format=json")
        )
        assert behind.json()["n"] == n
        assert len(behind.json()["people"]["value"]) == n


def test_a_group_of_a_split_leads_to_its_own_people(client: httpx.Client) -> None:
    found = page(client, "/funnel", steps=STEPS, by="context.device.type")
    groups = {one["name"]: one for one in found["result"]["value"]["groups"]}
    assert set(groups) == {"phone", "desktop"}
    for name, n in (("desktop", 2), ("phone", 1)):
        assert client.get(f"{groups[name]['href']}&format=json").json()["n"] == n


def test_a_wrong_question_is_explained_at_its_field_and_what_was_typed_stays(client: httpx.Client) -> None:
    answer = client.get("/funnel?s1=Product+Viewed&s2=Order+Completed&w2=price+%3E+%3E&within=soon&do=ask")
    assert answer.status_code == 200
    assert re.search(r'name="within"[^>]*value="soon"[^>]*aria-invalid="true"', answer.text)
    assert 'id="within-problem"' in answer.text
    answer = client.get("/funnel?s1=Product+Viewed&s2=Order+Completed&w2=price+%3E+%3E")
    assert re.search(r'name="w2"[^>]*value="price &gt; &gt;"[^>]*aria-invalid="true"', answer.text)


def test_an_unknown_field_names_the_nearest(client: httpx.Client) -> None:
    text = client.get("/funnel", params={"steps": STEPS, "by": "context.device.typ"}).text
    assert "did you mean &#39;context.device.type&#39;" in text
    assert re.search(r'name="by"[^>]*aria-invalid="true"', text)


def test_a_name_that_no_event_has_is_remarked_upon(client: httpx.Client) -> None:
    text = client.get("/funnel", params={"steps": "Product Viewd > Order Completed"}).text
    assert "did you mean “Product Viewed”?" in text


def test_without_a_question_the_usual_steps_are_asked_about(client: httpx.Client) -> None:
    answer = client.get("/funnel")
    assert answer.status_code == 303
    assert page(client, "/funnel")["figures"]["question"]["steps"][0] == {"events": ["Product Viewed"]}


def test_the_command_line_gives_the_same_numbers(client: httpx.Client, server: Server) -> None:
    import json
    import shlex
    import subprocess
    import sys

    found = page(client, "/funnel", steps=STEPS, by="context.device.type", within="2d")
    spelled = next(one["text"] for one in found["spellings"] if one["name"] == "Command line")
    words = [str(server.data) if word == "obverse-data" else word for word in shlex.split(spelled)[1:]]
    run = subprocess.run(
        [sys.executable, "-m", "obverse.cli", *words, "--json"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert json.loads(run.stdout)["steps"] == found["figures"]["steps"]
    http = next(one["text"] for one in found["spellings"] if one["name"] == "HTTP")
    body = shlex.split(http.replace("\\\n", " "))[-1]
    asked = client.post(
        "/api/ask", content=body, headers={"content-type": "application/json", "origin": server.address}
    )
    assert asked.json()["steps"] == found["figures"]["steps"]


def test_python_gives_the_same_numbers(client: httpx.Client, server: Server) -> None:
    found = page(client, "/funnel", steps=STEPS, x1="Page Viewed", period="all")
    text = next(one["text"] for one in found["spellings"] if one["name"] == "Python")
    lines = text.replace("'obverse-data'", repr(str(server.data))).replace("lake.ask(", "answer = lake.ask(")
    made: dict[str, Any] = {}
    exec(lines, made)
    made["lake"].close()
    assert [step.people for step in made["answer"].steps] == [
        step["people"] for step in found["figures"]["steps"]
    ]


@pytest.mark.parametrize("search", ["user-0", "user-", "device-0", "ada@x", "visitor-1"])
def test_people_are_found_by_what_is_known_of_them(client: httpx.Client, search: str) -> None:
    found = page(client, "/people", q=search)["people"]["value"]
    assert found
    names = {one["name"] for one in found}
    assert names & {"user-0", "visitor visitor-1"}


def test_a_list_says_the_same_of_a_person_as_their_page(client: httpx.Client) -> None:
    rows = page(client, "/people")["people"]["value"]
    assert {row["name"] for row in rows} == {*(f"user-{i}" for i in range(LOOKED)), "visitor visitor-1"}
    for row in rows:
        facts = {one["name"]: one["text"] for one in page(client, row["href"])["facts"]}
        assert row["n_events"].split()[0] == facts["Events"]


def test_a_persons_page_tells_their_whole_story(client: httpx.Client) -> None:
    (found,) = page(client, "/people", q="user-0")["people"]["value"]
    person = page(client, found["href"])
    assert person["name"] == "ada@x.example"
    assert person["anonymous_ids"] == ["device-0"]
    told = [one for day in person["timeline"]["value"] for visit in day["visits"] for one in visit["events"]]
    assert [one["name"] for one in told][-1] == "Product Viewed"
    assert {"Order Completed", "Identified", HOSTILE} <= {one["name"] for one in told}


def test_a_timeline_can_be_paged_and_held_to_one_touchpoint(client: httpx.Client) -> None:
    (found,) = page(client, "/people", q="user-0")["people"]["value"]
    whole = page(client, found["href"])
    (everywhere, only, *_) = whole["touchpoints"]
    assert everywhere["current"]
    held = client.get(only["href"], params=None).text
    assert "Product Viewed" in held


def test_health_counts_what_was_refused_and_shows_it(client: httpx.Client) -> None:
    found = page(client, "/health")
    reasons = {one["reason"]: one for one in found["refusals"]["value"]}
    assert {"junk_id", "missing_id"} <= set(reasons)
    assert reasons["junk_id"]["n"] == 1
    assert "Junk" in reasons["junk_id"]["examples"][0]["excerpt"]
    text = client.get("/health").text
    assert "&lt;b&gt;Junk" in text
    assert "<b>Junk" not in text


def test_a_page_object_has_help_for_each_of_its_fields() -> None:
    from obverse.web.pages.funnel import FunnelPage
    from obverse.web.pages.health import HealthPage
    from obverse.web.pages.home import HomePage
    from obverse.web.pages.install import InstallPage
    from obverse.web.pages.people import PeoplePage
    from obverse.web.pages.person import PersonPage

    for kind in (HomePage, FunnelPage, PeoplePage, PersonPage, HealthPage, InstallPage):
        assert all(len(text) > 10 for text in kind.help().values())


@pytest.mark.parametrize(
    "path",
    [
        "/funnel?steps=A+%3E+%3E",
        "/funnel?steps=%22",
        "/funnel?s1=%00",
        "/funnel?steps=A&n_groups=-1&by=x",
        "/funnel/people?steps=A&step=7",
        "/funnel/people?steps=A&step=x",
        "/funnel/people?steps=A&offset=99999999999999999999",
        "/funnel/people",
        "/people?q=%00%FF",
        "/people/1?before=x.y&at=%3Cb%3E",
        "/?period=%27&side=%22%3E&zone=..%2F..%2Fetc",
    ],
)
def test_a_nonsensical_address_is_answered_with_a_page(client: httpx.Client, path: str) -> None:
    answer = client.get(path, headers={"accept": "text/html"}, follow_redirects=True)
    assert answer.status_code in {200, 400, 404}
    assert "<h1" in answer.text
