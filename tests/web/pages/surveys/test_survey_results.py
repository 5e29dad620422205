"""The results of a survey, of answers with known truth."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from obverse.measure.paths import Paths
from tests.surveys.asked import now, send, told
from tests.web.pages.surveys.test_survey_pages import HOSTILE, kept, page

if TYPE_CHECKING:
    from tests.conftest import Server

SCORES = {"ann": 10, "bob": 9, "cid": 9, "dan": 8, "eve": 3, "fay": None, "gus": None, "hal": None}


@pytest.fixture(scope="module")
def asked_server(server: Server) -> tuple[Server, str]:
    """A server, and a survey that 8 people were shown and 5 answered, four hours ago."""
    key = kept(server, "With answers", "live")
    then = now() - timedelta(hours=4)
    events = []
    for person, score in SCORES.items():
        reason = "speed" if person == "eve" else "price"
        why = {"eve": HOSTILE, "ann": "All went well, thanks"}.get(person, "")
        events += told(key, person, score, then, reason=reason, why=why)
    events += [
        {
            "type": "track",
            "userId": "eve",
            "event": event,
            "messageId": f"eve-{event}",
            "timestamp": (then + timedelta(minutes=minutes)).isoformat(),
            "properties": {"name": HOSTILE},
        }
        for event, minutes in (("Long Before", -90), ("Checkout Failed", -2), ("Support Called", 5))
    ]
    send(server, events)
    return server, key


def figures(client: httpx.Client, path: str) -> dict[str, Any]:
    answer = client.get(f"{path}{'&' if '?' in path else '?'}format=json", timeout=120)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_the_numbers_are_those_that_were_sent(asked_server: tuple[Server, str], client: httpx.Client) -> None:
    found = figures(client, f"/surveys/{asked_server[1]}")
    everyone = found["figures"]["everyone"]
    reached = {name: everyone[name]["submissions"] for name in ("shown", "started", "answered", "dismissed")}
    assert reached == {"shown": 8, "started": 5, "answered": 5, "dismissed": 3}
    nps, reason, why = found["questions"]
    assert nps["figures"]["everyone"]["score"]["value"] == pytest.approx(40)
    options = {one["name"]: one["answers"] for one in reason["figures"]["everyone"]["options"]}
    assert options == {"price": 4, "speed": 1}
    assert why["is_text"]


def test_the_page_shows_words_and_leads_to_people(
    asked_server: tuple[Server, str], client: httpx.Client
) -> None:
    html = page(client, f"/surveys/{asked_server[1]}")
    assert re.search(r"<strong[^>]*>62.5\W%</strong>", html)
    assert "The price" in html
    assert "80.0\u202f%" in html
    behind = next(href for href in re.findall(r'href="(/people/behind[^"]*)"', html) if "promoters" in href)
    who = client.get(behind.replace("&amp;", "&"))
    assert "3 people" in who.text


def test_an_nps_is_one_bar_of_who_stands_behind_it_and_a_table(
    asked_server: tuple[Server, str], client: httpx.Client
) -> None:
    at = f"/surveys/{asked_server[1]}"
    bar = re.search(r'<svg class="layers".*?</svg>', page(client, at), re.DOTALL)
    assert bar
    parts = re.findall(r'class="(\w+)" x="([\d.]+)" width="([\d.]+)"', bar[0])
    assert [(name, float(x), float(width)) for name, x, width in parts] == [
        ("detractors", 0, 20),
        ("passives", 20, 20),
        ("promoters", 40, 60),
    ]
    shown = figures(client, at)["questions"][0]["figures"]["everyone"]["levels"]
    table = re.search(
        r"What the score is made of, question 1</caption>.*?</table>", page(client, at), re.DOTALL
    )
    assert table
    assert re.findall(r'"num"><a href="[^"]*">(\d)</a>', table[0]) == [
        str(one["answers"]) for one in shown[::-1]
    ]
    assert page(client, f"{at}?by=properties.moment").count('<svg class="layers"') >= 1
    assert '<svg class="layers"' not in page(client, f"{at}?side=value")


def test_a_verbatim_stands_beside_what_the_person_did(
    asked_server: tuple[Server, str], client: httpx.Client
) -> None:
    at = f"/surveys/{asked_server[1]}"
    found = figures(client, at)["verbatims"]["value"]
    assert (found["n"], {one["who"] for one in found["rows"]}) == (2, {"ann", "eve"})
    eve = next(one for one in found["rows"] if one["who"] == "eve")
    assert [near["name"] for near in eve["before"]] == ["Checkout Failed"]
    assert [near["name"] for near in eve["after"]] == ["Support Called"]
    assert eve["said"] == ["NPS 3", "Speed"]
    assert HOSTILE not in page(client, at)
    timeline = client.get(eve["href"])
    assert "Checkout Failed" in timeline.text
    searched = figures(client, f"{at}?q=WENT+well")["verbatims"]["value"]
    assert [one["who"] for one in searched["rows"]] == ["ann"]
    assert "Nobody wrote that." in page(client, f"{at}?q=nothing+such")


def test_answers_become_a_segment_that_narrows_the_page(
    asked_server: tuple[Server, str], client: httpx.Client
) -> None:
    at = f"/surveys/{asked_server[1]}"
    html = page(client, at)
    form = re.search(r'<form action="/segments".*?</form>', html, re.DOTALL)
    assert form
    unescaped = form[0].replace("&#34;", '"').replace("&#39;", "'")
    csrf = re.search(r'name="csrf" value="(\w+)"', unescaped)
    question = re.search(r'name="question" value="({.*})"', unescaped)
    picks = re.findall(r'<option value="({.*?})"', unescaped)
    assert csrf
    assert question
    assert picks == [f'{{"level":"{level}"}}' for level in ("promoters", "passives", "detractors")]
    body = {"csrf": csrf[1], "question": question[1], "pick": picks[2], "name": "Detractors"}
    assert client.post("/segments", data=body).status_code == 303
    found = figures(client, f"{at}?segment=Detractors")
    assert found["figures"]["everyone"]["shown"]["people"] == 1
    assert [one["who"] for one in found["verbatims"]["value"]["rows"]] == ["eve"]
    by = figures(client, f"{at}?by=segment:+Detractors")
    assert len(by["figures"]["groups"]) == 2


def test_versions_are_told_apart(asked_server: tuple[Server, str], client: httpx.Client) -> None:
    server, key = asked_server
    with server.settings() as settings:
        body = settings.surveys.get(key).body
        second = body.replace(b"What matters most to you?", b"What counts?")
        settings.surveys.edit(key, "With answers", second)
    found = figures(client, f"/surveys/{key}?version=1")
    assert found["questions"][1]["text"] == "What matters most to you?"
    assert found["figures"]["everyone"]["answered"]["submissions"] == 5
    assert figures(client, f"/surveys/{key}?version=2")["never"]
    assert figures(client, f"/surveys/{key}")["questions"][1]["text"] == "What counts?"


def test_answers_are_a_file(asked_server: tuple[Server, str], client: httpx.Client) -> None:
    answer = client.get(f"/surveys/{asked_server[1]}/answers.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="answers.csv"'
    assert answer.text.count("\n") == 6
    assert client.get(f"/surveys/{asked_server[1]}/answers.exe").status_code == 404


def test_an_anonymous_survey_names_nobody(server: Server, client: httpx.Client) -> None:
    key = kept(server, "Anonymous", "live", anonymous=True)
    then = now() - timedelta(hours=1)
    send(server, told(key, "made-up-for-it", 2, then, why="Do not tell anybody"))
    found = figures(client, f"/surveys/{key}")["verbatims"]["value"]["rows"]
    assert [(one["text"], one["who"], one["href"]) for one in found] == [("Do not tell anybody", "", "")]
    html = page(client, f"/surveys/{key}")
    assert "made-up-for-it" not in html
    assert "Save who answered" not in html
    assert "/invitations" not in html


def test_a_survey_without_answers_says_how_people_get_to_it(client: httpx.Client, server: Server) -> None:
    key = kept(server, "Not asked yet", "live")
    html = page(client, f"/surveys/{key}")
    assert "Nobody has been asked yet" in html
    assert f"/s/{key}" in html
    assert f"/surveys/{key}/qr.svg" in html
    assert page(client, f"/surveys/{key}?period=7d").count("Look at all time") == 1
    assert client.get("/surveys/nothing").status_code == 404


def test_what_people_do_around_answering_is_a_question_that_can_be_asked(
    asked_server: tuple[Server, str], client: httpx.Client
) -> None:
    found = figures(client, f"/surveys/{asked_server[1]}")
    before = next(one for one in found["around"] if "before" in one["label"])
    asked = dict(parse_qsl(urlsplit(before["href"]).query))
    assert asked["before"] == f"Survey Answered [properties.survey_id = '{asked_server[1]}']"
    selected = Paths(before=asked["before"]).selections()["before"].where
    assert selected == f"properties.survey_id = '{asked_server[1]}'"


def test_a_drop_of_a_funnel_leads_to_a_survey_of_who_leaves(
    asked_server: tuple[Server, str], client: httpx.Client
) -> None:
    html = page(client, "/funnel?steps=Checkout+Failed+%3E+Order+Completed&period=all")
    href = re.search(r'<a class="ask-them" href="([^"]+)"', html)
    assert href
    builder = page(client, href[1].replace("&amp;", "&"))
    assert 'value="Why not Order Completed?"' in builder
    assert 'name="moments.0.after" value="Checkout Failed"' in builder
    behind = re.findall(r'href="(/funnel/people[^"]+dropped[^"]*)"', html)
    assert "Ask these people" in page(client, behind[0].replace("&amp;", "&"))
