"""Offers on a real server: what browsers are told, who is asked, why not, and what is kept of it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest

from obverse.event import stream_key
from obverse.surveys.moment import Elsewhere, Happened, NotTaken, Visited
from obverse.surveys.question import ShortText
from obverse.surveys.survey import Audience, Repeat
from obverse.surveys.ticket import read
from tests.web.surveys.survey_server import known, make, offer, show

if TYPE_CHECKING:
    from tests.conftest import Server


@pytest.fixture
def anyone(server: Server) -> Iterator[httpx.Client]:
    """A client that is not logged in."""
    with server.anyone() as client:
        yield client


def reasons(found: httpx.Response) -> dict[str, str]:
    """Read why surveys were shown or not."""
    assert found.status_code == 200, found.text
    told: dict[str, str] = found.json()["reasons"]
    return told


def test_browsers_are_told_the_moments_and_nothing_else(server: Server, anyone: httpx.Client) -> None:
    moments = (
        Visited(id="m1", page="/shoes/*", delay_s=3),
        Happened(id="m2", event="Order Completed", where="properties.revenue > 50"),
    )
    key = make(server, moments=moments, audience=Audience(segment="secret"))
    hidden = [make(server, "draft"), make(server, "paused"), make(server, places=("link",))]
    hidden += [make(server, ends="2020-01-01"), make(server, starts="2099-01-01"), make(server, moments=())]
    known(server, anyone, key)
    found = anyone.get("/obverse/surveys/live.json", params={"key": server.write_key})
    told = {one["id"]: one for one in found.json()["surveys"]}
    assert told[key] == {
        "id": key,
        "moments": [
            {"on": "page", "id": "m1", "page": "/shoes/*", "delay_s": 3.0},
            {"on": "event", "id": "m2", "event": "Order Completed"},
        ],
    }
    assert not set(hidden) & set(told)
    assert found.json()["cart"] == {"added": "Product Added", "completed": "Order Completed"}
    assert found.headers["cache-control"] == "public, max-age=60"
    assert found.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "bad_json"),
        (b'{"writeKey":"x","moments":[]}', 401, "unknown_key"),
        (b'{"moments":[]}', 401, "no_key"),
        (b'{"writeKey":"x","moments":[{"survey":1}]}', 400, "bad_body"),
        (
            b'{"writeKey":"x","moments":[%s]}' % b",".join([b'{"survey":"a","moment":"b"}'] * 101),
            400,
            "bad_body",
        ),
        (b'{"page":{"title":"%s"}}' % (b"x" * 70_000), 413, "body_too_large"),
        (b'{"writeKey":"\xff"}', 400, "bad_json"),
    ],
)
def test_what_is_no_offer_is_refused_with_a_reason(
    anyone: httpx.Client, body: bytes, status: int, code: str
) -> None:
    found = anyone.post("/obverse/surveys/offer", content=body)
    assert (found.status_code, code in found.text) == (status, True), found.text
    assert anyone.get("/obverse/surveys/live.json?key=x").status_code == 401


def test_a_survey_is_given_out_once_with_its_form_and_its_ticket(
    server: Server, anyone: httpx.Client
) -> None:
    key = make(server)
    known(server, anyone, key)
    told: dict[str, Any] = {
        "sessionId": "s9",
        "exposures": [
            None,
            {"experiment_id": "e", "variation_id": 7},
            {"experiment_id": "e", "variation_id": "b"},
        ],
    }
    first = show(anyone, offer(server, anyone, key, anonymousId="once", userId="anna", **told))
    assert reasons(first) == {key: "shown"}
    given = first.json()["offer"]
    assert (given["survey"], given["language"], given["rtl"]) == (key, "en", False)
    assert "Would you recommend us?" in given["html"]
    assert 'action="/obverse/surveys/answer"' in given["html"]
    with server.settings() as settings:
        ticket = read(given["ticket"], settings.surveys.secret(), time.time_ns() // 1000)
    assert (ticket.anonymous_id, ticket.user_id, ticket.session_id) == ("once", "anna", "s9")
    assert (ticket.place, ticket.moment, ticket.share) == ("page", "m1", 1.0)
    assert ticket.page["url"] == "https://shop.test/"
    assert ticket.variants == {"e": "b"}
    again = offer(server, anyone, key, anonymousId="once", userId="anna")
    assert again.json() == {"offer": None, "reasons": {key: "already_shown"}}
    elsewhere = offer(server, anyone, key, anonymousId="other device", userId="anna")
    assert reasons(elsewhere) == {key: "already_shown"}
    assert reasons(offer(server, anyone, key, anonymousId="somebody")) == {key: "shown"}


def test_a_rest_lies_between_any_two_surveys(server: Server, anyone: httpx.Client) -> None:
    one, two = (make(server, repeat=Repeat(rests=True)) for _ in range(2))
    known(server, anyone, two)
    show(anyone, offer(server, anyone, one, anonymousId="rest"))
    assert reasons(offer(server, anyone, two, anonymousId="rest")) == {two: "resting"}
    assert reasons(offer(server, anyone, two, anonymousId="rest", userId="carla")) == {two: "resting"}


def test_an_offer_whose_reply_was_lost_asks_nobody(server: Server, anyone: httpx.Client) -> None:
    key, other = make(server, audience=Audience(a_day=1)), make(server, repeat=Repeat(rests=True))
    known(server, anyone, other)
    lost = offer(server, anyone, key, anonymousId="lost")
    assert reasons(lost) == {key: "shown"}
    assert reasons(offer(server, anyone, key, other, anonymousId="lost")) == {
        key: "reserved",
        other: "reserved",
    }
    assert reasons(offer(server, anyone, key, anonymousId="one more")) == {key: "daily_limit"}
    show(anyone, lost)
    assert reasons(offer(server, anyone, key, other, anonymousId="lost")) == {
        key: "already_shown",
        other: "resting",
    }


def test_somebody_with_many_tabs_is_asked_in_one_of_them(server: Server, anyone: httpx.Client) -> None:
    keys = [make(server, repeat=Repeat(rests=True)) for _ in range(2)]
    known(server, anyone, keys[1])

    def tell(tab: int) -> dict[str, str]:
        return reasons(offer(server, anyone, *keys, anonymousId=f"tab {tab % 3}", userId="many tabs"))

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(tell, range(40)))
    assert sum("shown" in one.values() for one in found) == 1
    assert {why for one in found for why in one.values()} == {*("shown", "outranked", "reserved")}


def test_of_several_the_one_of_the_highest_priority_is_shown(server: Server, anyone: httpx.Client) -> None:
    low, high = make(server), make(server, priority=5)
    known(server, anyone, high)
    assert reasons(offer(server, anyone, low, high, anonymousId="p")) == {low: "outranked", high: "shown"}


def test_a_filter_and_a_page_are_judged_by_the_server(server: Server, anyone: httpx.Client) -> None:
    bought = Happened(id="m1", event="Order Completed", where="properties.revenue > 50", page="/thanks*")
    key = make(server, moments=(bought,))
    known(server, anyone, key)

    def tell(revenue: float, path: str, event: str = "Order Completed") -> str:
        told = {"survey": key, "moment": "m1", "event": {"event": event, "properties": {"revenue": revenue}}}
        return reasons(offer(server, anyone, moments=[told], anonymousId="f", page={"path": path}))[key]

    assert tell(20, "/thanks") == "filter_not_met"
    assert tell(60, "/cart") == "wrong_page"
    assert tell(60, "/thanks", "Product Added") == "no_moment"
    assert tell(60, "/thanks/1") == "shown"


def test_what_is_not_there_or_not_live_is_said(server: Server, anyone: httpx.Client) -> None:
    paused, live = make(server, "paused"), make(server)
    known(server, anyone, live)
    assert reasons(offer(server, anyone, "nothing", paused)) == {"nothing": "not_live", paused: "paused"}
    told = [{"survey": live, "moment": "gone"}]
    assert reasons(offer(server, anyone, moments=told)) == {live: "no_moment"}


def test_somebody_without_any_id_is_asked_and_not_remembered(server: Server, anyone: httpx.Client) -> None:
    key = make(server)
    known(server, anyone, key)
    for _ in range(2):
        assert reasons(offer(server, anyone, key, anonymousId=None)) == {key: "shown"}


def test_no_more_are_asked_in_a_day_than_may_be(server: Server, anyone: httpx.Client) -> None:
    key = make(server, audience=Audience(a_day=3))
    known(server, anyone, key)
    found = [reasons(offer(server, anyone, key, anonymousId=f"day{n}"))[key] for n in range(5)]
    assert found == ["shown"] * 3 + ["daily_limit"] * 2


def test_a_segment_that_nobody_made_is_said(server: Server, anyone: httpx.Client) -> None:
    key = make(server, audience=Audience(segment="nobody made this"))
    known(server, anyone, key)
    found = {reasons(offer(server, anyone, key))[key]}
    until = time.monotonic() + 30
    while found <= {"segment_not_ready"} and time.monotonic() < until:
        found.add(reasons(offer(server, anyone, key))[key])
    assert found <= {"segment_not_ready", "segment_unknown"}
    assert "segment_unknown" in found


def test_what_happened_elsewhere_is_asked_about_on_the_next_page(
    server: Server, anyone: httpx.Client
) -> None:
    call = Elsewhere(id="m1", event="Support Called")
    asks = ShortText(id="q1", text="About {event.topic|it}: is it solved?")
    slow = NotTaken(id="m1", after="Product Added", step="Order Completed", within_s=1)
    keys = [make(server, moments=(one,), questions=(asks,)) for one in (call, slow)]
    known(server, anyone, keys[1])
    for event in ("Support Called", "Product Added"):
        sent: dict[str, Any] = {
            "writeKey": server.write_key,
            "userId": "caller",
            "event": event,
            "properties": {},
        }
        assert anyone.post("/v1/track", json=sent).status_code == 200
    found: dict[str, set[str]] = {key: set() for key in keys}
    forms: dict[str, str] = {}
    until = time.monotonic() + 60
    while not all("shown" in one for one in found.values()) and time.monotonic() < until:
        for key in keys:
            told = offer(server, anyone, key, userId="caller")
            found[key].add(reasons(told)[key])
            forms[key] = told.json()["offer"]["html"] if told.json()["offer"] else forms.get(key, "")
    for one in found.values():
        assert "shown" in one
        assert one <= {"moment_not_ready", "no_moment", "shown", "reserved"}
    assert "About the refund: is it solved?" in forms[keys[0]] or "About it:" in forms[keys[0]], "slow lake"
    assert "About it: is it solved?" in forms[keys[1]]
    others = reasons(offer(server, anyone, *keys, anonymousId="stranger"))
    assert set(others.values()) == {"no_moment"}


def test_an_answer_counts_and_until_answered_ends_with_it(server: Server, anyone: httpx.Client) -> None:
    key = make(server, repeat=Repeat(how="until_answered", after_days=0, rests=False))
    known(server, anyone, key)
    show(anyone, offer(server, anyone, key, anonymousId="u"))
    given = offer(server, anyone, key, anonymousId="u").json()["offer"]
    form = {"ticket": given["ticket"], "step": "1", "q.nps": "9", "go": "next"}
    headers = {"accept": "application/json"}
    for _ in range(2):  # the second adds nothing
        found = anyone.post("/obverse/surveys/answer", data=form, headers=headers)
        assert found.json()["done"] is True, found.text
    assert reasons(offer(server, anyone, key, anonymousId="u")) == {key: "already_answered"}
    row = total(server, key)
    assert row == (2, 1, 1)


def total(server: Server, key: str) -> tuple[int, ...]:
    """Read how often a survey was asked and answered, as soon as it is in the file."""
    until = time.monotonic() + 20
    found: tuple[int, ...] = ()
    with sqlite3.connect(f"file:{server.data}/askings.db?mode=ro", uri=True) as file:
        while len(found) < 3 or (not found[1] and time.monotonic() < until):
            query = "SELECT asked, answered, answered_here FROM total WHERE survey = ?"
            found = file.execute(query, (key,)).fetchone() or ()
    return found


def test_nothing_on_disk_leads_from_an_anonymous_answer_to_the_person(
    server: Server, anyone: httpx.Client
) -> None:
    key, beside = make(server, anonymous=True, priority=9), make(server)
    known(server, anyone, beside)
    people = [f"anon-{n}" for n in range(8)]
    told = [{"survey": key, "moment": "m1"}, {"survey": beside, "moment": "m1"}]
    tickets = []
    for person in people:
        fields: dict[str, Any] = {"anonymousId": person, "userId": f"user {person}", "sessionId": "s1"}
        exposures = [{"experiment_id": "e", "variation_id": person}]
        found = offer(server, anyone, moments=told, exposures=exposures, **fields)
        assert reasons(found)[key] == "shown"
        tickets.append(found.json()["offer"]["ticket"])
    for ticket in tickets:
        form = {"ticket": ticket, "step": "1", "q.nps": "3", "go": "next"}
        found = anyone.post("/obverse/surveys/answer", data=form, headers={"accept": "application/json"})
        assert found.json()["done"] is True
    total(server, key)
    with server.settings() as settings:
        secret = settings.surveys.secret()
    read_tickets = [read(one, secret, time.time_ns() // 1000) for one in tickets]
    bodies = {msgspec.json.encode(msgspec.structs.replace(one, submission_id="")) for one in read_tickets}
    assert len(bodies) == 1, "tickets differ in nothing but a random id"
    file = sqlite3.connect(f"file:{server.data}/askings.db?mode=ro", uri=True)
    keys = {stream_key(None, one) for one in people} | {stream_key(f"user {one}", None) for one in people}
    rows = file.execute("SELECT * FROM asking WHERE survey = ?", (key,)).fetchall()
    assert {row[0] for row in rows} == keys
    assert len({row[1:6] for row in rows}) == 1, "each row says the same: that day"
    assert [row[0] for row in rows] == sorted(keys), "and they lie in no order of time"
    tables = [name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    submissions = {one.submission_id for one in read_tickets}
    for table in set(tables) - {"asking", "unit"}:
        for row in file.execute(f"SELECT * FROM {table}"):
            assert not keys & set(row), f"{table} names a person at an instant: {row}"
            assert not submissions & set(row)
    for row in file.execute("SELECT * FROM unit"):
        assert not submissions & set(row)
    file.close()


def test_an_answer_sent_past_the_form_is_refused_and_counted(server: Server, anyone: httpx.Client) -> None:
    ours, theirs = make(server), make(server, "imported")
    known(server, anyone, ours)
    batch = [
        {"type": "track", "event": name, "userId": "forger", "properties": {"survey_id": key}}
        for name in ("Survey Answered", "Survey Shown")
        for key in (ours, theirs)
    ]
    found = anyone.post("/v1/batch", json={"writeKey": server.write_key, "batch": batch}).json()
    assert found["accepted"] == 2
    assert [(one["index"], one["reason"]) for one in found["refused"]] == [(0, "not_asked"), (2, "not_asked")]
