"""What a list says of each person in it, read for all of them at once: three queries, however many people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from obverse.event import stream_key
from obverse.lake.identity import Claims, resolve
from obverse.web.pages.timeline import RowOf, rows_of

if TYPE_CHECKING:
    from obverse.lake.table import EventTable

_EVENTS = ("stream", "event", "time", "touchpoint", "value", "currency")
_IS_CLAIM = "type IN ('identify', 'alias') AND user_id IS NOT NULL AND anonymous_id IS NOT NULL"


@dataclass(frozen=True)
class Who:
    """Somebody in a list: the user id, or the anonymous id of one who never identified."""

    user_id: str | None
    anonymous_id: str | None = None

    @property
    def key(self) -> int:
        """The key of the person, as the tape gives it."""
        return stream_key(self.user_id, self.anonymous_id)


@dataclass(frozen=True)
class Glance:
    """Some facts about one person.

    Attributes:
        n_events: how many events they have.
        last: time of the newest, µs since 1970 UTC; None without any.
        touchpoints: where they were, the one of the newest event first.
        n_orders: how often they bought.
        value: of what they bought.
        currency: of the value; None where there is none or several.
    """

    n_events: int = 0
    last: int | None = None
    touchpoints: tuple[str, ...] = ()
    n_orders: int = 0
    value: float = 0.0
    currency: str | None = None


def owners(table: EventTable, rows: Sequence[RowOf]) -> list[Who]:
    """Tell who events under certain ids belong to from now on.

    Args:
        table: the lake.
        rows: events with their ``user_id`` and ``anonymous_id``.

    Returns:
        Everybody once, in the order in which they come.
    """
    return list(dict.fromkeys(owner_of_each(table, rows)))


def owner_of_each(table: EventTable, rows: Sequence[RowOf]) -> list[Who]:
    """Tell the same as `owners`, for each event in its place."""
    devices = {row["anonymous_id"] for row in rows if row["user_id"] is None}
    claims = _claims(table, "list_contains(?, anonymous_id)", devices)
    last = {device: user for device, user, _ in sorted(claims, key=lambda claim: (claim[2], claim[1]))}
    found = (Who(row["user_id"] or last.get(row["anonymous_id"]), row["anonymous_id"]) for row in rows)
    return [Who(who.user_id) if who.user_id else who for who in found]


def glances(table: EventTable, people: Sequence[Who], conversion: str) -> list[Glance]:
    """Look at some people at once.

    Args:
        table: the lake.
        people: those to look at.
        conversion: the event by which people become customers.

    Returns:
        One for each, in order.
    """
    users = {who.user_id for who in people if who.user_id is not None}
    devices = {device for device, _, _ in _claims(table, "list_contains(?, user_id)", users)}
    claims = _claims(table, "list_contains(?, anonymous_id)", devices)
    streams = {who.key for who in people} | {stream_key(None, device) for device in devices}
    if not streams:
        return []
    events = table.read(_EVENTS, "list_contains(?, stream)", [sorted(streams)])
    whose = resolve(_whole(events["stream"]), _whole(events["time"]), _as_arrays(claims))
    rows: dict[int, list[RowOf]] = {}
    for row in rows_of(events.append_column("owner", pa.array(whose)).sort_by([("time", "descending")])):
        rows.setdefault(row["owner"], []).append(row)
    return [_glance(rows.get(who.key, []), conversion) for who in people]


def _claims(table: EventTable, where: str, ids: Iterable[str | None]) -> list[tuple[str, str, int]]:
    """Read claims as (anonymous id, user id, time)."""
    wanted = sorted({one for one in ids if one is not None})
    if not wanted:
        return []
    found = rows_of(table.read(("anonymous_id", "user_id", "time"), f"{_IS_CLAIM} AND {where}", [wanted]))
    return [(row["anonymous_id"], row["user_id"], row["time"]) for row in found]


def _as_arrays(claims: list[tuple[str, str, int]]) -> Claims:
    return Claims(
        np.array([stream_key(None, device) for device, _, _ in claims], dtype=np.int64),
        np.array([time for _, _, time in claims], dtype=np.int64),
        np.array([stream_key(user, None) for _, user, _ in claims], dtype=np.int64),
    )


def _whole(column: pa.ChunkedArray) -> NDArray[np.int64]:
    whole: NDArray[np.int64] = column.cast(pa.int64()).to_numpy()
    return whole


def _glance(rows: list[RowOf], conversion: str) -> Glance:
    orders = [row for row in rows if row["event"] == conversion]
    currencies = {row["currency"] for row in orders if row["value"]}
    return Glance(
        n_events=len(rows),
        last=rows[0]["time"] if rows else None,
        touchpoints=tuple(dict.fromkeys(row["touchpoint"] for row in rows)),
        n_orders=len(orders),
        value=sum(row["value"] or 0.0 for row in orders),
        currency=next(iter(currencies)) if len(currencies) == 1 else None,
    )
