"""Calls of Segment's API become events, or are refused one by one."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obverse.collect.batch import Batch
from obverse.collect.limits import Limits
from obverse.collect.privacy import Privacy
from obverse.collect.refusal import Refusal, RefusedError
from obverse.collect.segment import CALLS, accept
from obverse.collect.source import Source
from obverse.event import Event

SHOP = Source("shop")
NOW = 1_714_979_300_000_000  # 2024-05-06T07:08:20Z


def call(kind: str, limits: Limits | None = None, source: Source = SHOP, **fields: Any) -> Event:
    """Send one call that must be accepted."""
    batch = accept(json.dumps(fields).encode(), kind, source, NOW, limits)
    assert batch.refused == []
    return batch.events[0]


def track(**fields: Any) -> Event:
    return call("track", **{"event": "Seen", "userId": "u1", **fields})


def reasons(*calls: Any, limits: Limits | None = None, **shared: Any) -> list[tuple[int | None, Refusal]]:
    """Send a batch; give the positions and reasons of what was refused."""
    batch = send(*calls, limits=limits, **shared)
    assert len(batch.events) + len(batch.refused) == len(calls)
    return [(one.index, one.reason) for one in batch.refused]


def send(*calls: Any, limits: Limits | None = None, privacy: Privacy | None = None, **shared: Any) -> Batch:
    return accept(json.dumps({"batch": calls, **shared}).encode(), None, SHOP, NOW, limits, privacy)


GOOD = {"type": "track", "event": "Seen", "userId": "u1", "messageId": "m"}


def test_a_track_becomes_an_event_with_all_its_fields() -> None:
    event = track(
        messageId="m1",
        anonymousId="a1",
        timestamp="2024-05-06T07:08:09.123Z",
        sentAt="2024-05-06T07:08:10.000Z",
        properties={"price": 2, "quantity": 3, "currency": "eur", "session_id": 77},
        context={"library": {"name": "analytics.js"}, "groupId": "acme"},
        integrations={"All": True},
    )
    assert event == Event(
        event="Seen",
        type="track",
        message_id="m1",
        time=NOW - 877_000,  # happened 877 ms before it was sent
        received_at=NOW,
        touchpoint="web",
        source="shop",
        anonymous_id="a1",
        user_id="u1",
        account_id="acme",
        session_id="77",
        value=6.0,
        currency="EUR",
        properties='{"price": 2, "quantity": 3, "currency": "eur", "session_id": 77}',
        context='{"library": {"name": "analytics.js"}, "groupId": "acme"}',
    )


@pytest.mark.parametrize(
    ("kind", "fields", "event", "properties"),
    [
        ("page", {"name": "Home", "category": "Docs"}, "Page Viewed", {"name": "Home", "category": "Docs"}),
        (
            "page",
            {"name": "Home", "properties": {"name": "Own", "a": 1}},
            "Page Viewed",
            {"name": "Own", "a": 1},
        ),
        ("screen", {"name": "Cart"}, "Screen Viewed", {"name": "Cart"}),
        ("identify", {"traits": {"email": "x@example.org"}}, "Identified", {"email": "x@example.org"}),
        ("identify", {"context": {"traits": {"plan": "b"}}}, "Identified", {"plan": "b"}),
        ("group", {"groupId": "acme", "traits": {"size": 9}}, "Grouped", {"size": 9}),
        ("alias", {"previousId": "old"}, "Aliased", {}),
    ],
)
def test_calls_without_a_name_get_the_name_of_their_type(
    kind: str, fields: dict[str, Any], event: str, properties: dict[str, Any]
) -> None:
    found = call(kind, userId="u1", **fields)
    assert (found.event, found.type, json.loads(found.properties)) == (event, kind, properties)
    assert found.user_id == "u1"


def test_a_group_call_names_the_account_and_an_alias_keeps_the_previous_id() -> None:
    assert call("group", userId="u1", groupId=17).account_id == "17"
    assert call("alias", userId="u1", previousId="old").anonymous_id == "old"


def test_numbers_are_taken_as_ids() -> None:
    event = track(userId=42, anonymousId=7.0, messageId=5)
    assert (event.user_id, event.anonymous_id, event.message_id) == ("42", "7", "5")


@pytest.mark.parametrize(
    ("fields", "touchpoint"),
    [
        ({"properties": {"touchpoint": "Store "}}, "store"),
        ({"context": {"touchpoint": "phone"}}, "phone"),
        ({"properties": {"touchpoint": 3}}, "server"),
        ({"context": {"library": {"name": "analytics-kotlin"}}}, "app"),
        ({"context": {"library": {"name": "RudderLabs JavaScript SDK"}}}, "web"),
        ({"context": {"library": {"name": "analytics-python"}}}, "server"),
        ({"context": {"page": {"path": "/"}}}, "web"),
        ({"context": {"device": {"id": "d"}}}, "app"),
        ({"context": {"device": None, "library": 7}}, "server"),
    ],
)
def test_the_touchpoint_is_named_or_told_from_the_client(fields: dict[str, Any], touchpoint: str) -> None:
    assert track(**fields).touchpoint == touchpoint


def test_a_sources_touchpoint_counts_more_than_its_client_and_less_than_its_event() -> None:
    till = Source("till", touchpoint="store")
    page = {"page": {"path": "/"}}
    assert call("track", source=till, event="Seen", userId="u", context=page).touchpoint == "store"
    assert (
        call("track", source=till, event="Seen", userId="u", properties={"touchpoint": "app"}).touchpoint
        == "app"
    )


@pytest.mark.parametrize(
    ("event", "properties", "value"),
    [
        ("Order Completed", {"revenue": 25.0, "total": 30, "value": 1}, 25.0),
        ("Order Completed", {"total": "30.50"}, 30.5),
        ("Order Refunded", {"total": -30}, -30.0),
        ("Order Completed", {"price": 4, "quantity": 2}, None),
        ("Product Added", {"value": 7, "price": 4, "quantity": 2}, 7.0),
        ("Product Added", {"price": "4", "quantity": 2}, 8.0),
        ("Product Viewed", {"price": 4}, 4.0),
        ("Signed Up", {"value": "lots", "revenue": 3}, 3.0),
        ("Signed Up", {"value": True}, None),
        ("Signed Up", {"value": "NaN"}, None),
        ("Signed Up", {"value": {"amount": 3}}, None),
        ("Signed Up", {"price": 1e300, "quantity": 1e300}, None),
        ("Signed Up", {"value": 10**400}, None),
        ("Signed Up", {}, None),
    ],
)
def test_an_events_value_follows_the_one_rule(
    event: str, properties: dict[str, Any], value: float | None
) -> None:
    assert track(event=event, properties=properties).value == value


def test_only_tracks_stand_for_money() -> None:
    assert call("page", userId="u", properties={"value": 5}).value is None
    assert call("identify", userId="u", traits={"value": 5}).value is None


@pytest.mark.parametrize(
    ("timestamp", "time"),
    [
        ("2024-05-06T07:08:09.123456Z", 1_714_979_289_123_456),
        ("2024-05-06T09:08:09+02:00", 1_714_979_289_000_000),
        ("2024-05-06T07:08:09", 1_714_979_289_000_000),
        (1_714_979_289_123, 1_714_979_289_123_000),
        (1_714_979_289, 1_714_979_289_000_000),
        (None, NOW),
        ("", NOW),
    ],
)
def test_a_time_without_sent_at_is_trusted(timestamp: Any, time: int) -> None:
    assert track(timestamp=timestamp).time == time


def test_a_clients_wrong_clock_is_corrected_by_sent_at() -> None:
    wrong = {"timestamp": "1970-01-01T00:00:05Z", "sentAt": "1970-01-01T00:00:07Z"}
    assert track(**wrong).time == NOW - 2_000_000
    batch = send({**GOOD, "timestamp": "2031-01-01T00:00:00Z"}, sentAt="2031-01-01T00:01:00Z")
    assert batch.events[0].time == NOW - 60_000_000


def test_an_original_timestamp_is_corrected_and_a_timestamp_beside_it_is_not() -> None:
    both = {"originalTimestamp": "2020-01-01T00:00:00Z", "timestamp": "2024-05-06T07:08:09Z"}
    assert track(**both, sentAt="2020-01-01T00:00:03Z").time == NOW - 3_000_000
    assert track(**both).time == 1_714_979_289_000_000


def test_times_that_cannot_be_are_refused() -> None:
    assert reasons(
        {**GOOD, "timestamp": "yesterday"},
        {**GOOD, "timestamp": "1989-12-31T23:59:59Z"},
        {**GOOD, "timestamp": "2024-05-07T07:08:19Z"},  # a day ahead, less a second
        {**GOOD, "timestamp": "2024-05-07T07:08:21Z"},
        {**GOOD, "timestamp": 1e14},
    ) == [
        (0, Refusal.BAD_TIME),
        (1, Refusal.TIME_OUT_OF_RANGE),
        (3, Refusal.TIME_OUT_OF_RANGE),
        (4, Refusal.TIME_OUT_OF_RANGE),
    ]


def test_a_bad_event_costs_none_of_the_good_ones() -> None:
    batch = send(
        {**GOOD, "messageId": "m0"},
        {**GOOD, "event": ["x"], "messageId": "m1"},
        7,
        {**GOOD, "properties": "x", "messageId": "m3"},
        {**GOOD, "messageId": "m4"},
    )
    assert [event.message_id for event in batch.events] == ["m0", "m4"]
    assert [(one.index, one.reason, one.message_id) for one in batch.refused] == [
        (1, Refusal.WRONG_TYPE, "m1"),
        (2, Refusal.WRONG_TYPE, None),
        (3, Refusal.WRONG_TYPE, "m3"),
    ]
    assert batch.refused[0].detail == "Expected `int | float | str | null`, got `array` - at `$.event`"
    assert batch.refused[2].detail == 'properties: expected an object, got "x"'


def test_each_defect_has_its_own_reason() -> None:
    limits = Limits(max_id_chars=20, max_name_chars=10, max_depth=4)
    deep: dict[str, Any] = {"a": {"b": {"c": {"d": {}}}}}
    assert reasons(
        {**GOOD, "type": "buy"},
        {**GOOD, "type": None},
        {**GOOD, "event": " "},
        {**GOOD, "userId": None},
        {**GOOD, "userId": "undefined"},
        {**GOOD, "userId": "x" * 21},
        {**GOOD, "event": "x" * 11},
        {**GOOD, "messageId": "x" * 101},
        {**GOOD, "userId": "a\0b"},
        {**GOOD, "properties": deep},
        {"type": "group", "userId": "u"},
        {"type": "alias", "userId": "u"},
        {**GOOD, "properties": {"a": {"b": [{}]}}},
        limits=limits,
    ) == [
        (0, Refusal.UNKNOWN_CALL),
        (1, Refusal.UNKNOWN_CALL),
        (2, Refusal.MISSING_FIELD),
        (3, Refusal.MISSING_ID),
        (4, Refusal.JUNK_ID),
        (5, Refusal.TOO_LONG),
        (6, Refusal.TOO_LONG),
        (7, Refusal.TOO_LONG),
        (8, Refusal.BAD_TEXT),
        (9, Refusal.TOO_DEEP),
        (10, Refusal.MISSING_FIELD),
        (11, Refusal.MISSING_FIELD),
    ]


@pytest.mark.parametrize(
    "junk",
    [
        "undefined",
        "NULL",
        "[object Object]",
        "anonymous",
        "Guest",
        " none ",
        0,
        "00000000-0000-0000-0000-000000000000",
    ],
)
def test_a_junk_id_is_dropped_where_the_other_is_good_and_never_welds_strangers(junk: Any) -> None:
    event = track(userId=junk, anonymousId="a1")
    assert (event.user_id, event.anonymous_id) == (None, "a1")
    event = track(anonymousId=junk)
    assert (event.user_id, event.anonymous_id) == ("u1", None)
    assert reasons({**GOOD, "userId": junk, "anonymousId": junk}) == [(0, Refusal.JUNK_ID)]


def test_the_batchs_context_lies_under_each_events_own() -> None:
    shared = {"library": {"name": "analytics-python"}, "locale": "de"}
    batch = send(GOOD, {**GOOD, "context": {"locale": "fr"}}, context=shared)
    assert [json.loads(event.context) for event in batch.events] == [shared, {**shared, "locale": "fr"}]


def test_a_shared_context_cannot_blow_a_small_batch_up() -> None:
    limits = Limits(max_batch_bytes=10_000)
    calls = [{**GOOD, "messageId": str(n)} for n in range(80)]
    found = reasons(*calls, limits=limits, context={"x": "y" * 4000})
    assert found[0] == (39, Refusal.EVENT_TOO_LARGE)
    assert len(found) == 41


def test_an_event_over_its_limit_is_refused_and_one_at_the_limit_is_not() -> None:
    def sized(n_bytes: int) -> dict[str, Any]:
        empty = len(json.dumps({**GOOD, "properties": {"x": ""}}, separators=(",", ":")))
        return {**GOOD, "properties": {"x": "ä" * ((n_bytes - empty) // 2)}}

    def compact(one: Any) -> list[Refusal]:
        body = json.dumps({"batch": [one]}, separators=(",", ":"), ensure_ascii=False).encode()
        return [refused.reason for refused in accept(body, None, SHOP, NOW).refused]

    assert compact(sized(32 * 1024)) == []
    assert compact(sized(32 * 1024 + 3)) == [Refusal.EVENT_TOO_LARGE]


def test_events_after_the_batchs_limit_are_refused_by_name() -> None:
    calls = [{**GOOD, "messageId": str(n)} for n in range(5)]
    assert reasons(*calls, limits=Limits(max_batch_events=3)) == [
        (3, Refusal.TOO_MANY_EVENTS),
        (4, Refusal.TOO_MANY_EVENTS),
    ]


def test_the_same_bytes_without_message_ids_get_the_same_ids_again() -> None:
    calls = [{"type": "track", "event": "Seen", "userId": "u1", "timestamp": "2024-05-06T07:00:00Z"}] * 2
    first, again = (send(*calls, sentAt=f"2024-05-06T07:08:0{n}Z").events for n in (1, 2))
    assert [event.message_id for event in first] == [event.message_id for event in again]
    assert first[0].message_id != first[1].message_id
    assert all(len(event.message_id) <= 100 for event in first)


def test_events_that_tell_no_time_and_have_no_message_id_are_new_each_time() -> None:
    body = b'{"event":"Seen","userId":"u1"}'
    first = accept(body, "track", SHOP, NOW).events[0]
    again = accept(body, "track", SHOP, NOW + 1).events[0]
    assert first.message_id != again.message_id


def test_junk_message_ids_do_not_make_events_one() -> None:
    one, two = send({**GOOD, "messageId": "undefined"}, {**GOOD, "messageId": "undefined"}).events
    assert one.message_id != two.message_id != "undefined"


def test_half_a_surrogate_pair_becomes_a_replacement_character() -> None:
    body = rb'{"userId":"u1","event":"a\ud83d","properties":{"x":"\udc00 \\ud800 \ud83d\ude00"}}'
    event = accept(body, "track", SHOP, NOW).events[0]
    assert event.event == "a\ufffd"
    assert json.loads(event.properties) == {"x": "\ufffd \\ud800 😀"}


def test_text_that_is_not_utf8_is_refused_event_by_event() -> None:
    body = (
        b'{"batch":[{"type":"track","event":"\xff","userId":"u"},{"type":"track","event":"E","userId":"u",'
        b'"properties":{"x":"\xff"}},{"type":"track","event":"E","userId":"u"}]}'
    )
    batch = accept(body, None, SHOP, NOW)
    assert [(one.index, one.reason) for one in batch.refused] == [
        (0, Refusal.BAD_TEXT),
        (1, Refusal.BAD_TEXT),
    ]
    assert len(batch.events) == 1


def test_a_field_sent_twice_counts_the_last_time() -> None:
    body = b'{"userId":"u1","userId":"u2","event":"E","properties":{"value":1,"value":2}}'
    event = accept(body, "track", SHOP, NOW).events[0]
    assert (event.user_id, event.value) == ("u2", 2.0)


def test_an_empty_list_is_an_empty_object_as_php_spells_it() -> None:
    assert track(properties=[], context=[]).properties == "{}"


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        (b"", "track", Refusal.BAD_JSON),
        (b"{", None, Refusal.BAD_JSON),
        (b"{}", None, Refusal.BAD_BODY),
        (b"[]", None, Refusal.BAD_BODY),
        (b"[]", "track", Refusal.WRONG_TYPE),
        (b'{"batch":{}}', None, Refusal.BAD_BODY),
        (b'{"batch":' + b"[" * 100_000, None, Refusal.TOO_DEEP),
        (b'{"properties":' + b'{"a":' * 100_000, "track", Refusal.TOO_DEEP),
        (b'{"event":"\xff"}', "track", Refusal.BAD_TEXT),
        (b'{"event":"E","userId":' + b"9" * 5000 + b"}", "track", Refusal.WRONG_TYPE),
        (b'{"event":"E","userId":"u","timestamp":1e999}', "track", Refusal.WRONG_TYPE),
    ],
)
def test_a_body_of_no_use_says_why(body: bytes, kind: str | None, reason: Refusal) -> None:
    with pytest.raises(RefusedError) as caught:
        accept(body, kind, SHOP, NOW)
    assert caught.value.reason is reason


def test_privacy_drops_the_ip_by_default_and_named_fields_on_request() -> None:
    context = {"ip": "192.0.2.1", "userAgent": "x", "page": {"path": "/"}}
    call = {**GOOD, "context": context, "properties": {"email": "a@example.org", "n": 1}}
    (event,) = send(call).events
    assert json.loads(event.context) == {"userAgent": "x", "page": {"path": "/"}}
    (event,) = send(call, privacy=Privacy(drop_ip=False)).events
    assert json.loads(event.context) == context
    strict = Privacy(drop_context=("userAgent",), drop_properties=("email",))
    (event,) = send(call, privacy=strict).events
    assert json.loads(event.context) == {"page": {"path": "/"}}
    assert json.loads(event.properties) == {"n": 1}


def test_a_field_spelled_with_escapes_is_scrubbed_too() -> None:
    body = rb'{"event":"E","userId":"u","context":{"\u0069p":"192.0.2.1"}}'
    assert accept(body, "track", SHOP, NOW).events[0].context == "{}"


def test_what_was_refused_is_shown_without_what_the_person_did() -> None:
    secret = {"email": "a@example.org"}
    sent = {**GOOD, "userId": "null", "traits": secret, "properties": secret, "writeKey": "k"}
    (refused,) = send(sent).refused
    assert refused.excerpt == '{"type":"track","event":"Seen","userId":"null","messageId":"m"}'


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
FIELDS = "type event userId anonymousId previousId groupId messageId timestamp originalTimestamp sentAt name"
FIELD = st.sampled_from([*FIELDS.split(), "category", "properties", "context", "traits"])
LIKELY = st.sampled_from(
    [*CALLS, "u1", "undefined", "2024-05-06T07:08:09Z", "0001-01-01T00:00:00+23:59", 5, ""]
)
SENT = (
    st.dictionaries(FIELD, LIKELY | JSON | st.dictionaries(st.text(), JSON, max_size=3), max_size=10) | JSON
)


@settings(max_examples=200)
@given(calls=st.lists(SENT, max_size=6), context=JSON, sent_at=LIKELY | JSON)
def test_whatever_is_sent_is_accepted_or_refused_one_by_one(
    calls: list[Any], context: Any, sent_at: Any
) -> None:
    body = json.dumps({"batch": calls, "context": context, "sentAt": sent_at}).encode()
    try:
        batch = accept(body, None, SHOP, NOW)
    except RefusedError:
        return
    assert len(batch.events) + len(batch.refused) == len(calls)
    lines = msgspec.json.Encoder().encode_lines(batch.events)
    assert [msgspec.json.decode(line, type=Event) for line in lines.splitlines()] == batch.events
    for event in batch.events:
        assert (event.user_id or event.anonymous_id) is not None
        assert isinstance(json.loads(event.properties), dict)
        assert isinstance(json.loads(event.context), dict)


@settings(max_examples=200)
@given(body=st.binary(max_size=200), kind=st.sampled_from([None, *CALLS]))
def test_garbage_is_refused_and_nothing_else_is_raised(body: bytes, kind: str | None) -> None:
    with contextlib.suppress(RefusedError):
        batch = accept(body, kind, SHOP, NOW)
        assert len(batch.events) + len(batch.refused) <= 200
