"""The truth agrees with what is sent, and the shop behaves as its parameters say."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import UTC, datetime
from math import prod, sqrt
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from obverse.simulate import Shop
from tests.simulate.shops import END, large, messages, name_of, once, small


def off_by(reached: int, n: int, chance: float) -> float:
    """How many standard deviations a count is from what it should be."""
    return abs(reached - n * chance) / sqrt(max(n * chance * (1 - chance), 1e-9))


def test_each_true_event_is_sent_and_no_other() -> None:
    truth = small().truth.events
    assert sorted(truth["message_id"].to_pylist()) == sorted(once())
    sent = Counter(name_of(message) for message in once().values())
    assert sent == Counter(truth["event"].to_pylist())
    assert small().n_events == truth.num_rows


def test_each_message_comes_under_ids_of_its_true_person() -> None:
    people = small().truth.people.to_pylist()
    person_of = dict(
        zip(*(small().truth.events[c].to_pylist() for c in ("message_id", "person")), strict=True)
    )
    for message in messages():
        person = people[person_of[message["messageId"]]]
        if "userId" in message:
            assert message["userId"] == person["user_id"]
        if "anonymousId" in message:
            assert message["anonymousId"] in person["anonymous_ids"]


def test_only_shared_devices_have_events_of_several_people() -> None:
    people_of = defaultdict(set)
    truth = large().truth.events
    for anonymous_id, person in zip(
        truth["anonymous_id"].to_pylist(), truth["person"].to_pylist(), strict=True
    ):
        if anonymous_id:
            people_of[anonymous_id].add(person)
    several = {anonymous_id: people for anonymous_id, people in people_of.items() if len(people) > 1}
    shared = {row["anonymous_id"]: set(row["people"]) for row in large().truth.shared.to_pylist()}
    assert several == shared
    assert len(shared) > 5


def test_some_people_use_two_devices_and_some_identify_late() -> None:
    people = large().truth.people
    assert sum(len(ids) > 1 for ids in people["anonymous_ids"].to_pylist()) > 500
    columns = ["anonymous_id", "user_id", "event"]
    truth = large().truth.events.select(columns).to_pydict()
    known: set[str] = set()
    unknown_before = set()
    for anonymous_id, user_id, event in zip(
        truth["anonymous_id"], truth["user_id"], truth["event"], strict=True
    ):
        if event == "Identified":
            known.add(anonymous_id)
        elif anonymous_id and user_id is None and anonymous_id not in known:
            unknown_before.add(anonymous_id)
    assert len(unknown_before & known) > 300


@pytest.mark.parametrize("by", [(), ("channel",), ("device",), ("country",)])
def test_counted_rates_agree_with_the_chances_of_the_model(by: tuple[str, ...]) -> None:
    for row in large().truth.rates(*by).to_pylist():
        if row["n"] > 20:
            assert off_by(row["reached"], row["n"], row["chance"]) < 4, row


def test_the_parameter_of_a_group_is_the_product_of_its_factors() -> None:
    shop = Shop()
    found = 0
    for row in large().truth.rates("channel", "device", "country").to_pylist():
        step = {"Product Viewed": 0, "Product Added": 1, "Checkout Started": 2, "Order Completed": 3}[
            row["step"]
        ]
        factors = [
            next(c.factors[step] for c in shop.channels if c.name == row["channel"]),
            next(d.factors[step] for d in shop.devices if d.name == row["device"]),
            next(c.factors[step] for c in shop.countries if c.code == row["country"]),
        ]
        if row["parameter"] is not None:
            assert row["parameter"] == pytest.approx(min(0.97, shop.steps[step] * prod(factors)))
            found += 1
    assert found > 200


def test_the_planted_incident_is_in_the_data() -> None:
    harm = large().truth.incident
    assert harm.device == "phone"
    assert (harm.end - harm.start).days == 8
    assert harm.start < END < harm.end.replace(year=harm.end.year + 1)
    assert harm.checkouts > 10
    assert harm.orders < harm.expected / 2


def rate(table: list[dict[str, object]], group: str, name: str, step: str) -> float:
    row = next(row for row in table if row[group] == name and row["step"] == step)
    assert isinstance(row["reached"], int)
    assert isinstance(row["n"], int)
    return row["reached"] / row["n"]


def test_the_stories_are_in_the_data() -> None:
    by_device = large().truth.rates("device").to_pylist()
    by_channel = large().truth.rates("channel").to_pylist()
    phone, desktop = (rate(by_device, "device", name, "Order Completed") for name in ("phone", "desktop"))
    assert phone < 0.7 * desktop
    looks, buys = (rate(by_channel, "channel", name, "Product Added") for name in ("lookbook", "search"))
    assert looks < 0.5 * buys
    assert rate(by_channel, "channel", "lookbook", "Product Viewed") > rate(
        by_channel, "channel", "search", "Product Viewed"
    )


def test_store_visitors_and_those_who_chat_buy_more() -> None:
    seen, reached = large().made.seen, large().truth.reached
    viewed = (reached >= 1) & ~seen.back
    plain = large().made.shop.rates(seen.channel, seen.kind, seen.country)[:, 1]
    eager = viewed & (seen.chances[:, 1] > plain * 1.5) & ~seen.chat
    chatted = viewed & seen.chat
    usual = (reached[viewed] >= 2).mean()
    assert eager.sum() > 100
    assert (reached[eager] >= 2).mean() > 1.3 * usual
    assert (reached[chatted] >= 2).mean() > 1.3 * usual


def test_money_adds_up() -> None:
    carts: dict[str, Counter[str]] = defaultdict(Counter)
    prices: dict[str, float] = {}
    orders = {}
    for message in once().values():
        said = message.get("properties", {})
        name = message.get("event")
        if name in ("Product Added", "Product Removed"):
            carts[said["cart_id"]][said["product_id"]] += said["quantity"] * (
                1 if name == "Product Added" else -1
            )
        elif name == "Product Viewed":
            prices[said["product_id"]] = said["price"]
        elif name == "Order Completed":
            orders[said["order_id"]] = said
    assert len(orders) > 5
    for order in orders.values():
        lines = order["products"]
        assert order["subtotal"] == pytest.approx(sum(line["price"] * line["quantity"] for line in lines))
        assert order["revenue"] == pytest.approx(order["subtotal"] - order["discount"])
        assert order["total"] == pytest.approx(order["revenue"] + order["shipping"])
        assert order["currency"] == "EUR"
        if "cart_id" in order:
            bought = Counter[str]()
            for line in lines:
                bought[line["product_id"]] += line["quantity"]
            assert bought == +carts[order["cart_id"]]
        assert all(
            line["price"] == prices[line["product_id"]] for line in lines if line["product_id"] in prices
        )


def test_a_refund_is_of_an_order_before_it_and_not_more_than_it() -> None:
    orders, refunds = {}, []
    for body in large().bodies():
        if body.find(b'"Order ') >= 0 and body.ahead_us is None:
            for message in json.loads(body)["batch"]:
                if message.get("event") == "Order Completed":
                    orders[message["properties"]["order_id"]] = message
                elif message.get("event") == "Order Refunded":
                    refunds.append(message)
    pairs = [
        (refund, orders[refund["properties"]["order_id"]])
        for refund in refunds
        if refund["properties"]["order_id"] in orders
    ]
    assert len(pairs) > 10
    for refund, order in pairs:
        assert 0 < refund["properties"]["total"] <= order["properties"]["revenue"]
        assert refund["timestamp"] > order["timestamp"]


def test_stores_are_open_by_local_time_on_both_sides_of_the_change_to_summer_time() -> None:
    made = large().made
    zones = [ZoneInfo(c.zone) for c in made.shop.countries]
    visited = [name == "Order Completed" for name in large().truth.events["event"].to_pylist()]
    in_store = np.array([where == "store" for where in large().truth.events["touchpoint"].to_pylist()])
    rows = np.flatnonzero(np.array(visited) & in_store & (made.events.visit < 0))
    offsets = set()
    for row in rows.tolist():
        zone = zones[made.who.country[made.events.person[row]]]
        local = datetime.fromtimestamp(made.events.at_ms[row] / 1000, UTC).astimezone(zone)
        assert 10 <= local.hour <= 20, local
        assert local.weekday() < 6, local
        offsets.add(local.utcoffset())
    assert len(offsets) == 2


def test_people_sleep_by_local_time_in_every_zone() -> None:
    made = large().made
    for number, country in enumerate(made.shop.countries):
        zone = ZoneInfo(country.zone)
        starts = made.seen.start_ms[made.seen.country == number]
        hours = np.array([datetime.fromtimestamp(ms / 1000, zone).hour for ms in starts.tolist()])
        night, evening = np.isin(hours, [2, 3, 4]).mean(), np.isin(hours, [19, 20, 21]).mean()
        assert night < 0.25 * evening, country.code


def test_buyers_of_organisations_order_what_users_put_into_the_cart() -> None:
    made = large().made
    back = np.flatnonzero(made.seen.back)
    handed_over = [v for v in back.tolist() if made.seen.person[v] != made.seen.person[made.seen.origin[v]]]
    assert handed_over
    for visit in handed_over:
        buyer, user = made.seen.person[visit], made.seen.person[made.seen.origin[visit]]
        assert made.who.account[buyer] == made.who.account[user] >= 0
        assert made.who.buyer[buyer]
        assert not made.who.buyer[user]
