"""What happens at one instant outside visits: at the till, in the post, on the phone with support."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from obverse.simulate.calendar import DAY_MS, HOUR_MS
from obverse.simulate.model import CHECKOUT, ORDER, Bools, Codes, Ints, Shop
from obverse.simulate.money import Carts
from obverse.simulate.outside import Letters, Trips
from obverse.simulate.people import People
from obverse.simulate.scenes import CODE
from obverse.simulate.visits import Visits

WEB_CLIENT, APP_CLIENT, KIOSK_CLIENT, TILL_CLIENT, DESK_CLIENT, MAIL_CLIENT, COURIER_CLIENT = range(7)
"""Kinds of clients by number: what sends an event."""

REASONS = ("product question", "payment failed", "where is my order", "return", "invoice", "damaged item")
QUESTION, PAYMENT, AFTER_ORDER = 0, 1, 2
"""Why people contact support; the reasons from `AFTER_ORDER` on come after an order."""
WHERE_IS_IT = AFTER_ORDER

PROMISED_DAYS = 4
"""Orders are promised to come within so many days."""

REMINDER = 1_000
"""Number of the reminder of a cart, among the numbers of the newsletter's issues."""


@dataclass(frozen=True)
class Moments:
    """Things that happened at an instant; all columns have shape (n,).

    Attributes:
        person: to whom.
        at_ms: when.
        event: position in `scenes.NAMES`.
        client: what sends it.
        device: whose anonymous id it comes under, -1 for none.
        user: it comes under the person's user id.
        cart: cart, order or receipt that it is about, -1 for none.
        detail: the event's own number: an issue of the newsletter, a store, a case of support, the days by
            which a parcel came too late.
    """

    person: Codes
    at_ms: Ints
    event: Codes
    client: Codes
    device: Codes
    user: Bools
    cart: Codes
    detail: Codes

    @classmethod
    def of(
        cls,
        person: Codes,
        at_ms: Ints,
        event: str,
        client: int,
        device: Codes | int = -1,
        user: Bools | bool = True,
        cart: Codes | Ints | int = -1,
        detail: Codes | Ints | int = -1,
    ) -> Moments:
        """Make moments of one event."""
        n = len(person)

        def column(of: Codes | Ints | int) -> Codes:
            return np.broadcast_to(np.asarray(of, dtype=np.int32), n)

        known = np.broadcast_to(np.asarray(user, dtype=bool), n)
        name, sender = column(CODE[event]), column(client)
        return cls(person, at_ms, name, sender, column(device), known, column(cart), column(detail))

    @classmethod
    def together(cls, parts: list[Moments]) -> Moments:
        """Put parts together."""
        return cls(*(np.concatenate([getattr(p, c) for p in parts]) for c in cls.__dataclass_fields__))


def at_stores(
    chance: np.random.Generator, who: People, trips: Trips, first_till: int, n_visits: int
) -> Moments:
    """Tell of trips: those whom the till knows by their card, and all purchases.

    Args:
        chance: the piece's chance.
        who: the people.
        trips: their trips.
        first_till: number of the first receipt among the devices; purchase k without a card is number k.
        n_visits: number of visits; the receipts' carts follow them.
    """
    card = who.card[trips.person]
    bought = np.flatnonzero(trips.bought)
    known = card[bought]
    device = np.where(known, -1, first_till + np.arange(len(bought))).astype(np.int32)
    person, store = trips.person[bought], trips.store[bought]
    at = trips.start_ms[bought] + chance.integers(600_000, 3_000_000, len(bought))
    cart = n_visits + np.arange(len(bought))
    return Moments.together(
        [
            Moments.of(
                trips.person[card],
                trips.start_ms[card],
                "Store Visited",
                TILL_CLIENT,
                detail=trips.store[card],
            ),
            Moments.of(person, at, "Order Completed", TILL_CLIENT, device, known, cart, store),
        ]
    )


def by_mail(letters: Letters, seen: Visits) -> Moments:
    """Tell of newsletters, and of reminders of a cart that brought people back to it."""
    clicked = letters.clicked_ms > 0
    back = seen.reminded
    person, start = seen.person[back], seen.start_ms[back]
    parts: list[tuple[Codes, Ints, str, Codes | int]] = [
        (letters.person, letters.opened_ms, "Email Opened", letters.issue),
        (letters.person[clicked], letters.clicked_ms[clicked], "Email Link Clicked", letters.issue[clicked]),
        (person, start - 40_000, "Email Opened", REMINDER),
        (person, start - 1_500, "Email Link Clicked", REMINDER),
    ]
    return Moments.together(
        [Moments.of(who, at, event, MAIL_CLIENT, detail=issue) for who, at, event, issue in parts]
    )


@dataclass(frozen=True)
class Cases:
    """Cases of support, numbered from 0: chats in visits first.

    Attributes:
        reason: position in `REASONS`.
        duration_s: length of the call or chat.
        by_phone: called; else wrote.
    """

    reason: Codes
    duration_s: Codes
    by_phone: Bools


@dataclass(frozen=True)
class _Contacts:
    person: Codes
    at_ms: Ints
    device: Codes
    user: Bools
    cart: Codes
    reason: Codes


def _asked(
    seen: Visits,
    who: People,
    visit: Codes | Ints,
    at_ms: Ints,
    reason: Codes | Ints,
    user: Bools | None = None,
) -> _Contacts:
    """Make contacts of the people of visits: under their user id, else under the device's id."""
    known = who.member[seen.person[visit]] if user is None else user
    device = seen.device[visit] if user is not None else np.where(known, -1, seen.device[visit])
    return _Contacts(
        seen.person[visit], at_ms, device.astype(np.int32), known, seen.origin[visit], reason.astype(np.int32)
    )


