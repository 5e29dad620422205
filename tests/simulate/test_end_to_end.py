"""The small shop through a real server into the lake, compared with the truth that it was made from.

What can be known of a person: one with a single device of their own and no user id is one anonymous id, and
one whose every device logs in as them, and nobody else, is one user. Both are found whole. Devices that
never log in are people of their own, and on a shared device an event without a user id goes to who logs in
next: the rule's verdict, which is worked out here again, in plain Python, from the messages alone.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import obverse
from obverse.demo import load
from obverse.folder import Folder
from obverse.lake.table import EventTable
from obverse.measure.funnel import Funnel
from obverse.measure.funnel_answer import FunnelAnswer
from tests.conftest import Server
from tests.simulate.shops import name_of, once, small

STEPS = ("Product Viewed", "Product Added", "Checkout Started", "Order Completed")
QUESTION = Funnel.parse(" > ".join(STEPS), within="7d")
WEEK = 7 * 86_400 * 1_000_000


@pytest.fixture(scope="module")
def loaded(server: Server) -> EventTable:
    """The lake of a server that has the small shop."""
    table = EventTable.open(Folder.open(server.data).events)
    load(
        server.address,
        server.write_key,
        small(),
        lambda sent, visible: None,
        lambda: table.refresh().n_events,
    )
    return table


def rows(table: EventTable) -> pa.Table:
    """The simulated rows of the lake; other tests may have sent others."""
    table.refresh()
    found = table.read(["message_id", "event", "time", "touchpoint", "value", "user_id", "anonymous_id"])
    ours = pc.is_in(found["message_id"], pa.array(once()))
    return found.filter(ours)


def test_each_event_is_in_the_lake_once_as_it_truly_was(loaded: EventTable) -> None:
    columns = ["message_id", "event", "touchpoint", "anonymous_id", "user_id"]
    truth = small().truth.events.sort_by("message_id")
    found = rows(loaded).sort_by("message_id")
    for column in columns:
        assert found[column].to_pylist() == truth[column].to_pylist()
    skewed = {message_id for message_id, message in once().items() if message["skewed"]}
    for message_id, at, true_time in zip(
        found["message_id"].to_pylist(),
        found["time"].cast("int64").to_pylist(),
        truth["time"].cast("int64").to_pylist(),
        strict=True,
    ):
        # A wrong clock is put right from when the request came in: true but for how long it was on the way.
        assert 0 <= at - true_time < (10_000_000 if message_id in skewed else 1)


def test_sending_the_shop_again_adds_nothing(server: Server, loaded: EventTable) -> None:
    before = loaded.refresh().n_events
    load(server.address, server.write_key, small(), lambda sent, visible: None, lambda: before)
    last = {"type": "track", "event": "Last", "userId": "marker", "messageId": "after-the-second-load"}
    sent = httpx.post(f"{server.address}/v1/track", json=last, auth=(server.write_key, ""), trust_env=False)
    assert sent.status_code == 200
    until = time.monotonic() + 30
    while loaded.refresh().n_events == before:  # batches become visible in the order that they came
        assert time.monotonic() < until
        time.sleep(0.02)
    assert loaded.snapshot.n_events == before + 1
    assert loaded.read(["message_id"], where="event = 'Last'").num_rows == 1


def test_orders_are_worth_their_revenue(loaded: EventTable) -> None:
    found = rows(loaded).filter(pc.field("event") == "Order Completed")
    sent = [m["properties"]["revenue"] for m in once().values() if name_of(m) == "Order Completed"]
    assert sum(found["value"].to_pylist()) == pytest.approx(sum(sent))


@cache
def owners() -> dict[str, str]:
    """Whom each message belongs to, by the rule of claims."""
    claims: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for message in once().values():
        if message["type"] == "identify" and "anonymousId" in message:
            claims[message["anonymousId"]].append((message["time"], message["userId"]))
    found = {}
    for message_id, message in once().items():
        if "userId" in message:
            found[message_id] = "u:" + message["userId"]
            continue
        own = sorted(claims[message["anonymousId"]])
        later = [user for at, user in own if at >= message["time"]]
        if own:
            found[message_id] = "u:" + (later[0] if later else own[-1][1])
        else:
            found[message_id] = "a:" + message["anonymousId"]
    return found


def steps_climbed(events: Iterable[tuple[int, str]]) -> int:
    """How many of the steps one person's events, as (time, name) in order, climb within a week."""
    best = 0
    climbing = list(events)
    for start, (entered, name) in enumerate(climbing):
        if name != STEPS[0]:
            continue
        step = 1
        for at, following in climbing[start + 1 :]:
            if step < len(STEPS) and following == STEPS[step] and at - entered <= WEEK:
                step += 1
        best = max(best, step)
    return best


