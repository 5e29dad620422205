"""Acts by the front door: events into a lake, the answer beside them, on every engine."""

from __future__ import annotations

from typing import Any

import pytest

from obverse.errors import QuestionError
from obverse.measure.act import Act
from tests.engine.lakes import row
from tests.measure.conftest import Ask


def at(user: str, event: str, minute: float, page: str, **properties: Any) -> dict[str, Any]:
    return row(user, event, minute, context=f'{{"page": {{"path": "{page}"}}}}', properties=properties)


def test_acts_of_events_that_came_in_by_the_front_door(ask: Ask) -> None:
    answer = ask(
        [
            at("u1", "Page Viewed", 0, "/p/17"),
            at("u2", "Page Viewed", 0, "/p/18"),
            *(at("u1", "Element Clicked", 1 + n / 100, "/p/17", element="Add to cart") for n in range(3)),
            row("u1", "Order Completed", 5, value=30.0, currency="EUR"),
            at("u2", "Error Met", 2, "/p/18", element="Add to cart"),
            at("u2", "Form Started", 3, "/help", form="Contact"),
            at("u2", "Field Filled", 4, "/help", form="Contact", field="E-mail"),
            at("u3", "Page Viewed", 99, "/"),
        ],
        Act(),
    )
    assert [(page.name, page.people, page.conversion.value) for page in answer.pages] == [
        ("/p/*", 2, 0.5),
        ("/", 1, 0.0),
        ("/help", 1, 0.0),
    ]
    assert [(one.kind, one.element, one.times, one.people) for one in answer.elements] == [
        ("click", "Add to cart", 3, 1),
        ("rage", "Add to cart", 1, 1),
        ("error", "Add to cart", 1, 1),
    ]
    assert answer.elements[0].value.value == 30.0
    assert [(one.compared, one.converting) for one in answer.elements] == [(1, 1), (1, 1), (1, 0)]
    form = answer.forms[0]
    assert (form.page, form.name, form.abandoned, form.fields[0].name) == ("/help", "Contact", 1, "E-mail")
    assert not any("Dead Clicked" in note for note in answer.notes)


def test_pages_of_a_kind_count_as_one_where_the_page_is_a_text(ask: Ask) -> None:
    kind = "[regexp_extract(context.page.path, '^/shop/.*$', 0) is not null]"
    answer = ask(
        [
            *(at("u1", "Page Viewed", n, f"/shop/{name}") for n, name in enumerate("ab")),
            at("u1", "Element Clicked", 3, "/shop/a", element="Buy"),
            at("u2", "Element Clicked", 3, "/else", element="Buy"),
            row("u1", "Order Completed", 5),
        ],
        Act(page="'/shop/*'", view=f"Page Viewed {kind}", click=f"Element Clicked {kind}"),
    )
    assert [(page.name, page.people, page.conversion.value) for page in answer.pages] == [("/shop/*", 1, 1.0)]
    assert [(one.page, one.people) for one in answer.elements if one.kind == "click"] == [("/shop/*", 1)]


def test_an_empty_lake(ask: Ask) -> None:
    assert ask([], Act()).people == 0


def test_a_field_that_was_asked_for_and_is_not_there_is_refused(ask: Ask) -> None:
    with pytest.raises(QuestionError, match="elemnt"):
        ask([at("u1", "Element Clicked", 0, "/", element="Buy")], Act(element="properties.elemnt"))