def with_support(
    chance: np.random.Generator,
    shop: Shop,
    who: People,
    seen: Visits,
    ended_ms: Ints,
    chats: tuple[Codes, Ints, Bools],
) -> tuple[Moments, Cases]:
    """Tell of contacts with support and of their ends.

    Args:
        chance: the piece's chance.
        shop: the parameters.
        who: the people.
        seen: the visits.
        ended_ms: shape (n_visits,), when each ended.
        chats: visit, instant and whether the user id is known of each chat in a visit; their Support
            Contacted is there already and has the first numbers.
    """
    failed = np.flatnonzero(seen.struck & (seen.reached == CHECKOUT))
    failed = failed[chance.random(len(failed)) < shop.incident.contacts]
    ordered = np.flatnonzero(seen.reached == ORDER)
    ordered = ordered[chance.random(len(ordered)) < shop.trouble]
    after = ended_ms[ordered] + (chance.uniform(0.7, 6, len(ordered)) * DAY_MS).astype(np.int64)
    soon = ended_ms[failed] + chance.integers(60_000, 2 * HOUR_MS, len(failed))
    why = AFTER_ORDER + np.searchsorted([0.45, 0.75, 0.9], chance.random(len(ordered)), side="right")
    visit, at, known = chats
    parts = [
        _asked(seen, who, visit, at, np.full(len(visit), QUESTION), known),
        _asked(seen, who, failed, soon, np.full(len(failed), PAYMENT)),
        _asked(seen, who, ordered, after, why),
    ]
    all_of = _Contacts(
        *(np.concatenate([getattr(p, c) for p in parts]) for c in _Contacts.__dataclass_fields__)
    )
    n, n_chats = len(all_of.person), len(visit)
    by_phone = (np.arange(n) >= n_chats) & (chance.random(n) < 0.4)
    cases = Cases(all_of.reason, (60 + chance.exponential(260, n)).astype(np.int32), by_phone)
    slow = np.where(chance.random(n) < 0.25, chance.uniform(0.2, 3.0, n) * DAY_MS, 0).astype(np.int64)
    ends = all_of.at_ms + 1000 * cases.duration_s.astype(np.int64) + slow
    number = np.arange(n, dtype=np.int32)

    def told(event: str, at_ms: Ints) -> Moments:
        return Moments.of(
            all_of.person, at_ms, event, DESK_CLIENT, all_of.device, all_of.user, all_of.cart, number
        )

    contacted, resolved = told("Support Contacted", all_of.at_ms), told("Support Resolved", ends)
    without_chats = Moments(*(getattr(contacted, c)[n_chats:] for c in Moments.__dataclass_fields__))
    return Moments.together([without_chats, resolved]), cases


def sent_back(
    chance: np.random.Generator, who: People, seen: Visits, ended_ms: Ints, carts: Carts
) -> Moments:
    """Tell of orders that were returned, wholly (-1) or their first line (0)."""
    ordered = np.flatnonzero(seen.reached == ORDER)
    cart = seen.origin[ordered]
    back = chance.random(len(ordered)) < carts.sent_back[cart]
    ordered, cart = ordered[back], cart[back]
    several = np.diff(carts.offsets)[cart] > 1
    detail = np.where(several & (chance.random(len(cart)) < 0.7), 0, -1)
    asked = _asked(seen, who, ordered, ended_ms[ordered], detail)
    at = asked.at_ms + (chance.uniform(5, 18, len(ordered)) * DAY_MS).astype(np.int64)
    return Moments.of(asked.person, at, "Order Refunded", DESK_CLIENT, asked.device, asked.user, cart, detail)


def delivered(
    chance: np.random.Generator,
    shop: Shop,
    who: People,
    seen: Visits,
    ended_ms: Ints,
    support: Moments,
    cases: Cases,
) -> Moments:
    """Tell of orders online that were delivered, and how late.

    Args:
        chance: the piece's chance.
        shop: the parameters.
        who: the people.
        seen: the visits.
        ended_ms: shape (n_visits,), the end of each.
        support: contacts with support outside visits, and their ends.
        cases: what they were about.
    """
    ordered = np.flatnonzero(seen.reached == ORDER)
    asks = (support.event == CODE["Support Contacted"]) & (cases.reason[support.detail] == WHERE_IS_IT)
    asked_ms = np.zeros(seen.n, dtype=np.int64)
    np.maximum.at(asked_ms, support.cart[asks], support.at_ms[asks])
    waited = asked_ms[seen.origin[ordered]]
    n = len(ordered)
    late = chance.random(n) < np.where(waited > 0, shop.late[1], shop.late[0])
    days = np.where(late, chance.uniform(PROMISED_DAYS + 0.5, 9, n), chance.uniform(1.2, 3.8, n))
    at = ended_ms[ordered] + (days * DAY_MS).astype(np.int64)
    soon = (chance.uniform(0.2, 1.5, n) * DAY_MS).astype(np.int64)
    at = np.where(waited > 0, np.maximum(at, waited + soon), at)  # nobody asks for what is there
    too_late = np.ceil((at - ended_ms[ordered]) / DAY_MS - PROMISED_DAYS).clip(0).astype(np.int32)
    sent = _asked(seen, who, ordered, at, too_late)
    return Moments.of(
        sent.person, at, "Order Delivered", COURIER_CLIENT, sent.device, sent.user, sent.cart, too_late
    )
