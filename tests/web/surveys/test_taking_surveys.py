"""Answering surveys over HTTP: pages without JavaScript, widgets, what is refused, what is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest

from obverse.folder import Folder
from obverse.lake.table import EventTable
from obverse.surveys.question import Branch, Nps, ShortText
from obverse.surveys.survey import Survey
from obverse.surveys.ticket import Ticket, read, sign
from obverse.web.surveys.mixing import LEAST

if TYPE_CHECKING:
    from tests.conftest import Server

COLUMNS = (
    *("seq", "event", "time", "received_at", "message_id", "touchpoint", "source", "user_id", "anonymous_id"),
    *("session_id", "properties", "context"),
)
JSON = {"accept": "application/json"}
OURS = {"sec-fetch-site": "same-origin"}
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
    """A page: its text and links, and the form of the survey with its fields as a browser would send them.

    Of a page without such a form the fields are those of all forms.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action, self.text = "", ""
        self.tags, self.links = list[str](), list[str]()
        self.fields: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        if tag == "form" and "obverse-survey" in found.get("class", ""):
            self.action, self.fields = found["action"], []
        if tag == "a":
            self.links.append(found["href"])
        checked = found.get("type") not in ("radio", "checkbox") or "checked" in found
        if tag == "input" and checked and "name" in found:
            self.fields.append((found["name"], found.get("value", "")))

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


def ticket(server: Server, key: str, **more: Any) -> str:
    """Sign a ticket as the server does for who is asked over a page."""
    with server.settings() as settings:
        secret = settings.surveys.secret()
    made = Ticket(
        survey_id=key,
        version=1,
        submission_id=more.pop("submission_id", key),
        asked_at=time.time_ns() // 1000,
        place="page",
        moment="bought",
        anonymous_id="a1",
        user_id="u1",
        session_id="s1",
        page={"path": "/done"},
        variants={"price": "b"},
        **more,
    )
    return sign(made, secret)


def wait_for(holds: Callable[[], bool]) -> None:
    """Ask again until something holds."""
    until = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until


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


def test_a_widget_answers_by_ticket_and_the_same_step_twice_counts_once(
    server: Server, anyone: httpx.Client
) -> None:
    key = make(server, SHORT)
    sent = {"ticket": ticket(server, key), "step": "1", "q.nps": "10", "go": "next"}
    first, again = (anyone.post("/obverse/surveys/answer", data=sent, headers=JSON) for _ in range(2))
    assert first.status_code == again.status_code == 200
    assert first.headers["access-control-allow-origin"] == "*"
    assert first.json()["done"] is True
    assert "Thank you." in first.json()["html"]
    shown, started, answered = events(server, key, 3)
    assert answered["user_id"] == "u1"
    assert answered["anonymous_id"] == "a1"
    assert answered["session_id"] == "s1"
    assert msgspec.json.decode(answered["context"]) == {"page": {"path": "/done"}}
    assert answered["properties"]["variants"] == {"price": "b"}
    assert answered["properties"]["moment"] == "bought"
    assert "question" not in answered["properties"]
    assert {shown["touchpoint"], started["touchpoint"], answered["touchpoint"]} == {"web"}


def test_a_wrong_answer_comes_back_with_what_was_given_and_says_what_is_wrong(
    server: Server, anyone: httpx.Client
) -> None:
    key = make(server, SHORT)
    sent = {"ticket": ticket(server, key, language="de"), "step": "1", "q.nps": "11"}
    answer = anyone.post("/obverse/surveys/answer", data=sent, headers=JSON)
    assert answer.status_code == 422
    told = answer.json()
    assert told["done"] is False
    assert told["errors"] == {"nps": "Bitte wählen Sie eine Zahl von 0 bis 10."}
    assert 'role="alert"' in told["html"]
    page = Form(anyone.get(f"/s/{key}").text).send(anyone)
    assert page.status_code == 422
    assert "Please answer this question." in Form(page.text).text
    assert "Error" in Form(page.text).text  # in the title, where a screen reader begins


