"""Identity: the rule against a plain oracle, and its indifference to the order of arrival."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obverse.lake.identity import Claims, resolve

Claim = tuple[int, int, int]  # anonymous stream, time, user stream
Sent = tuple[int, int]  # stream, time

ANONYMOUS = st.integers(0, 3)
USERS = st.integers(100, 103)
TIMES = st.integers(0, 6)
CLAIMS = st.lists(st.tuples(ANONYMOUS, TIMES, USERS), max_size=12)
EVENTS = st.lists(st.tuples(ANONYMOUS | USERS, TIMES), max_size=12)


def owner(stream: int, time: int, claims: list[Claim]) -> int:
    mine = [(t, user) for anonymous, t, user in claims if anonymous == stream]
    later = [claim for claim in mine if claim[0] >= time]
    if later:
        return min(later)[1]
    if mine:
        last = max(t for t, _ in mine)
        return min(user for t, user in mine if t == last)
    return stream


def people(events: list[Sent], claims: list[Claim]) -> list[int]:
    columns = np.array(claims, dtype=np.int64).reshape(-1, 3)
    streams, times = np.array(events, dtype=np.int64).reshape(-1, 2).T
    found = resolve(
        streams.copy(), times.copy(), Claims(columns[:, 0].copy(), columns[:, 1].copy(), columns[:, 2].copy())
    )
    return [int(person) for person in found]


@given(EVENTS, CLAIMS)
def test_each_event_goes_to_the_person_the_rule_names(events: list[Sent], claims: list[Claim]) -> None:
    assert people(events, claims) == [owner(stream, time, claims) for stream, time in events]


@given(EVENTS, CLAIMS, st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_people(
    events: list[Sent], claims: list[Claim], chance: random.Random
) -> None:
    shuffled = chance.sample(claims, len(claims))
    assert people(events, shuffled) == people(events, claims)
    assert people(events, claims + shuffled) == people(events, claims), "a repeated claim changed someone"


@settings(max_examples=30)
@given(EVENTS, CLAIMS)
def test_an_event_with_a_user_id_stays_with_that_user(events: list[Sent], claims: list[Claim]) -> None:
    for (stream, _), person in zip(events, people(events, claims), strict=True):
        assert person == stream if stream >= 100 else person in {stream, *(claim[2] for claim in claims)}


@pytest.mark.parametrize(
    ("time", "person"), [(0, 101), (50, 101), (51, 102), (80, 102), (81, 102)], ids=lambda value: str(value)
)
def test_a_shared_device_belongs_to_whoever_logs_in_next_and_at_last_to_the_last(
    time: int, person: int
) -> None:
    assert people([(1, time)], [(1, 50, 101), (1, 80, 102)]) == [person]


def test_nobody_and_nothing_is_no_error() -> None:
    assert people([], []) == []
    assert people([(1, 5)], []) == [1]


def test_the_rule_holds_without_the_compiler() -> None:
    code = (
        "import numpy as np; from obverse.lake.identity import Claims, resolve; a = np.array;"
        "print(resolve(a([7, 7, 7, 8]), a([100, 101, 999, 0]),"
        " Claims(a([7, 7]), a([100, 200]), a([1, 2]))).tolist())"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert found.stdout.strip() == "[1, 2, 2, 8]"
