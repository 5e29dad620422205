"""Answers to past surveys come in by the page, without any script."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from obverse.folder import Folder
from obverse.settings.store import Settings
from tests.conftest import Server
from tests.surveys.importing.rig import events, survey

PATH = "/surveys/import"
ROWS = "when,How likely are you to recommend us?,Rate the food please,Why?\n" + "".join(
    f'2026-03-0{k % 7 + 1},{k % 12},{k % 7},"It was the {k}th visit of ours, and the best so far."\n'
    for k in range(48)
)


class _Fields(HTMLParser):
    """The fields of a form as a browser would send them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._area: str | None = None
        self._select: str | None = None
        self.feed(text.partition('class="import"')[2].partition("</form>")[0])

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        got = {name: value or "" for name, value in pairs}
        if tag == "input" and (got.get("type") != "checkbox" or "checked" in got):
            self.fields[got["name"]] = got.get("value", "on")
        elif tag == "textarea":
            self._area = got["name"]
            self.fields[self._area] = ""
        elif tag == "select":
            self._select = got["name"]
        elif tag == "option" and self._select and (self._select not in self.fields or "selected" in got):
            self.fields[self._select] = got.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._area:
            self.fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        self._area = None if tag == "textarea" else self._area
        self._select = None if tag == "select" else self._select


def _csrf(page: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found
    return found[1]


def _upload(
    client: httpx.Client, content: bytes | str, name: str = "Guests.csv", **more: str
) -> httpx.Response:
    fields = {"csrf": _csrf(client.get(PATH)), **more}
    body = content.encode() if isinstance(content, str) else content
    return client.post(PATH, data=fields, files={"file": (name, body)}, follow_redirects=True)


def _send(client: httpx.Client, page: httpx.Response, do: str, **changes: str) -> httpx.Response:
    fields = _Fields(page.text).fields | changes | {"do": do}
    return client.post(page.url.path, data=fields, follow_redirects=True)


def _answers(server: Server, name: str) -> list[dict[str, Any]]:
    """Give the answers to a survey; others have others."""
    found = [row["properties"] for row in events(server.data)]
    return [one["answers"] for one in found if one["survey"] == name]


def test_a_file_is_looked_at_changed_checked_and_imported(server: Server, client: httpx.Client) -> None:
    guessed = _upload(client, ROWS, name="Guests 2026.csv")
    assert guessed.status_code == 200
    assert "recommendation" in guessed.text
    as_json = client.get(f"{guessed.url.path}?format=json").json()
    assert [one["one"]["type"] for one in as_json["questions"]] == ["nps", "rating", "long_text"]
    checked = _send(client, guessed, "check", name="Guests", maps="Rate*: 0 = missing, 6 = missing")
    assert "0 = missing\n6 = missing" in checked.text.replace("\r", "")
    assert _answers(server, "Guests") == []
    done = _send(client, checked, "import")
    assert "48</strong> answers came in" in done.text
    said = _answers(server, "Guests")
    assert {one.get("rate_the_food_please") for one in said} == {None, 1, 2, 3, 4, 5}
    assert {one.get("how_likely_are_you_to_recommend_us") for one in said} == {None, *range(11)}
    assert [getattr(one, "points", None) for one in survey(server.data, "Guests").questions] == [
        None,
        5,
        None,
    ]
    again = _upload(client, ROWS, name="Guests.csv")
    assert "not a whole number from 1 to 5" in again.text  # the survey's own scale holds now
    other = _send(client, again, "check", **{"q1.type": "csat"})
    assert other.status_code == 422
    assert "csat here, rating in the survey" in other.text


def test_a_question_can_be_left_out_and_a_column_made_one(server: Server, client: httpx.Client) -> None:
    text = "name,Rate us please,code\n" + "".join(f"Ann,{k % 5 + 1},{'ab'[k % 2]}\n" for k in range(10))
    page = _upload(client, text)
    assert "No column says when people answered" in page.text
    fields = _Fields(page.text).fields
    assert fields["c0.name"] == "name"
    changes = {"name": "Left", "day": "2026-01-05", "c0.use": "nothing", "c1.use": "question"}
    _send(client, page, "import", **changes)
    found = [row["properties"] for row in events(server.data) if row["properties"]["survey"] == "Left"]
    assert len(found) == 10
    assert "Ann" not in str(found)
    assert {one["answers"]["code"] for one in found} == {"a", "b"}


def test_what_is_wrong_is_said_with_the_form_again(client: httpx.Client) -> None:
    page = _upload(client, ROWS)
    wrong = _send(client, page, "check", **{"q0.values": "no sense"})
    assert wrong.status_code == 422
    assert "is not of the form" in wrong.text
    assert 'class="import"' in wrong.text


@pytest.mark.parametrize(
    ("content", "name", "status", "said"),
    [
        (b"", "a.csv", 400, "an empty one"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "old.xls", 400, "old.xls is a spreadsheet of the old kind"),
        (b"PK\x03\x04" + bytes(60), "a.xlsx", 400, "a.xlsx is a damaged archive"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_at_once(
    server: Server, client: httpx.Client, content: bytes, name: str, status: int, said: str
) -> None:
    refused = _upload(client, content, name=name)
    assert said in refused.text.replace("&#39;", "'").lower()
    assert refused.status_code == status
    assert not [one for one in (server.data / "uploads").glob("*") if (one / "name").read_text() == name]


def test_a_file_over_the_limit_is_refused(new_server: Callable[..., Server]) -> None:
    server = new_server()
    with Settings.open(Folder.open(server.data, create=True).settings) as settings:
        settings.set_value("upload_bytes", 2048)
    server.start()
    with server.client() as client:
        refused = _upload(client, "a,b\n" * 2000)
        assert "the setting upload_bytes" in refused.text
        assert _upload(client, ROWS[:2000]).status_code == 200


def test_an_upload_needs_the_forms_token(client: httpx.Client) -> None:
    for fields in ({}, {"csrf": "0" * 64}):
        refused = client.post(PATH, data=fields, files={"file": ("a.csv", b"a,b\n1,2\n")})
        assert refused.status_code == 403


def test_an_upload_can_be_forgotten_and_none_is_found_by_guessing(client: httpx.Client) -> None:
    page = _upload(client, ROWS)
    assert _send(client, page, "forget").url.path == PATH
    assert client.get(page.url.path).status_code == 404
    for key in ("0" * 32, "..%2F..%2Fsettings.db", "name"):
        assert client.get(f"{PATH}/{key}").status_code == 404


def test_hostile_words_are_only_words(client: httpx.Client) -> None:
    text = "when,<script>alert(1)</script> how satisfied?,x\n2026-03-01,5,<b>b</b>\n2026-03-02,4,<b>c</b>\n"
    page = _upload(client, text, name='"><script>x.csv')
    assert "<script>alert" not in page.text
    assert '"><script>x' not in page.text
    assert "<b>b</b>" not in page.text


def test_a_ranking_is_still_one_after_it_was_checked(server: Server, client: httpx.Client) -> None:
    orders = ("Price,Taste,Speed", "Taste,Price,Speed", "Speed,Taste,Price")
    text = "rank_1,rank_2,rank_3\n" + "".join(f"{orders[k % 3]}\n" for k in range(9))
    page = _send(client, _upload(client, text, name="Ranks.csv"), "check", day="2026-03-02")
    assert page.status_code == 200, page.text
    assert "9</strong> answers came in" in _send(client, page, "import").text
    assert _answers(server, "Ranks")[0] == {"rank": ["price", "taste", "speed"]}