def test_what_is_said_on_the_side_is_kept_once(server: Server, anyone: httpx.Client) -> None:
    key = make(server, SHORT)
    text = ticket(server, key)
    for kind in ("shown", "shown", "started", "abandoned", "dismissed"):
        told = msgspec.json.encode({"ticket": text, "kind": kind, "question": "nps", "seconds": 2.5})
        sent = anyone.post("/obverse/surveys/event", content=told, headers={"content-type": "text/plain"})
        assert sent.status_code == 204
    found = {one["event"]: one["properties"] for one in events(server, key, 4)}
    assert found["Survey Abandoned"]["question"] == "nps"
    assert found["Survey Abandoned"]["seconds"] == 2.5


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"ticket": "nonsense", "kind": "shown"}, 403, "bad_ticket"),
        ({"kind": "shown"}, 400, "bad_json"),
        ({"ticket": "é", "kind": "answered"}, 400, "bad_json"),
    ],
)
def test_what_is_no_ticket_is_refused(
    anyone: httpx.Client, body: dict[str, str], status: int, code: str
) -> None:
    told = anyone.post("/obverse/surveys/event", json=body)
    assert (told.status_code, told.json()["code"]) == (status, code)
    assert told.headers["content-type"] == "application/problem+json"


def test_a_closed_survey_takes_no_more_answers_and_a_paused_one_those_that_were_asked(
    server: Server, anyone: httpx.Client
) -> None:
    key = make(server, SHORT)
    page = Form(anyone.get(f"/s/{key}").text)
    sent = {"ticket": ticket(server, key), "step": "1", "q.nps": "9"}
    with server.settings() as settings:
        settings.surveys.set_state(key, "paused")
    wait_for(lambda: anyone.get(f"/s/{key}").status_code == 409)
    assert anyone.post("/obverse/surveys/answer", data=sent, headers=JSON).status_code == 200
    with server.settings() as settings:
        settings.surveys.set_state(key, "closed")
    wait_for(lambda: anyone.get(f"/s/{key}").status_code == 410)
    refused = anyone.post("/obverse/surveys/answer", data=sent, headers=JSON)
    assert (refused.status_code, refused.json()["code"]) == (410, "survey_closed")
    closed = page.send(anyone, **{"q.nps": "9"})
    assert closed.status_code == 410
    assert "This survey is closed." in Form(closed.text).text


def test_a_page_says_why_there_is_nothing_to_answer(server: Server, anyone: httpx.Client) -> None:
    drafted = make(server, SHORT, state="draft")
    early = make(server, msgspec.structs.replace(SHORT, starts="2999-01-01"))
    late = make(server, msgspec.structs.replace(SHORT, ends="2020-01-01"))
    asked_elsewhere = make(server, msgspec.structs.replace(SHORT, places=("page",)))
    for key, status, words in (
        ("nothing", 404, "There is no survey at this address."),
        (drafted, 404, "There is no survey at this address."),
        (asked_elsewhere, 404, "There is no survey at this address."),
        (early, 409, "This survey has not begun yet."),
        (late, 410, "This survey is closed."),
    ):
        page = anyone.get(f"/s/{key}")
        assert (page.status_code, words in Form(page.text).text) == (status, True)
        assert page.headers["x-robots-tag"] == "noindex, nofollow"
    german = anyone.get("/s/nothing", headers={"accept-language": "de-AT, en;q=0.5"})
    assert "Unter dieser Adresse gibt es keine Umfrage." in Form(german.text).text
    assert anyone.post(f"/s/{early}", data={"ticket": "x"}).status_code == 403
    assert anyone.put(f"/s/{early}").status_code == 405


