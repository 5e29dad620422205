"""Questions by the front door: rows into the lake, the answer beside them, on every engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from obverse.engine.lake import AnyLake
from obverse.errors import QuestionError
from obverse.measure.funnel import Exclusion, Funnel, FunnelAnswer
from tests.conftest import Engine
from tests.engine.lakes import add, fill, row, spread

VIEW, ADD, BUY = "Product Viewed", "Product Added", "Order Completed"
TEXT = f"{VIEW} > {ADD} > {BUY}"


def shop() -> list[dict[str, Any]]:
    """Ann buys, Ben and Cy add, Dee views; Cy is on a phone and in dollars; Eve never says who she is."""
    acme = {"account_id": "acme"}
    phone = {"context": '{"device":{"type":"phone"}}'}
    return [
        row("ann", VIEW, 0, properties={"price": 40, "cart": "c1"}, **acme),
        row("ann", ADD, 1, properties={"price": 40, "cart": "c1"}, value=40.0, currency="EUR", **acme),
        row("ann", BUY, 5, properties={"cart": "c1"}, value=45.0, currency="EUR"),
        row("ben", VIEW, 0, properties={"price": 90, "cart": "c2"}, **acme),
        row("ben", ADD, 2, properties={"price": 90, "cart": "c2"}, value=90.0, currency="EUR"),
        row("ben", BUY, 60 * 24 * 8, properties={"cart": "c9"}, value=90.0, currency="EUR"),
        row("cy", VIEW, 0, properties={"price": 20, "cart": "c3"}, **phone),
        row("cy", ADD, 3, properties={"price": 20, "cart": "c3"}, value=20.0, currency="EUR", **phone),
        row("dee", VIEW, 0, properties={"price": 10, "cart": "c4"}, touchpoint="app"),
        row(None, VIEW, 0, anonymous_id="eve", properties={"price": 70}),
    ]


@pytest.fixture(scope="module")
def lake(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnyLake]:
    """The shop, shared by the tests that only ask."""
    with engine.open(fill(tmp_path_factory.mktemp("shop") / "data", spread(shop()))) as opened:
        yield opened


@pytest.fixture
def growing(engine: Engine, tmp_path: Path) -> Iterator[AnyLake]:
    """The shop in ``data``, for a test that adds to it."""
    with engine.open(fill(tmp_path / "data", spread(shop()))) as opened:
        yield opened


def counts(lake: AnyLake, text: str = TEXT, **fields: Any) -> list[int]:
    return [step.people for step in ask(lake, text, **fields).steps]


def ask(lake: AnyLake, text: str = TEXT, **fields: Any) -> FunnelAnswer:
    return lake.ask(Funnel.parse(text, **fields))


def names(lake: AnyLake, question: Funnel, step: int, outcome: Any, **where: Any) -> list[str]:
    page = lake.people(question, {"step": str(step), "outcome": outcome, **where})
    found = [person.user_id or person.anonymous_ids[0] for person in page.people]
    assert page.n == len(found)
    return sorted(found)


def test_a_funnel_of_rows_in_the_lake(lake: AnyLake) -> None:
    answer = ask(lake)
    assert [step.people for step in answer.steps] == [5, 3, 1]
    assert [step.value_reached.value for step in answer.steps] == [0, 150, 45]
    assert [step.value_lost.value for step in answer.steps[:2] if step.value_lost] == [0, 110]
    assert answer.currency == "EUR"
    assert answer.as_of_seq == 10
    said = answer.sentence().replace("\u202f", " ")
    assert said.startswith(f"20.0 % of 5 people reached {BUY}; most left at {VIEW}")


def test_a_longer_window_lets_a_later_order_in(lake: AnyLake) -> None:
    assert counts(lake, within="9d") == [5, 3, 2]


def test_filters_of_a_step_and_of_the_whole_funnel(lake: AnyLake) -> None:
    assert counts(lake, f"{VIEW} [properties.price > 30] > {ADD}") == [3, 2]
    assert counts(lake, where="touchpoint = 'app'") == [1, 0, 0]


def test_alternatives_and_any_event(lake: AnyLake) -> None:
    assert counts(lake, f"{VIEW} > {ADD} or {BUY} > {BUY}") == [5, 3, 1]
    assert counts(lake, "* > * > *") == [5, 3, 1]


def test_a_split_has_a_group_for_each_value_and_for_none(lake: AnyLake) -> None:
    answer = ask(lake, by="context.device.type")
    groups = {group.name: [step.people for step in group.steps] for group in answer.groups}
    assert groups == {"phone": [1, 1, 0], "(no value)": [4, 2, 1]}


def test_the_same_cart_must_come_through(lake: AnyLake) -> None:
    assert counts(lake, within="9d", same="properties.cart") == [4, 3, 1]


def test_counting_by_account_session_and_entry(lake: AnyLake) -> None:
    assert counts(lake, count="account") == [1, 1, 0]
    assert counts(lake, count="session") == [5, 3, 1]
    assert counts(lake, count="entry") == [5, 3, 1]


def test_strict_order_looks_at_all_of_a_persons_events(lake: AnyLake) -> None:
    assert counts(lake, f"{VIEW} > {BUY}", order="strict") == [5, 0]
    assert counts(lake, f"{VIEW} > {ADD}", order="strict") == [5, 3]


def test_an_exclusion_from_the_lake(lake: AnyLake) -> None:
    assert counts(lake, f"{VIEW} > {BUY}", exclude=[Exclusion(events=(ADD,))]) == [5, 0]


def test_a_period_in_a_time_zone(lake: AnyLake) -> None:
    # Noon UTC is 01:00 of the second of March in Auckland.
    assert counts(lake, start="2026-03-02", end="2026-03-03", zone="Pacific/Auckland") == [5, 3, 1]
    assert counts(lake, start="2026-03-02", end="2026-03-03") == [0, 0, 0]


def test_the_people_behind_each_bar_are_as_many_as_it_says(lake: AnyLake) -> None:
    question = Funnel.parse(TEXT, by="context.device.type")
    answer = lake.ask(question)
    for number, step in enumerate(answer.steps, 1):
        assert lake.people(question, {"step": str(number)}).n == step.people
        if number < 3:
            assert lake.people(question, {"step": str(number), "outcome": "dropped"}).n == step.dropped
    assert names(lake, question, 2, "converted") == ["ann", "ben", "cy"]
    assert names(lake, question, 1, "dropped") == ["dee", "eve"]
    assert names(lake, question, 2, "dropped", group="phone") == ["cy"]
    assert names(lake, question, 2, "dropped", group="(no value)") == ["ben"]


def test_people_come_in_pages_that_add_up(lake: AnyLake) -> None:
    question = Funnel.parse(TEXT)
    whole = lake.people(question).people
    pages = [lake.people(question, limit=2, offset=offset) for offset in (0, 2, 4)]
    assert [page.n for page in pages] == [5, 5, 5]
    assert tuple(person for page in pages for person in page.people) == whole


@pytest.mark.parametrize("count", ["entry", "session"])
def test_people_behind_entries_and_sessions_are_persons(lake: AnyLake, count: Any) -> None:
    assert names(lake, Funnel.parse(TEXT, count=count), 2, "dropped") == ["ben", "cy"]


def test_people_behind_accounts_are_refused_rather_than_mistaken(lake: AnyLake) -> None:
    with pytest.raises(QuestionError, match="count: accounts"):
        lake.people(Funnel.parse(TEXT, count="account"))


@pytest.mark.parametrize(
    ("pick", "message"),
    [
        ({"step": "0"}, "step: 0 is not one of the 3 steps"),
        ({"step": "4"}, "step: 4 is not one of the 3 steps"),
        ({"step": "two"}, "step: two is not one of the 3 steps"),
        ({"step": "3", "outcome": "dropped"}, "nobody drops after the last step"),
        ({"outcome": "left"}, "unknown outcome 'left'"),
        ({"group": "phone"}, "the funnel has no split"),
        ({"stage": "1"}, "unknown part of the answer 'stage'"),
    ],
)
def test_a_wrong_drill_down_is_refused(lake: AnyLake, pick: dict[str, str], message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        lake.people(Funnel.parse(TEXT), pick)


def test_an_unknown_group_names_the_nearest(lake: AnyLake) -> None:
    with pytest.raises(QuestionError, match="did you mean 'phone'"):
        lake.people(Funnel.parse(TEXT, by="context.device.type"), {"group": "phon"})


def test_an_event_that_never_came_is_said_with_the_nearest(lake: AnyLake) -> None:
    answer = ask(lake, "Product Viewd > Order Completed")
    assert answer.notes == ("unknown event 'Product Viewd'; did you mean 'Product Viewed'?",)
    assert answer.steps[0].people == 0


def test_an_unknown_field_is_refused_with_the_nearest(lake: AnyLake) -> None:
    with pytest.raises(QuestionError, match=r"did you mean 'touchpoint'"):
        counts(lake, where="touchpont = 'app'")


def test_a_second_currency_is_said(growing: AnyLake, tmp_path: Path) -> None:
    add(tmp_path / "data", [row("dee", ADD, 9, value=5.0, currency="USD")], 1)
    answer = ask(growing)
    assert answer.currency is None
    assert answer.notes == ("Values in several currencies (EUR, USD) were added as they are.",)


def test_events_that_arrive_while_it_is_open_count_in_the_next_answer(
    growing: AnyLake, tmp_path: Path
) -> None:
    assert counts(growing) == [5, 3, 1]
    add(tmp_path / "data", [row("cy", BUY, 9)], 1)
    assert counts(growing) == [5, 3, 2]


def test_a_lake_without_events_answers(engine: Engine, tmp_path: Path) -> None:
    with engine.open(fill(tmp_path / "empty", [])) as lake:
        assert counts(lake) == [0, 0, 0]
        assert lake.people(Funnel.parse(TEXT)).n == 0
        assert lake.sql("SELECT count(*) AS n FROM events").to_pylist() == [{"n": 0}]
