"""Carts against plain Python, at the edges of their rules, and through the real lake."""

from __future__ import annotations

import os
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import obverse
from obverse.errors import QuestionError
from obverse.measure.cart import Cart, CartAnswer, CartCounts, CartMeasure
from obverse.measure.estimate import Estimate, Reason
from obverse.measure.picture import Side
from obverse.measure.protocol import Facts
from obverse.tape.layout import Layout
from tests.engine.lakes import fill, row, table_of
from tests.measure import oracle_cart as oracle
from tests.measure.laws import check_laws
from tests.measure.picks import picked
from tests.measure.timelines import DAY, HOUR, Act, lay

MEASURE = CartMeasure()
MONDAY = 1_774_224_000_000_000  # 2026-03-23T00:00Z
WITHOUT_JIT = bool(os.environ.get("NUMBA_DISABLE_JIT"))
PROFILE = settings(max_examples=25 if WITHOUT_JIT else 120)
N = 3
NAMES = {
    "add": ("Add", "Add and pay"),
    "remove": ("Remove",),
    "viewed": ("Look",),
    "checkout": ("Pay", "Add and pay"),
    "order": ("Order",),
}
BASE = Cart(
    add="Add or Add and pay",
    remove="Remove",
    viewed="Look",
    checkout="Pay or Add and pay",
    order="Order",
    after="1h",
    recover="6h",
    grain="day",
)


@st.composite
def worlds(draw: st.DrawFn) -> list[Act]:
    return [
        Act(
            person=draw(st.integers(0, N - 1)),
            time=MONDAY + draw(st.integers(0, 60)) * HOUR // 2,
            seq=seq,
            name=draw(
                st.sampled_from(["Add", "Add", "Add and pay", "Remove", "Look", "Pay", "Order", "Order"])
            ),
            value=float(draw(st.integers(0, 9))),
            fields={
                "touchpoint": draw(st.sampled_from(["web", "email", None])),
                "plan": draw(st.sampled_from(["a", "b", "c"])),
                "cart": draw(st.sampled_from(["x", "x", "y", None])),
            },
        )
        for seq in draw(st.permutations(range(1, draw(st.integers(1, 26)))))
    ]


@st.composite
def questions(draw: st.DrawFn) -> Cart:
    return msgspec.structs.replace(
        BASE,
        cart=draw(st.sampled_from([None, "cart"])),
        worth=draw(st.sampled_from(["lines", "last"])),
        after=draw(st.sampled_from(["1h", "5h"])),
        recover=draw(st.sampled_from(["1h", "6h", "3d"])),
        by=draw(st.sampled_from([None, "plan"])),
        start=draw(st.sampled_from([None, "2026-03-23T04:00"])),
        end=draw(st.sampled_from([None, "2026-03-23T20:00"])),
        n_groups=2,
    )


def answered(question: Cart, layout: Layout) -> CartAnswer:
    summary = MEASURE.scan(question, layout, range(layout.n_units))
    return MEASURE.answer(question, summary, Facts(layout.last_seq, layout.labels, ("EUR",)))


def ask(question: Cart, acts: list[Act], n: int = N, newest: int | None = None) -> CartAnswer:
    return answered(question, lay(MEASURE.plan(question), acts, n, newest=newest))


def wanted(question: Cart, acts: list[Act]) -> tuple[list[dict[str, Any]], dict[str, int]]:
    after, recover = question.waits_us()
    found, aside = oracle.carts(
        acts,
        NAMES,
        after=after,
        recover=recover,
        newest=max((act.time for act in acts), default=0),
        key=question.cart,
        by_last=question.worth == "last",
    )
    start, end = question.period_us
    kept = [cart for cart in found if start <= cart["opened"] < end]
    return kept, {kind: sum(start <= time < end for time in times) for kind, times in aside.items()}


def told(counts: CartCounts) -> dict[str, Any]:
    found = msgspec.structs.asdict(counts)
    plain = {name: value for name, value in found.items() if not isinstance(value, Estimate)}
    return plain | {"value_left": counts.value_left.value or 0.0}


