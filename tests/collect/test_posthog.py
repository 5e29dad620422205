"""What PostHog's clients capture becomes events under Obverse's names, or is refused one by one."""

from __future__ import annotations

import contextlib
import gzip
import json
import time
from base64 import b64encode
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obverse.collect import posthog, posthog_elements
from obverse.collect.batch import Batch
from obverse.collect.limits import Limits
from obverse.collect.privacy import Privacy
from obverse.collect.refusal import Refusal, RefusedError
from obverse.collect.segment import judge
from obverse.collect.source import Source
from obverse.event import Event

NOW = 1_714_979_300_000_000  # 2024-05-06T07:08:20Z
SHOP = Source("shop")
CHAIN = (
    'button.md:flex.primary:attr__class="md:flex primary"nth-child="2"nth-of-type="2"text="Buy \\"it\\";";'
    'form:attr__id="order-1234567"attr__name="order"nth-child="1"nth-of-type="1";'
    'main:attr__data-testid="cart"nth-child="1"nth-of-type="1";body:nth-child="2"nth-of-type="1"'
)


def send(*captured: Any, privacy: Privacy | None = None, limits: Limits | None = None, **more: Any) -> Batch:
    body = json.dumps({"api_key": "k", "batch": captured, **more}).encode()
    return judge(posthog.decode(body, NOW), SHOP, NOW, limits or Limits(), privacy or Privacy())


def browser(event: str, *, identified: Any = False, **properties: Any) -> dict[str, Any]:
    """Write an event as a browser's client captures it."""
    return {
        "uuid": "0190a1b2-0000-7000-8000-000000000001",
        "event": event,
        "properties": {
            "token": "k",
            "distinct_id": "ann" if identified else "anon-1",
            "$device_id": "anon-1",
            "$is_identified": identified,
            "$current_url": "https://shop.example/cart?utm_source=news#top",
            "$pathname": "/cart",
            "$referrer": "$direct",
            "$device_type": "Mobile",
            "$lib": "web",
            "$session_id": "s-1",
            **properties,
        },
        "timestamp": "2024-05-06T07:08:10.000Z",
    }


def only(*captured: Any, **more: Any) -> Event:
    """Send events that must come to one."""
    batch = send(*captured, **more)
    assert batch.refused == []
    assert len(batch.events) == 1
    return batch.events[0]


def said(event: Event) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(event.properties)
    return found


def test_a_page_view_has_what_measures_look_for_where_segment_s_clients_put_it() -> None:
    event = only(
        browser(
            "$pageview", title="Cart", utm_source="news", utm_campaign=None, **{"$groups": {"company": 7}}
        ),
        sent_at="2024-05-06T07:08:15.000Z",
    )
    assert (event.event, event.type, event.touchpoint) == ("Page Viewed", "page", "web")
    assert (event.anonymous_id, event.user_id, event.account_id) == ("anon-1", None, "7")
    assert event.session_id == "s-1"
    assert event.message_id == "0190a1b2-0000-7000-8000-000000000001"
    assert event.time == NOW - 5_000_000  # captured five seconds before it was sent
    assert json.loads(event.context) == {
        "page": {
            "title": "Cart",
            "url": "https://shop.example/cart?utm_source=news#top",
            "path": "/cart",
            "search": "?utm_source=news",
        },
        "campaign": {"source": "news"},
        "device": {"type": "phone", "id": "anon-1"},
        "library": {"name": "posthog-js"},
        "sessionId": "s-1",
        "groupId": 7,
    }
    assert said(event) == {"original_event": "$pageview", "$groups": {"company": 7}}


def test_an_event_of_one_s_own_keeps_its_name_and_properties_and_is_worth_its_money() -> None:
    event = only(browser("Order Completed", identified=True, revenue=12.5, currency="eur", note=None))
    assert (event.event, event.value, event.currency, event.user_id) == (
        "Order Completed",
        12.5,
        "EUR",
        "ann",
    )
    assert said(event) == {"revenue": 12.5, "currency": "eur"}


@pytest.mark.parametrize(
    ("captured", "name", "told"),
    [
        ("click", "Element Clicked", {"element": "[data-testid=cart]>form>button:nth-of-type(2)"}),
        ("submit", "Form Submitted", {"form": "order"}),
        ("touch", "Element Clicked", {"form": "order"}),
    ],
)
def test_what_is_captured_by_itself_names_its_element_and_form(
    captured: str, name: str, told: dict[str, str]
) -> None:
    event = only(browser("$autocapture", **{"$event_type": captured, "$elements_chain": CHAIN}))
    assert event.event == name
    assert said(event).items() >= told.items()
    assert said(event)["original_event"] == "$autocapture"