def test_a_link_fills_in_answers_and_names_the_language(server: Server, anyone: httpx.Client) -> None:
    survey = msgspec.structs.replace(
        SHORT,
        translations={"de": {"nps.text": "Würden Sie uns empfehlen?", "why.text": "Warum {answers.nps}?"}},
    )
    key = make(server, survey)
    page = Form(anyone.get(f"/s/{key}?lang=de&q.nps=7&q.why=so").text)
    assert "Würden Sie uns empfehlen?" in page.text
    assert ("q.nps", "7") in page.fields
    assert [link.partition("?")[2] for link in page.links] == [
        "q.nps=7&q.why=so&lang=en",
        "q.nps=7&q.why=so&lang=de",
    ]
    second = Form(page.send(anyone).text)
    assert "Warum 7?" in second.text
    assert ("q.why", "so") in second.fields
    assert "Würden" in Form(second.send(anyone, go="back").text).text
    assert "Thank you." in Form(second.send(anyone).text).text
    assert "Würden" in Form(anyone.get(f"/s/{key}", headers={"accept-language": "de"}).text).text


def test_an_invitation_answers_as_the_one_who_is_invited_and_once(
    server: Server, client: httpx.Client, anyone: httpx.Client
) -> None:
    key = make(server, SHORT)
    made = client.post(f"/api/surveys/{key}/invitations", json={"user_ids": ["anna", "b&b"]}, headers=OURS)
    assert made.status_code == 200, made.text
    first, second = made.json()["invitations"]
    assert (first["user_id"], second["user_id"]) == ("anna", "b&b")
    for _ in range(2):
        done = Form(anyone.get(first["link"]).text).send(anyone, **{"q.nps": "9"})
        assert "Thank you." in Form(done.text).text
    changed = anyone.get(first["link"].replace("as=", "as=A"))
    assert changed.status_code == 403
    found = events(server, key, 3)
    assert {one["user_id"] for one in found} == {"anna"}
    anonymous = make(server, msgspec.structs.replace(SHORT, anonymous=True))
    refused = client.post(f"/api/surveys/{anonymous}/invitations", json={"user_ids": ["anna"]}, headers=OURS)
    assert refused.status_code == 400
    assert (
        anyone.post(f"/api/surveys/{key}/invitations", json={"user_ids": ["x"]}, headers=OURS).status_code
        == 401
    )


