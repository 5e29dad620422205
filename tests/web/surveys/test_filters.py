"""Filters of moments: the language of all filters, on one event; never for long."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from obverse.event import Event
from obverse.web.surveys.filters import Filters


def event(**fields: Any) -> Event:
    """Make an event with some properties."""
    own = {name: fields.pop(name) for name in ("value", "user_id") if name in fields}
    return Event(
        event="Order Completed",
        type="track",
        message_id="x",
        time=1_700_000_000_000_000,
        received_at=1_700_000_000_000_000,
        touchpoint="web",
        source="shop",
        properties=json.dumps(fields),
        context='{"page":{"path":"/thanks"}}',
        **own,
    )


def judged(*pairs: tuple[str, Event], **options: Any) -> list[bool | None]:
    """Judge events at the same time."""

    async def run() -> list[bool | None]:
        filters = Filters(**options)
        try:
            return await asyncio.gather(*(filters.holds(where, one) for where, one in pairs))
        finally:
            filters.close()

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("properties.revenue > 50", True),
        ("revenue > 60", False),
        ("properties.missing > 1", False),
        ("not properties.missing > 1", False),  # null is not selected, as in questions
        ("value = 55.5 and currency is null", True),
        ("event = 'Order Completed' and touchpoint = 'web'", True),
        ("context.page.path like '/th%'", True),
        ("time > '2023-01-01' and time < '2024-01-01'", True),
        ("lower(properties.coupon) = 'x'' or 1 = 1 --'", False),
        ("user_id = 'anna'", True),
        ("revenue >", None),
        ("(SELECT 1) = 1", None),
    ],
)
def test_an_event_is_judged_as_questions_judge_it(where: str, expected: bool | None) -> None:
    one = event(revenue=55.5, coupon="X", value=55.5, user_id="anna")
    assert judged((where, one), limit_s=30) == [expected]


def test_what_comes_at_the_same_time_is_judged_together_and_each_by_itself() -> None:
    pairs = [(f"properties.n {sign} 50", event(n=n)) for n in range(100) for sign in (">", "<=")]
    assert judged(*pairs, limit_s=30) == [
        (n > 50) == (sign == ">") for n in range(100) for sign in (">", "<")
    ]


def test_what_takes_too_long_is_given_up_and_holds_nobody_up() -> None:
    async def run() -> tuple[bool | None, bool | None]:
        filters = Filters(limit_s=30)
        try:
            assert await filters.holds("n = 1", event(n=1)) is True
            filters._limit_s = 0.0
            late = await filters.holds("n = 1", event(n=1))
            filters._limit_s = 30
            return late, await filters.holds("n = 1", event(n=1))
        finally:
            filters.close()

    assert asyncio.run(run()) == (None, True)


def test_too_many_that_wait_are_not_judged() -> None:
    found = judged(*[("n = 1", event(n=1))] * 12, most_waiting=10, limit_s=30)
    assert found.count(True) == 10
    assert found.count(None) == 2