def test_a_field_that_was_filled_in_is_named_and_its_list_of_elements_read() -> None:
    listed = [{"tag_name": "INPUT", "attr__name": "street", "nth_of_type": 3}, {"tag_name": "form"}]
    event = only(browser("$autocapture", **{"$event_type": "change", "$elements": listed}))
    assert event.event == "Field Filled"
    assert (
        said(event).items()
        >= {"field": "street", "form": "form", "element": "form>input:nth-of-type(3)"}.items()
    )


@pytest.mark.parametrize(
    ("captured", "name"), [("$rageclick", "Rage Clicked"), ("$dead_click", "Dead Clicked")]
)
def test_rage_and_dead_clicks_have_their_element(captured: str, name: str) -> None:
    event = only(browser(captured, **{"$elements_chain": 'a:attr__id="buy"nth-of-type="1"'}))
    assert (event.event, said(event)["element"]) == (name, "#buy")


def test_leaving_a_page_says_how_long_the_page_that_was_opened_was_there() -> None:
    left = {"$prev_pageview_pathname": "/start", "$prev_pageview_duration": 12.3456}
    event = only(browser("$pageleave", **left))
    assert event.event == "Page Lingered"
    assert said(event)["visible_ms"] == 12_346
    assert json.loads(event.context)["page"]["path"] == "/start"


def test_an_error_is_told_apart_by_its_kind_and_not_by_what_it_says_of_somebody() -> None:
    thrown = [{"type": "TypeError", "value": "no user 'ada@example.com' in 4711"}]
    event = only(browser("$exception", **{"$exception_list": thrown}))
    assert (event.event, said(event)["element"]) == ("Error Met", "TypeError: no user … in …")


def test_each_web_vital_is_an_event_and_no_money() -> None:
    vitals = {
        "$web_vitals_LCP_value": 1200.5,
        "$web_vitals_CLS_value": 0,
        "$web_vitals_LCP_event": {"id": "x"},
    }
    batch = send(browser("$web_vitals", **vitals))
    assert [(said(one)["name"], said(one)["value"], one.value) for one in batch.events] == [
        ("LCP", 1200.5, None),
        ("CLS", 0, None),
    ]
    assert len({one.message_id for one in batch.events}) == 2


def test_identify_claims_the_anonymous_id_and_brings_the_traits() -> None:
    event = only(
        {
            **browser("$identify", identified=True, **{"$anon_distinct_id": "anon-1"}),
            "$set": {"email": "a@example.com"},
            "$set_once": {"$initial_referrer": "$direct", "plan": "free", "gone": None},
        }
    )
    assert (event.type, event.user_id, event.anonymous_id) == ("identify", "ann", "anon-1")
    assert list(said(event).items()) == [
        ("plan", "free"),
        ("email", "a@example.com"),
        ("$initial_referrer", "$direct"),
    ]


def test_alias_and_forced_merge_name_the_id_that_was_there_before() -> None:
    alias = only(browser("$create_alias", alias="ann"))
    assert (alias.type, alias.user_id, alias.anonymous_id) == ("alias", "ann", "anon-1")
    merge = only(browser("$merge_dangerously", identified=True, alias="old"))
    assert (merge.type, merge.user_id, merge.anonymous_id) == ("alias", "ann", "old")


def test_a_group_has_its_key_and_traits() -> None:
    group = {"$group_type": "company", "$group_key": "acme", "$group_set": {"plan": "pro"}}
    event = only(browser("$groupidentify", identified=True, **group))
    assert (event.type, event.account_id, said(event)) == (
        "group",
        "acme",
        {"plan": "pro", "group_type": "company"},
    )


def test_traits_beside_an_event_come_as_an_identify_unless_the_client_made_them() -> None:
    mine = {**browser("Upgraded", identified=True), "$set": {"plan": "pro"}, "$set_once": {"utm_source": "x"}}
    theirs = {**browser("Upgraded"), "$set_once": {"$initial_host": "x", "gclid": "y"}}
    upgraded, identified = send(mine).events
    assert (upgraded.event, identified.event, said(identified)) == ("Upgraded", "Identified", {"plan": "pro"})
    assert identified.message_id != upgraded.message_id
    assert [one.event for one in send(theirs).events] == ["Upgraded"]


