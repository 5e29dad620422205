"""The jobs that several engines do: what each is in ClickHouse's and in DuckDB's SQL.

Every query returns rows of whole numbers and texts, in an order of its own, that must be equal on all sides.
The tables are sorted by (person, time); days are UTC's; a week begins on Monday, and week 0 has 1970-01-05.
"""

from __future__ import annotations

from dataclasses import dataclass

DAY = 86_400_000_000
GAP = 1_800_000_000
LENGTH, TOP = 5, 20
"""Events of a path; paths that are listed."""

VIEW, ORDER, PAGE = "Product Viewed", "Order Completed", "Page Viewed"
_WEEK = f"intDiv(intDiv(time, {DAY}) - 4, 7)"
_DUCK_WEEK = f"(time // {DAY} - 4) // 7"


@dataclass(frozen=True)
class Job:
    """A job in SQL; several spellings where it is not plain which one the engine does faster.

    Attributes:
        clickhouse: ClickHouse's.
        duckdb: DuckDB's.
    """

    clickhouse: tuple[str, ...]
    duckdb: tuple[str, ...]


TREND = Job(
    clickhouse=(
        f"""SELECT intDiv(time, {DAY}) AS day, country, uniqExact(person) FROM bench.events
            GROUP BY day, country""",
        f"""SELECT day, country, count() FROM (
              SELECT DISTINCT person, intDiv(time, {DAY}) AS day, country FROM bench.events
            ) GROUP BY day, country""",
    ),
    duckdb=(
        f"SELECT time // {DAY} AS day, country, count(DISTINCT person) FROM events GROUP BY ALL",
        f"""SELECT day, country, count(*) FROM (
              SELECT DISTINCT person, time // {DAY} AS day, country FROM events
            ) GROUP BY ALL""",
    ),
)
"""Unique people by day and country: day, country, people."""

RETENTION = Job(
    clickhouse=(
        f"""SELECT first, week - first AS n, count() FROM (
              SELECT person, minIf({_WEEK}, event = '{VIEW}') AS first, countIf(event = '{VIEW}') AS views,
                arrayJoin(groupUniqArrayIf({_WEEK}, event = '{ORDER}')) AS week
              FROM bench.events WHERE event IN ('{VIEW}', '{ORDER}') GROUP BY person
            ) WHERE views > 0 AND n BETWEEN 1 AND 12 GROUP BY first, n""",
        f"""SELECT first, week - first AS n, count() FROM (
              SELECT DISTINCT person, {_WEEK} AS week FROM bench.events WHERE event = '{ORDER}'
            ) AS returns INNER JOIN (
              SELECT person, min({_WEEK}) AS first FROM bench.events WHERE event = '{VIEW}' GROUP BY person
            ) AS firsts USING (person) WHERE n BETWEEN 1 AND 12 GROUP BY first, n""",
    ),
    duckdb=(
        f"""WITH firsts AS (
              SELECT person, min({_DUCK_WEEK}) AS first FROM events WHERE event = '{VIEW}' GROUP BY person
            ), returns AS (
              SELECT DISTINCT person, {_DUCK_WEEK} AS week FROM events WHERE event = '{ORDER}'
            )
            SELECT first, week - first AS n, count(*) FROM returns JOIN firsts USING (person)
            WHERE n BETWEEN 1 AND 12 GROUP BY ALL""",
    ),
)
"""People who viewed a product first in a week and ordered n weeks later: week, n, people."""

