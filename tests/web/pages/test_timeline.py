"""A person's events are told by day and visit, with the gaps between."""

from __future__ import annotations

import doctest
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from obverse.web.pages import timeline
from obverse.web.pages.figures import THIN
from obverse.web.pages.timeline import flat, tell

UTC = ZoneInfo("UTC")
DAY, MINUTE = 86_400_000_000, 60_000_000
NOON = 20_000 * DAY + DAY // 2


def event(time: int, touchpoint: str = "web", name: str = "Page Viewed", **fields: Any) -> dict[str, Any]:
    row = dict.fromkeys(("user_id", "anonymous_id", "account_id", "session_id", "value", "currency"))
    row |= {
        "seq": 1,
        "event": name,
        "time": time,
        "received_at": time,
        "touchpoint": touchpoint,
        "source": "s",
    }
    return row | {"properties": "{}", "context": "{}"} | fields


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(timeline).failed == 0


def test_a_visit_ends_with_its_touchpoint_or_after_half_an_hour() -> None:
    times = [NOON, NOON - 5 * MINUTE, NOON - 36 * MINUTE, NOON - 37 * MINUTE]
    rows = [event(times[0]), event(times[1]), event(times[2]), event(times[3], "email")]
    (day,) = tell(rows, UTC)
    assert [(visit.touchpoint, len(visit.events)) for visit in day.visits] == [
        ("web", 2),
        ("web", 1),
        ("email", 1),
    ]
    assert day.visits[0].summary.replace(THIN, " ") == "2 events in 5 min"


def test_a_gap_of_days_is_said_between_them() -> None:
    days = tell([event(NOON), event(NOON - 3 * DAY), event(NOON - 4 * DAY)], UTC)
    assert [day.gap.replace(THIN, " ") for day in days] == ["", "3 days earlier", ""]


def test_days_begin_where_the_reader_is() -> None:
    late = 20_000 * DAY - 30 * MINUTE
    assert len(tell([event(late + 60 * MINUTE), event(late)], UTC)) == 2
    assert len(tell([event(late + 60 * MINUTE), event(late)], ZoneInfo("Asia/Tokyo"))) == 1


def test_an_event_shows_its_fields_by_the_names_that_filters_use() -> None:
    row = event(NOON, properties='{"product": {"price": 12.5}, "tags": ["a"]}', context='{"device": "phone"}')
    (told,) = tell([row], UTC)[0].visits[0].events
    fields = dict(told.fields)
    assert fields["properties.product.price"] == "12.5"
    assert fields["properties.tags"] == '["a"]'
    assert fields["context.device"] == "phone"


def test_an_event_that_came_late_says_so() -> None:
    (told,) = tell([event(NOON, received_at=NOON + 90 * MINUTE)], UTC)[0].visits[0].events
    assert dict(told.fields)["received"].replace(THIN, " ") == "1.5 h after it happened"


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=30,
)


@given(json_values)
def test_any_json_can_be_shown(value: Any) -> None:
    import msgspec

    pairs = flat(msgspec.json.encode(value).decode(), "properties")
    assert all(isinstance(path, str) and isinstance(text, str) for path, text in pairs)
    assert len(pairs) <= 81


def test_what_is_huge_is_cut_and_what_is_broken_is_shown_as_it_is() -> None:
    ((_, text),) = flat('{"a": "' + "x" * 5000 + '"}')
    assert len(text) < 700
    assert text.endswith("characters)")
    assert flat("{broken", "properties") == [("properties", "{broken")]
