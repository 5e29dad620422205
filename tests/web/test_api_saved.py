"""Segments and dashboards over the JSON API, as a program keeps them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import obverse

if TYPE_CHECKING:
    from tests.conftest import Server

FUNNEL: dict[str, Any] = {
    "type": "funnel",
    "steps": [{"events": ["Product Viewed"]}, {"events": ["Order Completed"]}],
}
PANEL = {"title": "Where they leave", "question": FUNNEL}


@pytest.fixture(scope="module")
def filled(server: Server) -> Server:
    """A server with 6 people who looked, 2 of whom bought."""
    batch = [
        {"type": "track", "userId": f"u{n}", "event": event, "messageId": f"{n}{event}"}
        for n in range(6)
        for event in ("Product Viewed", "Order Completed")[: 1 + (n < 2)]
    ]
    with server.anyone() as sender:
        sent = sender.post("/v1/batch", json={"batch": batch}, auth=(server.write_key, ""))
    sent.raise_for_status()
    until = time.monotonic() + 60
    with obverse.open(server.data) as lake:
        while dict(lake.names()).get("Order Completed") != 2:
            assert time.monotonic() < until, "the events did not get into the lake"
            time.sleep(0.1)
    return server


@pytest.fixture(scope="module")
def program(filled: Server) -> Iterator[httpx.Client]:
    """A client with an API token."""
    with filled.settings() as settings:
        token = settings.access.create_token("keeper")
    with filled.anyone() as made:
        made.headers["authorization"] = f"Bearer {token}"
        made.timeout = httpx.Timeout(100)
        yield made


def saved(program: httpx.Client, name: str, **more: Any) -> dict[str, Any]:
    answer = program.post("/api/segments", json={"name": name, "question": FUNNEL, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def problem(answer: httpx.Response, status: int, code: str) -> str:
    """Give what an answer says is wrong."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == code
    return str(answer.json()["detail"])


def test_a_segment_is_saved_counted_used_and_forgotten(program: httpx.Client) -> None:
    made = saved(program, "Buyers", pick={"step": "2"})
    assert (made["people"], made["snapshot"], made["pick"]) == (2, False, {"step": "2"})
    assert made["question"] == FUNNEL
    asked = program.post("/api/ask", json=FUNNEL | {"segment": "Buyers"}).json()
    assert [step["people"] for step in asked["steps"]] == [2, 2]
    assert "Buyers" in [one["name"] for one in program.get("/api/segments").json()["segments"]]
    assert program.delete("/api/segments/Buyers").status_code == 204
    assert "did you mean" not in problem(program.get("/api/segments/Buyers"), 404, "not_found")


def test_a_snapshot_is_marked_as_one(program: httpx.Client) -> None:
    made = saved(program, "Lookers of then", pick={"outcome": "dropped"}, snapshot=True)
    assert (made["people"], made["snapshot"]) == (4, True)


def test_a_segment_in_use_is_not_forgotten_and_a_new_name_reaches_its_users(program: httpx.Client) -> None:
    saved(program, "Lookers")
    saved(program, "Lookers who bought", question=FUNNEL | {"segment": "Lookers"}, pick={"step": "2"})
    panel = PANEL | {"question": FUNNEL | {"by": "segment: Lookers"}}
    board = program.post("/api/dashboards", json={"name": "Uses it", "panels": [panel]}).json()
    used = program.get("/api/segments/Lookers").json()["used_by"]
    assert used == {
        "segments": ["Lookers who bought"],
        "dashboards": [{"id": board["id"], "name": "Uses it"}],
    }
    said = problem(program.delete("/api/segments/Lookers"), 409, "in_use")
    assert "the segment 'Lookers who bought', the dashboard 'Uses it'" in said
    renamed = program.patch("/api/segments/Lookers", json={"name": "Viewers / all"}).json()
    assert (renamed["name"], renamed["people"], renamed["used_by"]) == ("Viewers / all", 6, used)
    asked = program.get(f"/api/dashboards/{board['id']}").json()["panels"][0]["question"]
    assert asked["by"] == "segment: Viewers / all"
    assert program.get("/api/segments/Viewers%20%2F%20all").json()["people"] == 6
    assert program.delete(f"/api/dashboards/{board['id']}").status_code == 204
    assert program.delete("/api/segments/Lookers who bought").status_code == 204
    assert program.delete("/api/segments/Viewers%20%2F%20all").status_code == 204


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"name": " ", "question": FUNNEL}, "must have 1 to 100 characters"),
        ({"name": "New", "question": {"type": "funel"}}, "did you mean 'funnel'"),
        ({"name": "New", "question": FUNNEL, "pick": {"step": "9"}}, "not one of the 2 steps"),
        ({"name": "New", "question": FUNNEL | {"segment": "Nobody's"}}, "unknown segment"),
    ],
    ids=["name", "question", "pick", "segment"],
)
def test_what_cannot_be_a_segment_says_why_and_is_not_saved(
    program: httpx.Client, body: dict[str, Any], says: str
) -> None:
    assert says in problem(program.post("/api/segments", json=body), 400, "wrong_question")
    assert "New" not in [one["name"] for one in program.get("/api/segments").json()["segments"]]


