"""Bodies are what real clients send: of one client each, in bounds, late, doubled and skewed at times."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from itertools import pairwise
from typing import Any

from msgspec.structs import replace

from obverse.collect.segment import accept
from obverse.collect.source import Source
from obverse.event import Event
from obverse.simulate import Body, Shop, shop
from tests.simulate.shops import END, large, messages, micros, once, small

MINUTE = 60_000_000


def by_visit() -> dict[tuple[str, Any], list[dict[str, Any]]]:
    """The messages of each true visit, in the order of their true times."""
    truth = small().truth.events.to_pydict()
    visit_of = dict(zip(truth["message_id"], truth["visit"], strict=True))
    visits = defaultdict(list)
    for message_id, message in once().items():
        if visit_of[message_id] is not None:
            visits["visit", visit_of[message_id]].append(message)
    return visits


def test_bodies_keep_the_limits_and_arrive_in_order() -> None:
    bodies = list(large().bodies())
    assert max(len(body) for body in bodies) < 500 * 1024
    assert max(body.n_events for body in bodies) <= 250
    assert all(earlier.received_at <= later.received_at for earlier, later in pairwise(bodies))


def test_a_body_is_json_of_one_client_and_counts_its_messages() -> None:
    for body in small().bodies():
        batch = json.loads(body)
        assert len(batch["batch"]) == body.n_events
        assert ("sentAt" in batch) == (body.ahead_us is not None)
        browsers = [("userAgent" in m["context"]) for m in batch["batch"]]
        assert len(set(browsers)) == 1
        assert browsers[0] == (batch["context"]["library"]["name"] == "analytics.js")


def test_some_messages_come_twice_and_each_time_the_same() -> None:
    said = defaultdict(set)
    for message in messages():
        told = {k: v for k, v in message.items() if k not in ("received_at",)}
        said[message["messageId"]].add(json.dumps(told, sort_keys=True))
    counts = Counter(message["messageId"] for message in messages())
    twice = sum(count > 1 for count in counts.values())
    assert 0.002 < twice / len(counts) < 0.03
    assert all(len(texts) == 1 for texts in said.values())


def test_nothing_arrives_before_it_happens_and_times_arrive_out_of_order() -> None:
    assert all(message["received_at"] >= message["time"] for message in messages())
    times = [message["time"] for message in messages()]
    assert sum(earlier > later for earlier, later in pairwise(times)) > 50


def test_some_messages_come_hours_and_days_after_the_others_of_their_batch() -> None:
    delays: list[int] = []
    for body in list(large().bodies())[::8]:
        if body.ahead_us is None:
            times = [micros(message["timestamp"]) for message in json.loads(body)["batch"]]
            delays += [sorted(times)[len(times) // 2] - time for time in times]
    assert 0.002 < sum(delay > 6 * 60 * MINUTE for delay in delays) / len(delays) < 0.03
    assert max(delays) > 3 * 24 * 60 * MINUTE


def test_wrong_clocks_are_wrong_and_can_be_put_right() -> None:
    truth = small().truth.events
    true_time = dict(
        zip(truth["message_id"].to_pylist(), truth["time"].cast("int64").to_pylist(), strict=True)
    )
    skewed = [message for message in messages() if message["skewed"]]
    assert skewed
    assert all(abs(micros(m["timestamp"]) - m["time"]) > MINUTE // 60 for m in skewed)
    assert all(message["time"] == true_time[message["messageId"]] for message in messages())


def test_what_the_shop_itself_notes_is_timed_by_the_shops_clock() -> None:
    shops = Shop()
    wrong = replace(shops, wire=replace(shops.wire, skewed=1.0))
    made = shop(3, n_people=300, end=END, parameters=wrong)
    true_time = made.truth.events["time"].cast("int64")
    when = dict(zip(made.truth.events["message_id"].to_pylist(), true_time.to_pylist(), strict=True))
    bodies = [json.loads(body) for body in made.bodies() if body.ahead_us is None]
    noted = [message for body in bodies for message in body["batch"] if "anonymousId" in message]
    assert noted
    assert all(micros(message["timestamp"]) == when[message["messageId"]] for message in noted)


def test_a_body_sent_at_another_instant_says_so_by_its_own_clock() -> None:
    body = next(body for body in small().bodies() if body.ahead_us is not None)
    now = body.received_at + 90 * 24 * 60 * MINUTE
    again, before = json.loads(body.at(now)), json.loads(body)
    assert micros(again["sentAt"]) == now + (body.ahead_us or 0)
    assert again["batch"] == before["batch"]
    assert body.at(now).at(body.received_at) == body


def test_a_body_that_does_not_say_when_it_was_sent_is_the_same_at_any_instant() -> None:
    body = next(body for body in small().bodies() if body.ahead_us is None)
    assert body.at(0) is body


def test_the_real_collect_accepts_the_whole_shop_and_reads_what_is_true() -> None:
    events: dict[str, Event] = {}
    for body in small().bodies():
        batch = accept(bytes(body), None, Source("demo"), body.received_at)
        assert batch.refused == []
        assert len(batch.events) == body.n_events
        events |= {event.message_id: event for event in batch.events}
    truth = small().truth.events
    assert len(events) == truth.num_rows
    for row in truth.set_column(3, "time", truth["time"].cast("int64")).to_pylist():
        event = events[row["message_id"]]
        assert (event.event, event.time, event.touchpoint) == (row["event"], row["time"], row["touchpoint"])
        assert (event.anonymous_id, event.user_id) == (row["anonymous_id"], row["user_id"])


def test_sent_now_the_collect_puts_wrong_clocks_right_all_the_same() -> None:
    now = max(body.received_at for body in small().bodies()) // 1000 * 1000 + 40 * 24 * 60 * MINUTE
    truth = small().truth.events
    true_time = dict(
        zip(truth["message_id"].to_pylist(), truth["time"].cast("int64").to_pylist(), strict=True)
    )
    for body in small().bodies():
        batch = accept(bytes(body.at(now)), None, Source("demo"), now)
        assert batch.refused == []
        assert all(event.time == true_time[event.message_id] for event in batch.events)


def test_within_a_visit_time_goes_on_and_never_stands_still_for_half_an_hour() -> None:
    for visit in by_visit().values():
        times = [message["time"] for message in visit]
        assert all(0 < later - earlier < 30 * MINUTE for earlier, later in pairwise(times))


def test_a_visit_goes_through_its_steps_in_order() -> None:
    order = [
        "Product Viewed",
        "Product Added",
        "Cart Viewed",
        "Checkout Started",
        "Payment Info Entered",
        "Order Completed",
    ]
    for visit in by_visit().values():
        first: dict[str, int] = {}
        for message in visit:
            first.setdefault(message.get("event", ""), message["time"])
        times = [first[name] for name in order if name in first]
        assert times == sorted(times)
        if "Order Completed" in first:
            assert "Checkout Started" in first
            assert "Payment Info Entered" in first


def test_a_product_is_seen_before_it_is_added_and_added_before_it_is_removed() -> None:
    for visit in by_visit().values():
        seen, added = set(), Counter[str]()
        for message in visit:
            product = message.get("properties", {}).get("product_id")
            if message.get("event") == "Product Viewed":
                seen.add(product)
            elif message.get("event") == "Product Added":
                assert product in seen
                added[product] += message["properties"]["quantity"]
            elif message.get("event") == "Product Removed":
                added[product] -= message["properties"]["quantity"]
                assert added[product] >= 0


def test_text_is_a_body_like_any_other_bytes() -> None:
    body = Body(b'{"batch":[],"context":{}}', 5, 0)
    assert (body, body.received_at, body.n_events) == (b'{"batch":[],"context":{}}', 5, 0)