def climbed_by(person_of: dict[str, Any]) -> dict[Any, int]:
    """How far each person came, for the messages that have one."""
    of_person: dict[Any, list[tuple[int, str]]] = defaultdict(list)
    for message_id, message in once().items():
        if message_id in person_of:
            of_person[person_of[message_id]].append((message["time"], name_of(message)))
    return {person: steps_climbed(sorted(events)) for person, events in of_person.items()}


def test_the_funnel_counts_the_people_that_the_claims_make(server: Server, loaded: EventTable) -> None:
    climbed = climbed_by(owners()).values()
    expected = [sum(steps >= number for steps in climbed) for number in (1, 2, 3, 4)]
    assert expected[-1] > 0
    with obverse.open(server.data) as lake:
        answer = lake.ask(QUESTION)
    assert isinstance(answer, FunnelAnswer)
    assert [step.people for step in answer.steps] == expected


def knowable() -> set[int]:
    """The people who can be known whole: see the top of this file."""
    people_of: dict[str, set[int]] = defaultdict(set)
    ids_of: dict[int, set[str | None]] = defaultdict(set)
    logged_in: set[tuple[int, str]] = set()
    known: set[int] = set()
    for row in small().truth.events.to_pylist():
        person, anonymous_id = row["person"], row["anonymous_id"]
        ids_of[person] |= {anonymous_id} - {None}
        if anonymous_id:
            people_of[anonymous_id].add(person)
        if row["user_id"]:
            known.add(person)
            if row["event"] == "Identified":
                logged_in.add((person, anonymous_id))
    return {
        person
        for person, ids in ids_of.items()
        if all(people_of[one] == {person} for one in ids if one)
        and (all((person, one) in logged_in for one in ids) if person in known else len(ids) == 1)
    }


def test_people_who_can_be_known_are_found_whole_and_alone() -> None:
    whole = knowable()
    truth = small().truth.events
    person_of = dict(zip(truth["message_id"].to_pylist(), truth["person"].to_pylist(), strict=True))
    keys_of, people_of = defaultdict(set), defaultdict(set)
    for message_id, key in owners().items():
        keys_of[person_of[message_id]].add(key)
        people_of[key].add(person_of[message_id])
    assert len(whole) > 200
    for person in whole:
        (key,) = keys_of[person]
        assert people_of[key] == {person}


def test_the_lake_finds_the_true_funnel_of_the_people_who_can_be_known(
    server: Server, loaded: EventTable
) -> None:
    truth = small().truth.events
    whole = knowable()
    true_person = {
        message_id: person
        for message_id, person in zip(
            truth["message_id"].to_pylist(), truth["person"].to_pylist(), strict=True
        )
        if person in whole
    }
    key_of = {person: key for message_id, person in true_person.items() for key in [owners()[message_id]]}
    with obverse.open(server.data) as lake:
        bought = lake.people(QUESTION, {"step": "4"}, limit=1000).people
    found = {f"u:{p.user_id}" if p.user_id else f"a:{p.anonymous_ids[0]}" for p in bought}
    expected = {key_of[person] for person, steps in climbed_by(true_person).items() if steps == len(STEPS)}
    assert expected
    assert found & set(key_of.values()) == expected
