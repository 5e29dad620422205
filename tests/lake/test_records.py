"""Lines of JSON to rows: everything an event can hold comes through, and nothing else does."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json, structs

from obverse.errors import DataError
from obverse.event import Event
from obverse.lake.records import INSTANTS, ROWS, parse, sound_lines
from tests.lake.lake_rows import event

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
MAYBE = st.none() | TEXT
MOMENTS = st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999)
EVENTS = st.builds(
    Event,
    event=TEXT,
    type=TEXT,
    message_id=TEXT,
    time=MOMENTS,
    received_at=MOMENTS,
    touchpoint=TEXT,
    source=TEXT,
    anonymous_id=TEXT,
    user_id=MAYBE,
    account_id=MAYBE,
    session_id=MAYBE,
    value=st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53),
    currency=MAYBE,
    properties=st.just("{}") | TEXT,
    context=TEXT,
)


def line(one: Event) -> bytes:
    return json.encode(one) + b"\n"


def rows_of(table: pa.Table) -> list[dict[str, object]]:
    for name in INSTANTS:
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, table[name].cast(pa.int64()))
    return table.to_pylist()  # type: ignore[no-any-return]


@settings(max_examples=200)
@given(st.lists(EVENTS, min_size=1, max_size=5))
def test_an_event_comes_back_with_every_field_as_it_was(events: list[Event]) -> None:
    found = parse([b"".join(line(one) for one in events[:2]), *(line(one) for one in events[2:])])
    assert found.schema.equals(ROWS)
    assert rows_of(found) == [structs.asdict(one) for one in events]


@pytest.mark.parametrize(
    "text",
    [
        "\0",
        'quo"te',
        "back\\slash",
        "new\nline",
        "tab\t",
        "é",
        "𝔘\U0001f600",
        "\u2028",
        "\x7f",
        "x" * 3_000_000,
    ],
)
def test_a_text_with_hard_characters_or_of_great_length_comes_through(text: str) -> None:
    found = parse([line(event("a")) + line(event("b", properties=text, event=text)), line(event("c"))])
    assert found["properties"].to_pylist() == ["{}", text, "{}"]
    assert found["event"][1].as_py() == text


def test_fields_that_an_event_does_not_have_are_ignored() -> None:
    body = line(event("a")).replace(b"{", b'{"added_by_a_later_version":{"x":[1,null]},', 1)
    assert parse([body])["message_id"].to_pylist() == ["a"]


SOUND = line(event("a")).strip()
UNSOUND = {
    "null, which would take Arrow down": b"null",
    "a number": b"1",
    "a list": b"[]",
    "cut short": SOUND[:-20],
    "zeros": b"\0" * 100,
    "two on a line": SOUND + SOUND,
    "no event": SOUND.replace(b'"event"', b'"evnt"'),
    "no id": SOUND.replace(b'"anonymous_id"', b'"other_id"'),
    "a name that is a number": SOUND.replace(b'"Page Viewed"', b"7"),
    "a time that is no whole number": SOUND.replace(b'"time":', b'"time":0.'),
    "a time after the year 9999": SOUND.replace(b'"time":', b'"time":99999'),
    "bytes that are not UTF-8": SOUND.replace(b"Page", b"\xff\xfe"),
    "half a surrogate pair": SOUND.replace(b"Page", b"\\ud800"),
}


@pytest.mark.parametrize("body", UNSOUND.values(), ids=UNSOUND.keys())
def test_a_line_that_is_not_an_event_is_told_from_those_that_are(body: bytes) -> None:
    sound, unsound = sound_lines(b"\n".join([SOUND, body, SOUND]))
    assert sound == [SOUND, SOUND]
    assert [each for each, _ in unsound] == [body]
    assert unsound[0][1]


@pytest.mark.parametrize("body", [b"", b"\n", b" ", b"null\n", b"\0"])
def test_a_body_without_any_event_is_an_error_and_no_crash(body: bytes) -> None:
    with pytest.raises(DataError):
        parse([body])
