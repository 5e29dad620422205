"""Dashboards: made, composed and shared by link; what fails in one panel stays there."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import httpx
import pytest

import obverse
from tests.conftest import Server


@pytest.fixture(scope="module")
def reader(server: Server) -> Iterator[httpx.Client]:
    with server.settings() as settings:
        link = settings.access.create_link()
    with httpx.Client(base_url=server.address, trust_env=False, timeout=100) as client:
        client.get("/login", params={"token": link}, follow_redirects=True).raise_for_status()
        yield client


@pytest.fixture(scope="module", autouse=True)
def events(server: Server) -> None:
    batch = [
        {
            "type": "track",
            "userId": f"u{n}",
            "event": event,
            "messageId": f"m{n}{event}",
            "properties": {"value": 5},
        }
        for n in range(8)
        for event in ("Product Viewed", "Order Completed")[: 1 + n % 2]
    ]
    sent = httpx.post(
        f"{server.address}/v1/batch", auth=(server.write_key, ""), json={"batch": batch}, trust_env=False
    )
    sent.raise_for_status()
    until = time.monotonic() + 60
    with obverse.open(server.data) as lake:
        while "Order Completed" not in dict(lake.names()):
            assert time.monotonic() < until, "the events did not get into the lake"
            time.sleep(0.1)


def post(reader: httpx.Client, path: str, **form: str) -> httpx.Response:
    csrf = re.search(r'name="csrf" value="(\w+)"', reader.get("/dashboards").text)
    assert csrf
    return reader.post(path, data={"csrf": csrf[1], **form}, follow_redirects=False)


def made(reader: httpx.Client, name: str) -> str:
    answer = post(reader, "/dashboards", do="create", name=name)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


QUESTION = '{"type":"funnel","steps":[{"events":["Product Viewed"]},{"events":["Order Completed"]}]}'


def put(reader: httpx.Client, path: str, title: str, question: str = QUESTION) -> None:
    id_ = path.rpartition("/")[2]
    answer = post(reader, "/dashboards/add", dashboard=id_, title=title, question=question, side="people")
    assert answer.headers["location"] == path, answer.text


def titles(page: str) -> list[str]:
    return re.findall(r'<h2 id="panel-\d+"><bdi>(?:<a [^>]*>)?([^<]*)', page)


def test_a_question_is_put_on_a_dashboard_moved_renamed_and_taken_off(reader: httpx.Client) -> None:
    path = made(reader, "Composed")
    for title in ("One", "Two", "Three"):
        put(reader, path, title)
    post(reader, path, do="up-3")
    assert titles(reader.get(path).text) == ["One", "Three", "Two"]
    post(reader, path, do="down-1")
    assert titles(reader.get(path).text) == ["Three", "One", "Two"]
    post(reader, path, do="save-2", title="Uno", side="value", wide="on")
    page = reader.get(path, params={"format": "json"}).json()
    assert [(one["title"], one["side"], one["wide"]) for one in page["panels"]][1] == ("Uno", "value", True)
    post(reader, path, do="remove-1")
    assert titles(reader.get(path).text) == ["Uno", "Two"]
    post(reader, path, do="rename", name="Renamed")
    assert "<bdi>Renamed</bdi>" in reader.get(path).text
    assert post(reader, path, do="delete").headers["location"] == "/dashboards"
    assert reader.get(path).status_code == 404


def test_a_panel_has_its_sentence_its_picture_and_a_way_to_the_whole(reader: httpx.Client) -> None:
    path = made(reader, "Whole")
    put(reader, path, "Where they leave")
    page = reader.get(path).text
    assert "reached" in page
    assert 'class="picture people' in page
    href = re.search(r'<h2 id="panel-1"><bdi><a href="([^"]+)"', page)
    assert href
    assert reader.get(href[1].replace("&amp;", "&")).status_code == 200


def test_a_panel_that_fails_says_why_and_the_others_stand(server: Server, reader: httpx.Client) -> None:
    path = made(reader, "Broken")
    put(reader, path, "Fine")
    put(reader, path, "Of a segment that is gone", QUESTION[:-1] + ',"segment":"Gone"}')
    page = reader.get(path)
    assert page.status_code == 200
    assert titles(page.text) == ["Fine", "Of a segment that is gone"]
    assert page.text.count('class="problem"') == 1
    assert "Unknown segment" in page.text or "unknown segment" in page.text


def test_one_period_for_all_panels(reader: httpx.Client) -> None:
    path = made(reader, "Periods")
    put(reader, path, "Long ago", QUESTION[:-1] + ',"end":"2001-01-01"}')
    assert "Nobody took the first step" in reader.get(path).text
    assert "Nobody took the first step" not in reader.get(path, params={"period": "7d"}).text


def test_a_link_opens_its_dashboard_and_nothing_else(server: Server, reader: httpx.Client) -> None:
    path = made(reader, "Shared")
    put(reader, path, "Where they leave")
    assert post(reader, path, do="share").status_code == 303
    link = re.search(r"/shared/[\w-]+", reader.get(path).text)
    assert link
    with httpx.Client(base_url=server.address, trust_env=False, timeout=60) as anybody:
        page = anybody.get(link[0])
        assert page.status_code == 200
        assert titles(page.text) == ["Where they leave"]
        assert page.headers["x-robots-tag"].startswith("noindex")
        inside = re.findall(r'href="(/[^"]*)"', page.text)
        assert {one for one in inside if not one.startswith(("/static/", link[0]))} == set()
        assert "csrf" not in page.text
        for other in (path, "/dashboards", "/", "/people"):
            refused = anybody.get(other, headers={"accept": "text/html"})
            assert refused.headers["location"].startswith("/login")
        assert anybody.post(path, data={"do": "delete"}).status_code in (303, 401, 403)
        post(reader, path, do="unshare")
        assert anybody.get(link[0]).status_code == 404
    assert reader.get(path).status_code == 200


def test_every_morning_is_one_click(reader: httpx.Client) -> None:
    answer = post(reader, "/dashboards", do="morning")
    found = reader.get(answer.headers["location"])
    for _ in range(5):  # a new machine may still be compiling what all these panels need
        if found.status_code != 503:
            break
        found = reader.get(answer.headers["location"])
    page = found.text
    assert titles(page)[:3] == ["Who came", "What it brought", "Where they leave"]
    assert 'class="problem"' not in page
    listed = reader.get("/dashboards", params={"format": "json"}).json()["dashboards"]
    assert [one["titles"] for one in listed if one["name"] == "Every morning"] == [titles(page)]


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"do": "create", "name": " "}, "must have 1 to 100 characters"),
        ({"do": "create", "name": "x" * 101}, "must have 1 to 100 characters"),
    ],
)
def test_a_wrong_name_is_said_on_the_page(reader: httpx.Client, form: dict[str, str], message: str) -> None:
    answer = post(reader, "/dashboards", **form)
    assert answer.status_code == 400
    assert message in answer.text


def test_a_change_of_what_is_no_longer_there_is_said(reader: httpx.Client) -> None:
    path = made(reader, "Changed")
    answer = post(reader, path, do="remove-3")
    assert answer.status_code == 400
    assert "the dashboard has changed meanwhile" in answer.text
    assert post(reader, path, do="explode").status_code == 400


def test_hostile_names_are_text(reader: httpx.Client) -> None:
    name = '<script>alert(1)</script>" onload="x'
    path = made(reader, name)
    put(reader, path, name)
    for page in (reader.get(path).text, reader.get("/dashboards").text):
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page


def test_a_form_without_its_token_changes_nothing(reader: httpx.Client) -> None:
    assert reader.post("/dashboards", data={"do": "create", "name": "Forged"}).status_code == 403
    assert "Forged" not in reader.get("/dashboards").text
