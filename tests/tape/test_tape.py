"""The tape against a plain oracle: people, filters, splits, units, on lakes that grow and are rewritten."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from obverse.tape.layout import Key, Layout, Selection
from obverse.tape.tape import Tape
from tests.tape.tape_oracle import Ask, Oracle, Sent, Unit, append, lake


def units(tape: Tape, layout: Layout, by_track: int = 0, accounts: bool = False) -> Counter[Unit]:
    """Write a layout as the oracle does, and check what every layout promises."""
    numbers = np.arange(layout.n_units, dtype=np.int32) if layout.person is None else layout.person
    assert len(numbers) == layout.n_units
    assert bool((np.diff(numbers) >= 0).all())
    assert layout.n_units == 0 or numbers[-1] < layout.n_persons
    people = None if accounts else tape.people(numbers)
    found: Counter[Unit] = Counter()
    for unit in range(layout.n_units):
        tracks = []
        for number, track in enumerate(layout.tracks):
            assert len(track.offsets) == layout.n_units + 1
            assert not track.time.flags.writeable
            mine = range(int(track.offsets[unit]), int(track.offsets[unit + 1]))
            pairs = [(int(track.time[i]), int(track.seq[i])) for i in mine]
            assert pairs == sorted(pairs)
            tracks.append(
                tuple(
                    (
                        *pair,
                        0.0 if track.value is None else float(track.value[i]),
                        label(layout, track.codes[0], i) if number == by_track and track.codes else None,
                    )
                    for pair, i in zip(pairs, mine, strict=True)
                )
            )
        if any(tracks):
            found[(people[unit].key if people else None, tuple(tracks))] += 1
        else:
            assert layout.person is None, "a part without events"
    return found


def label(layout: Layout, code: object, i: int) -> str | None:
    if code is None:
        return None
    assert isinstance(code, np.ndarray)
    return "(other)" if code[i] == len(layout.labels[0]) else layout.labels[0][code[i]]


NAMES = ("Product Viewed", "Order Completed", "Search")
IDS = st.sampled_from([("u1", None), ("u2", None), (None, "a1"), (None, "a2"), (None, "a3"), ("u1", "a1")])
CALLS = st.sampled_from([("u1", "a1"), ("u2", "a1"), ("u2", "a2"), ("u1", "a2"), ("u3", "a3")])


@st.composite
def sent(draw: st.DrawFn) -> Sent:
    at = draw(st.integers(0, 20)) * 10 + draw(st.sampled_from([0, 0, 0, 1]))
    kind = draw(st.sampled_from(["track"] * 5 + ["identify", "alias", "group"]))
    user, anonymous = draw(CALLS if kind in ("identify", "alias") else IDS)
    event = {"identify": "Identified", "alias": "Aliased", "group": "Grouped"}.get(kind)
    return Sent(
        event or draw(st.sampled_from(NAMES)),
        at + (draw(st.integers(0, 9)) if kind == "group" else 0),
        user,
        anonymous,
        kind,
        draw(st.sampled_from(["web", "store"])),
        draw(st.sampled_from([None, "acme", "bolt"])) if kind in ("group", "track") else None,
        draw(st.sampled_from([None, None, "s1"])),
        draw(st.sampled_from([None, 5.0, 12.5])),
        draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "country": st.sampled_from(["DE", "FR", "it's"]),
                    "price": st.sampled_from([10, 60, 99.5, "70", "free", True, None]),
                    "order": st.sampled_from(["o1", "o2", 3]),
                },
            )
        ),
    )


BATCHES = st.lists(st.lists(sent(), min_size=1, max_size=14), min_size=1, max_size=3)


def text(name: str) -> Callable[[Sent], str | None]:
    def of(one: Sent) -> str | None:
        value = one.properties.get(name)
        return str(value).lower() if isinstance(value, bool) else None if value is None else str(value)

    return of


def price(one: Sent) -> float:
    value = one.properties.get("price")
    return float("nan") if value in (None, "free") or isinstance(value, bool) else float(str(value))


FILTERS: list[tuple[str | None, Callable[[Sent], bool]]] = [
    (None, lambda one: True),
    ("properties.price > 50", lambda one: price(one) > 50),
    (
        "country = 'DE' or value > 10",
        lambda one: one.properties.get("country") == "DE" or (one.value or 0) > 10,
    ),
    ("country is null", lambda one: "country" not in one.properties),
    ("not country in ('it''s')", lambda one: one.properties.get("country") in ("DE", "FR")),
    ("touchpoint = 'store'", lambda one: one.touchpoint == "store"),
]
ASKS = [
    (("Product Viewed",), ("Order Completed",)),
    (("Product Viewed", "Search"), ("Order Completed",), ()),
    (("Order Completed",), ("Order Completed",)),
    (("Never Sent",), ("Search",)),
]
KNOWN = Sent("Product Viewed", 0, "u9", properties={"country": "DE", "price": 1, "order": "o9"})


QUESTIONS = st.tuples(
    BATCHES,
    st.sampled_from(ASKS),
    st.sampled_from(FILTERS),
    st.sampled_from(["person", "session", "account"]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


def check(
    batches: list[list[Sent]],
    names: Sequence[tuple[str, ...]],
    where: tuple[str | None, Callable[[Sent], bool]],
    unit: str,
    same: bool,
    by: bool,
    rewrite: bool,
) -> None:
    selections = [Selection(some, where[0]) for some in names]
    asks = [Ask(some, where[1]) for some in names]
    with tempfile.TemporaryDirectory() as folder:
        table = lake(Path(folder) / "events", [KNOWN])
        grown = Tape(table, None)
        events = [KNOWN]
        for batch in batches:
            append(table, batch)
            events += batch
            if rewrite:
                table.seal(date(2100, 1, 1))
            expected = Oracle(events).units(
                asks, unit, text("order") if same else None, text("country") if by else None, len(names) - 1
            )
            for tape in (grown, Tape(table, Path(folder) / "tape", budget_bytes=0)):
                layout = tape.lay(
                    selections,
                    unit=unit,  # type: ignore[arg-type]
                    same="properties.order" if same else None,
                    value=True,
                    keys=[Key("country", (len(names) - 1,))] if by else [],
                )
                assert layout.last_seq == len(events)
                assert layout.newest == max(one.time for one in events)
                assert units(tape, layout, len(names) - 1, unit == "account") == expected
        tape.close()
        grown.close()


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(QUESTIONS)
def test_a_layout_holds_what_the_oracle_says_however_the_lake_grew(question: tuple[Any, ...]) -> None:
    check(*question)


@pytest.mark.proof
@pytest.mark.timeout(3600)
@settings(max_examples=600, suppress_health_check=list(HealthCheck))
@given(QUESTIONS)
def test_a_layout_holds_what_the_oracle_says_at_length(question: tuple[Any, ...]) -> None:
    check(*question)
