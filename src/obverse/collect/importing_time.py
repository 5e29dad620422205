"""How a file writes its times: told from examples, never guessed where two readings are possible.

A rule turns a column into microseconds since 1970 UTC in DuckDB's SQL. A time without a zone of its own is
read in the session's `TimeZone`, which the import sets to the mapping's zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from obverse.errors import QuestionError

if TYPE_CHECKING:
    import duckdb

_FIRST_S, _LAST_S = 315_532_800, 4_102_444_800  # 1980 … 2100
_EPOCHS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_DAY_FIRST = ("%d{0}%m{0}%Y %H:%M:%S.%f", "%d{0}%m{0}%Y %H:%M:%S", "%d{0}%m{0}%Y %H:%M", "%d{0}%m{0}%Y")
_MONTH_FIRST = tuple(form.replace("%d{0}%m", "%m{0}%d") for form in _DAY_FIRST)
_HALF_DAYS = ("%I:%M:%S %p", "%I:%M %p")
_WRITTEN = (
    ("%a, %d %b %Y %H:%M:%S %z", "%d %b %Y %H:%M:%S %z"),
    ("%a, %d %b %Y %H:%M:%S GMT", "%a, %d %b %Y %H:%M:%S UTC"),
    ("%d/%b/%Y:%H:%M:%S %z",),
    ("%d %b %Y %H:%M:%S", "%d %b %Y %H:%M", "%d %b %Y", "%d-%b-%Y %H:%M:%S", "%d-%b-%Y %H:%M", "%d-%b-%Y"),
    ("%b %d, %Y %H:%M:%S", "%b %d, %Y %H:%M", "%b %d, %Y", "%b %d, %Y %I:%M:%S %p", "%b %d, %Y %I:%M %p"),
    ("%B %d, %Y %H:%M:%S", "%B %d, %Y %H:%M", "%B %d, %Y", "%d %B %Y %H:%M:%S", "%d %B %Y"),
)


@dataclass(frozen=True)
class TimeRule:
    """One way to write times.

    Attributes:
        name: for the summary, such as ``epoch ms`` or ``%d-%m-%Y``.
        template: SQL for microseconds (BIGINT, NULL where it does not fit), with ``{}`` for the column.
        dates: times of day are not written, as far as the examples show.
    """

    name: str
    template: str
    dates: bool = False

    def sql(self, column: str) -> str:
        """Give the SQL for one column."""
        return self.template.replace("{}", column)


def given(time_format: str) -> TimeRule:
    """Give the rule for a format in strptime's letters, or one of iso, s, ms, us, ns.

    Raises:
        QuestionError: it has no such letters.
    """
    if time_format == "iso":
        return _ISO
    if time_format in _EPOCHS:
        return _epoch(time_format)
    if "%" not in time_format:
        raise QuestionError(
            f"time-format: {time_format!r} is not a format; write it as '%d.%m.%Y %H:%M', "
            "or iso, s, ms, us, ns"
        )
    return _formats((time_format,))


def of_type(sql_type: str) -> TimeRule | None:
    """Give the rule for a column that is a time already, by its type in DuckDB; None where it is not."""
    if sql_type == "TIMESTAMP WITH TIME ZONE":
        return TimeRule("an instant", "epoch_us({})")
    if sql_type.startswith("TIMESTAMP"):
        return TimeRule("a time", "epoch_us(({})::TIMESTAMP::TIMESTAMPTZ)")
    if sql_type == "DATE":
        return TimeRule("a date", "epoch_us(({})::TIMESTAMP::TIMESTAMPTZ)", dates=True)
    return None


def told(texts: list[str], connection: duckdb.DuckDBPyConnection, share: float = 0.95) -> TimeRule | None:
    """Tell the rule from examples; None where they are not times.

    Args:
        texts: examples, none empty.
        connection: evaluates the rules.
        share: of the examples that must fit; less where the column is known to be a time.

    Raises:
        QuestionError: the examples are dates that two rules read in different ways.
    """
    if not texts:
        return None
    shares = {rule: fits(rule, texts, connection) for rule in _candidates(texts[0])}
    best = max(shares, key=lambda rule: shares[rule])
    if shares[best] < share:
        return None
    for other in shares:
        if shares[other] == shares[best] and _differ(best, other, texts, connection):
            raise QuestionError(
                f"a time such as {texts[0]!r} may be {best.name!r} or {other.name!r}; "
                "say which with --time-format"
            )
    return best


def fits(rule: TimeRule, texts: list[str], connection: duckdb.DuckDBPyConnection) -> float:
    """Give the share of examples that a rule reads as a time between 1980 and 2100."""
    found = connection.execute(
        f"SELECT avg(coalesce({rule.sql('t')} BETWEEN ? AND ?, false)::INT) FROM (SELECT unnest(?) AS t)",  # noqa: S608  # templates are this module's own
        [_FIRST_S * 1_000_000, _LAST_S * 1_000_000, texts],
    ).fetchall()
    return float(found[0][0] or 0.0)


def _differ(one: TimeRule, other: TimeRule, texts: list[str], connection: duckdb.DuckDBPyConnection) -> bool:
    found = connection.execute(
        f"SELECT bool_or({one.sql('t')} <> {other.sql('t')}) FROM (SELECT unnest(?) AS t)",  # noqa: S608  # templates are this module's own
        [texts],
    ).fetchall()
    return bool(found[0][0])


def _candidates(example: str) -> list[TimeRule]:
    """Give the rules that an example's shape allows."""
    digits = example.strip().replace(".", "", 1).replace("-", "", 1)
    if digits.isdigit() and not (example.count("-") > 0):
        n_digits = len(example.strip().split(".")[0])
        rules = [_epoch(unit) for unit in _EPOCHS]
        if n_digits == 8:
            rules.append(_formats(("%Y%m%d",)))
        elif n_digits in (12, 14):
            rules += [_formats(("%Y%m%d%H%M%S",)), _formats(("%Y%m%d%H%M",))]
        return rules
    rules = [_ISO]
    for separator in "-/.":
        if example.count(separator) >= 2:
            rules += [_formats(tuple(form.format(separator) for form in _DAY_FIRST))]
            rules += [_formats(tuple(form.format(separator) for form in _MONTH_FIRST))]
            for stem in ("%d{0}%m{0}%Y", "%m{0}%d{0}%Y"):
                rules.append(_formats(tuple(f"{stem.format(separator)} {half}" for half in _HALF_DAYS)))
    return rules + [_formats(forms) for forms in _WRITTEN]


