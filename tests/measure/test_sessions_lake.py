"""Sessions of a lake: those of funnels and of plain SQL, and where events say that they came from."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import obverse
from obverse.errors import QuestionError
from obverse.measure.protocol import Facts
from obverse.measure.sessions import Sessions, SessionsAnswer, SessionsMeasure
from obverse.tape.layout import Layout, Selection, Track
from tests.engine.lakes import fill, row, table_of
from tests.engine.test_local_data import DATA, SHOP, rows
from tests.measure.conftest import Ask

BUY = "Order Completed"


def asked(lake: obverse.Lake, **fields: Any) -> SessionsAnswer:
    answer = lake.ask(Sessions(**fields))
    assert isinstance(answer, SessionsAnswer)
    return answer


def told(**page: Any) -> dict[str, Any]:
    """Context of a page view."""
    return {"context": json.dumps({"page": page})}


def mixed(n: int = 4_000) -> list[dict[str, Any]]:
    """Events of people at several touchpoints, some with a client's session id, some at the same instant."""
    chance = np.random.default_rng(8)
    return [
        row(
            f"u{int(chance.integers(0, 60))}",
            str(chance.choice(["Page Viewed", "Clicked", BUY])),
            int(chance.integers(0, 5_000)),
            touchpoint=str(chance.choice(["web", "app", "store"])),
            session_id=str(chance.choice(["s1", "s2", "s3"])) if chance.random() < 0.3 else None,
            value=float(chance.integers(0, 100)),
        )
        for _ in range(n)
    ]


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[obverse.Lake]:
    root = fill(tmp_path_factory.mktemp("busy") / "data", [table_of(mixed())])
    with obverse.open(root) as lake:
        yield lake


def test_by_default_sessions_are_those_that_funnels_count_as_units(busy: obverse.Lake) -> None:
    got = asked(busy)
    layout = busy.tape.lay([Selection(), Selection((BUY,))], unit="session")
    every, orders = layout.tracks
    sizes, bought = np.diff(every.offsets), np.diff(orders.offsets)
    lengths = (every.time[every.offsets[1:] - 1] - every.time[every.offsets[:-1]]) / 1e6
    assert sizes.min() > 0
    assert got.totals.sessions == layout.n_units > 1_000
    assert got.totals.converting == np.count_nonzero(bought)
    assert got.totals.events.value == pytest.approx(sizes.mean())
    assert got.totals.length is not None
    assert got.totals.length.mean_s.value == pytest.approx(lengths.mean())
    assert got.totals.value == sum(one["value"] for one in mixed() if one["event"] == BUY)
    assert layout.person is not None
    for outcome, units in (("any", sizes > 0), ("converted", bought > 0)):
        people = {person.user_id for person in busy.people(Sessions(), {"outcome": outcome}).people}
        numbers = np.unique(layout.person[units]).astype(np.int32)
        assert people == {person.user_id for person in busy.tape.people(numbers)}


CUT = """
WITH cut AS (
  SELECT *, coalesce(time - lag(time) OVER every > INTERVAL 30 MINUTE, true) AS new FROM events
  WINDOW every AS (PARTITION BY user_id, touchpoint ORDER BY time, seq)
), numbered AS (
  SELECT *, sum(new::INT) OVER (PARTITION BY user_id, touchpoint ORDER BY time, seq) AS number FROM cut
), each AS (
  SELECT min(time) AS start, max(time) - min(time) AS length, count(*) AS n,
    count(*) FILTER (event = 'Page Viewed') AS views, count(*) FILTER (event = 'Order Completed') AS orders,
    coalesce(sum(value) FILTER (event = 'Order Completed'), 0) AS value
  FROM numbered GROUP BY user_id, touchpoint, number
)
"""


def test_silences_cut_sessions_as_a_join_in_sql_does(busy: obverse.Lake) -> None:
    expected = busy.sql(
        CUT
        + """SELECT strftime(start, '%Y-%m-%d') AS name, count(*) AS sessions, sum(value) AS value,
        count(*) FILTER (orders > 0) AS converting,
        count(*) FILTER (orders = 0 AND (views = 1 OR n = 1 AND views = 0)) AS bounces
        FROM each GROUP BY ALL ORDER BY name"""
    ).to_pylist()
    got = asked(busy, client_ids=False)
    names = ("name", "sessions", "value", "converting", "bounces")
    assert [{name: getattr(one, name) for name in names} for one in got.totals.rows] == expected
    assert len(expected) == 4
    whole = busy.sql(
        CUT + "SELECT avg(epoch(length)) AS s, avg(n) AS n, avg(views) AS v FROM each"
    ).to_pylist()[0]
    assert got.totals.length is not None
    assert got.totals.length.mean_s.value == pytest.approx(whole["s"])
    assert (got.totals.events.value, got.totals.pages.value) == pytest.approx((whole["n"], whole["v"]))


