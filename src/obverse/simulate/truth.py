"""What a simulation was made from: who was behind each event, and the true rates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import numpy as np
import pyarrow as pa

from obverse.simulate.clients import TOUCHPOINTS, anonymous_ids, order_id
from obverse.simulate.happenings import World
from obverse.simulate.ids import MESSAGE, uuids
from obverse.simulate.model import CHECKOUT, ORDER, STEPS, Bools, Codes, Floats
from obverse.simulate.people import user_id
from obverse.simulate.scenes import CODE, NAMES
from obverse.simulate.visits import incident_window


@dataclass(frozen=True)
class Harm:
    """What the planted incident did.

    Attributes:
        name: what it was.
        start: when it began.
        end: when it was over.
        device: where it struck.
        checkouts: checkouts that it struck.
        orders: those of them that became orders all the same.
        expected: how many would have become orders without it, by the model's own chances.
    """

    name: str
    start: datetime
    end: datetime
    device: str
    checkouts: int
    orders: int
    expected: float


class Truth:
    """The truth behind a simulation's events. Tables are made when first asked for."""

    def __init__(self, made: World, seed: int) -> None:
        self._made = made
        self._seed = seed

    @cached_property
    def events(self) -> pa.Table:
        """Give all events in the order of time.

        Columns: message_id, person (number of the true person), event, time, touchpoint, anonymous_id and
        user_id (as the event carries them), visit (its number, null outside visits).
        """
        events = self._made.events
        ids = np.array([*anonymous_ids(self._made, self._seed), None], dtype=object)
        who = np.array([user_id(person) for person in range(self._made.who.n)], dtype=object)
        told = pa.array(uuids(self._seed, MESSAGE, np.arange(events.n)), pa.binary(36)).cast(pa.binary())
        return pa.table(
            {
                "message_id": told.cast(pa.string()),
                "person": events.person,
                "event": _named(events.event, NAMES),
                "time": pa.array(events.at_ms * 1000, pa.timestamp("us", tz="UTC")),
                "touchpoint": _named(events.client, TOUCHPOINTS),
                "anonymous_id": pa.array(ids[events.device], pa.string()),
                "user_id": pa.array(who[events.person], pa.string(), mask=~events.user),
                "visit": pa.array(events.visit, mask=events.visit < 0),
            }
        )

    @cached_property
    def deliveries(self) -> pa.Table:
        """Give the orders that were delivered, in the order of time.

        Columns: order_id, person (number of who ordered), delivered_at, days_late (0 where it came as
        promised).
        """
        events = self._made.events
        came = np.flatnonzero(events.event == CODE["Order Delivered"])
        return pa.table(
            {
                "order_id": [order_id(cart) for cart in events.cart[came].tolist()],
                "person": events.person[came],
                "delivered_at": pa.array(events.at_ms[came] * 1000, pa.timestamp("us", tz="UTC")),
                "days_late": events.detail[came],
            }
        )

    @cached_property
    def people(self) -> pa.Table:
        """Give all people by number.

        Columns: person, user_id (null for those who never can identify), anonymous_ids (of the devices that
        they ever used, shared ones included), country, account_id, role (buyer or user of it).
        """
        made = self._made
        who = made.who
        ids = np.array(anonymous_ids(made, self._seed), dtype=object)
        members = np.flatnonzero(who.member)
        users = np.full(who.n, None, dtype=object)
        users[members] = [user_id(person) for person in members.tolist()]
        person, device = self._uses()
        bounds = np.searchsorted(person, np.arange(who.n + 1))
        in_team = who.account >= 0
        account = np.array([f"org-{a}" for a in who.account.tolist()], dtype=object)
        return pa.table(
            {
                "person": np.arange(who.n, dtype=np.int32),
                "user_id": pa.array(users, pa.string()),
                "anonymous_ids": pa.ListArray.from_arrays(bounds.astype(np.int32), pa.array(ids[device])),
                "country": _named(who.country, tuple(c.code for c in made.shop.countries)),
                "account_id": pa.array(account, pa.string(), mask=~in_team),
                "role": pa.array(np.where(who.buyer, "buyer", "user"), pa.string(), mask=~in_team),
            }
        )

    @cached_property
    def shared(self) -> pa.Table:
        """Give the devices that several people used: anonymous_id, people (their numbers)."""
        person, device = self._uses()
        order = np.argsort(device, kind="stable")
        person, device = person[order], device[order]
        ids = anonymous_ids(self._made, self._seed)
        which, start, n = np.unique(device, return_index=True, return_counts=True)
        rows = [
            {"anonymous_id": ids[d], "people": person[s : s + k].tolist()}
            for d, s, k in zip(which.tolist(), start.tolist(), n.tolist(), strict=True)
            if k > 1
        ]
        schema = pa.schema({"anonymous_id": pa.string(), "people": pa.list_(pa.int32())})
        return pa.Table.from_pylist(rows, schema)

    def _uses(self) -> tuple[Codes, Codes]:
        """Give who used which device, each pair once, ordered by person and device."""
        events = self._made.events
        some = events.device >= 0
        pairs = np.unique(np.stack([events.person[some], events.device[some]], axis=1), axis=0)
        return pairs[:, 0], pairs[:, 1]

    @cached_property
    def reached(self) -> Codes:
        """Give the steps that each visit truly climbed, counted from its events; shape (n_visits,)."""
        events = self._made.events
        step_of = np.zeros(len(NAMES), dtype=np.int32)
        step_of[[CODE[name] for name in STEPS]] = np.arange(1, len(STEPS) + 1)
        reached = np.zeros(self._made.seen.n, dtype=np.int32)
        own = events.visit >= 0
        np.maximum.at(reached, events.visit[own], step_of[events.event[own]])
        return reached

    def rates(self, *by: str) -> pa.Table:
        """Give the rate of each step among visits, split by any of channel, device and country.

        Returns to a cart are left out: they begin at its end.

        Returns:
            A row a group and step: the group's names; step; n (visits that had climbed the step before);
            reached (those that climbed this one, counted from the events); parameter (the model's chance
            for these visits' groups, with nothing special about them); chance (the model's chance for these
            very visits, with the incident, chats and trips to the store).
        """
        seen, shop = self._made.seen, self._made.shop
        first = ~seen.back
        plain = shop.rates(seen.channel, seen.kind, seen.country)
        split = {
            "channel": (seen.channel, [c.name for c in shop.channels]),
            "device": (seen.kind, [d.name for d in shop.devices]),
            "country": (seen.country, [c.code for c in shop.countries]),
        }
        codes = np.stack([split[name][0] for name in by] or [np.zeros(seen.n, dtype=np.int32)], axis=1)
        rows = []
        for group in np.unique(codes[first], axis=0):
            names = {name: split[name][1][code] for name, code in zip(by, group.tolist(), strict=False)}
            some = first & (codes == group).all(axis=1)
            rows += [names | row for row in self._steps(some, plain)]
        return pa.Table.from_pylist(rows)

    def _steps(self, some: Bools, plain: Floats) -> list[dict[str, object]]:
        rows = []
        for number, step in enumerate(STEPS):
            at_stake = some & (self.reached >= number)
            n = int(at_stake.sum())
            rows.append(
                {
                    "step": step,
                    "n": n,
                    "reached": int((at_stake & (self.reached > number)).sum()),
                    "parameter": float(plain[at_stake, number].mean()) if n else None,
                    "chance": float(self._made.seen.chances[at_stake, number].mean()) if n else None,
                }
            )
        return rows

    @cached_property
    def incident(self) -> Harm:
        """Tell what the planted incident did."""
        made = self._made
        seen, planted = made.seen, made.shop.incident
        struck = seen.struck & (self.reached >= CHECKOUT)
        start, end = incident_window(made.shop, made.calendar)
        return Harm(
            name=planted.name,
            start=datetime.fromtimestamp(start / 1000, UTC),
            end=datetime.fromtimestamp(end / 1000, UTC),
            device=planted.device,
            checkouts=int(struck.sum()),
            orders=int((struck & (self.reached >= ORDER)).sum()),
            expected=float(seen.chances[struck, 3].sum() / planted.factor),
        )


def _named(codes: Codes, names: tuple[str, ...]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(names))
