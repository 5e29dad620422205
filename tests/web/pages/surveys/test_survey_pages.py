"""The list of surveys and the builder, as they answer over HTTP, without JavaScript."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest

from obverse.surveys import keeping
from obverse.surveys.moment import Happened
from obverse.surveys.survey import Survey
from tests.surveys.asked import NPS, now, send, told
from tests.web.pages.surveys.filling import fields, filled

if TYPE_CHECKING:
    from tests.conftest import Server

HOSTILE = "<b>&\"'</b>{{7*7}}"


def kept(server: Server, name: str, state: str = "draft", **more: Any) -> str:
    """Keep a survey and give its id."""
    with server.settings() as settings:
        survey = Survey.from_json(msgspec.json.encode(NPS | {"name": name} | more))
        key = keeping.create(settings, survey).id
        if state != "draft":
            keeping.set_state(settings, key, "live", now())
        if state not in ("draft", "live"):
            keeping.set_state(settings, key, state, now())  # type: ignore[arg-type] # a state of the test's
    return key


def saved(server: Server, key: str) -> Survey:
    with server.settings() as settings:
        return keeping.read(settings.surveys.get(key))


def page(client: httpx.Client, path: str) -> str:
    answer = client.get(path, timeout=120)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_survey_is_made_from_a_starter_and_published(client: httpx.Client, server: Server) -> None:
    html = page(client, "/surveys/new?starter=cart")
    form = filled(fields(html), name="Why not today?", do="publish")
    answer = client.post("/surveys/new", data=form)
    assert answer.status_code == 303, answer.text
    key = answer.headers["location"].split("/")[2].partition("?")[0]
    survey = saved(server, key)
    assert survey.name == "Why not today?"
    assert [question.id for question in survey.questions] == ["reason", "trouble"]
    assert survey.questions[0].branches[1].to == "end"
    with server.settings() as settings:
        assert settings.surveys.get(key).state == "live"


def test_of_a_form_that_was_not_sent_nothing_is_wrong_and_all_can_be_seen(client: httpx.Client) -> None:
    shown = client.get("/surveys/new?format=json").json()
    assert shown["problems"] == []
    assert "Give it a name" not in page(client, "/surveys/new")
    assert Survey.from_json(shown["survey"]).questions[0].id == "recommend"


def test_what_an_address_says_is_in_the_form(client: httpx.Client) -> None:
    html = page(
        client,
        "/surveys/new?starter=nps&name=Why+here&moments.0.on=not_taken&moments.0.after=Cart+Viewed"
        "&moments.0.step=Order+Completed&moments.0.within_s=2h&moments.0.page=/cart&audience.segment=Dropped",
    )
    form = dict(fields(html))
    assert form["name"] == "Why here"
    moment = {name.removeprefix("moments.0."): value for name, value in form.items() if "moments.0" in name}
    assert moment == {
        "on": "not_taken",
        "after": "Cart Viewed",
        "step": "Order Completed",
        "within_s": "2h",
        "page": "/cart",
        "delay_s": "0s",
        "id": "m1",
    }
    assert form["audience.segment"] == "Dropped"
    assert form["questions.0.id"] == "recommend"


def test_nothing_typed_is_lost_on_an_error(client: httpx.Client) -> None:
    form = filled(
        fields(page(client, "/surveys/new?starter=churn")),
        name=HOSTILE,
        questions__0__text=f"\n {HOSTILE}",
        questions__0__options__1__text=HOSTILE,
        audience__share="a lot",
        ends="soon",
    )
    answer = client.post("/surveys/new", data=form | {"do": ["save"]})
    assert answer.status_code == 400
    back = dict(fields(answer.text))
    sent = {name: values[-1] for name, values in form.items() if name not in ("do", "csrf")}
    assert {name: back[name].replace("\r\n", "\n") for name in sent} == sent
    assert HOSTILE not in answer.text
    problems = re.findall(r'<li><a href="#(f-[\w-]+)"><bdi>', answer.text)
    assert problems == ["f-audience-share", "f-ends"]
    assert all(f'id="{place}"' in answer.text for place in problems)


def test_buttons_change_the_form_and_keep_the_rest(client: httpx.Client) -> None:
    pairs = fields(page(client, "/surveys/new?starter=nps"))
    more = client.post(
        "/surveys/new", data=filled(pairs, name="Typed", new_question="ranking", do="add:questions")
    )
    back = dict(fields(more.text))
    assert (back["name"], back["questions.2.type"], back["questions.2.options.1.text"]) == (
        "Typed",
        "ranking",
        "Speed",
    )
    assert "Not saved yet." in more.text
    moved = client.post("/surveys/new", data=filled(fields(more.text), do="up:questions.2"))
    assert dict(fields(moved.text))["questions.1.type"] == "ranking"
    assert 'data-focus="#f-questions-1"' in moved.text
    spoken = client.post("/surveys/new", data=filled(fields(moved.text), new_language="de", do="language"))
    again = client.post("/surveys/new", data=filled(fields(spoken.text), do="look"))
    assert 'name="translations.de.recommend:text"' in again.text, "a language without words stays"
    wrong = client.post("/surveys/new", data=filled(fields(again.text), do="remove:questions.77"))
    assert wrong.status_code == 400
    assert "nothing at" in wrong.text


def test_a_filter_is_chosen_and_its_expression_written(client: httpx.Client, server: Server) -> None:
    asked = {"type": "track", "event": "Refund Asked", "userId": "eve", "timestamp": now().isoformat()}
    send(server, [asked | {"properties": {"reason": "too late", "amount": 80}}])
    address = "/surveys/new?starter=nps&name=Chosen&moments.0.on=event&moments.0.event=Refund+Asked"
    html = page(client, address)
    assert '<option value="properties.reason">' in html
    assert '<option value="too late" label="properties.reason">' in html
    row = "moments__0__conditions__0__"
    half = filled(
        fields(html), do="write:moments.0", **{f"{row}field": "properties.amount", f"{row}compared": ">="}
    )
    sent = client.post("/surveys/new", data=half)
    assert "Moment 1, condition 1, value: say with what" in sent.text
    assert 'data-focus="#f-moments-0-conditions-0-value"' in sent.text, "what is missing"
    whole = filled(fields(sent.text), do="write:moments.0", **{f"{row}value": "50"})
    written = client.post("/surveys/new", data=whole)
    back = dict(fields(written.text))
    assert back["moments.0.where"] == "properties.amount >= 50"
    assert back["moments.0.conditions.1.field"] == "", "an empty row to go on with"
    assert 'data-focus="#f-moments-0-where"' in written.text
    another = {
        "moments__0__conditions__1__field": "properties.reason",
        "moments__0__conditions__1__value": "too late",
    }
    answer = client.post("/surveys/new", data=filled(fields(written.text), do="save", **another))
    assert answer.status_code == 303, answer.text
    edit = answer.headers["location"].partition("?")[0]
    key = edit.split("/")[2]
    moment = saved(server, key).moments[0]
    assert isinstance(moment, Happened)
    assert moment.where == "properties.amount >= 50 and properties.reason = 'too late'"
    pairs = fields(page(client, edit))
    assert dict(pairs)["moments.0.conditions.1.value"] == "too late"
    fewer = client.post(edit, data=filled(pairs, do="remove:moments.0.conditions.0"))
    assert dict(fields(fewer.text))["moments.0.where"] == "properties.reason = 'too late'"
    typed = client.post(edit, data=filled(pairs, do="look", moments__0__where="amount > 9 or true"))
    assert dict(fields(typed.text))["moments.0.where"] == "amount > 9 or true"
    assert "moments.0.conditions.0.field" not in dict(fields(typed.text))
    refused = client.post(edit, data=filled(pairs, do="remove:questions.77"))
    assert dict(fields(refused.text))["moments.0.where"] == moment.where
    assert "nothing at" in refused.text
    assert "unknown field" not in refused.text


def test_saving_makes_a_version_and_says_what_changed(client: httpx.Client, server: Server) -> None:
    key = kept(server, "To be edited", "live")
    form = filled(fields(page(client, f"/surveys/{key}/edit")), thanks="Many thanks.", do="save")
    answer = client.post(f"/surveys/{key}/edit", data=form)
    assert answer.headers["location"] == f"/surveys/{key}/edit?saved=1"
    html = page(client, answer.headers["location"])
    assert "Saved." in html
    assert re.findall(r"<li><strong>2</strong>.*?<bdi>(.*?)</bdi>", html) == ["thanks"]
    late = client.post(f"/surveys/{key}/edit", data=form | {"thanks": ["Bye."]})
    assert late.status_code == 409
    assert "somebody else has saved" in late.text
    assert saved(server, key).thanks == "Many thanks."


def test_a_published_survey_stays_anonymous(client: httpx.Client, server: Server) -> None:
    key = kept(server, "Nobody's", "live", anonymous=True)
    form = filled(fields(page(client, f"/surveys/{key}/edit")), do="save")
    del form["anonymous"]
    answer = client.post(f"/surveys/{key}/edit", data=form)
    assert answer.status_code == 409
    assert "make a new survey" in answer.text
    assert saved(server, key).anonymous


def test_what_is_wrong_keeps_a_survey_from_being_published(client: httpx.Client) -> None:
    pairs = [one for one in fields(page(client, "/surveys/new")) if not one[0].startswith("moments.")]
    answer = client.post("/surveys/new", data=filled(pairs, name="Nowhere to ask", do="publish"))
    assert answer.status_code == 400
    assert "Saved, but not published" in answer.text
    assert 'href="#f-moments"' in answer.text
    assert "/edit" in answer.text, "it goes on with what was saved"


def test_the_list_counts_who_answered(client: httpx.Client, server: Server) -> None:
    key = kept(server, "Counted <i>", "live")
    then = now()
    scores = [10, 9, 9, 8, 3, None, None, None]
    *begun, whole = told(key, "in-part", 9, then)
    part = whole | {"event": "Survey Partly Answered", "messageId": f"{key}-in-part"}
    told_all = [one for n, score in enumerate(scores) for one in told(key, f"p{n}", score, then)]
    send(server, [*told_all, *begun, part])
    found = next(
        one for one in client.get("/surveys?format=json").json()["surveys"]["value"] if one["id"] == key
    )
    counted = found["counted"]
    assert (counted["shown"], counted["answered"]) == (9, 5)
    assert counted["rate"].startswith("66.7"), "who answered in part has responded"
    assert (counted["score"]["name"], counted["score"]["text"], counted["score"]["n"]) == ("NPS", "50", 6)
    html = page(client, "/surveys")
    send(server, told(key, "one more", 10, then))
    counted = client.get("/surveys?format=json").json()["surveys"]["value"]
    assert next(one for one in counted if one["id"] == key)["counted"]["answered"] == 6, (
        "of the lake as it is now"
    )
    assert "Counted &lt;i&gt;" in html
    assert "when Order Completed happens, where value &gt; 50" in html


@pytest.mark.parametrize(
    ("state", "do", "then"),
    [("draft", "live", "live"), ("live", "paused", "paused"), ("paused", "closed", "closed")],
)
def test_the_list_changes_states(
    client: httpx.Client, server: Server, state: str, do: str, then: str
) -> None:
    key = kept(server, f"From {state}", state)
    csrf = re.search(r'name="csrf" value="(\w+)"', page(client, "/surveys"))
    assert csrf
    form = {"csrf": csrf[1], "survey": key}
    assert client.post("/surveys", data=form | {"do": do}).headers["location"] == "/surveys"
    with server.settings() as settings:
        assert settings.surveys.get(key).state == then
    assert "nothing that can be done" in client.post("/surveys", data=form | {"do": "explode"}).text
    copy = client.post("/surveys", data=form | {"do": "duplicate"}).headers["location"]
    assert saved(server, copy.split("/")[2]).name == f"From {state} (copy)"
    gone = client.post("/surveys", data={"csrf": csrf[1], "survey": copy.split("/")[2], "do": "delete"})
    assert gone.status_code == 303
    assert client.get(copy).status_code == 404


def test_a_form_of_another_site_changes_nothing(client: httpx.Client, server: Server) -> None:
    key = kept(server, "Not from there")
    assert client.post("/surveys", data={"survey": key, "do": "live"}).status_code == 403
    assert client.post(f"/surveys/{key}/edit", data={"name": "Taken over", "do": "save"}).status_code == 403
    assert saved(server, key).name == "Not from there"