PATHS = Job(
    clickhouse=(
        f"""SELECT arrayStringConcat(path, ' > ') AS name, count() AS people FROM (
              SELECT arraySlice(events, indexOf(events, '{VIEW}'), 5) AS path FROM (
                SELECT person, groupArray(event) AS events FROM (
                  SELECT person, event FROM bench.events ORDER BY person, time
                ) GROUP BY person
              ) WHERE has(events, '{VIEW}')
            ) GROUP BY path ORDER BY people DESC, name LIMIT 20""",
        f"""SELECT arrayStringConcat(path, ' > ') AS name, count() AS people FROM (
              SELECT arraySlice(arraySort((e, t) -> t, events, times), 1, 5) AS path FROM (
                SELECT person, groupArray(event) AS events, groupArray(time) AS times
                FROM bench.events INNER JOIN (
                  SELECT person, min(time) AS begun FROM bench.events WHERE event = '{VIEW}' GROUP BY person
                ) AS begun USING (person) WHERE time >= begun GROUP BY person
              )
            ) GROUP BY path ORDER BY people DESC, name LIMIT 20""",
    ),
    duckdb=(
        f"""SELECT array_to_string(path, ' > ') AS name, count(*) AS people FROM (
              SELECT seen[begun:begun + 4] AS path FROM (
                SELECT list(event ORDER BY time) AS seen, list_position(seen, '{VIEW}') AS begun
                FROM events GROUP BY person
              ) WHERE begun > 0
            ) GROUP BY path ORDER BY people DESC, name LIMIT 20""",
        f"""WITH numbered AS (
              SELECT person, event, row_number() OVER (PARTITION BY person ORDER BY time) AS place FROM events
              SEMI JOIN (SELECT DISTINCT person FROM events WHERE event = '{VIEW}') USING (person)
            ), begun AS (
              SELECT person, min(place) AS first FROM numbered WHERE event = '{VIEW}' GROUP BY person
            ), paths AS (
              SELECT person, list(event ORDER BY place) AS path FROM numbered JOIN begun USING (person)
              WHERE place BETWEEN first AND first + 4 GROUP BY person
            )
            SELECT array_to_string(path, ' > ') AS name, count(*) AS people FROM paths
            GROUP BY path ORDER BY people DESC, name LIMIT 20""",
    ),
)
"""The 20 most frequent paths of up to five events from the first view of a product on: path, people."""

_BOUNCED = "pages <= 1 AND (pages = 1 OR n = 1) AND orders = 0"

SESSIONS = Job(
    clickhouse=(
        f"""SELECT intDiv(begun, {DAY}) AS day, count(), uniqExact(person), countIf({_BOUNCED}),
              sum(ended - begun) FROM (
              SELECT person, s[1].1 AS begun, s[-1].1 AS ended, length(s) AS n,
                arrayCount(x -> x.2 = '{PAGE}', s) AS pages, arrayCount(x -> x.2 = '{ORDER}', s) AS orders
              FROM (
                SELECT person, arrayDifference(visits.1) AS silences,
                  arrayJoin(arraySplit((x, d) -> d > {GAP}, visits, silences)) AS s
                FROM (
                  SELECT person, arraySort(x -> x.1, groupArray((time, event))) AS visits
                  FROM bench.events GROUP BY person
                )
              )
            ) GROUP BY day""",
        f"""SELECT intDiv(begun, {DAY}) AS day, count(), uniqExact(person), countIf({_BOUNCED}),
              sum(ended - begun) FROM (
              SELECT person, session, min(time) AS begun, max(time) AS ended, count() AS n,
                countIf(event = '{PAGE}') AS pages, countIf(event = '{ORDER}') AS orders FROM (
                SELECT person, time, event, sum(fresh) OVER (PARTITION BY person ORDER BY time
                  ROWS UNBOUNDED PRECEDING) AS session FROM (
                  SELECT person, time, event, time - lagInFrame(time, 1, 0) OVER (PARTITION BY person
                    ORDER BY time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) > {GAP} AS fresh FROM bench.events
                )
              ) GROUP BY person, session
            ) GROUP BY day""",
    ),
    duckdb=(
        f"""WITH marked AS (
              SELECT person, time, event,
                coalesce(time - lag(time) OVER (PARTITION BY person ORDER BY time) > {GAP}, TRUE) AS fresh
              FROM events
            ), numbered AS (
              SELECT person, time, event, sum(fresh::INT) OVER (PARTITION BY person ORDER BY time
                ROWS UNBOUNDED PRECEDING) AS session FROM marked
            ), sessions AS (
              SELECT person, min(time) AS begun, max(time) AS ended, count(*) AS n,
                count(*) FILTER (event = '{PAGE}') AS pages, count(*) FILTER (event = '{ORDER}') AS orders
              FROM numbered GROUP BY person, session
            )
            SELECT begun // {DAY} AS day, count(*), count(DISTINCT person), count(*) FILTER ({_BOUNCED}),
              sum(ended - begun) FROM sessions GROUP BY ALL""",
    ),
)
"""Sessions by day: day, sessions, people, bounces, total length in µs."""

JOBS = {
    "unique people by day and country": TREND,
    "retention by week": RETENTION,
    "top paths of 5 events": PATHS,
    "sessions by day": SESSIONS,
}