@pytest.mark.parametrize(
    ("properties", "identified"),
    [
        ({"$is_identified": True, "$device_id": "d"}, True),
        ({"$is_identified": False}, False),
        ({"$device_id": "d"}, False),
        ({"$device_id": "d", "$user_id": "x"}, True),
        ({"$lib": "posthog-python"}, True),
        ({"$lib": "posthog-python", "$process_person_profile": False}, False),
    ],
)
def test_an_id_is_a_user_s_or_anonymous(properties: dict[str, Any], identified: bool) -> None:
    event = only({"event": "Seen", "distinct_id": "x", "properties": properties})
    assert (event.user_id, event.anonymous_id) == (("x", None) if identified else (None, "x"))


def test_a_server_s_batch_has_its_time_and_touchpoint() -> None:
    event = only(
        {
            "event": "Paid",
            "distinct_id": "ann",
            "properties": {"$lib": "posthog-python"},
            "uuid": "u-1",
            "timestamp": "2024-05-06T07:00:00+00:00",
        },
        sent_at="2024-05-06T07:08:20+00:00",
        historical_migration=False,
    )
    assert (event.touchpoint, event.message_id) == ("server", "u-1")
    assert event.time == NOW - 500_000_000


def test_an_event_of_some_time_ago_happened_then() -> None:
    assert only({**browser("Seen"), "timestamp": None, "offset": 1500}).time == NOW - 1_500_000


def test_the_same_body_twice_has_the_same_message_ids() -> None:
    captured = {"event": "Seen", "distinct_id": "x", "timestamp": "2024-05-06T07:08:10Z"}
    first, second = send(captured).events, send(captured).events
    assert [one.message_id for one in first] == [one.message_id for one in second]


@pytest.mark.parametrize(
    ("captured", "reason"),
    [
        (browser("$snapshot"), Refusal.NOT_TAKEN),
        (browser("$$heatmap"), Refusal.NOT_TAKEN),
        ({"event": "Seen", "properties": {}}, Refusal.MISSING_ID),
        ({"event": "Seen", "distinct_id": {"a": 1}}, Refusal.MISSING_ID),
        ({"event": "Seen", "distinct_id": "undefined"}, Refusal.JUNK_ID),
        ({"event": "Seen", "distinct_id": "$posthog_cookieless"}, Refusal.JUNK_ID),
        ({"distinct_id": "x"}, Refusal.MISSING_FIELD),
        ({"event": "Seen", "distinct_id": "x", "properties": [1]}, Refusal.WRONG_TYPE),
        ({"event": "Seen", "distinct_id": "x", "timestamp": "yesterday"}, Refusal.BAD_TIME),
        ({"event": "Seen", "distinct_id": "x", "properties": {"a": "b" * 40_000}}, Refusal.EVENT_TOO_LARGE),
        ({"event": "x" * 600, "distinct_id": "x"}, Refusal.TOO_LONG),
        ({"event": "$groupidentify", "distinct_id": "x", "properties": {}}, Refusal.MISSING_FIELD),
        (17, Refusal.WRONG_TYPE),
    ],
)
def test_a_bad_event_is_refused_and_its_neighbours_are_kept(captured: Any, reason: Refusal) -> None:
    batch = send(browser("Before"), captured, browser("After"))
    assert [one.event for one in batch.events] == ["Before", "After"]
    assert [(one.index, one.reason) for one in batch.refused] == [(1, reason)]


def test_what_is_refused_is_shown_without_what_the_person_did() -> None:
    (refused,) = send({**browser("$snapshot", secret="ada"), "$set": {"email": "ada"}}).refused
    assert "ada" not in refused.excerpt
    assert '"$snapshot"' in refused.excerpt


def test_privacy_settings_hold_for_properties_traits_and_context() -> None:
    privacy = Privacy(drop_properties=("email",), drop_context=("userAgent",))
    kept = send(
        {
            **browser(
                "Seen", identified=True, email="ada", **{"$ip": "192.0.2.1", "$raw_user_agent": "UA-1"}
            ),
            "$set": {"email": "ada", "plan": "pro"},
        },
        privacy=privacy,
    ).events
    text = "".join(one.properties + one.context for one in kept)
    assert len(kept) == 2
    assert [word for word in ("ada", "192.0.2.1", "UA-1") if word in text] == []


BODY = json.dumps({"api_key": "k", "batch": [{"event": "Zoë", "distinct_id": "x"}]}).encode()