def landing(n: int, minute: float, page: dict[str, Any], **context: Any) -> dict[str, Any]:
    """The page view that somebody comes by."""
    return row(f"u{n}", "Page Viewed", minute, context=json.dumps({"page": page, **context}))


URL = "https://www.shop.example/p"
CAME: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("Direct", "(direct)", {"url": URL}, {}),
    ("Direct", "(direct)", {"url": URL, "referrer": "https://www.shop.example/cart"}, {}),
    ("Direct", "(direct)", {"url": URL, "referrer": "https://pay.example/ok"}, {}),
    ("Direct", "(direct)", {"url": URL, "referrer": ""}, {}),
    ("Organic search", "www.google.co.uk", {"url": URL, "referrer": "https://www.google.co.uk/"}, {}),
    ("Organic search", "google", {}, {"campaign": {"source": "Google", "medium": "organic"}}),
    ("Paid search", "google", {}, {"campaign": {"source": "google", "medium": "CPC", "name": "x"}}),
    (
        "Paid search",
        "www.google.com",
        {"search": "?a=b&gclid=Zx", "referrer": "https://www.google.com"},
        {},
    ),
    ("Display", "news.example", {"search": "?dclid=9", "referrer": "http://news.example/1"}, {}),
    ("Organic social", "t.co", {"referrer": "https://t.co/abc"}, {}),
    ("Organic social", "(direct)", {"url": URL + "?fbclid=1"}, {}),
    ("Paid social", "ig", {}, {"campaign": {"source": "ig", "medium": "paid-social"}}),
    ("Email", "mail.google.com", {"referrer": "https://mail.google.com/mail/u/0"}, {}),
    ("Email", "weekly", {}, {"campaign": {"source": "weekly", "medium": "e-mail", "name": "June"}}),
    ("AI assistant", "chatgpt.com", {}, {"campaign": {"source": "chatgpt.com"}}),
    ("AI assistant", "gemini.google.com", {"referrer": "https://gemini.google.com/app"}, {}),
    ("Organic video", "m.youtube.com", {"referrer": "https://m.youtube.com/watch?v=1"}, {}),
    ("Referral", "blog.example", {"referrer": "https://user:pw@blog.example:8080/a"}, {}),
    ("Referral", "docs.google.com", {"referrer": "https://docs.google.com/d"}, {}),
    ("Affiliate", "pricewatch", {}, {"campaign": {"source": "pricewatch", "medium": "affiliate"}}),
    ("Paid other", "adnet", {}, {"campaign": {"source": "adnet", "medium": "cpc"}}),
    ("Push", "app", {}, {"campaign": {"source": "app", "medium": "web-push"}}),
    ("SMS", "sms", {}, {"campaign": {"source": "sms"}}),
    ("Other campaign", "poster", {}, {"campaign": {"source": "poster", "medium": "qr"}}),
    ("Organic social", "com.linkedin.android", {"referrer": "android-app://com.linkedin.android/"}, {}),
]


def test_a_session_came_by_the_channel_that_its_first_page_view_tells(ask: Ask) -> None:
    came = [landing(n, 100 * n, page, **more) for n, (_, _, page, more) in enumerate(CAME)]
    later = [
        row(f"u{n}", "Page Viewed", 100 * n + 1, **told(referrer="https://bing.com"))
        for n in range(len(CAME))
    ]
    unseen = [row("u0", "Store Visited", 9_000, touchpoint="store")]
    got = ask([*later, *came, *unseen], Sessions(own_sites=("pay.example",), top=50))
    assert {one.name: one.sessions for one in got.channels} == Counter(
        ["(no page view)", *(channel for channel, *_ in CAME)]
    )
    assert {one.name: one.sessions for one in got.sources} == Counter(
        ["(no page view)", *(source for _, source, *_ in CAME)]
    )
    campaigns = {one.name: one.sessions for one in got.campaigns}
    assert campaigns["June"] == 1
    assert campaigns["x"] == 1
    assert campaigns["google / organic"] == 1
    assert campaigns["(no campaign)"] == sum("campaign" not in more for *_, more in CAME)


