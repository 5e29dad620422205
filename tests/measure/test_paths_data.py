"""Paths over public data sets: published variants and counts, and plain SQL over the same events."""

from __future__ import annotations

import gzip
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

import obverse
from obverse.measure.paths import Paths, PathsAnswer, PathsMeasure
from obverse.measure.protocol import Facts
from obverse.tape.layout import Layout, Track
from tests.engine.lakes import fill
from tests.engine.test_local_data import DATA, FINES, LOANS, SHOP, rows

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"no public data sets at {DATA}"),
]
WITHOUT_JIT = bool(os.environ.get("NUMBA_DISABLE_JIT"))
PROCESS = Paths(whole=True, trail="person", fold=False, n_places=50)
MEASURE = PathsMeasure()

Opened = Callable[[str], obverse.Lake]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    lakes: dict[str, obverse.Lake] = {}

    def open_(sql: str) -> obverse.Lake:
        if sql not in lakes:
            lakes[sql] = obverse.open(fill(tmp_path_factory.mktemp("lake") / "data", rows(sql)))
        return lakes[sql]

    yield open_
    for lake in lakes.values():
        lake.close()


def ask(lake: obverse.Lake, question: Paths) -> PathsAnswer:
    answer = lake.ask(question)
    assert isinstance(answer, PathsAnswer)
    return answer


def sql_ways(sql: str) -> Counter[tuple[str, str]]:
    """Count what follows what within a case, in the order of the rows."""
    with duckdb.connect() as base:
        base.execute("SET TimeZone = 'UTC'; SET threads = 1")
        found = base.sql(f"""
            WITH numbered AS (SELECT *, row_number() OVER () AS number FROM ({sql})),
            pairs AS (
                SELECT event, lead(event) OVER (PARTITION BY user_id ORDER BY time, number) AS next
                FROM numbered)
            SELECT event, next, count(*) FROM pairs WHERE next IS NOT NULL GROUP BY ALL""").fetchall()
    return Counter({(event, next_): n for event, next_, n in found})


def test_loan_applications_have_the_published_variants(opened: Opened) -> None:
    got = ask(opened(LOANS), PROCESS)
    assert (got.people, got.n_paths) == (13_087, 13_087)
    assert got.variants.value == 4_366
    assert (got.paths[0].people, got.paths[0].places) == (
        3_429,
        ("A_SUBMITTED", "A_PARTLYSUBMITTED", "A_DECLINED"),
    )
    assert len(got.places) == 24
    assert sum(place.times for place in got.places) == 262_200


@pytest.mark.parametrize("sql", [LOANS, FINES], ids=["loans", "fines"])
def test_what_follows_what_is_that_of_sql(opened: Opened, sql: str) -> None:
    got = ask(opened(sql), PROCESS)
    ways = {(way.source, way.target): way.times for way in got.streams if way.kind == "way"}
    assert ways == sql_ways(sql)


def test_work_on_loans_comes_back_as_often_as_sql_says(opened: Opened) -> None:
    lake = opened(LOANS)
    found = lake.sql("""
        SELECT event, count(*) AS cases, count(*) FILTER (n > 1) AS again, sum(n) AS times
        FROM (SELECT user_id, event, count(*) AS n FROM events GROUP BY ALL) GROUP BY event""").to_pylist()
    got = {place.name: place for place in ask(lake, PROCESS).places}
    for row in found:
        place = got[row["event"]]
        assert (place.paths, place.people, place.times) == (row["cases"], row["cases"], row["times"])
        assert place.again is not None
        assert place.again.value == pytest.approx(row["again"] / row["cases"])


def test_traffic_fines_have_the_counted_variants_and_places(opened: Opened) -> None:
    got = ask(opened(FINES), PROCESS)
    assert (got.people, got.variants.value, len(got.places)) == (10_000, 44, 11)
    times = {place.name: place.times for place in got.places}
    assert times["Payment"] == 4_910
    assert times["Send Fine"] == 6_570
    assert times["Send for Credit Collection"] == 3_387