def check(counts: CartCounts, carts: list[dict[str, Any]]) -> None:
    want = oracle.counts(carts)
    in_time = want.pop("in_time")
    assert told(counts) == pytest.approx(want)
    decided = want["ordered"] + want["abandoned"]
    assert counts.abandonment.value == (pytest.approx(want["abandoned"] / decided) if decided else None)
    over = in_time + want["lost"]
    assert counts.recovery.value == (pytest.approx(in_time / over) if over else None)


@PROFILE
@given(worlds(), questions())
def test_every_figure_is_what_plain_counting_gives(acts: list[Act], question: Cart) -> None:
    got = ask(question, acts)
    carts, aside = wanted(question, acts)
    check(got.carts, carts)
    assert (got.checkouts_without_cart, got.orders_without_cart) == (aside["checkout"], aside["order"])
    for line in got.rows:
        day = [cart for cart in carts if line.name == f"2026-03-{23 + (cart['opened'] - MONDAY) // DAY}"]
        check(line.counts, day)
    assert sum(line.counts.carts for line in got.rows) == len(carts)
    for group in got.groups:
        if group.name != "(other)":
            check(group.counts, [cart for cart in carts if cart["first"].fields["plan"] == group.name])
    assert sum(group.counts.carts for group in got.groups) == (len(carts) if question.by else 0)


