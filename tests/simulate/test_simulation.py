"""The same seed gives the same shop, wherever it is made."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import datetime

import msgspec
import numpy as np
import pytest

from obverse.errors import QuestionError
from obverse.simulate import Shop, Simulation, shop
from obverse.simulate.calendar import DAY_MS
from obverse.simulate.moments import PROMISED_DAYS, WHERE_IS_IT
from obverse.simulate.scenes import CODE, NAMES
from tests.simulate.shops import END, large, small

_HASH = """
import hashlib
from datetime import UTC, datetime
from obverse.simulate import shop
digest = hashlib.sha256()
for body in shop(3, n_people=300, end=datetime(2026, 5, 11, tzinfo=UTC)).bodies():
    digest.update(body)
print(digest.hexdigest())
"""


def digest(made: Simulation) -> str:
    total = hashlib.sha256()
    for body in made.bodies():
        total.update(body)
    return total.hexdigest()


def test_the_same_seed_gives_the_same_bytes_in_other_processes() -> None:
    here = digest(small())
    for hash_seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": hash_seed, "TZ": "Asia/Tokyo"}
        there = subprocess.run(
            [sys.executable, "-c", _HASH],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert there.stdout.strip() == here


def test_the_bodies_can_be_asked_for_again() -> None:
    assert digest(small()) == digest(small())


def test_another_seed_gives_another_shop() -> None:
    assert digest(shop(4, n_people=300, end=END)) != digest(small())


def test_parameters_change_what_they_are_about_and_nothing_else() -> None:
    without = msgspec.structs.replace(Shop(), open_rate=0.0)
    quiet = shop(3, n_people=300, end=END, parameters=without)
    assert "Email Link Clicked" not in quiet.truth.events["event"].to_pylist()
    assert quiet.truth.people["country"] == small().truth.people["country"]


def test_an_end_without_a_time_zone_is_refused() -> None:
    with pytest.raises(QuestionError, match=r"end: .* has no time zone"):
        shop(1, end=datetime(2026, 5, 11))  # noqa: DTZ001 - that is what is refused


@pytest.mark.parametrize(("seed", "n_people", "days"), [(-1, 10, 14), (1, 9, 14), (1, 10, 13)])
def test_arguments_out_of_range_are_refused(seed: int, n_people: int, days: int) -> None:
    with pytest.raises(QuestionError, match="the least are 0, 10 and 14"):
        shop(seed, n_people, days, end=END)


@pytest.mark.parametrize("seed", range(8))
def test_tiny_shops_run(seed: int) -> None:
    made = shop(seed, n_people=10, days=14, end=END)
    assert sum(body.n_events for body in made.bodies()) >= made.n_events > 0


def test_a_shop_without_stores_apps_teams_or_mail_runs() -> None:
    bare = msgspec.structs.replace(
        Shop(), store_people=0.0, app=0.0, business=0.0, members=0.0, second_device=0.0, sharing=0.0, chat=0.0
    )
    made = shop(1, n_people=400, end=END, parameters=bare)
    assert set(made.truth.events["touchpoint"].to_pylist()) <= {"web", "support", "delivery"}
    assert made.truth.people["user_id"].null_count == 400


def test_people_who_buy_are_few_and_most_never_identify() -> None:
    events = large().made.events
    names = np.array(large().truth.events["event"].to_pylist())
    buyers = len(np.unique(events.person[names == "Order Completed"]))
    identified = len(np.unique(events.person[events.user]))
    assert 0.02 < buyers / 12_000 < 0.07
    assert 0.1 < identified / 12_000 < 0.3


def test_every_kind_of_event_happens_at_every_touchpoint_it_belongs_to() -> None:
    assert set(large().truth.events["event"].to_pylist()) == set(NAMES)
    assert set(large().truth.events["touchpoint"].to_pylist()) == {
        *("web", "app", "store", "support", "email", "delivery")
    }


def test_nothing_happens_outside_the_period() -> None:
    calendar, at = large().made.calendar, large().made.events.at_ms
    assert calendar.start_ms <= at.min()
    assert at.max() < calendar.end_ms
    assert (np.diff(at) >= 0).all()


def test_orders_online_are_delivered_once_and_some_of_them_late() -> None:
    events, came = large().made.events, large().truth.deliveries
    online = (events.event == CODE["Order Completed"]) & (events.visit >= 0)
    ordered = dict(zip(events.cart[online].tolist(), events.at_ms[online].tolist(), strict=True))
    carts = events.cart[events.event == CODE["Order Delivered"]].tolist()
    assert len(set(carts)) == len(carts) == came.num_rows
    late = came["days_late"].to_numpy()
    at = events.at_ms[events.event == CODE["Order Delivered"]]
    took = (at - np.array([ordered[cart] for cart in carts])) / DAY_MS
    assert took.min() > 1
    assert (took[late == 0] <= PROMISED_DAYS).all()
    assert (np.abs(took[late > 0] - PROMISED_DAYS - late[late > 0]) <= 1).all()
    assert 0.08 < (late > 0).mean() < 0.25
    old = [at < large().made.calendar.end_ms - 12 * DAY_MS for at in ordered.values()]
    assert len(carts) >= sum(old), "who ordered long ago has it"


def test_who_asks_where_an_order_is_asks_before_it_comes() -> None:
    made = large().made
    events, cases = made.events, made.cases
    came = events.event == CODE["Order Delivered"]
    when = dict(zip(events.cart[came].tolist(), events.at_ms[came].tolist(), strict=True))
    late = dict(zip(events.cart[came].tolist(), events.detail[came].tolist(), strict=True))
    asks = np.flatnonzero(events.event == CODE["Support Contacted"])
    asks = asks[cases.reason[events.detail[asks]] == WHERE_IS_IT]
    known = [row for row in asks.tolist() if events.cart[row] in when]
    assert len(known) > 10
    assert all(events.at_ms[row] < when[events.cart[row]] for row in known)
    assert np.mean([late[events.cart[row]] > 0 for row in known]) > 0.7