def test_answers_at_an_address_carry_the_variants_that_are_known_and_those_that_the_link_names(
    server: Server, client: httpx.Client, anyone: httpx.Client
) -> None:
    key = make(server, SHORT)
    viewed = {"experiment_name": "Price", "variation_name": "high"}
    call = {"event": "Experiment Viewed", "userId": "exposed", "properties": viewed}
    assert anyone.post("/v1/track", json={"writeKey": server.write_key, **call}).status_code == 200
    made = client.post(f"/api/surveys/{key}/invitations", json={"user_ids": ["exposed"]}, headers=OURS)
    link = made.json()["invitations"][0]["link"]

    def page() -> Form:
        return Form(anyone.get(f"{link}&v.layout=b", headers={"user-agent": "a bot"}).text)

    def variants() -> dict[str, str]:
        with server.settings() as settings:
            signed = dict(page().fields)["ticket"]
            return read(signed, settings.surveys.secret(), time.time_ns() // 1000).variants

    assert variants()["layout"] == "b"
    wait_for(lambda: "Price" in variants())
    page().send(anyone, **{"q.nps": "9"})
    assert events(server, key, 3)[-1]["properties"]["variants"] == {"Price": "high", "layout": "b"}
    hidden = make(server, msgspec.structs.replace(SHORT, anonymous=True))
    nobody = dict(Form(anyone.get(f"/s/{hidden}?v.layout=b").text).fields)["ticket"]
    with server.settings() as settings:
        assert not read(nobody, settings.surveys.secret(), time.time_ns() // 1000).variants


def test_an_anonymous_survey_keeps_nothing_that_leads_to_the_person(
    server: Server, anyone: httpx.Client
) -> None:
    key = make(server, msgspec.structs.replace(SHORT, anonymous=True))
    for n in range(LEAST):
        sent = {
            "ticket": ticket(server, key, submission_id=f"{key}-{n}"),
            "step": "1",
            "q.nps": str(9 + n % 2),
        }
        assert anyone.post("/obverse/surveys/answer", data=sent, headers=JSON).status_code == 200
    found = events(server, key, 3 * LEAST)
    assert {one["user_id"] for one in found} == {None}
    assert {one["session_id"] for one in found} == {None}
    assert {one["context"] for one in found} == {"{}"}
    assert {one["anonymous_id"] for one in found} == {f"survey-{key}-{n}" for n in range(LEAST)}
    assert not any("variants" in one["properties"] or "seconds" in one["properties"] for one in found)
    assert {(one["time"].hour, one["time"].minute, one["time"].second) for one in found} == {(0, 0, 0)}
    assert len({one["received_at"] for one in found}) == 1


def test_a_kiosk_begins_anew_after_each_person(server: Server, anyone: httpx.Client) -> None:
    key = make(server, SHORT)
    page = anyone.get(f"/s/{key}?kiosk=1")
    assert "http-equiv" not in page.text
    second = Form(page.text).send(anyone, **{"q.nps": "3"})
    assert 'content="300; url=' in second.text
    done = Form(second.text).send(anyone, **{"q.why": "x"})
    assert f'content="8; url=/s/{key}?kiosk=1&amp;lang=en"' in done.text
    assert Form(done.text).links == [f"/s/{key}?kiosk=1&lang=en"]
    assert done.headers["cache-control"] == "no-store"
    assert "set-cookie" not in done.headers
    assert {one["properties"]["place"] for one in events(server, key, 4)} == {"kiosk"}


def test_a_program_that_looks_at_links_has_not_been_shown_anything(
    server: Server, anyone: httpx.Client
) -> None:
    key = make(server, SHORT)
    for headers in ({"user-agent": "Slackbot-LinkExpanding 1.0"}, {"sec-purpose": "prefetch"}):
        assert anyone.get(f"/s/{key}", headers=headers).status_code == 200
    assert anyone.head(f"/s/{key}").status_code == 200
    anyone.get(f"/s/{key}")
    events(server, key, 1)


def test_somebody_reads_it_out_and_answers_for_the_one_on_the_line(
    server: Server, client: httpx.Client
) -> None:
    key = make(server, SHORT)
    call = {"userId": "caller-7", "traits": {"email": "anna@example.com"}}
    sent = client.post("/v1/identify", json={"writeKey": server.write_key, **call})
    assert sent.status_code == 200
    wait_for(lambda: "caller-7" in client.get(f"/surveys/{key}/phone?q=anna@ex").text)
    picked = client.get(f"/surveys/{key}/phone?q=anna@ex").text
    token = dict(Form(picked).fields)["csrf"]
    page = client.post(f"/surveys/{key}/phone", data={"csrf": token, "user_id": "caller-7"})
    assert "You are asking" in page.text
    second = Form(page.text).send(client, **{"q.nps": "2"})
    done = Form(second.text).send(client, **{"q.why": "x"})
    assert "All answers of" in done.text
    found = events(server, key, 4)
    assert {(one["user_id"], one["touchpoint"], one["properties"]["place"]) for one in found} == {
        ("caller-7", "phone", "phone")
    }
    assert client.post(f"/surveys/{key}/phone", data={"user_id": "x"}).status_code == 403


def test_a_preview_is_walked_through_and_nothing_is_written_down(
    server: Server, client: httpx.Client
) -> None:
    key = make(server, SHORT, state="draft")
    page = client.get(f"/surveys/{key}/form?version=1")
    assert "frame-ancestors 'self'" in page.headers["content-security-policy"]
    form = Form(page.text)
    pairs = dict(form.fields) | {"q.nps": "5", "go": "next"}
    assert "You gave 5. Why?" in client.get(form.action, params=pairs).text
    assert "Why?" in client.get(f"/surveys/{key}/form?step=2").text
    assert "Thank you." in client.get(f"/surveys/{key}/form?step=9").text
    assert client.get(f"/surveys/{key}/form?version=x").status_code == 400
    assert client.get(f"/surveys/{key}/form?version=2").status_code == 404
    token = dict(Form(client.get("/segments").text).fields)["csrf"]
    sent = {"survey": SHORT.to_json().decode(), "csrf": token}
    unsaved = Form(client.post("/surveys/form/preview", data=sent).text)
    assert "You gave 4. Why?" in unsaved.send(client, **{"q.nps": "4"}).text
    assert client.post("/surveys/form/preview", data=sent | {"csrf": ""}).status_code == 403
    assert client.post("/surveys/form/preview", data=sent | {"survey": "{}"}).status_code == 400
    events(server, key, 0)


def test_a_code_leads_to_the_page(server: Server, client: httpx.Client, anyone: httpx.Client) -> None:
    key = make(server, SHORT)
    drawn = client.get(f"/surveys/{key}/qr.svg?kiosk=1")
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert f"<title>{server.address}/s/{key}?kiosk=1</title>" in drawn.text
    assert anyone.get(f"/surveys/{key}/qr.svg").status_code == 401
    assert client.get("/surveys/none/qr.svg").status_code == 404


def test_the_style_sheet_has_the_accent_that_is_asked_for(anyone: httpx.Client) -> None:
    sheet = anyone.get("/obverse/surveys/form.css?accent=ffee00")
    assert sheet.status_code == 200
    assert sheet.headers["content-type"] == "text/css; charset=utf-8"
    assert "--obv-fill:#ffee00;--obv-on-fill:#000000" in sheet.text
    again = anyone.get(
        "/obverse/surveys/form.css?accent=ffee00", headers={"if-none-match": sheet.headers["etag"]}
    )
    assert again.status_code == 304
    assert anyone.get("/obverse/surveys/form.css?accent=}body{").status_code == 400


def test_bodies_have_limits(server: Server, anyone: httpx.Client) -> None:
    key = make(server, SHORT)
    large = anyone.post("/obverse/surveys/answer", data={"ticket": "x" * 600_000}, headers=JSON)
    assert (large.status_code, large.json()["code"]) == (413, "body_too_large")
    many = "&".join(f"f{n}=1" for n in range(6000))
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert anyone.post(f"/s/{key}", content=many, headers=form).status_code == 400
    assert anyone.get("/obverse/surveys/nothing").status_code == 404


def test_a_program_hands_in_all_answers_at_once(server: Server, client: httpx.Client) -> None:
    key, at = make(server, SHORT), "/api/surveys/{}/answers"
    told = {
        "answers": {"nps": 3, "why": "late"},
        "user_id": "p1",
        "touchpoint": "store",
        "variants": {"till": "b"},
        "submission_id": f"till-{time.time_ns()}",
    }
    for _ in range(2):
        kept = client.post(at.format(key), json=told, headers=OURS)
        assert (kept.status_code, kept.json()) == (201, {"submission_id": told["submission_id"]})
    answered = events(server, key, 3)[-1]
    assert answered["event"] == "Survey Answered"
    assert (answered["user_id"], answered["touchpoint"]) == ("p1", "store")
    assert answered["properties"]["place"] == "api"
    assert answered["properties"]["variants"] == {"till": "b"}
    for wrong, status, code in (
        ({"answers": {"nps": 11}}, 422, "wrong_answer"),
        ({"answers": {}}, 422, "wrong_answer"),
        ({"answers": {"nope": 1}}, 400, "wrong_question"),
    ):
        refused = client.post(at.format(key), json=wrong, headers=OURS)
        assert (refused.status_code, refused.json()["code"]) == (status, code)
    drafted = make(server, SHORT, state="draft")
    assert client.post(at.format(drafted), json=told, headers=OURS).status_code == 409