def test_those_who_came_by_a_channel_can_be_named(tmp_path: Path) -> None:
    came = [landing(n, 0, page, **more) for n, (_, _, page, more) in enumerate(CAME)]
    with obverse.open(fill(tmp_path / "data", [table_of(came)])) as lake:
        question = Sessions(own_sites=("pay.example",))
        for number, (channel, source, *_) in enumerate(CAME):
            behind = lake.people(question, {"channel": channel, "source": source}).people
            assert f"u{number}" in {person.user_id for person in behind}, (channel, source)


def test_pages_are_told_by_path_or_name(ask: Ask) -> None:
    events = [
        row("u1", "Page Viewed", 0, **told(path="/product/17?x=1")),
        row("u1", "Page Viewed", 1, properties={"path": "/product/18", "name": "Product"}),
        row("u2", "Screen Viewed", 0, touchpoint="app", properties={"name": "Home"}),
        row("u3", "Page Viewed", 0),
    ]
    got = ask(events, Sessions())
    for places in (got.entry_pages, got.exit_pages):
        found = {one.name: one.sessions for one in places}
        assert found == {"/product/*": 1, "Home": 1, "(no value)": 1}


HOT = [
    row("u1", "Clicked", 0, properties={"hot": True}),
    row("u1", "Clicked", 31, properties={"hot": False}),
    row("u1", "Page Viewed", 62),
    row("u1", BUY, 63, value=5.0),
]


def test_a_filter_on_events_leaves_page_views_and_conversions_in(ask: Ask) -> None:
    got = ask(HOT, Sessions(events="Clicked [hot = true]"))
    assert (got.totals.sessions, got.totals.converting, got.totals.value) == (2, 1, 5.0)
    assert ask(HOT, Sessions(gap="62m", events="Clicked [hot = true]")).totals.sessions == 1


def test_a_filter_on_the_question_holds_for_everything(ask: Ask) -> None:
    got = ask(HOT, Sessions(where="event = 'Clicked'"))
    assert (got.totals.sessions, got.totals.converting, got.totals.pages.value) == (2, 0, 0)
    with pytest.raises(QuestionError, match="unknown field 'colour'"):
        ask(HOT, Sessions(by="colour"))


def test_a_clients_ids_and_silences_cut_sessions_wherever_it_is_asked(ask: Ask) -> None:
    got = ask(mixed(400), Sessions(by="touchpoint"))
    assert got.totals.sessions == sum(group.sessions for group in got.groups)
    assert [group.name for group in got.groups] != []
    assert got.totals.sessions == n_sessions(mixed(400))


def n_sessions(events: list[dict[str, Any]]) -> int:
    """Count sessions of a person's events in plain Python."""
    ids = {(one["user_id"], one["session_id"]) for one in events if one["session_id"]}
    n, last, begun = len(ids), dict[Any, int](), dict[Any, bool]()
    for one in sorted(events, key=lambda event: event["time"]):
        where = one["user_id"], one["touchpoint"]
        if one["time"] - last.get(where, -(10**18)) > 30 * 60_000_000:
            begun[where] = False
        last[where] = one["time"]
        if not one["session_id"] and not begun[where]:
            begun[where] = True
            n += 1
    return n


def test_an_empty_lake_and_a_lake_without_pages_answer(tmp_path: Path) -> None:
    with obverse.open(fill(tmp_path / "empty", [])) as lake:
        assert asked(lake, by="event").totals.sessions == 0
    with obverse.open(fill(tmp_path / "few", [table_of([row("u1", "Clicked", 0)])])) as lake:
        got = asked(lake)
        assert [one.name for one in got.entry_pages] == ["(no page view)"]
        assert any("No session has a page view" in note for note in got.notes)
        assert any("Order Completed" in note for note in got.notes)


