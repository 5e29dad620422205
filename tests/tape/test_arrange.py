"""Kernels against plain Python: sorting, splicing, merging, thinning, numbering, claims."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from obverse.tape.arrange import arrange, frozen, merged, spliced, thinned, units, widened
from obverse.tape.codes import Codes
from obverse.tape.layout import Int64s
from obverse.tape.owners import Claimed, Owners
from obverse.tape.reel import Reel, Rows, build, splice
from obverse.tape.units import GAP_US, account_keys, looked_up, mixed, number_parts, session_starts

quick = settings(max_examples=60)
Event = tuple[int, int]  # unit, time
EVENTS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5)), max_size=70)
N = 5


def i64(values: object) -> Int64s:
    return frozen(np.array(values, dtype=np.int64))


def i32(values: object) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return frozen(np.array(values, dtype=np.int32))


def laid(events: list[tuple[int, int, int]]) -> tuple[Int64s, Int64s, Int64s]:
    """Lay out (unit, time, seq) with Python's sort."""
    ordered = sorted(events)
    offsets = [sum(unit < u for unit, _, _ in ordered) for u in range(N + 1)]
    return i64(offsets), i64([time for _, time, _ in ordered]), i64([seq for _, _, seq in ordered])


@quick
@given(st.lists(st.tuples(st.integers(-1, N - 1), st.integers(0, 9)), max_size=300))
def test_events_are_sorted_by_unit_and_time_and_keep_their_order(events: list[Event]) -> None:
    offsets, order, times = arrange(i32([u for u, _ in events]), N, i64([t for _, t in events]))
    expected = sorted((unit, time, at) for at, (unit, time) in enumerate(events) if unit >= 0)
    assert order.tolist() == [at for _, _, at in expected]
    assert times.tolist() == [time for _, time, _ in expected]
    assert offsets.tolist() == [sum(unit < u for unit, _, _ in expected) for u in range(N + 1)]
    assert units(frozen(offsets)).tolist() == [unit for unit, _, _ in expected]


def test_a_unit_with_many_events_in_disorder_is_sorted() -> None:
    times = np.random.default_rng(3).integers(0, 500, 4000)
    _, order, found = arrange(i32(np.zeros(4000)), 1, i64(times))
    assert order.tolist() == np.argsort(times, kind="stable").tolist()
    assert found.tolist() == sorted(times.tolist())


@quick
@given(EVENTS, EVENTS)
def test_two_layouts_merge_to_one(some: list[Event], more: list[Event]) -> None:
    one = [(u, t, 2 * i) for i, (u, t) in enumerate(some)]
    other = [(u, t, 2 * i + 1) for i, (u, t) in enumerate(more)]
    a, b, both = laid(one), laid(other), laid(one + other)
    offsets, order = merged(*a, *b)
    assert offsets.tolist() == both[0].tolist()
    assert np.concatenate([a[2], b[2]])[order].tolist() == both[2].tolist()


@quick
@given(EVENTS, st.data())
def test_a_filter_keeps_what_passes(events: list[Event], data: st.DataObject) -> None:
    all_events = [(u, t, i) for i, (u, t) in enumerate(events)]
    offsets, _, seq = laid(all_events)
    mask = data.draw(st.lists(st.booleans(), min_size=len(events), max_size=len(events)))
    found, kept = thinned(offsets, frozen(seq.astype(np.int32)), frozen(np.array(mask, dtype=bool)))
    expected = laid([event for event in all_events if mask[event[2]]])
    assert found.tolist() == expected[0].tolist()
    assert seq[kept].tolist() == expected[2].tolist()


@quick
@given(st.lists(st.integers(0, 99), max_size=12), st.data())
def test_splicing_takes_out_and_puts_in(old: list[int], data: st.DataObject) -> None:
    n = len(old)
    removed = sorted(data.draw(st.sets(st.integers(0, max(n - 1, 0)), max_size=n))) if n else []
    before = sorted(data.draw(st.lists(st.integers(0, n), max_size=6)))
    added = [1000 + i for i in range(len(before))]
    expected: list[int] = []
    for at in range(n + 1):
        expected += [new for new, place in zip(added, before, strict=True) if place == at]
        expected += [old[at]] if at < n and at not in removed else []
    assert spliced(i64(old), i64(removed), i64(before), i64(added)).tolist() == expected


ROWS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 8)), max_size=12)
CLAIMS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 8), st.integers(4, 7)), max_size=5)
STEPS = st.lists(st.tuples(ROWS, CLAIMS), min_size=1, max_size=4)
KEYS = i64([11, 7, 5, 3, 40, 30, 20, 10])


def claimed(claims: list[tuple[int, int, int]], seq: int) -> Claimed:
    columns = np.array(claims, dtype=np.int64).reshape(-1, 3).T
    seqs = np.full(len(claims), seq, np.int64)
    return Claimed(columns[0].astype(np.int32), columns[1].copy(), columns[2].astype(np.int32), seqs)


def rows(events: list[tuple[int, int]], first: int) -> Rows:
    columns = np.array(events, dtype=np.int64).reshape(-1, 2).T
    seqs = np.arange(first, first + len(events), dtype=np.int64)
    return Rows(seqs, columns[0].astype(np.int32), columns[1].copy())


