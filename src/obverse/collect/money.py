"""Money: what an event is worth, read from the fields that Segment's e-commerce spec gives it."""

from __future__ import annotations

from math import isfinite
from typing import Any

import msgspec

from obverse.event import WEB_VITAL_MEASURED


class Fields(msgspec.Struct):
    """The properties that collect itself reads; all others are passed on unread."""

    value: Any = None
    revenue: Any = None
    total: Any = None
    price: Any = None
    quantity: Any = None
    currency: Any = None
    session_id: Any = None
    touchpoint: Any = None


_ORDERS = ("Order ", "Checkout ")


def number(value: Any) -> float | None:
    """Read a finite number or a string that spells one; None for anything else.

    >>> number("12.50"), number("12,50"), number(True), number("nan")
    (12.5, None, None, None)
    """
    kind = type(value)
    if kind is str:
        if "_" in value or len(value) > 40:
            return None
    elif kind is not float and kind is not int:
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if isfinite(found) else None


def worth(event: str, fields: Fields) -> float | None:
    """Give the money that an event stands for, in the event's currency.

    The one rule: an event about a whole order (its name starts with ``Order`` or ``Checkout``) is worth its
    ``revenue``, else its ``total``, else its ``value``. Any other is worth its ``value``, else its
    ``revenue``, else ``price × quantity`` with a quantity of 1 where none is given. The first field that
    holds a number counts. A refund keeps the sign that it was sent with. A Web Vital's ``value`` is no money.

    >>> worth("Order Completed", Fields(total=30, revenue="25.00"))
    25.0
    >>> worth("Product Added", Fields(price=4, quantity=3))
    12.0
    """
    if event == WEB_VITAL_MEASURED:
        return None
    if event.startswith(_ORDERS):
        return _first(fields.revenue, fields.total, fields.value)
    found = _first(fields.value, fields.revenue)
    if found is not None or fields.price is None:
        return found
    price, quantity = number(fields.price), number(fields.quantity)
    if price is None:
        return None
    found = price if quantity is None else price * quantity
    return found if isfinite(found) else None


def _first(*candidates: Any) -> float | None:
    for candidate in candidates:
        if candidate is not None and (found := number(candidate)) is not None:
            return found
    return None


def currency(value: Any) -> str | None:
    """Read a currency code, in upper case; None where it is not three letters.

    >>> currency("eur"), currency("€")
    ('EUR', None)
    """
    if type(value) is str and len(value) == 3 and value.isascii() and value.isalpha():
        return value.upper()
    return None