def test_a_saved_segment_splits_and_filters_sessions(tmp_path: Path) -> None:
    events = [
        row("u1", "Page Viewed", 0),
        row("u1", BUY, 1),
        row("u2", "Page Viewed", 0),
        row("u2", "Page Viewed", 90),
    ]
    with obverse.open(fill(tmp_path / "data", [table_of(events)])) as lake:
        lake.save_segment("buyers", Sessions(), {"outcome": "converted"})
        got = asked(lake, by="segment: buyers")
        assert {group.name: (group.sessions, group.bounces) for group in got.groups} == {
            "in buyers": (1, 0),
            "not in buyers": (2, 2),
        }
        assert asked(lake, segment="buyers").totals.sessions == 1


NOON_US = 1_772_366_400_000_000
data = pytest.mark.skipif(not DATA.is_dir(), reason=f"no public data sets at {DATA}")

SHOPPERS = f"""SELECT 'p' || number AS user_id, event, TIMESTAMPTZ '2026-03-01' + to_seconds(after_s) AS time,
  TIMESTAMPTZ '2026-03-01' AS received_at, 'm' || number || event AS message_id, 'track' AS type,
  'web' AS touchpoint, 'import' AS source, json_object('visitor', VisitorType, 'month', Month) AS properties,
  '{{}}' AS context
  FROM (SELECT row_number() OVER () AS number, * FROM read_csv('{DATA}/online_shoppers/*.csv.gz')),
    (VALUES ('Page Viewed', 0), ('Order Completed', 5)) AS events(event, after_s)
  WHERE event = 'Page Viewed' OR Revenue"""


@data
@pytest.mark.data
def test_online_shoppers_convert_as_published(tmp_path: Path) -> None:
    with obverse.open(fill(tmp_path / "data", rows(SHOPPERS))) as lake:
        got = asked(lake, by="properties.visitor")
        assert (got.totals.sessions, got.totals.converting) == (12_330, 1_908)
        shares = {one.name: (one.sessions, round(one.conversion.value or 0, 4)) for one in got.groups}
        assert shares == {
            "Returning_Visitor": (10_551, 0.1393),
            "New_Visitor": (1_694, 0.2491),
            "Other": (85, 0.1882),
        }
        months = {
            one.name: (one.converting, one.sessions) for one in asked(lake, by="properties.month").groups
        }
        assert (months["Nov"], months["May"]) == ((760, 2_998), (365, 3_364))


@data
@pytest.mark.data
def test_a_shops_own_sessions_and_those_cut_by_silence_are_those_of_sql(tmp_path: Path) -> None:
    with obverse.open(fill(tmp_path / "data", rows(SHOP))) as lake:
        own = lake.sql("SELECT count(DISTINCT (user_id, session_id)) AS n FROM events")["n"][0].as_py()
        assert asked(lake).totals.sessions == own
        cut = lake.sql(CUT + "SELECT count(*) AS n FROM each")["n"][0].as_py()
        assert asked(lake, client_ids=False).totals.sessions == cut


@data
@pytest.mark.data
def test_of_the_visitors_of_msnbc_the_published_share_views_one_page() -> None:
    with gzip.open(DATA / "msnbc" / "msnbc990928.seq.gz", "rt") as lines:
        paths = [line.split() for line in lines if line.strip().replace(" ", "").isdigit()]
    counts = np.array([len(path) for path in paths])
    offsets = np.concatenate([[0], np.cumsum(counts)])
    category = np.array([one for path in paths for one in path], np.int32)
    n = len(category)
    time = NOON_US + (np.arange(n) - np.repeat(offsets[:-1], counts)) * 1_000_000
    seq, none = np.arange(n), np.zeros(n, np.int32)
    question = Sessions(conversion=None, client_ids=False)
    layout = Layout(
        n_units=len(paths),
        tracks=(
            Track(offsets, time, seq, codes=(None, None, none), marks=np.ones(n, np.uint8)),
            Track(offsets, time, seq, codes=(category, none, None)),
        ),
        person=None,
        n_persons=len(paths),
        labels=(tuple(f"/page-{number}" for number in range(18)), (None,), ("web",)),
        last_seq=n,
        newest=int(time.max()),
    )
    measure = SessionsMeasure()
    got = measure.answer(question, measure.scan(question, layout, range(len(paths))), Facts(n, layout.labels))
    assert got.totals.sessions == 989_818
    assert got.totals.pages.value == pytest.approx(4_698_794 / 989_818)
    assert round(got.totals.bounce_rate.value or 0, 3) == 0.369
    assert sum(place.sessions for place in got.entry_pages) == 989_818
