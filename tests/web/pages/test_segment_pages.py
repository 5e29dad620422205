"""Segments on their page: what each is, who uses it, a new name, an end that is meant."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.web.pages.conftest import ADDED, BOUGHT, HOSTILE, LOOKED, Eye

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Server

FUNNEL = {"type": "funnel", "steps": [{"events": ["Product Viewed"]}, {"events": ["Order Completed"]}]}
ORIGIN = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def reader(filled: Server, client: httpx.Client) -> httpx.Client:
    client.timeout = httpx.Timeout(100)
    return client


def save(reader: httpx.Client, name: str, **more: Any) -> None:
    body = {"name": name, "question": FUNNEL, **more}
    answer = reader.post("/api/segments", json=body, headers=ORIGIN)
    assert answer.status_code == 201, answer.text


def post(reader: httpx.Client, **form: str) -> httpx.Response:
    csrf = re.search(r'name="csrf" value="(\w+)"', reader.get("/segments").text)
    assert csrf
    return reader.post("/segments", data={"csrf": csrf[1], **form})


def entries(reader: httpx.Client) -> dict[str, dict[str, Any]]:
    page = reader.get("/segments", params={"format": "json"}).json()
    return {one["name"]: one for one in page["segments"]}


def test_a_segment_says_how_many_and_who_they_are_and_leads_to_them(reader: httpx.Client) -> None:
    save(reader, "Buyers", pick={"step": "2"})
    found = entries(reader)["Buyers"]
    assert found["n"]["value"] == BOUGHT
    assert found["what"]["value"]["text"] == "People who reached Order Completed."
    assert ["Steps", "Product Viewed > Order Completed"] in found["what"]["value"]["fields"]
    assert not found["is_snapshot"]
    people = reader.get(f"{found['people_href']}&format=json").json()
    assert people["behind"] == f"{BOUGHT} people in Buyers."
    assert {one["name"] for one in people["people"]["value"]} == {"user-0", "user-1", "user-2"}
    assert reader.get(found["what"]["value"]["href"]).status_code == 200
    assert "Buyers" in reader.get(found["ask_href"]).text


def test_a_snapshot_kept_from_a_list_of_people_leads_to_them_too(reader: httpx.Client) -> None:
    form = {"question": json.dumps(FUNNEL), "pick": '{"outcome":"dropped"}', "snapshot": "on"}
    assert post(reader, name="Lookers of then", **form).status_code == 303
    found = entries(reader)["Lookers of then"]
    assert found["is_snapshot"]
    assert found["n"]["value"] == LOOKED - BOUGHT
    people = reader.get(f"{found['people_href']}&format=json").json()
    assert people["n"] == LOOKED - BOUGHT
    assert "A snapshot: these people, as they were on" in reader.get("/segments").text


def test_who_uses_a_segment_is_said_and_keeps_it(reader: httpx.Client) -> None:
    save(reader, "Lookers")
    save(reader, "Lookers again", question=FUNNEL | {"segment": "Lookers"})
    panel = {"title": "Held", "question": FUNNEL | {"segment": "Lookers"}}
    board = {"name": "Held to lookers", "panels": [panel]}
    id_ = reader.post("/api/dashboards", json=board, headers=ORIGIN).json()["id"]
    users = [(one["label"], one["href"]) for one in entries(reader)["Lookers"]["users"]]
    names = sorted(entries(reader))
    other = f"#segment-{names.index('Lookers again') + 1}"
    assert users == [("Held to lookers", f"/dashboards/{id_}"), ("Lookers again", other)]
    assert f'id="{other[1:]}"><bdi>Lookers again' in reader.get("/segments").text
    answer = post(reader, do="delete", segment="Lookers")
    assert answer.status_code == 409
    assert "is used by" in answer.text
    assert "Lookers" in entries(reader)
    assert post(reader, do="rename", segment="Lookers", name="Viewers").status_code == 303
    assert [one["label"] for one in entries(reader)["Viewers"]["users"]] == [one for one, _ in users]
    assert "Nobody took" not in reader.get(f"/dashboards/{id_}").text


@pytest.mark.parametrize(
    ("form", "status", "message"),
    [
        ({"do": "rename", "segment": "Named", "name": " "}, 400, "must have 1 to 100 characters"),
        ({"do": "rename", "segment": "Nobody", "name": "X"}, 404, "unknown segment"),
        ({"do": "delete", "segment": "Nobody"}, 404, "unknown segment"),
        ({"do": "explode", "segment": "Named"}, 400, "is nothing that can be done here"),
        ({"name": "Wrong", "question": "{"}, 400, "not a question"),
        ({"name": "Named", "question": json.dumps(FUNNEL)}, 400, "exists already"),
    ],
    ids=["blank", "unknown", "gone", "do", "question", "taken"],
)
def test_what_cannot_be_done_is_said_on_the_page(
    reader: httpx.Client, form: dict[str, str], status: int, message: str
) -> None:
    if "Named" not in entries(reader):
        save(reader, "Named")
    answer = post(reader, **form)
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert message in answer.text.replace("Unknown", "unknown").replace("Not a", "not a")
    assert {"Named"} <= set(entries(reader))


def test_a_segment_that_cannot_be_found_any_more_says_why_and_the_others_stand(
    filled: Server, reader: httpx.Client
) -> None:
    with filled.settings() as settings:
        settings.segments.save("Of nobody", json.dumps(FUNNEL | {"segment": "Gone"}).encode(), {})
        settings.segments.save("Of no measure", b'{"type":"gone"}', {})
    save(reader, "Added", question={"type": "funnel", "steps": [{"events": ["Product Added"]}]})
    found = entries(reader)
    assert "unknown segment 'Gone'" in found["Of nobody"]["n"]["problem"]
    assert "unknown type of question" in found["Of no measure"]["what"]["problem"]
    assert found["Added"]["n"]["value"] == ADDED
    assert reader.get("/segments").status_code == 200


def test_hostile_names_are_text(reader: httpx.Client) -> None:
    save(reader, "<script>alert(1)</script>")
    page = reader.get("/segments").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_a_page_without_segments_says_how_to_make_one(new_server: Callable[..., Server]) -> None:
    with new_server().start().client() as client:
        page = client.get("/segments").text
    assert "No segment yet" in page
    assert 'href="/explore/behaved"' in page


@pytest.mark.browser
def test_a_segment_is_deleted_by_keyboard_after_a_second_thought(
    filled: Server, reader: httpx.Client, eye: Eye
) -> None:
    save(reader, "Short-lived")
    save(reader, "Long" + " name" * 19)
    save(reader, "Held by its event", question=FUNNEL | {"steps": [{"events": [HOSTILE]}]})
    page = eye.open(f"{filled.address}/segments", 390)
    for words in ("Rename or delete", "Delete it"):
        page.locator("li", has=page.get_by_role("heading", name="Long name")).get_by_text(words).click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    entry = page.locator("li", has=page.get_by_role("heading", name="Short-lived"))
    entry.get_by_text("Rename or delete").focus()
    page.keyboard.press("Enter")
    expect(entry.get_by_role("button", name="Rename")).to_be_visible()
    button = entry.get_by_role("button", name="Delete “Short-lived”")
    expect(button).not_to_be_visible()
    for _ in range(3):  # the name, its button, and what opens the second thought
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(button).to_be_visible()
    page.keyboard.press("Tab")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Short-lived")).to_have_count(0)
    assert "Short-lived" not in entries(reader)
