"""Numbers as people read them: thin spaces, three figures, units in front or behind.

Every function here is a Jinja filter of the same name. The exact number belongs in a title or in the table
below; what is written large is rounded to what a reader can keep in mind.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, tzinfo

from markupsafe import Markup

THIN = "\u202f"
"""A narrow space that does not break: between thousands, before a unit."""
DASH = "–"
NOTHING = "—"

_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "CHF": "CHF"}
_STEPS = ((1e12, "T"), (1e9, "bn"), (1e6, "M"), (1e3, "k"))
_UNITS = ((86_400 * 365.25, "year"), (86_400 * 30.44, "month"), (86_400, "day"), (3_600, "h"), (60, "min"))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _missing(number: float | None) -> bool:
    return number is None or not math.isfinite(number)


def count(number: float | None) -> str:
    """Write a whole number in full.

    >>> count(48112).replace(THIN, "_")
    '48_112'
    """
    if number is None or not math.isfinite(number):
        return NOTHING
    return f"{round(number):,}".replace(",", THIN)


def short(number: float | None) -> str:
    """Write a number with three figures at most and a letter for its size.

    >>> [short(n).replace(THIN, "_") for n in (0, 7, 999, 1234, 48_112, 999_950, 12_345_678)]
    ['0', '7', '999', '1.23_k', '48.1_k', '1_M', '12.3_M']
    """
    if number is None or not math.isfinite(number):
        return NOTHING
    size = abs(number)
    for step, letter in _STEPS:
        if float(f"{size:.3g}") >= step:
            return f"{_figures(number / step)}{THIN}{letter}"
    return _figures(number)


def _figures(number: float) -> str:
    rounded = float(f"{number:.3g}")
    return f"{rounded:.2f}".rstrip("0").rstrip(".") if rounded % 1 else f"{rounded:.0f}"


def money(number: float | None, currency: str | None = None) -> str:
    """Write an amount of money short, its currency in front.

    >>> [money(amount, "EUR").replace(THIN, "_") for amount in (61_234.5, 24.9, 170)]
    ['€_61.2_k', '€_24.90', '€_170']
    >>> money(-5, "SEK").replace(THIN, "_")
    '−SEK_5'
    """
    if number is None or not math.isfinite(number):
        return NOTHING
    sign = "−" if number < 0 else ""
    size = abs(number)
    written = f"{size:.2f}".removesuffix(".00") if size < 999.995 else short(size)
    return f"{sign}{symbol(currency)}{written}"


def money_estimate(
    number: float | None, low: float | None, high: float | None, currency: str | None = None
) -> tuple[str, str]:
    """Write an estimate of money and its interval, both to the figures that the interval leaves sure.

    >>> [text.replace(THIN, "_") for text in money_estimate(61_234, 52_000, 70_100, "EUR")]
    ['€_61_k', '52–70']
    >>> [text.replace(THIN, "_") for text in money_estimate(1_668_825, 1_603_000, 1_735_000, "EUR")]
    ['€_1.67_M', '1.60–1.74']
    >>> [text.replace(THIN, "_") for text in money_estimate(61_234, None, None, "EUR")]
    ['€_61.2_k', '']
    """
    if number is None or low is None or high is None or not math.isfinite(number):
        return money(number, currency), ""
    size, letter = next(((s, f"{THIN}{le}") for s, le in _STEPS if abs(number) >= s), (1.0, ""))
    decimals = _decimals(low / size, high / size)
    text, first, last = (f"{n / size:.{decimals}f}".replace("-", "−") for n in (number, low, high))
    between = f"{first} to {last}" if low < 0 else f"{first}{DASH}{last}"
    return f"{symbol(currency)}{text}{letter}", between


def exact_money(number: float | None, currency: str | None = None) -> str:
    """Write an amount of money to the cent, as tables and titles do."""
    if number is None or not math.isfinite(number):
        return NOTHING
    sign = "−" if number < 0 else ""
    return f"{sign}{symbol(currency)}{abs(number):,.2f}".replace(",", THIN)


def symbol(currency: str | None) -> str:
    """Give a currency's sign and the space after it; nothing where the currency is not known."""
    return f"{_SYMBOLS.get(currency, currency)}{THIN}" if currency else ""


def percent(share: float | None) -> str:
    """Write a share as per cent, with one decimal, or as many as show two figures of a small one.

    >>> [percent(p).replace(THIN, "_") for p in (0.0324, 1.0, 0.5, 0.00012, 0.0)]
    ['3.2_%', '100_%', '50.0_%', '0.012_%', '0_%']
    """
    if share is None or not math.isfinite(share):
        return NOTHING
    points = share * 100
    if points in (0.0, 100.0):
        return f"{points:.0f}{THIN}%"
    small = abs(points) < 0.1
    return f"{points:.{min(8, 1 - math.floor(math.log10(abs(points)))) if small else 1}f}{THIN}%"


def percent_range(low: float | None, high: float | None) -> str:
    """Write an interval of shares: its unit once, both ends with the same decimals.

    >>> percent_range(0.03, 0.0352).replace(THIN, "_"), percent_range(0.2, 0.9)[:5]
    ('3.0–3.5_%', '20–90')
    """
    if low is None or high is None or _missing(low) or _missing(high):
        return ""
    return f"{_pair(low * 100, high * 100)}{THIN}%"


def money_range(low: float | None, high: float | None, currency: str | None = None) -> str:
    """Write an interval of money: its currency and its size once.

    >>> money_range(52_000, 70_100, "EUR").replace(THIN, "_")
    '€_52–70_k'
    """
    if low is None or high is None or _missing(low) or _missing(high):
        return ""
    return f"{symbol(currency)}{short_range(low, high)}"