@PROFILE
@given(worlds(), questions())
def test_carts_are_left_and_come_back_where_plain_counting_says(acts: list[Act], question: Cart) -> None:
    got = ask(question, acts)
    carts = [cart for cart in wanted(question, acts)[0] if oracle.gone(cart)]
    name = {None: "(no value)"}
    flows = Counter(
        (
            name.get(cart["touch"], cart["touch"]),
            cart["outcome"],
            name.get(cart["back"], cart["back"]) if cart["outcome"] == "recovered" else None,
        )
        for cart in carts
    )
    assert {(one.source, one.outcome, one.target): one.carts for one in got.flows} == flows
    assert sum(one.value for one in got.flows) == pytest.approx(sum(cart["left"] for cart in carts))
    for touch in got.touches:
        here = [cart for cart in carts if name.get(cart["touch"], cart["touch"]) == touch.name]
        over = [cart for cart in here if cart["in_time"] or cart["outcome"] == "lost"]
        assert touch.abandoned == len(here)
        assert touch.recovery.value == (
            pytest.approx(sum(cart["in_time"] for cart in over) / len(over)) if over else None
        )
    took = sorted(cart["took"] for cart in carts if cart["outcome"] == "recovered")
    if took:
        assert got.recovery_time is not None
        assert got.recovery_time.median == pytest.approx(
            took[(len(took) - 1) // 2] / 1e6, rel=0.01, abs=0.001
        )
        assert got.recovery_time.mean == pytest.approx(sum(took) / len(took) / 1e6, rel=0.01, abs=0.001)
    else:
        assert got.recovery_time is None


@PROFILE
@given(worlds(), questions(), st.lists(st.integers(0, N), max_size=3))
def test_summaries_merge_however_people_are_split(acts: list[Act], question: Cart, cuts: list[int]) -> None:
    layout = lay(MEASURE.plan(question), acts, N)
    persons = list(range(layout.n_units)) if layout.person is None else layout.person.tolist()
    whole = [sum(person < cut for person in persons) for cut in cuts]  # no person in two slices
    check_laws(partial(MEASURE.scan, question, layout), layout.n_units, whole)


@PROFILE
@given(worlds(), questions())
def test_those_behind_a_number_are_the_people_of_its_carts(acts: list[Act], question: Cart) -> None:
    layout = lay(MEASURE.plan(question), acts, N)
    carts, _ = wanted(question, acts)
    got = answered(question, layout)

    def behind(**pick: str) -> set[int]:
        return set(MEASURE.behind(question, layout, pick).nonzero()[0].tolist())

    assert behind() == {cart["person"] for cart in carts}
    for outcome in ("ordered", "undecided", "recovered", "lost", "pending"):
        assert behind(outcome=outcome) == {c["person"] for c in carts if c["outcome"] == outcome}
    assert behind(outcome="checkout abandoned") == {
        c["person"] for c in carts if c["checkout"] and oracle.gone(c)
    }
    for line in got.rows:
        assert len(behind(row=line.name, outcome="abandoned")) == line.counts.people_abandoned
    for group in got.groups:
        assert len(behind(group=group.name)) == group.counts.people
    for flow in got.flows:
        back = {"back": flow.target} if flow.target is not None else {}
        people = behind(left=flow.source, outcome=flow.outcome, **back)
        assert 1 <= len(people) <= flow.carts
    sides: tuple[Side, ...] = ("people", "value")
    for picture in (one for side in sides for one in got.pictures(side)):
        for pick, value in picked(picture):
            assert pick is not None
            n = len(behind(**pick))
            if picture.of == "count":
                assert bool(n) == bool(value)
                assert n <= (value or 0)


def act(
    hour: float, name: str, value: float = 0.0, person: int = 0, touch: str = "web", **fields: str
) -> Act:
    time = MONDAY + round(hour * HOUR)
    return Act(person, time, time // 1_000, name, value, {"touchpoint": touch, **fields})


LATER = MONDAY + 30 * DAY


def test_an_order_exactly_at_the_end_of_a_window_counts() -> None:
    microsecond = 1 / 3.6e9
    on_time = ask(BASE, [act(0, "Add"), act(1, "Order")], newest=LATER)
    assert (on_time.carts.ordered, on_time.carts.abandoned) == (1, 0)
    late = ask(BASE, [act(0, "Add"), act(1 + microsecond, "Order")], newest=LATER)
    assert (late.carts.ordered, late.carts.recovered) == (0, 1)
    last_chance = ask(BASE, [act(0, "Add"), act(7, "Order")], newest=LATER)
    assert last_chance.carts.recovered == 1
    too_late = ask(BASE, [act(0, "Add"), act(7 + microsecond, "Order")], newest=LATER)
    assert (too_late.carts.lost, too_late.orders_without_cart) == (1, 1)


def test_a_cart_that_is_not_decided_is_never_counted_as_abandoned() -> None:
    at_the_end = ask(BASE, [act(0, "Add", 5)], newest=MONDAY + HOUR)
    assert (at_the_end.carts.undecided, at_the_end.carts.abandoned) == (1, 0)
    assert at_the_end.carts.abandonment == Estimate(reason=Reason.NOBODY)
    assert at_the_end.carts.value_left.reason is Reason.NOBODY
    assert at_the_end.sentence() == "1 carts were opened, none of them decided yet."
    after = ask(BASE, [act(0, "Add", 5)], newest=MONDAY + HOUR + 1)
    assert (after.carts.abandoned, after.carts.pending, after.carts.recovery.value) == (1, 1, None)


def test_a_cart_that_came_back_is_no_part_of_the_share_before_its_time_is_over() -> None:
    acts = [act(0, "Add"), act(2, "Order")]
    early, over = ask(BASE, acts, newest=MONDAY + 7 * HOUR), ask(BASE, acts, newest=MONDAY + 7 * HOUR + 1)
    assert (early.carts.recovered, early.carts.recovery.value) == (1, None)
    assert (over.carts.recovered, over.carts.recovery.value) == (1, 1.0)


def test_any_activity_puts_abandonment_off() -> None:
    acts = [act(0, "Add"), act(0.9, "Look"), act(1.8, "Remove"), act(2.7, "Pay"), act(3.6, "Order", 9)]
    got = ask(BASE, acts, newest=LATER)
    assert (got.carts.ordered, got.carts.checkouts, got.carts.value_ordered) == (1, 1, 9)


def test_a_cart_is_abandoned_once_and_what_follows_brings_it_back() -> None:
    acts = [
        act(0, "Add", 10, touch="web"),
        act(2, "Add", 5, touch="app"),
        act(4, "Pay", 15, touch="app"),
        act(4.5, "Order", 14, touch="store"),
        act(5, "Add", 1),
    ]
    got = ask(BASE, acts, newest=LATER)
    assert (got.carts.carts, got.carts.abandoned, got.carts.recovered, got.carts.lost) == (2, 2, 1, 1)
    assert got.carts.checkouts == 0  # paying began after the cart was abandoned: it is how it came back
    assert (got.carts.value_left.value, got.carts.value_lost, got.carts.value_recovered) == (11, 1, 14)
    assert [(one.source, one.outcome, one.target) for one in got.flows if one.target] == [
        ("web", "recovered", "store")
    ]
    assert got.recovery_time is not None
    assert got.recovery_time.median == pytest.approx(3.5 * 3600, rel=0.01)


def test_what_is_taken_out_is_not_left_and_never_below_zero() -> None:
    half = ask(BASE, [act(0, "Add", 10), act(0.1, "Add", 7), act(0.2, "Remove", 10)], newest=LATER)
    assert (half.carts.value_left.value, half.carts.emptied) == (7, 0)
    empty = ask(BASE, [act(0, "Add", 10), act(0.2, "Remove", 12)], newest=LATER)
    assert (empty.carts.value_left.value, empty.carts.emptied, empty.carts.abandoned) == (0, 1, 1)


def test_the_last_value_shown_counts_where_that_is_asked_for() -> None:
    acts = [act(0, "Add", 10), act(0.1, "Look", 11), act(0.2, "Pay", 12), act(0.3, "Look")]
    last = msgspec.structs.replace(BASE, worth="last")
    assert ask(last, acts, newest=LATER).carts.value_left.value == 12
    assert ask(BASE, acts, newest=LATER).carts.value_left.value == 10
    assert ask(last, acts[:1], newest=LATER).carts.value_left.value == 10
    assert any("last shown" in note for note in ask(last, acts, newest=LATER).notes)


def test_events_at_one_time_count_in_the_order_of_arrival() -> None:
    web = {"touchpoint": "web"}
    add_first = [Act(0, MONDAY, 1, "Add", 0.0, web), Act(0, MONDAY, 2, "Order", 3.0, web)]
    assert ask(BASE, add_first, newest=LATER).carts.ordered == 1
    order_first = [Act(0, MONDAY, 2, "Add", 0.0, web), Act(0, MONDAY, 1, "Order", 3.0, web)]
    got = ask(BASE, order_first, newest=LATER)
    assert (got.carts.ordered, got.carts.lost, got.orders_without_cart) == (0, 1, 1)


def test_one_event_may_both_open_a_cart_and_begin_to_pay() -> None:
    got = ask(BASE, [act(0, "Add and pay", 8)], newest=LATER)
    assert (got.carts.carts, got.carts.checkouts, got.carts.checkouts_abandoned) == (1, 1, 1)
    assert got.checkouts_without_cart == 0
    assert ask(BASE, [act(0, "Pay", 8)], newest=LATER).checkouts_without_cart == 1


def test_named_carts_are_open_side_by_side_and_stay_closed_when_lost() -> None:
    keyed = msgspec.structs.replace(BASE, cart="cart")
    acts = [
        act(0, "Add", cart="x"),
        act(0.1, "Add", cart="y"),
        act(0.2, "Order", cart="y"),
        act(40, "Add", cart="x"),
        act(41, "Order", cart="x"),
        act(42, "Add", cart="x"),
        act(43, "Add"),
    ]
    got = ask(keyed, acts, newest=LATER)
    assert (got.carts.carts, got.carts.ordered, got.carts.lost) == (3, 1, 2)
    assert got.carts.people == 1
    assert got.orders_without_cart == 1


def test_orders_that_never_carry_the_cart_are_remarked_on() -> None:
    keyed = msgspec.structs.replace(BASE, cart="cart")
    acts = [act(0, "Add", cart="x"), act(0.2, "Order")]
    assert any("No order carries" in note for note in ask(keyed, acts, newest=LATER).notes)
    assert not any("No order carries" in note for note in ask(BASE, acts, newest=LATER).notes)


def test_carts_belong_to_the_day_they_were_opened_in_through_a_clock_change() -> None:
    saturday = 5 * 24 + 22.5  # 23:30 in Berlin; the Sunday has 23 hours
    berlin = msgspec.structs.replace(BASE, zone="Europe/Berlin")
    acts = [act(saturday, "Add"), act(saturday + 0.6, "Order"), act(saturday + 23.4, "Add", person=1),
            act(saturday + 23.6, "Add", person=2)]  # fmt: skip
    got = ask(berlin, acts, newest=LATER)
    assert [(row.name, row.counts.carts) for row in got.rows if row.counts.carts] == [
        ("2026-03-28", 1),
        ("2026-03-29", 1),
        ("2026-03-30", 1),
    ]


def test_an_empty_lake_and_people_without_a_cart_have_an_answer() -> None:
    for acts in ([], [act(0, "Order")], [act(0, "Look")]):
        got = ask(BASE, acts, len(acts))
        assert got.carts.carts == 0
        assert got.sentence() == "No cart was opened in the period."
        assert got.pictures() == got.pictures("value") == ()
        assert got.rows == ()


def test_the_answer_speaks_and_tables() -> None:
    acts = [act(p, "Add", 10 + p % 5, p) for p in range(20)]
    acts += [act(p + 0.5, "Order", 12, p) for p in range(5)]
    acts += [act(p + 3, "Order", 12, p, "email") for p in range(5, 9)]
    got = ask(msgspec.structs.replace(BASE, by="touchpoint"), acts, 20, newest=LATER)
    assert got.sentence().startswith("75.0\u202f% (53.1\u201388.8) of 20 carts were abandoned, with \u20ac")
    assert "came back within 6h" in got.sentence()
    table = got.table()
    assert table.column_names[:4] == ["day", "complete", "group", "carts"]
    assert table.num_rows == len(got.rows) + 1
    assert any("put into the carts" in note for note in got.notes)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"add": "*"}, "add: '\\*' is any event"),
        ({"worth": "most"}, "worth: 'most'"),
        ({"after": "0s"}, "after: '0s'"),
        ({"recover": "9999d"}, "recover: '9999d'"),
        ({"order": "A > B"}, "order: 'A > B' has 2 steps"),
        ({"grain": "hour"}, "grain: 'hour'"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        Cart(**fields)


@pytest.mark.parametrize(
    ("pick", "message"),
    [
        ({"stage": "x"}, "unknown part of the answer 'stage'"),
        ({"outcome": "abandonned"}, "did you mean 'abandoned'"),
        ({"group": "a"}, "no split"),
        ({"left": "moon"}, "unknown group 'moon'"),
    ],
)
def test_a_pick_of_nothing_is_refused(pick: dict[str, str], message: str) -> None:
    layout = lay(MEASURE.plan(BASE), [act(0, "Add")], 1)
    with pytest.raises(QuestionError, match=message):
        MEASURE.behind(BASE, layout, pick)


ROWS = [
    row("ann", "Product Added", 0, value=30.0, currency="EUR", properties={"cart_id": "c1", "price": 30}),
    row("ann", "Checkout Started", 5, value=30.0, currency="EUR", properties={"cart_id": "c1"}),
    row("ann", "Order Completed", 3 * 60, value=28.0, currency="EUR", touchpoint="email",
        properties={"cart_id": "c1"}),
    row("ben", "Product Added", 0, value=10.0, currency="EUR", properties={"cart_id": "c2"}),
    row("ben", "Product Added", 1, value=5.0, currency="EUR", properties={"cart_id": "c2"}),
    row("ben", "Product Removed", 2, value=5.0, currency="EUR", properties={"cart_id": "c2"}),
    row("cy", "Product Added", 30 * 24 * 60, value=10.0, currency="EUR", properties={"cart_id": "c3"}),
]  # fmt: skip


@pytest.mark.parametrize("cart", [None, "properties.cart_id"])
def test_through_the_lake_segment_s_names_are_the_defaults(tmp_path: Path, cart: str | None) -> None:
    question = Cart(cart=cart, grain="day", by="touchpoint")
    with obverse.open(fill(tmp_path / "data", [table_of(ROWS)])) as lake:
        got = lake.ask(question)
        assert isinstance(got, CartAnswer)
        counts = got.carts
        assert (counts.carts, counts.abandoned, counts.recovered, counts.lost, counts.undecided) == (
            3,
            2,
            1,
            1,
            1,
        )
        assert (counts.value_left.value, counts.value_recovered, counts.checkouts_abandoned) == (40, 28, 1)
        assert [(one.source, one.target) for one in got.flows if one.target] == [("web", "email")]
        assert got.currency == "EUR"
        assert not any("Cart Viewed" in note for note in got.notes)  # many shops never send it
        assert [one.user_id for one in lake.people(question, {"outcome": "lost"}).people] == ["ben"]
        assert [one.user_id for one in lake.people(question, {"outcome": "undecided"}).people] == ["cy"]
        lake.save_segment("Abandoned", question, {"outcome": "abandoned"})
        within = lake.ask(Cart(segment="Abandoned", cart=cart))
        assert isinstance(within, CartAnswer)
        assert within.carts.people == 2


DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason=f"no public data sets at {DATA}")
def test_carts_of_a_public_clickstream_are_what_sql_counts() -> None:
    path = DATA / "synthetic_retentioneering_ecom" / "ecom.csv.gz"
    with duckdb.connect() as base:
        base.execute(
            f"""CREATE TABLE events AS SELECT dense_rank() OVER (ORDER BY user_id) - 1 AS person,
                epoch_us(timestamp) AS time, event, row_number() OVER (ORDER BY timestamp) AS seq
            FROM read_csv('{path}')"""
        )
        found = base.sql("SELECT person, time, seq, event FROM events").fetchall()
        # Where carts wait as long as the data last, an order closes the cart of all added since the last.
        opened, ordered = base.sql(
            """SELECT count(*), count(*) FILTER (WHERE bought) FROM (
                SELECT person, orders, bool_or(event = 'purchase' AND seq > first) AS bought FROM (
                    SELECT *, min(seq) FILTER (WHERE event = 'add_to_cart')
                        OVER (PARTITION BY person, orders) AS first
                    FROM (SELECT *, coalesce(sum((event = 'purchase')::INT) OVER (
                        PARTITION BY person ORDER BY time, seq
                        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS orders FROM events))
                WHERE first IS NOT NULL GROUP BY ALL)"""
        ).fetchall()[0]
    acts = [Act(person, time, seq, name, 0.0, {"touchpoint": "web"}) for person, time, seq, name in found]
    assert sum(one.name == "add_to_cart" for one in acts) == 1_346  # as published with the data
    shop = Cart(
        add="add_to_cart", checkout="shipping_details", order="purchase", after="366d", recover="366d"
    )
    patient = answered(shop, lay(MEASURE.plan(shop), acts, 600))
    assert (patient.carts.carts, patient.carts.ordered) == (opened, ordered)
    assert patient.carts.abandoned == 0
    hour = msgspec.structs.replace(shop, after="1h")
    usual = answered(hour, lay(MEASURE.plan(hour), acts, 600))
    orders = usual.carts.ordered + usual.carts.recovered + usual.orders_without_cart
    assert orders == 470  # purchases published
    assert usual.carts.carts >= opened
    assert usual.carts.abandoned > 0


@pytest.mark.parametrize("cart", [None, "properties.cart_id"])
def test_an_engine_of_any_kind_gives_the_same_carts(ask: Any, cart: str | None) -> None:
    got = ask(ROWS, Cart(cart=cart, grain="day", by="touchpoint"))
    assert (got.carts.carts, got.carts.abandoned, got.carts.recovered, got.carts.undecided) == (3, 2, 1, 1)
    assert got.carts.value_left.value == 40
    assert got.chart().to_dict()["$schema"]
    assert got.chart("value").to_dict()["$schema"]
