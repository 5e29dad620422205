"""The simulated acts: whose they are and when, within the visits that they belong to."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache

import numpy as np
import pytest

from obverse.collect.segment import accept
from obverse.collect.source import Source
from obverse.event import Event
from obverse.simulate import Simulation, shop
from obverse.simulate.acts.stays import product_with_acts
from obverse.simulate.catalogue import CART, CHECKOUT_PAGE, product_page
from obverse.simulate.clients import Author
from obverse.simulate.moments import WEB_CLIENT
from obverse.simulate.scenes import CODE
from tests.simulate.shops import END, large, small

HALF_AN_HOUR_MS = 30 * 60_000


def page_numbers(made: Simulation) -> tuple[int, int, int]:
    """The numbers of the pages that have the client: the product's, the cart's, the checkout's."""
    product = np.array([product_with_acts(made.made.stock)], dtype=np.int32)
    return int(product_page(made.made.stock, product)[0]), CART, CHECKOUT_PAGE


@cache
def accepted() -> list[Event]:
    """The large shop's acts as the real collect reads them."""
    found = []
    for body in large().act_bodies():
        read = collected(bytes(body))
        assert len(read) == body.n_events
        found += read
    return found


def collected(body: bytes) -> list[Event]:
    """What the real collect reads in a body, of which it refuses nothing."""
    batch = accept(body, None, Source("shop"), large().made.calendar.end_ms * 1000)
    assert batch.refused == []
    return batch.events


def test_the_same_seed_gives_the_same_bytes() -> None:
    again = shop(3, n_people=300, end=END)
    assert again.act_bodies() == small().act_bodies()
    assert b"".join(again.act_bodies()) != b"".join(shop(4, n_people=300, end=END).act_bodies())


def test_they_are_few_beside_the_shops_events() -> None:
    assert 10_000 < len(large().acts.done) < 2 * large().made.who.n


def test_bodies_arrive_in_order_within_the_limits() -> None:
    bodies = large().act_bodies()
    assert max(len(body) for body in bodies) < 500 * 1024
    assert [body.received_at for body in bodies] == sorted(body.received_at for body in bodies)
    assert len({event.message_id for event in accepted()}) == len(large().acts.done)


def test_an_act_comes_as_what_happened_before_it_does_and_before_its_visit_ends() -> None:
    events, done = large().made.events, large().acts.done
    row = np.array([act.row for act in done])
    at = np.array([act.at_ms for act in done])
    ends = np.zeros(large().made.seen.n, dtype=np.int64)
    in_visit = (events.visit >= 0) & (events.client == WEB_CLIENT)
    np.maximum.at(ends, events.visit[in_visit], events.at_ms[in_visit])
    assert set(events.page[row].tolist()) == set(page_numbers(large()))
    assert (events.at_ms[row] <= at).all()
    assert (at < ends[events.visit[row]]).all()
    author = Author(large().made, large().seed)
    told = [json.loads(f"{{{who}{context}}}") for who, context in author.circumstances(row)]
    for act, event, said in zip(done, accepted(), told, strict=True):
        assert (event.time, event.touchpoint) == (act.at_ms * 1000, "web")
        assert (event.anonymous_id, event.user_id) == (said.get("anonymousId"), said.get("userId"))
        assert json.loads(event.context)["page"] == said["page"]
        assert event.session_id is None, "the shop's sessions stay what they are"


def test_no_act_is_between_a_page_and_the_next() -> None:
    events = large().made.events
    mine = np.flatnonzero((events.event == CODE["Page Viewed"]) & (events.visit >= 0))
    mine = mine[np.argsort(events.visit[mine], kind="stable")]
    key = events.visit[mine].astype(np.int64) * (1 << 35) + (events.at_ms[mine] - events.at_ms[0])
    row = np.array([act.row for act in large().acts.done])
    at = np.array([act.at_ms for act in large().acts.done]) - events.at_ms[0]
    of = mine[np.searchsorted(key, events.visit[row].astype(np.int64) * (1 << 35) + at, side="right") - 1]
    assert (events.visit[of] == events.visit[row]).all()
    assert (events.page[of] == events.page[row]).all()


def test_a_form_is_begun_before_it_is_filled_in_and_within_half_an_hour_of_that() -> None:
    begun: dict[int, int] = {}
    for act in large().acts.done:
        visit = int(large().made.events.visit[act.row])
        if act.event == "Form Started":
            assert visit not in begun
            begun[visit] = act.at_ms
        elif act.event in ("Field Filled", "Form Submitted"):
            assert 0 <= act.at_ms - begun[visit] < HALF_AN_HOUR_MS
    assert len(begun) > 100


def test_a_rage_is_the_third_click_within_seconds_and_a_dead_one_is_told_later() -> None:
    clicks: dict[tuple[int, str], list[int]] = {}
    kinds = Counter[str]()
    for act in large().acts.done:
        key = int(large().made.events.visit[act.row]), act.properties.get("element", "")
        if act.event == "Element Clicked":
            clicks.setdefault(key, []).append(act.at_ms)
        elif act.event == "Rage Clicked":
            first, second, third = clicks[key][-3:]
            assert act.at_ms == third
            assert max(third - second, second - first) <= 1000
        elif act.event == "Dead Clicked":
            assert act.at_ms - clicks[key][-1] == pytest.approx(2500, abs=1)
        kinds[act.event] += 1
    assert min(kinds["Rage Clicked"], kinds["Dead Clicked"]) > 20