@settings(max_examples=150)
@given(STEPS)
def test_a_reel_spliced_step_by_step_is_the_reel_built_at_once(
    steps: list[tuple[list[tuple[int, int]], list[tuple[int, int, int]]]],
) -> None:
    growing = Owners()
    reel: Reel | None = None
    events: list[tuple[int, int]] = []
    for number, (new, claims) in enumerate(steps):
        last_seq = 100 * (number + 1)
        growing.add(claimed(claims, last_seq), KEYS)
        fresh = rows(new, 100 * number + 1)
        first = np.concatenate([*([reel.seq] if reel else []), fresh.seq])
        reel = (
            build(fresh, growing, len(KEYS), last_seq)
            if reel is None
            else splice(reel, fresh, growing, len(KEYS), last_seq)
        )
        events += new
        whole = Owners()
        whole.add(claimed([claim for _, some in steps[: number + 1] for claim in some], 1), KEYS)
        columns = np.array(events, dtype=np.int64).reshape(-1, 2).T
        at_once = Rows(np.sort(first), columns[0].astype(np.int32), columns[1].copy())
        expected = build(at_once, whole, len(KEYS), last_seq)
        assert [array.tolist() for array in reel.arrays] == [array.tolist() for array in expected.arrays]
        assert reel.last_seq == last_seq
        kept = Owners.again(growing.all(), len(KEYS))
        assert (
            kept.people(at_once.stream, at_once.time).tolist()
            == whole.people(at_once.stream, at_once.time).tolist()
        )


@quick
@given(CLAIMS, ROWS)
def test_claims_know_the_stretches_of_each_person(
    claims: list[tuple[int, int, int]], events: list[tuple[int, int]]
) -> None:
    owners = Owners()
    owners.add(claimed(claims, 1), KEYS)
    spans = {person: owners.spans(person) for person in range(len(KEYS))}
    for stream, time in events:
        inside = [
            person
            for person, mine in spans.items()
            for name, after, until in mine
            if name == stream and (after is None or time > after) and (until is None or time <= until)
        ]
        assert inside == owners.people(i32([stream]), i64([time])).tolist()


@quick
@given(st.lists(st.lists(st.integers(-(2**62), 2**63 - 1) | st.integers(0, 9), max_size=2000), max_size=3))
def test_keys_are_numbered_in_order_of_first_sight(batches: list[list[int]]) -> None:
    codes = Codes()
    known: dict[int, int] = {}
    for batch in batches:
        expected = [known.setdefault(key, len(known)) for key in batch]
        assert codes.encode(i64(batch)).tolist() == expected
    assert codes.keys.tolist() == list(known)
    again = Codes(codes.keys)
    assert again.lookup(i64([*known, 2**61 + 1])).tolist() == [*known.values(), known.get(2**61 + 1, -1)]
    assert again.encode(i64([2**61 + 1])).tolist() == [known.get(2**61 + 1, len(known))]


def test_a_hundred_thousand_keys_are_found_again() -> None:
    keys = np.random.default_rng(1).integers(0, 2**63 - 1, 100_000)
    codes = Codes()
    assert codes.encode(i64(keys)).tolist() == codes.lookup(i64(keys)).tolist()
    assert len(codes) == len(np.unique(keys))


def test_sessions_end_after_a_gap_and_are_apart_at_each_touchpoint() -> None:
    times = [0, GAP_US, 2 * GAP_US + 1, 2 * GAP_US + 2, 3 * GAP_US, 0]
    touchpoints = [0, 0, 0, 1, 0, 0]
    starts = session_starts(i64([0, 5, 5, 6]), i64(times), i32(touchpoints), 2)
    assert starts.tolist() == [0, 0, 2, 3, 2, 5]


def test_events_are_found_among_all_events_of_their_people() -> None:
    found = looked_up(
        i64([0, 1, 3]), i64([5, 5, 9]), i64([2, 4, 9]), i64([0, 2, 4]), i64([5, 5, 5, 5]), i64([1, 2, 4, 5])
    )
    assert found.tolist() == [1, 2, -1]


def test_an_account_is_the_events_own_else_of_the_last_group_call_else_of_the_first() -> None:
    keys = account_keys(
        *(i64([0, 4, 5]), i64([1, 5, 7, 9, 1]), i64([-1, -1, 77, -1, -1])),
        *(i64([0, 4, 4]), i64([5, 8, 8, 99]), i64([50, 82, 81, 99])),
    )
    assert keys.tolist() == [50, 50, 77, 81, -1]


def test_parts_are_numbered_by_person_and_key_over_all_tracks() -> None:
    offsets = [i64([0, 2, 3]), i64([0, 1, 3])]
    keys = [i64([8, -1, 8]), i64([8, -5, 3])]
    numbers, person = number_parts(offsets, keys, 2)
    assert [part.tolist() for part in numbers] == [[0, -1, 3], [0, 1, 2]]
    assert person.tolist() == [0, 1, 1, 1]


@quick
@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), max_size=40, unique=True))
def test_a_pair_of_keys_has_a_key_of_its_own(pairs: list[tuple[int, int]]) -> None:
    found = mixed(i64([a for a, _ in pairs]), i64([b for _, b in pairs])).tolist()
    whole = [key for pair, key in zip(pairs, found, strict=True) if -1 not in pair]
    assert len(set(whole)) == len(whole)
    assert all(key >= 0 for key in whole)
    assert all(key == -1 for pair, key in zip(pairs, found, strict=True) if -1 in pair)


def test_offsets_are_widened_for_people_without_events() -> None:
    offsets = i64([0, 2, 3])
    assert widened(offsets, 4).tolist() == [0, 2, 3, 3, 3]
    assert widened(offsets, 2) is offsets
