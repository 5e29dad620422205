"""Why a survey is shown or not: the page counts what offers said, and names who, but for anonymous ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from obverse.event import stream_key
from obverse.surveys.moment import Happened, Visited
from obverse.surveys.survey import Audience, Repeat
from tests.web.pages.conftest import HOSTILE
from tests.web.surveys.survey_server import known, make, offer, show

if TYPE_CHECKING:
    from tests.conftest import Server


def page(client: httpx.Client, path: str, **query: Any) -> Any:
    found = client.get(path, params={**query, "format": "json"})
    assert found.status_code == 200, found.text
    return found.json()


@pytest.fixture
def anyone(server: Server, filled: None) -> Any:
    with server.anyone() as client:
        yield client


def test_moments_are_counted_by_what_they_came_to(
    server: Server, client: httpx.Client, anyone: httpx.Client
) -> None:
    key = make(server)
    known(server, anyone, key)
    show(anyone, offer(server, anyone, key, anonymousId="device-0", userId="user-0"))
    for _ in range(2):
        offer(server, anyone, key, anonymousId="device-0", userId="user-0")
    show(anyone, offer(server, anyone, key, anonymousId="visitor-1"))
    offer(server, anyone, moments=[{"survey": key, "moment": "gone"}], anonymousId="visitor-2")
    found = page(client, f"/surveys/{key}/why")
    counts = {one["reason"]: one["n"] for one in found["reasons"]["value"]}
    assert counts == {"shown": 2, "already_shown": 2, "no_moment": 1}
    assert sum(one["share"] for one in found["reasons"]["value"]) == pytest.approx(1)
    moments = {one["id"]: (one["n"], one["shown"], one["last"]) for one in found["moments"]["value"]}
    assert moments == {"m1": (4, 2, "within the hour"), "gone": (1, 0, "within the hour")}
    decided = {(one["who"], one["reason"]): one["n"] for one in found["decided"]["value"]}
    assert decided == {
        ("user-0", "shown"): 1,
        ("user-0", "already_shown"): 2,
        ("visitor visitor-1", "shown"): 1,
        ("somebody without an event", "no_moment"): 1,
    }
    assert found["days"]["value"]["rows"][-1][1:] == [2, 3]
    assert found["missing"] == []
    text = client.get(f"/surveys/{key}/why").text
    assert "5 times" in re.sub("<[^>]+>", "", text)
    for one in found["decided"]["value"]:
        if one["who"] == "user-0":
            assert client.get(one["href"]).status_code == 200


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"state": "draft"}, "draft: nobody is asked"),
        ({"state": "paused"}, "paused: nobody new"),
        ({"state": "closed"}, "It is closed"),
        ({"places": ("link",)}, "none of its places"),
        ({"moments": ()}, "has no moment"),
        ({"starts": "2099-01-01"}, "It starts in"),
        ({"ends": "2020-01-01"}, "It ended"),
        ({}, "None of its moments came in 24 h. Is the client"),
        ({"moments": (Visited(id="m1", page="/shoes/*"),)}, "on pages like /shoes/*"),
        ({"moments": (Happened(id="m1", event=HOSTILE[:190] + "?"),)}, "was ever received"),
        ({"audience": Audience(segment="nobody made this")}, "There is no segment named"),
    ],
)
def test_what_is_missing_is_said(
    server: Server, client: httpx.Client, filled: None, fields: dict[str, Any], message: str
) -> None:
    key = make(server, **fields)
    found = page(client, f"/surveys/{key}/why")
    assert any(message in one for one in found["missing"]), found["missing"]
    html = client.get(f"/surveys/{key}/why")
    assert html.status_code == 200
    assert "<img src=x" not in html.text
    assert "None of its moments came" in html.text


def test_whom_an_anonymous_survey_was_shown_to_is_not_listed(
    server: Server, client: httpx.Client, anyone: httpx.Client
) -> None:
    key = make(server, anonymous=True)
    known(server, anyone, key)
    for _ in range(2):
        offer(server, anyone, key, anonymousId="device-5", userId="user-5")
    found = page(client, f"/surveys/{key}/why")
    assert {one["reason"] for one in found["decided"]["value"]} == {"already_shown"}
    assert "is not listed" in client.get(f"/surveys/{key}/why").text


def test_a_persons_page_tells_of_each_survey_why_they_would_be_shown_it(
    server: Server, client: httpx.Client, anyone: httpx.Client
) -> None:
    asked, fresh = make(server), make(server, repeat=Repeat(rests=True))
    picked = make(server, audience=Audience(share=1e-9))
    paused = make(server, "paused")
    known(server, anyone, picked)
    show(anyone, offer(server, anyone, asked, anonymousId="device-3", userId="user-3"))
    offer(server, anyone, asked, anonymousId="device-3", userId="user-3")
    told = page(client, f"/people/{stream_key('user-3', None)}")["surveys"]["value"]
    mine = {one["href"].split("/")[2]: one for one in told}
    assert mine[asked]["verdict"] == "already_shown"
    assert mine[asked]["asked"].startswith("asked ")
    assert [one[1:] for one in mine[asked]["decided"]] == [["already_shown", 1], ["shown", 1]]
    assert mine[fresh]["verdict"] == "resting"
    assert mine[picked]["verdict"] == "not_picked"
    assert paused not in mine
    other = page(client, f"/people/{stream_key('user-4', None)}")["surveys"]["value"]
    verdicts = {one["href"].split("/")[2]: one["verdict"] for one in other}
    assert (verdicts[asked], verdicts[picked]) == ("shown", "not_picked")
    assert "It would be shown at its next moment." in client.get(f"/people/{stream_key('user-4', None)}").text


def test_a_survey_that_is_not_there_is_not_found(client: httpx.Client) -> None:
    assert client.get("/surveys/nothing/why").status_code == 404
