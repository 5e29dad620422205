"""The events that both sides get: one Parquet file of plain columns, made once for each size.

People's activity is skewed as in life, times are spread over 120 days in µs, and about 30 % of the events are
of the four kinds that the funnel names.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

STEPS = ("Product Viewed", "Product Added", "Checkout Started", "Order Completed")
NAMES = (*STEPS, "Page Viewed", "Product List Viewed", "Products Searched", "Email Opened", "App Opened")
WEIGHTS = np.array([0.17, 0.07, 0.04, 0.02, 0.45, 0.12, 0.06, 0.04, 0.03])
COUNTRIES = ("DE", "FR", "NL", "AT", "CH", "IT", "ES", "PL", "SE", "DK")
DAYS = 120
START_US = 1_780_000_000_000_000
EVENTS_PER_PERSON = 25
CHUNK = 5_000_000
EVENTS_PER_VISIT = 5
MEAN_SILENCE_US = 40_000_000


def make(folder: Path, size: int, visits: bool = False) -> Path:
    """Write `size` events of size / 25 people and give the file's path; one that is there is kept.

    Columns: person (int32), time (µs, int64), event, country, price. Rows are in order of time, as they would
    arrive.

    Args:
        folder: where files are kept.
        size: number of events.
        visits: whether events come in visits, five on average, 40 s apart on average, as sessions have them;
            else each comes at a time of its own, so that hardly any two are in one session.
    """
    path = folder / f"{'visits' if visits else 'events'}-{size}.parquet"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    n_people = max(1, size // EVENTS_PER_PERSON)
    rng = np.random.default_rng(7)
    activity = np.cumsum(rng.gamma(0.8, size=n_people))
    country_of = rng.choice(len(COUNTRIES), n_people, p=np.arange(10, 0, -1) / 55).astype(np.int8)
    part = path.with_suffix(".part")
    n_chunks = -(-size // CHUNK)
    writer: pq.ParquetWriter | None = None
    for index in range(n_chunks):
        n = min(CHUNK, size - index * CHUNK)
        visit = _visits(rng, n) if visits else np.arange(n)
        n_visits = int(visit[-1]) + 1
        person = np.searchsorted(activity, rng.random(n_visits) * activity[-1]).astype(np.int32)[visit]
        span = DAYS * 86_400_000_000 // n_chunks
        time = START_US + index * span + (rng.random(n_visits) * span).astype(np.int64)[visit]
        if visits:
            time += _since_begin(rng, visit)
        order = np.argsort(time, kind="stable")
        person, time = person[order], time[order]
        event = rng.choice(len(NAMES), n, p=WEIGHTS).astype(np.int8)
        table = pa.table(
            {
                "person": person,
                "time": time,
                "event": pa.DictionaryArray.from_arrays(event, pa.array(NAMES)).cast(pa.string()),
                "country": pa.DictionaryArray.from_arrays(country_of[person], pa.array(COUNTRIES)).cast(
                    pa.string()
                ),
                "price": np.round(rng.gamma(2.0, 20.0, n), 2),
            }
        )
        writer = writer or pq.ParquetWriter(part, table.schema, compression="zstd")
        writer.write_table(table)
    if writer:
        writer.close()
    part.rename(path)
    return path


def _visits(rng: np.random.Generator, n: int) -> NDArray[np.int64]:
    """Give the number of the visit of each of n events: shape (n,), ascending from 0."""
    lengths = rng.geometric(1 / EVENTS_PER_VISIT, n)
    return np.repeat(np.arange(n), lengths)[:n]


def _since_begin(rng: np.random.Generator, visit: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the time from the begin of its visit to each event, µs: shape (n,)."""
    silence = rng.exponential(MEAN_SILENCE_US, len(visit)).astype(np.int64)
    clock = np.cumsum(silence)
    begins = np.searchsorted(visit, np.arange(visit[-1] + 1))
    return clock - clock[begins][visit]