def _epoch(unit: str) -> TimeRule:
    per_s = _EPOCHS[unit]
    return TimeRule(
        f"epoch {unit}",
        # Beyond 2 ** 53 a double has no room for nanoseconds, so whole numbers stay whole.
        f"CASE WHEN TRY_CAST(({{}})::VARCHAR AS BIGINT) IS NOT NULL AND {per_s} > 1000000 "
        f"THEN TRY_CAST(({{}})::VARCHAR AS BIGINT) // {max(per_s // 1_000_000, 1)} "
        f"ELSE TRY_CAST(round(TRY_CAST(({{}})::VARCHAR AS DOUBLE) * {1_000_000 / per_s}) AS BIGINT) END",
    )


def _formats(forms: tuple[str, ...]) -> TimeRule:
    listed = ", ".join("'" + form.replace("'", "''") + "'" for form in forms)
    dates = not any(part in form for form in forms for part in ("%H", "%I"))
    return TimeRule(
        forms[0]
        if len(forms) == 1
        else next((form for form in reversed(forms) if "%H" not in form), forms[0]),
        f"epoch_us(try_strptime(trim(({{}})::VARCHAR), [{listed}])::TIMESTAMPTZ)",
        dates,
    )


_ISO = TimeRule("ISO 8601", "epoch_us(TRY_CAST(trim(({})::VARCHAR) AS TIMESTAMPTZ))")