def short_range(low: float, high: float) -> str:
    """Write an interval of numbers, the letter for their size once.

    >>> short_range(980, 1_050).replace(THIN, "_"), short_range(-3, 4)
    ('0.98–1.05_k', '−3 to 4')
    """
    top = max(abs(low), abs(high))
    size, letter = next(((s, f"{THIN}{le}") for s, le in _STEPS if float(f"{top:.3g}") >= s), (1.0, ""))
    return f"{_pair(low / size, high / size)}{letter}"


def _decimals(low: float, high: float) -> int:
    """Say how many decimals tell the ends of an interval apart."""
    apart = abs(high - low) / 2
    return min(8, max(0, -math.floor(math.log10(apart) + 1e-9))) if apart else int(bool(high % 1))


def _pair(low: float, high: float) -> str:
    """Write two ends with as many decimals as tell them apart, no more than needed."""
    decimals = _decimals(low, high)
    first, last = (f"{n:.{decimals}f}".replace("-", "−") for n in (low, high))
    if first == last:
        return last
    return f"{first} to {last}" if low < 0 else f"{first}{DASH}{last}"


def change(now: float | None, before: float | None) -> str:
    """Write how much more or less than before, as per cent with its sign; nothing where it cannot be said.

    >>> change(112, 100).replace(THIN, "_"), change(90, 100).replace(THIN, "_"), change(5, 0)
    ('+12_%', '−10_%', '')
    """
    if now is None or before is None or _missing(now) or _missing(before) or before == 0:
        return ""
    ratio = now / before - 1
    if abs(ratio) >= 9.995:
        return f"×{THIN}{_figures(now / before)}"
    points = f"{abs(ratio) * 100:.3g}" if abs(ratio) < 0.0995 else f"{abs(ratio) * 100:.0f}"
    points = f"{float(points):.1f}".removesuffix(".0") if float(points) < 10 else points
    sign = "±" if float(points) == 0 else ("−" if ratio < 0 else "+")
    return f"{sign}{points}{THIN}%"


def span(seconds: float | None) -> str:
    """Write a duration in its largest fitting unit.

    >>> [span(s).replace(THIN, "_") for s in (0.32, 41, 150, 5400, 180_000, 8_000_000)]
    ['0.3_s', '41_s', '2.5_min', '1.5_h', '2.1_days', '3_months']
    """
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    for size, unit in _UNITS:
        if seconds >= size:
            number = (
                f"{seconds / size:.1f}".removesuffix(".0") if seconds < 10 * size else f"{seconds / size:.0f}"
            )
            plural = "s" if unit in {"day", "month", "year"} and number != "1" else ""
            return f"{number}{THIN}{unit}{plural}"
    return f"{seconds:.0f}{THIN}s" if seconds >= 1 or seconds == 0 else f"{seconds:.1f}{THIN}s"


def n_bytes(size: float | None) -> str:
    """Write a size in bytes.

    >>> [n_bytes(n).replace(THIN, "_") for n in (0, 900, 52_428_800)]
    ['0_B', '900_B', '50_MiB']
    """
    if size is None:
        return NOTHING
    for power, unit in ((4, "TiB"), (3, "GiB"), (2, "MiB"), (1, "KiB")):
        if size >= 1024**power:
            return f"{_figures(size / 1024**power)}{THIN}{unit}"
    return f"{size:.0f}{THIN}B"


def instant(micros: int, zone: tzinfo = UTC) -> datetime:
    """Turn microseconds since 1970 into a moment in a zone.

    >>> instant(0).isoformat()
    '1970-01-01T00:00:00+00:00'
    """
    return (_EPOCH + timedelta(microseconds=micros)).astimezone(zone)


def day_name(moment: datetime) -> str:
    """Write a day as a headline does.

    >>> day_name(instant(0))
    'Thursday 1 January 1970'
    """
    return f"{moment:%A} {moment.day} {moment:%B} {moment.year}"


def short_day(moment: datetime) -> str:
    """Write a day as an axis does.

    >>> short_day(instant(0))
    '1 Jan'
    """
    return f"{moment.day} {moment:%b}"


def clock(moment: datetime) -> str:
    """Write the time of day to the second."""
    return f"{moment:%H:%M:%S}"


def plural(number: float | None, one: str, many: str | None = None) -> str:
    """Choose the word that goes with a number.

    >>> plural(1, "person", "people"), plural(0, "event")
    ('person', 'events')
    """
    return one if number == 1 else (many or f"{one}s")


def cut(text: str, most: int = 60) -> str:
    """Shorten a long name, as its title or its own page has it in full.

    >>> cut("Product Viewed"), cut("a" * 99, 4)
    ('Product Viewed', 'aaa…')
    """
    return text if len(text) <= most else f"{text[: most - 1]}…"


def sentence(text: str) -> str:
    """Begin a message with a capital and end it with a full stop.

    >>> sentence("the disk is full; free some space")
    'The disk is full; free some space.'
    """
    ended = text if text.endswith((".", "!", "?")) else f"{text}."
    return f"{ended[:1].upper()}{ended[1:]}"


def ticked(text: str) -> Markup:
    """Set what stands between backticks as code; all else is escaped.

    >>> ticked("`a` < b")
    Markup('<code>a</code> &lt; b')
    """
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if i % 2 and i + 1 < len(parts) else Markup("{}").format(part)
        for i, part in enumerate(parts)
    )


FILTERS = {
    made.__name__: made
    for made in (
        change,
        clock,
        count,
        cut,
        day_name,
        exact_money,
        instant,
        money,
        money_range,
        n_bytes,
        percent,
        percent_range,
        plural,
        sentence,
        short,
        short_day,
        short_range,
        span,
        ticked,
    )
}
"""What the templates may use, by name."""
