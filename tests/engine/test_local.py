"""Questions by the front door: rows into the lake, the real tape, the answer beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import obverse
from obverse.errors import DataError, QuestionError
from obverse.measure.funnel import Exclusion, Funnel, FunnelAnswer
from tests.engine.lakes import add, fill, row, table_of

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


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[obverse.Lake]:
    rows = shop()
    with obverse.open(fill(tmp_path / "data", [table_of(rows[:4]), table_of(rows[4:])])) as opened:
        yield opened


def counts(lake: obverse.Lake, text: str = TEXT, **fields: Any) -> list[int]:
    return [step.people for step in ask(lake, text, **fields).steps]


def ask(lake: obverse.Lake, text: str = TEXT, **fields: Any) -> FunnelAnswer:
    return lake.ask(Funnel.parse(text, **fields))


def names(lake: obverse.Lake, question: Funnel, step: int, outcome: Any, **where: Any) -> list[str]:
    page = lake.people(question, {"step": str(step), "outcome": outcome, **where})
    found = [person.user_id or person.anonymous_ids[0] for person in page.people]
    assert page.n == len(found)
    return sorted(found)


def test_a_funnel_of_rows_in_the_lake(lake: obverse.Lake) -> None:
    answer = ask(lake)
    assert [step.people for step in answer.steps] == [5, 3, 1]
    assert [step.value_reached.value for step in answer.steps] == [0, 150, 45]
    assert [step.value_lost.value for step in answer.steps[:2] if step.value_lost] == [0, 110]
    assert answer.currency == "EUR"
    assert answer.as_of_seq == 10
    said = answer.sentence().replace("\u202f", " ")
    assert said.startswith(f"20.0 % of 5 people reached {BUY}; most left at {VIEW}")


def test_a_longer_window_lets_a_later_order_in(lake: obverse.Lake) -> None:
    assert counts(lake, within="9d") == [5, 3, 2]


def test_filters_of_a_step_and_of_the_whole_funnel(lake: obverse.Lake) -> None:
    assert counts(lake, f"{VIEW} [properties.price > 30] > {ADD}") == [3, 2]
    assert counts(lake, where="touchpoint = 'app'") == [1, 0, 0]


def test_alternatives_and_any_event(lake: obverse.Lake) -> None:
    assert counts(lake, f"{VIEW} > {ADD} or {BUY} > {BUY}") == [5, 3, 1]
    assert counts(lake, "* > * > *") == [5, 3, 1]


def test_a_split_has_a_group_for_each_value_and_for_none(lake: obverse.Lake) -> None:
    answer = ask(lake, by="context.device.type")
    groups = {group.name: [step.people for step in group.steps] for group in answer.groups}
    assert groups == {"phone": [1, 1, 0], "(no value)": [4, 2, 1]}


def test_the_same_cart_must_come_through(lake: obverse.Lake) -> None:
    assert counts(lake, within="9d", same="properties.cart") == [4, 3, 1]


def test_counting_by_account_session_and_entry(lake: obverse.Lake) -> None:
    assert counts(lake, count="account") == [1, 1, 0]
    assert counts(lake, count="session") == [5, 3, 1]
    assert counts(lake, count="entry") == [5, 3, 1]


def test_strict_order_looks_at_all_of_a_persons_events(lake: obverse.Lake) -> None:
    assert counts(lake, f"{VIEW} > {BUY}", order="strict") == [5, 0]
    assert counts(lake, f"{VIEW} > {ADD}", order="strict") == [5, 3]


def test_an_exclusion_from_the_lake(lake: obverse.Lake) -> None:
    assert counts(lake, f"{VIEW} > {BUY}", exclude=[Exclusion(events=(ADD,))]) == [5, 0]


def test_a_period_in_a_time_zone(lake: obverse.Lake) -> None:
    # Noon UTC is 01:00 of the second of March in Auckland.
    assert counts(lake, start="2026-03-02", end="2026-03-03", zone="Pacific/Auckland") == [5, 3, 1]
    assert counts(lake, start="2026-03-02", end="2026-03-03") == [0, 0, 0]


def test_the_people_behind_each_bar_are_as_many_as_it_says(lake: obverse.Lake) -> None:
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


def test_people_come_in_pages_that_add_up(lake: obverse.Lake) -> None:
    question = Funnel.parse(TEXT)
    whole = lake.people(question).people
    pages = [lake.people(question, limit=2, offset=offset) for offset in (0, 2, 4)]
    assert [page.n for page in pages] == [5, 5, 5]
    assert tuple(person for page in pages for person in page.people) == whole


@pytest.mark.parametrize("count", ["entry", "session"])
def test_people_behind_entries_and_sessions_are_persons(lake: obverse.Lake, count: Any) -> None:
    assert names(lake, Funnel.parse(TEXT, count=count), 2, "dropped") == ["ben", "cy"]


def test_people_behind_accounts_are_refused_rather_than_mistaken(lake: obverse.Lake) -> None:
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
def test_a_wrong_drill_down_is_refused(lake: obverse.Lake, pick: dict[str, str], message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        lake.people(Funnel.parse(TEXT), pick)


def test_an_unknown_group_names_the_nearest(lake: obverse.Lake) -> None:
    with pytest.raises(QuestionError, match="did you mean 'phone'"):
        lake.people(Funnel.parse(TEXT, by="context.device.type"), {"group": "phon"})


def test_an_event_that_never_came_is_said_with_the_nearest(lake: obverse.Lake) -> None:
    answer = ask(lake, "Product Viewd > Order Completed")
    assert answer.notes == ("unknown event 'Product Viewd'; did you mean 'Product Viewed'?",)
    assert answer.steps[0].people == 0


def test_an_unknown_field_is_refused_with_the_nearest(lake: obverse.Lake) -> None:
    with pytest.raises(QuestionError, match=r"did you mean 'touchpoint'"):
        counts(lake, where="touchpont = 'app'")


def test_a_second_currency_is_said(lake: obverse.Lake, tmp_path: Path) -> None:
    add(tmp_path / "data", [row("dee", ADD, 9, value=5.0, currency="USD")], 1)
    answer = ask(lake)
    assert answer.currency is None
    assert answer.notes == ("Values in several currencies (EUR, USD) were added as they are.",)


def test_events_that_arrive_while_it_is_open_count_in_the_next_answer(
    lake: obverse.Lake, tmp_path: Path
) -> None:
    assert counts(lake) == [5, 3, 1]
    add(tmp_path / "data", [row("cy", BUY, 9)], 1)
    assert counts(lake) == [5, 3, 2]


def test_a_lake_without_events_answers(tmp_path: Path) -> None:
    with obverse.open(fill(tmp_path / "empty", [])) as lake:
        assert counts(lake) == [0, 0, 0]
        assert lake.people(Funnel.parse(TEXT)).n == 0
        assert lake.sql("SELECT count(*) AS n FROM events").to_pylist() == [{"n": 0}]


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no data folder"):
        obverse.open(tmp_path / "nowhere")


def test_sql_sees_all_columns_of_the_events(lake: obverse.Lake) -> None:
    found = lake.sql(f"SELECT user_id, value FROM events WHERE event = '{BUY}' ORDER BY user_id")
    assert found.to_pylist() == [{"user_id": "ann", "value": 45.0}, {"user_id": "ben", "value": 90.0}]
    assert lake.sql("SELECT count(DISTINCT day) AS n FROM events").to_pylist() == [{"n": 2}]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM read_csv('{other}')",
        "SELECT * FROM '{other}'",
        "SELECT * FROM read_text('{other}')",
        "SELECT * FROM glob('{folder}/*')",
        "COPY (SELECT 1) TO '{folder}/out.csv'",
        "ATTACH '{folder}/x.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET allowed_paths = ['{other}']",
        "SELECT getenv('HOME')",
        "EXPORT DATABASE '{folder}/dump'",
    ],
)
def test_sql_reads_and_writes_nothing_but_the_lake(lake: obverse.Lake, tmp_path: Path, text: str) -> None:
    other = tmp_path / "secret.csv"
    other.write_text("a\n1\n")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(QuestionError):
        lake.sql(text.format(other=other, folder=tmp_path))
    assert sorted(tmp_path.iterdir()) == before


def test_sql_cannot_write_over_the_lakes_own_files(lake: obverse.Lake) -> None:
    for file in lake.table.refresh().files:
        before = Path(file.path).read_bytes()
        with pytest.raises(QuestionError):
            lake.sql(f"COPY (SELECT 1 AS one) TO '{file.path}' (FORMAT parquet)")
        assert Path(file.path).read_bytes() == before


def test_answers_do_not_depend_on_the_number_of_threads(tmp_path: Path) -> None:
    rows = [
        row(f"u{user}", name, minute)
        for user in range(25_000)
        for minute, name in enumerate((VIEW, ADD, BUY)[: 1 + user % 3])
    ]
    root = fill(tmp_path / "data", [table_of(rows)])
    found = []
    for threads in (1, 3):
        with obverse.open(root, threads=threads) as lake:
            found.append(ask(lake, by="touchpoint").to_json())
    assert found[0] == found[1]
    assert b'"people":25000' in found[0]


def test_sessions_of_one_person_stay_together_on_several_threads(tmp_path: Path) -> None:
    rows = [row(f"u{user}", VIEW, visit * 100 + 1) for user in range(11_000) for visit in range(2)]
    with obverse.open(fill(tmp_path / "data", [table_of(rows)]), threads=3) as lake:
        question = Funnel.parse(VIEW, count="session")
        assert lake.ask(question).steps[0].people == 22_000
        assert lake.people(question).n == 11_000
