"""Answering surveys over HTTP: pages without JavaScript, widgets, what is refused, what is kept."""

from __future__ import annotations

import time
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest

from obverse.folder import Folder
from obverse.lake.table import EventTable
from obverse.surveys.question import Branch, Nps, ShortText
from obverse.surveys.survey import Survey

if TYPE_CHECKING:
    from tests.conftest import Server

COLUMNS = (
    *("seq", "event", "time", "received_at", "message_id", "touchpoint", "source", "user_id", "anonymous_id"),
    *("session_id", "properties", "context"),
)
SHORT = Survey(
    name="Short",
    questions=(
        Nps(
            id="nps", text="Would you recommend us?", required=True, branches=(Branch(to="end", at_least=9),)
        ),
        ShortText(id="why", text="You gave {answers.nps}. Why?"),
    ),
)


class Form(HTMLParser):
    """A page's form: where it goes, its fields as a browser would send them, and the text of the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action, self.text, self.tags = "", "", list[str]()
        self.fields: list[tuple[str, str]] = []
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        if tag == "form":
            self.action = found["action"]
        if tag == "a":
            self.links.append(found["href"])
        checked = found.get("type") not in ("radio", "checkbox") or "checked" in found
        if tag == "input" and checked:
            self.fields.append((found["name"], found["value"]))

    def handle_data(self, data: str) -> None:
        self.text += data

    def send(self, client: httpx.Client, go: str = "next", **more: Any) -> httpx.Response:
        """Send the form as a browser does, with what is filled in."""
        given = [
            (name, text)
            for name, texts in more.items()
            for text in ([texts] if isinstance(texts, str) else texts)
        ]
        left = [(name, text) for name, text in self.fields if name not in more]
        pairs = dict[str, list[str]]()
        for name, text in [*left, *given, ("go", go)]:
            pairs.setdefault(name, []).append(text)
        return client.post(self.action, data=pairs)


@pytest.fixture
def anyone(server: Server) -> Iterator[httpx.Client]:
    with server.anyone() as client:
        yield client


def make(server: Server, survey: Survey, state: Any = "live") -> str:
    """Keep a survey under a name of its own and give its id."""
    with server.settings() as settings:
        named = msgspec.structs.replace(survey, name=f"{survey.name} {time.time_ns()}")
        key = settings.surveys.create(named.name, named.to_json()).id
        settings.surveys.set_state(key, state)
        return key


def events(server: Server, key: str, n: int) -> list[dict[str, Any]]:
    """Wait until a survey has so many events in the lake, and give them in order of arrival."""
    table = EventTable.open(Folder.open(server.data).events)
    until = time.monotonic() + 20
    rows: list[dict[str, Any]] = []
    while len(rows) < n and time.monotonic() < until:
        table.refresh()
        rows = table.read(COLUMNS, "json_extract_string(properties, '$.survey_id') = ?", (key,)).to_pylist()
    assert len(rows) == n, [row["event"] for row in rows]
    rows.sort(key=lambda row: row["seq"])
    return [row | {"properties": msgspec.json.decode(row["properties"])} for row in rows]


def test_a_person_answers_on_a_page_and_each_step_is_an_event(server: Server, anyone: httpx.Client) -> None:
    key = make(server, SHORT)
    page = anyone.get(f"/s/{key}")
    assert page.status_code == 200
    assert "script" not in Form(page.text).tags
    second = Form(page.text).send(anyone, **{"q.nps": "6"})
    assert "You gave 6. Why?" in Form(second.text).text
    last = Form(second.text).send(anyone, **{"q.why": "slow <b>site</b>"})
    assert "Thank you." in Form(last.text).text
    shown, started, partly, answered = events(server, key, 4)
    assert [one["event"] for one in (shown, started, partly, answered)] == [
        *("Survey Shown", "Survey Started", "Survey Partly Answered", "Survey Answered")
    ]
    assert len({one["properties"]["submission_id"] for one in (shown, started, partly, answered)}) == 1
    assert partly["properties"]["answers"] == {"nps": 6}
    assert partly["properties"]["question"] == "nps"
    assert answered["properties"]["answers"] == {"nps": 6, "why": "slow <b>site</b>"}
    assert answered["properties"]["scores"] == {"nps": 6}
    assert answered["properties"]["place"] == answered["properties"]["moment"] == "link"
    assert 0 <= answered["properties"]["seconds"] < 60
    assert {one["source"] for one in (shown, started, partly, answered)} == {"surveys"}