def test_a_body_of_the_wrong_shape_says_where(program: httpx.Client) -> None:
    wrong = (("segments", {"name": "New"}, "`question`"), ("dashboards", {"nane": "New"}, "`nane`"))
    for path, body, says in wrong:
        answer = program.post(f"/api/{path}", json=body)
        problem(answer, 400, "bad_request")
        assert says in answer.json()["errors"][0]["message"]


def test_a_dashboard_is_made_read_replaced_and_forgotten(program: httpx.Client) -> None:
    body = {"name": "Mornings", "panels": [PANEL, PANEL | {"side": "value", "wide": True, "period": "7d"}]}
    answer = program.post("/api/dashboards", json=body)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["panels"] == [
        PANEL | {"side": "people", "wide": False, "period": ""},
        PANEL | {"side": "value", "wide": True, "period": "7d"},
    ]
    assert made["shared"] is False
    path = f"/api/dashboards/{made['id']}"
    assert program.get(path).json() == made
    changed = program.put(path, json={"name": "Evenings", "panels": made["panels"][1:]}).json()
    assert (changed["name"], len(changed["panels"]), changed["id"]) == ("Evenings", 1, made["id"])
    assert changed["changed_at"] > made["changed_at"]
    assert "Evenings" in [one["name"] for one in program.get("/api/dashboards").json()["dashboards"]]
    assert program.delete(path).status_code == 204
    for gone in (program.get(path), program.put(path, json=body), program.delete(path)):
        problem(gone, 404, "not_found")


@pytest.mark.parametrize(
    ("panel", "says"),
    [
        (PANEL | {"title": " "}, "panel 2: its title must have 1 to 100 characters"),
        (PANEL | {"question": {"type": "funel"}}, "panel 2: unknown type of question 'funel'"),
        (PANEL | {"period": "8d"}, "panel 2: unknown period '8d'"),
    ],
    ids=["title", "question", "period"],
)
def test_a_wrong_panel_is_named_and_nothing_is_changed(
    program: httpx.Client, panel: dict[str, Any], says: str
) -> None:
    board = {"name": "Wrong", "panels": [PANEL, panel]}
    assert says in problem(program.post("/api/dashboards", json=board), 400, "wrong_question")
    assert "Wrong" not in [one["name"] for one in program.get("/api/dashboards").json()["dashboards"]]


def test_names_are_taken_once(program: httpx.Client) -> None:
    saved(program, "Twice")
    again = program.post("/api/segments", json={"name": "Twice", "question": FUNNEL})
    assert "exists already" in problem(again, 400, "wrong_question")
    program.post("/api/dashboards", json={"name": "Twice"})
    again = program.post("/api/dashboards", json={"name": "Twice"})
    assert "exists already" in problem(again, 400, "wrong_question")


def test_nobody_changes_anything_who_is_not_signed_in_or_did_not_mean_to(filled: Server) -> None:
    with filled.anyone() as anybody, filled.client() as session:
        problem(anybody.get("/api/segments"), 401, "not_signed_in")
        problem(anybody.delete("/api/dashboards/x"), 401, "not_signed_in")
        problem(session.delete("/api/segments/Twice"), 403, "forbidden")
