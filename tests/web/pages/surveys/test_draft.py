"""The builder's form: what is typed becomes a survey, and what is wrong is said at its field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obverse.errors import QuestionError
from obverse.surveys.question import Sus
from obverse.surveys.survey import Survey
from obverse.web.pages.surveys.changes import changes
from obverse.web.pages.surveys.changing import change, name_all
from obverse.web.pages.surveys.draft import Draft, draft_of, nest, survey_of
from obverse.web.pages.surveys.form import form_of
from obverse.web.pages.surveys.kinds import MOMENTS, QUESTIONS, blank
from obverse.web.pages.surveys.starters import STARTERS
from tests.surveys.asked import NPS

EVERYTHING: dict[str, Any] = {
    "name": "All of it",
    "questions": [
        {"type": kind, "id": f"q{number}", **begins.begins, "help": "Help", "required": number % 2 == 0}
        for number, (kind, begins) in enumerate(QUESTIONS.items())
    ],
    "moments": [
        {"on": kind, "id": f"m{number}", **begins.begins, "page": "/shop/*", "delay_s": 2.5}
        for number, (kind, begins) in enumerate(MOMENTS.items())
    ],
    "intro": "Hello",
    "thanks": "Bye",
    "places": ["page", "kiosk"],
    "audience": {"segment": "Buyers", "share": 0.125, "a_day": 100, "wanted": 400},
    "repeat": {"how": "always", "after_days": 7.5, "rests": False},
    "starts": "2026-01-01",
    "ends": "2026-02-01T12:00Z",
    "priority": -3,
    "anonymous": True,
    "touchpoint": "store",
    "translations": {"de": {"intro": "Hallo", "q0.text": "Wie …?", "q0.low": "Nein"}, "fr": {}},
    "theme": {"accent": "#112233", "corner": "center", "scheme": "dark"},
}


def sent(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Send a draft as its form would."""
    if isinstance(value, dict):
        if path.startswith("translations.") and not value:
            yield f"{path}.:", ""
        for name, one in value.items():
            yield from sent(one, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield from [(path, one)] if isinstance(one, str) else sent(one, f"{path}.{at}")
    else:
        yield path, value


def test_every_part_of_a_survey_comes_back_from_the_form_as_it_went() -> None:
    survey = Survey.from_json(msgspec.json.encode(EVERYTHING))
    first = survey.questions[7]
    branched = {"branches": [{"to": "q8", "any_of": ["o1"]}, {"to": "end", "answered": False}]}
    whole = EVERYTHING | {"questions": [*EVERYTHING["questions"]]}
    whole["questions"][7] = msgspec.to_builtins(first) | branched
    survey = Survey.from_json(msgspec.json.encode(whole))
    back, wrong = survey_of(nest(sent(draft_of(survey))))
    assert wrong == {}
    assert back == survey


@pytest.mark.parametrize(
    ("kind", "name", "offered"),
    [
        ("nps", "at_least", [str(number) for number in range(11)]),
        ("seq", "at_most", [str(number) for number in range(1, 8)]),
        ("csat", "at_least", ["1", "2", "3", "4", "5"]),
        ("single", "any_of", ["o1", "o2"]),
        ("single", "none_of", ["o1", "o2"]),
    ],
)
def test_a_branch_is_chosen_not_typed(kind: str, name: str, offered: list[str]) -> None:
    draft: Draft = {
        "name": "Branched",
        "questions": [blank(kind) | {"id": "first"}, blank("consent") | {"id": "last"}],
    }
    path = change(draft, "add:questions.0.branches")
    [branch] = form_of(draft, {}).questions[0].branches
    choices = {field.name: [one.value for one in field.choices if one.value] for field in branch.fields}
    assert (path, branch.path) == ("questions.0.branches.0", "questions.0.branches.0")
    assert (choices[name], choices["to"]) == (offered, ["last", "end"])
    draft["questions"][0]["branches"] = [
        {name: offered[1:2] if kind == "single" else offered[1], "to": "end"}
    ]
    survey, wrong = survey_of(draft)
    assert survey, wrong
    expected = ("o2",) if kind == "single" else float(offered[1])
    assert getattr(survey.questions[0].branches[0], name) == expected


@pytest.mark.parametrize(
    ("kind", "given", "offered"), [("nps", "8.5", 12), ("csat", "", 5), ("sus", "68", 0)]
)
def test_a_number_that_is_not_on_the_scale_is_kept(kind: str, given: str, offered: int) -> None:
    first = blank(kind) | {"id": "first", "branches": [{"at_least": given, "to": "end"}]}
    [branch] = form_of({"questions": [first, blank("consent")]}, {}).questions[0].branches
    field = branch.fields[0]
    assert (field.name, field.value) == ("at_least", given)
    assert [one.value for one in field.choices if one.chosen] == ([given] if offered else [])
    assert sum(bool(one.value) for one in field.choices) == offered


@pytest.mark.parametrize("starter", STARTERS)
def test_a_starter_is_a_survey(starter: str) -> None:
    survey, wrong = survey_of(STARTERS[starter].draft())
    assert (survey is not None, wrong) == (True, {})


@pytest.mark.parametrize(
    ("pairs", "field", "says"),
    [
        ([("name", "")], "name", "give it a name"),
        ([("questions.0.text", " ")], "questions.0.text", "this is needed"),
        ([("questions.0.id", "Größe")], "questions.0.id", "small letters"),
        ([("audience.share", "120")], "audience.share", "up to 100"),
        ([("audience.share", "many")], "audience.share", "up to 100"),
        ([("moments.0.delay_s", "soon")], "moments.0.delay_s", "not a duration"),
        ([("priority", "high")], "priority", "no number"),
        ([("ends", "tomorrow")], "ends", "2026-03-01"),
        ([("starts", "2026-03-01"), ("ends", "2026-02-01")], "ends", "not after starts"),
        ([("theme.accent", "red")], "theme.accent", "#0b57d0"),
        ([("questions.1.branches.0.to", "recommend")], "questions.1.branches", "no later question"),
        ([("translations.xx1.thanks", "?")], "translations", "language"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(pairs: list[tuple[str, str]], field: str, says: str) -> None:
    draft = draft_of(Survey.from_json(msgspec.json.encode(NPS)))
    given = dict(sent(draft)) | dict(pairs)
    survey, wrong = survey_of(nest(given.items()))
    assert survey is None
    assert list(wrong) == [field] or field in next(iter(wrong))
    assert says in next(iter(wrong.values()))


def test_all_that_is_wrong_is_said_at_once() -> None:
    _, wrong = survey_of(nest([("name", ""), ("questions.0.type", "nps"), ("priority", "x")]))
    assert set(wrong) == {"name", "questions.0.id", "priority"}


def test_parts_are_added_moved_and_removed() -> None:
    draft = draft_of(Survey.from_json(msgspec.json.encode(NPS)))
    draft["new_question"] = "matrix"
    assert change(draft, "add:questions") == "questions.3"
    assert change(draft, "up:questions.3") == "questions.2"
    assert [one["type"] for one in draft["questions"]] == ["nps", "single", "matrix", "long_text"]
    assert change(draft, "remove:questions.0") == "questions.0"
    assert change(draft, "add:questions.0.options") == "questions.0.options.2"
    draft["questions"][0]["options"][2]["text"] = "The price"
    assert change(draft, "down:questions.0.options.0") == "questions.0.options.1"
    assert change(draft, "add:questions.0.branches") == "questions.0.branches.0"
    draft["new_moment"] = "leaving"
    assert change(draft, "add:moments") == "moments.1"
    draft["new_language"] = "de"
    assert change(draft, "language:") == "translations.de"
    assert change(draft, "drop:translations.de") == "languages"
    name_all(draft)
    assert [one["id"] for one in draft["questions"][0]["options"]] == ["speed", "price", "the_price"]
    assert [one["id"] for one in draft["moments"]] == ["bought", "m2"]
    with pytest.raises(QuestionError, match="nothing at"):
        change(draft, "remove:questions.9")
    with pytest.raises(QuestionError, match="nothing that can be done"):
        change(draft, "burn:questions.0")


def test_an_empty_option_at_the_end_is_no_option() -> None:
    draft = draft_of(Survey.from_json(msgspec.json.encode(NPS)))
    draft["questions"][1]["options"] += [{"text": " ", "id": ""}]
    survey, _ = survey_of(draft)
    assert survey is not None
    assert len(survey.questions[1].options) == 2  # type: ignore[union-attr] # it is a single choice


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[a-z_.0-9:]{1,40}", fullmatch=True)
            | st.sampled_from(
                ["questions.0.options.0", "questions.0.options", "translations.de", "moments.0"]
            ),
            st.text(max_size=5),
        ),
        max_size=12,
    )
)
def test_no_form_that_anybody_sends_breaks_the_page(pairs: list[tuple[str, str]]) -> None:
    draft: Draft = nest(pairs)
    name_all(draft)
    _, wrong = survey_of(draft)
    assert wrong
    form_of(draft, wrong)


@pytest.mark.parametrize("kind", [*QUESTIONS, *MOMENTS])
def test_what_a_new_part_begins_with_is_right(kind: str) -> None:
    part = blank(kind) | {"id": "new"}
    draft = draft_of(Survey.from_json(msgspec.json.encode(NPS)))
    draft["questions" if kind in QUESTIONS else "moments"] = [part]
    assert survey_of(draft)[1] == {}


def test_versions_are_told_apart_in_words() -> None:
    old = Survey.from_json(msgspec.json.encode(NPS))
    first, _, third = NPS["questions"]
    new = NPS | {"questions": [third, first | {"text": "Would you?"}], "thanks": "Bye", "moments": []}
    assert changes(old, Survey.from_json(msgspec.json.encode(new))) == (
        "recommend: text",
        "reason removed",
        "in another order",
        "bought removed",
        "thanks",
    )


def test_the_items_of_an_instrument_can_be_translated_one_by_one() -> None:
    draft = draft_of(Survey(name="SUS", questions=(Sus(id="sus", text="?"),)))
    draft["translations"] = {"de": {"sus:2": "Zu komplex"}}
    [german] = form_of(draft, {}).languages
    shown = {one.field.path: (one.text, one.field.value) for one in german.words}
    assert shown["translations.de.sus:2"] == ("I found this system unnecessarily complex", "Zu komplex")
    assert "translations.de.sus:10" in shown
