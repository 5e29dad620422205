"""Numbers as sentences say them: narrow spaces between thousands, money and shares rounded to be read."""

from __future__ import annotations

SPACE = "\u202f"
_DASH = "\u2013"
_SYMBOLS = {"EUR": "\u20ac", "USD": "$", "GBP": "\u00a3", "JPY": "\u00a5", "INR": "\u20b9"}
_SCALES = ((1e9, "bn"), (1e6, "M"), (1e3, "k"))
_SPANS = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s"))


def count(n: int) -> str:
    """Write a count.

    >>> count(48112)
    '48\u202f112'
    """
    return f"{n:,}".replace(",", SPACE)


def percent(share: float) -> str:
    """Write a share.

    >>> percent(0.0321), percent(0.00012)
    ('3.2\u202f%', '0.012\u202f%')
    """
    shown = 100 * share
    return (f"{shown:.2g}" if 0 < shown < 0.05 else f"{shown:.1f}") + f"{SPACE}%"


def money(value: float, currency: str | None, low: float | None = None, high: float | None = None) -> str:
    """Write an amount, with its interval where there is one.

    >>> money(61_200, "EUR", 52_000, 70_300)
    '\u20ac\u202f61\u202fk (52\u201370)'
    """
    scale, unit = next(((size, name) for size, name in _SCALES if abs(value) >= size), (1.0, ""))
    digits = 0 if abs(value) / scale >= 10 or scale == 1 else 1
    parts = [_SYMBOLS.get(currency or "", currency or ""), f"{value / scale:.{digits}f}", unit]
    text = SPACE.join(part for part in parts if part)
    if low is None or high is None:
        return text
    return f"{text} ({low / scale:.{digits}f}{_DASH}{high / scale:.{digits}f})"


def duration(seconds: float) -> str:
    """Write a duration in its largest fitting unit.

    >>> duration(5400), duration(0.25)
    ('1.5\u202fh', '0.25\u202fs')
    """
    size, unit = next(((size, name) for size, name in _SPANS if seconds >= size), (1.0, "s"))
    return f"{seconds / size:.3g}{SPACE}{unit}"