@pytest.mark.parametrize(
    "body",
    [
        BODY,
        b"\xef\xbb\xbf" + BODY,
        b64encode(BODY),
        b"data=" + quote(b64encode(BODY)).encode(),
        b"data=" + b64encode(BODY),
        urlencode({"data": BODY.decode(), "compression": "none"}).encode(),
        b"ip=0&data=" + quote(b64encode(BODY)).encode(),
        json.dumps([{"event": "Zoë", "properties": {"distinct_id": "x", "token": "k"}}]).encode(),
        json.dumps({"event": "Zoë", "$distinct_id": "x", "$token": "k"}).encode(),
    ],
)
def test_a_body_is_read_in_each_shape_that_clients_send(body: bytes) -> None:
    envelope = posthog.decode(body, NOW)
    assert envelope.write_key == "k"
    assert [(call.event, call.user_id) for _, call in envelope.calls] == [("Zoë", "x")]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", Refusal.BAD_JSON),
        (b"{", Refusal.BAD_JSON),
        (b"%%%", Refusal.BAD_ENCODING),
        (b"data=%%", Refusal.BAD_ENCODING),
        (gzip.compress(BODY, mtime=0), Refusal.BAD_ENCODING),  # which collect undoes before
        (b'{"batch":{}}', Refusal.BAD_BODY),
        (b'{"batch":' + b"[" * 100_000, Refusal.TOO_DEEP),
    ],
)
def test_a_body_of_no_use_is_refused_as_a_whole(body: bytes, reason: Refusal) -> None:
    with pytest.raises(RefusedError) as caught:
        posthog.decode(body, NOW)
    assert caught.value.reason == reason


def test_half_an_emoji_as_clients_cut_it_does_not_cost_the_event() -> None:
    body = (
        b'{"api_key":"k","event":"Seen","distinct_id":"x","properties":{"$lib":"a\\ud83d","note":"b\\ud83d"}}'
    )
    batch = judge(posthog.decode(body, NOW), SHOP, NOW, Limits(), Privacy())
    assert said(batch.events[0]) == {"note": "b\ufffd"}


def test_nesting_beyond_the_limit_is_refused() -> None:
    deep: Any = 1
    for _ in range(100):
        deep = {"a": deep}
    (refused,) = send(browser("Seen", deep=deep)).refused
    assert refused.reason == Refusal.TOO_DEEP


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    (
        *("$pageview", "$screen", "$pageleave", "$identify", "$set", "$create_alias", "$groupidentify"),
        *("$exception", "$autocapture", "$rageclick", "$web_vitals", "$snapshot", "Seen", ""),
    )
)
FIELDS = st.sampled_from(
    (
        *("distinct_id", "$set", "$set_once", "$groups", "$current_url", "$referrer", "$elements", "$lib"),
        *("$elements_chain", "$exception_list", "$prev_pageview_duration", "$group_key", "alias", "title"),
        *("$event_type", "$device_type", "$is_identified", "$web_vitals_LCP_value", "$session_id"),
        "$prev_pageview_pathname",
    )
)


@given(st.lists(st.tuples(NAMES | JSON, JSON, st.dictionaries(FIELDS, JSON, max_size=6)), max_size=4))
def test_whatever_clients_send_each_event_is_kept_or_refused(sent: list[tuple[Any, Any, Any]]) -> None:
    captured = [{"event": name, "distinct_id": who, "properties": fields} for name, who, fields in sent]
    batch = send(*captured)
    known = {one.index for one in batch.refused}
    assert known <= set(range(len(captured)))
    assert len(batch.events) + len(batch.refused) >= len(captured)
    for event in batch.events:
        msgspec.json.decode(event.properties, type=dict[str, Any])
        msgspec.json.decode(event.context, type=dict[str, Any])


@given(st.binary(max_size=60))
def test_bytes_of_any_kind_are_decoded_or_refused(body: bytes) -> None:
    with contextlib.suppress(RefusedError):
        posthog.decode(body, NOW)


def test_a_broken_chain_of_elements_takes_no_long_time() -> None:
    began = time.process_time()
    for chain in (
        '"' + '\\"' * 200_000,
        'a:b="' * 100_000,
        ";" * 400_000,
        "a" * 400_000,
        'x="' + ":" * 400_000,
    ):
        posthog_elements.elements_of({"$elements_chain": msgspec.Raw(msgspec.json.encode(chain))})
    assert time.process_time() - began < 0.4