def test_the_shops_paths_are_those_of_sql(opened: Opened) -> None:
    lake = opened(SHOP)
    got = ask(lake, Paths(steps=3, fold=False, gap="30m", n_places=50, n_streams=200, n_paths=100))
    found = lake.sql("""
        WITH gaps AS (
            SELECT *, coalesce(time - lag(time) OVER w > INTERVAL 30 MINUTE, true) AS begins
            FROM events WINDOW w AS (PARTITION BY user_id ORDER BY time, seq)),
        cut AS (
            SELECT *, sum(begins::INT) OVER (PARTITION BY user_id ORDER BY time, seq) AS session FROM gaps),
        first AS (SELECT user_id, session, list(event ORDER BY time, seq)[:3] AS path FROM cut GROUP BY ALL)
        SELECT path, count(*) AS paths, count(DISTINCT user_id) AS people FROM first GROUP BY path
        """).to_pylist()
    want = {tuple(row["path"]): (row["paths"], row["people"]) for row in found}
    assert got.n_paths == sum(paths for paths, _ in want.values())
    assert got.variants.value == len(want)
    assert {path.places: (path.paths, path.people) for path in got.paths}.items() <= want.items()
    assert got.paths[0].paths == max(paths for paths, _ in want.values())


MSNBC_NAMES = (
    *("frontpage", "news", "tech", "local", "opinion", "on-air", "misc", "weather", "msn-news", "health"),
    *("living", "business", "msn-sports", "sports", "summary", "bbs", "travel"),
)
MSNBC_VIEWS = (
    *(940_469, 452_387, 207_479, 386_217, 151_409, 414_928, 305_615, 439_398, 196_614, 131_760),
    *(96_817, 264_899, 216_125, 395_880, 56_576, 25_249, 16_972),
)
MSNBC_VISITORS = (
    *(313_181, 175_286, 121_948, 121_719, 24_987, 217_101, 80_514, 95_615, 90_192, 50_606),
    *(57_597, 112_183, 76_948, 119_138, 29_200, 2_082, 11_006),
)


def msnbc(path: Path) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Give the offsets of visitors and the category of each view, from 0."""
    with gzip.open(path, "rt") as file:
        lines = [line for line in file if line.replace(" ", "").strip().isdigit()]
    sizes = np.array([line.count(" ") + (not line.rstrip("\n").endswith(" ")) for line in lines])
    codes = np.array("".join(line.replace("\n", " ") for line in lines).split(), dtype=np.int32) - 1
    return np.concatenate([[0], np.cumsum(sizes)]), codes


@pytest.mark.skipif(WITHOUT_JIT, reason="four million views need the compiler")
def test_msnbc_visitors_see_the_published_categories() -> None:
    offsets, codes = msnbc(DATA / "msnbc" / "msnbc990928.seq.gz")
    assert (len(offsets) - 1, len(codes)) == (989_818, 4_698_794)
    time = np.arange(len(codes), dtype=np.int64)  # the order is all that is known
    track = Track(offsets.astype(np.int64), time, time, None, (codes,))
    layout = Layout(989_818, (track,), None, 989_818, (MSNBC_NAMES,), len(codes), len(codes))
    summary = MEASURE.scan(PROCESS, layout, range(400_000)).merge(
        MEASURE.scan(PROCESS, layout, range(400_000, 989_818))
    )
    got = MEASURE.answer(PROCESS, summary, Facts(1, layout.labels))
    places = {place.name: place for place in got.places}
    assert tuple(places[name].times for name in MSNBC_NAMES) == MSNBC_VIEWS
    assert tuple(places[name].people for name in MSNBC_NAMES) == MSNBC_VISITORS
    same = np.diff(np.repeat(np.arange(989_818), np.diff(offsets))) == 0
    pairs = Counter((codes[:-1][same] * 17 + codes[1:][same]).tolist())
    ways = {(way.source, way.target): way.times for way in got.streams if way.kind == "way"}
    assert ways == {(MSNBC_NAMES[key // 17], MSNBC_NAMES[key % 17]): n for key, n in pairs.items()}
    check_variants(got, offsets, codes)


def check_variants(got: PathsAnswer, offsets: np.ndarray[Any, Any], codes: np.ndarray[Any, Any]) -> None:
    """Hold the whole paths, of which there are more than there is room for, to plain counting."""
    text = codes.astype(np.uint8).tobytes()
    counts = Counter(
        text[low:high] for low, high in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
    )
    low, high = got.variants.low, got.variants.high
    assert low is not None
    assert high is not None
    assert low <= len(counts) <= high
    for path in got.paths:
        exact = counts[bytes(MSNBC_NAMES.index(name) for name in path.places)]
        assert path.paths <= exact <= path.most
    assert [n for _, n in counts.most_common(5)] == [path.paths for path in got.paths[:5]]
