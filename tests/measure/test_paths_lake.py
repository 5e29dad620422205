"""Paths by the front door: events into a lake, the answer beside them, on every engine."""

from __future__ import annotations

from typing import Any

import pytest

from obverse.measure.paths import Paths
from tests.engine.lakes import row
from tests.measure.conftest import Ask


def test_paths_of_events_that_came_in_by_the_front_door(ask: Ask) -> None:
    shop = [
        row("u1", "Product Viewed", 0),
        row("u1", "Cart Viewed", 2),
        row("u1", "Order Completed", 3, value=10.0, currency="EUR"),
        row("u2", "Product Viewed", 1),
        row("u2", "Product Viewed", 4),
        row("u2", "Support Contacted", 5),
        row("u3", "Product Viewed", 8),
        row("u3", "Cart Viewed", 9),
        row("u1", "Email Opened", 99),
    ]
    answer = ask(shop, Paths(after="Product Viewed", goal="Order Completed"))
    assert (answer.n_paths, answer.people, answer.goal.value) == (3, 3, pytest.approx(1 / 3))
    assert {path.places: path.people for path in answer.paths} == {
        ("Product Viewed", "Cart Viewed", "Order Completed"): 1,
        ("Product Viewed", "Support Contacted"): 1,
        ("Product Viewed", "Cart Viewed"): 1,
    }
    way = next(one for one in answer.streams if one.target == "Cart Viewed")
    assert (way.people, way.goal.value, way.value.value) == (2, 0.5, 10.0)
    assert way.median_s == pytest.approx(60, rel=0.25)
    assert answer.currency == "EUR"
    assert answer.places_table()["paths"].to_pylist()[0] == 3
    assert answer.paths_table()["people"].to_pylist() == [1, 1, 1]


def test_paths_over_pages_with_exclusion_and_end_by_the_front_door(ask: Ask) -> None:
    def view(user: str, minute: float, path: str) -> dict[str, Any]:
        return row(user, "Page Viewed", minute, context=f'{{"page": {{"path": "{path}"}}}}')

    pages = [
        view("u1", 0, "/"),
        view("u1", 1, "/p/17"),
        view("u1", 2, "/p/18"),
        view("u1", 3, "/blog/hello"),
        row("u1", "Support Contacted", 4),
        view("u2", 0, "/help"),
    ]
    question = Paths(
        events="Page Viewed",
        exclude="Page Viewed [context.page.path = '/']",
        before="Support Contacted",
        place="context.page.path",
        patterns=("/blog/* as Blog",),
    )
    answer = ask(pages, question)
    assert [path.places for path in answer.paths] == [("/p/*", "Blog", "Support Contacted")]


def test_an_empty_lake_and_a_name_it_has_never_seen(ask: Ask) -> None:
    assert ask([], Paths()).n_paths == 0
    answer = ask([row("u1", "Product Viewed", 0)], Paths(after="Prodcut Viewed"))
    assert answer.n_paths == 0
    assert "Product Viewed" in answer.notes[0]
