"""What the rows of a chunk mean: the same rules that collect applies to a client's events, in DuckDB's SQL.

A test sends the same rows by both ways and compares what comes out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from obverse.collect.ids import JUNK
from obverse.collect.importing_read import Kind, Reading, quoted
from obverse.collect.limits import Limits
from obverse.collect.moment import EARLIEST
from obverse.collect.refusal import Refusal
from obverse.event import ALIASED, GROUPED, IDENTIFIED, PAGE_VIEWED, SCREEN_VIEWED

_JUNK = "(" + ", ".join(quoted(word) for word in sorted(JUNK)) + ")"
_THOUSANDS = r"-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?"
_POINTS_AND_COMMA = r"-?[0-9]{1,3}(\.[0-9]{3})+,[0-9]+"
_DECIMAL_COMMA = r"-?[0-9]+,([0-9]{1,2}|[0-9]{4,})"
_ID_FIELDS = ("user_id", "anonymous_id", "account_id", "session_id")


@dataclass(frozen=True)
class Terms:
    """Everything that the SQL of an import is made of.

    Attributes:
        reading: how columns are read.
        columns: field to column; fields that are constants are not here.
        constants: field to text.
        time: SQL for the time in µs, and for its cell as text.
        time_name: how times are written, for the summary.
        kinds: kind of each column that becomes a property.
        drop: columns that no property is made of, beside those of fields.
        message_prefix: begins the message ids of rows that have none of their own.
        source: kept with every event.
        limits: as for collect.
    """

    reading: Reading
    columns: Mapping[str, str]
    constants: Mapping[str, str]
    time: tuple[str, str]
    time_name: str
    kinds: Mapping[str, Kind]
    drop: Collection[str]
    message_prefix: str
    source: str
    limits: Limits


def mapped_sql(terms: Terms, received_at: int) -> str:
    """Write the query over the table ``raw`` that gives events and, for each refused row, the reason.

    Columns: row, place, reason (``word: detail``, NULL for good rows) and those of `Event`, with
    the two instants as microseconds.
    """
    inner = ", ".join(f"{sql} AS {name}" for name, sql in _columns(terms).items())
    return f"""
        WITH cells AS (SELECT {inner} FROM raw),
        named AS (SELECT * REPLACE (
            CASE WHEN {_junk("user_id")} THEN NULL ELSE user_id END AS user_id,
            CASE WHEN {_junk("anonymous_id")} THEN NULL ELSE anonymous_id END AS anonymous_id,
            CASE WHEN message_id IS NULL OR {_junk("message_id")}
                THEN {quoted(terms.message_prefix)} || row ELSE message_id END AS message_id,
            coalesce(left(lower(trim(touchpoint)), 64), 'server') AS touchpoint,
            CASE WHEN regexp_full_match(currency, '[A-Za-z]{{3}}') THEN upper(currency) END AS currency),
            user_id AS user_given, anonymous_id AS anonymous_given, currency AS currency_given,
            {_type()} AS type FROM cells)
        SELECT row, place, {_reason(terms, received_at)} AS reason, event, type, message_id, time,
            {received_at}::BIGINT AS received_at, touchpoint, {quoted(terms.source)} AS source,
            anonymous_id, user_id, account_id, session_id,
            CASE WHEN type = 'track' OR {"value" in terms.columns or "value" in terms.constants}
                THEN value END AS value,
            currency, properties, context
        FROM named"""  # noqa: S608  # made of this module's text and of quoted literals


def _columns(terms: Terms) -> dict[str, str]:
    """Give the SQL of each cell that a row's event is made of."""
    reading = terms.reading
    value_text = _field(terms, "value")
    value = _worth(terms) if value_text == "NULL::VARCHAR" else _amount("value_text")
    without = [*terms.columns.values(), *terms.drop]
    time, time_text = terms.time
    return {
        "row": "row",
        "place": "place",
        "broken": reading.broken,
        "event": _field(terms, "event"),
        "user_id": _field(terms, "person"),
        "anonymous_id": _field(terms, "anonymous"),
        "account_id": _field(terms, "account"),
        "session_id": _field(terms, "session"),
        "message_id": _field(terms, "message_id"),
        "touchpoint": _field(terms, "touchpoint"),
        "currency": _field(terms, "currency"),
        "time": time,
        "time_text": time_text,
        "value_text": value_text,
        "value": value,
        "properties": reading.properties(without, terms.kinds),
        "context": reading.context,
    }


def _field(terms: Terms, field: str) -> str:
    if field in terms.constants:
        return quoted(terms.constants[field])
    if field in terms.columns:
        return terms.reading.text(terms.columns[field])
    return "NULL::VARCHAR"


def _junk(column: str) -> str:
    return f"lower(trim({column})) IN {_JUNK}"


def _type() -> str:
    return (
        f"CASE WHEN event = {quoted(PAGE_VIEWED)} THEN 'page' "
        f"WHEN event = {quoted(SCREEN_VIEWED)} THEN 'screen' "
        f"WHEN event = {quoted(IDENTIFIED)} THEN 'identify' "
        f"WHEN event = {quoted(GROUPED)} AND account_id IS NOT NULL THEN 'group' "
        f"WHEN event = {quoted(ALIASED)} AND user_id IS NOT NULL AND anonymous_id IS NOT NULL THEN 'alias' "
        "ELSE 'track' END"
    )


def _amount(text: str) -> str:
    """SQL for an amount of money: a number, perhaps with a currency's sign, a decimal comma or thousands."""
    bare = f"regexp_replace({text}, '[$€£¥\\s]', '', 'g')"
    return f"""CASE
        WHEN regexp_full_match({bare}, {quoted(_THOUSANDS)}) THEN TRY_CAST(replace({bare}, ',', '') AS DOUBLE)
        WHEN regexp_full_match({bare}, {quoted(_POINTS_AND_COMMA)})
            THEN TRY_CAST(replace(replace({bare}, '.', ''), ',', '.') AS DOUBLE)
        WHEN regexp_full_match({bare}, {quoted(_DECIMAL_COMMA)})
            THEN TRY_CAST(replace({bare}, ',', '.') AS DOUBLE)
        ELSE {_number(bare)} END"""


def _number(text: str) -> str:
    """SQL for a finite number, NULL for anything else."""
    number = f"TRY_CAST({text} AS DOUBLE)"
    return f"CASE WHEN isfinite({number}) AND NOT contains({text}, '_') THEN {number} END"


def _worth(terms: Terms) -> str:
    """SQL for `obverse.collect.money.worth` over the columns that have its fields' names."""
    found = {
        name: _number(sql) if (sql := terms.reading.own(name)) else "NULL::DOUBLE"
        for name in ("value", "revenue", "total", "price", "quantity")
        if name not in terms.drop
    }
    value, revenue, total, price, quantity = (
        found.get(name, "NULL::DOUBLE") for name in ("value", "revenue", "total", "price", "quantity")
    )
    goods = f"{price} * coalesce({quantity}, 1)"
    event = _field(terms, "event")
    return f"""CASE WHEN starts_with({event}, 'Order ') OR starts_with({event}, 'Checkout ')
        THEN coalesce({revenue}, {total}, {value})
        ELSE coalesce({value}, {revenue}, CASE WHEN isfinite({goods}) THEN {goods} END) END"""


def _reason(terms: Terms, received_at: int) -> str:
    """SQL for why a row is refused, the first rule that it breaks; NULL for a good row."""
    limits = terms.limits
    latest = received_at + limits.max_ahead_s * 1_000_000
    written = terms.time_name.replace("{", "").replace("}", "")
    rules: list[tuple[str, Refusal, str]] = [
        (
            "user_id IS NULL AND anonymous_id IS NULL AND coalesce(user_given, anonymous_given) IS NOT NULL",
            Refusal.JUNK_ID,
            "the id is a placeholder",
        ),
        ("user_id IS NULL AND anonymous_id IS NULL", Refusal.MISSING_ID, "the row names no person"),
        ("event IS NULL", Refusal.MISSING_FIELD, "event: the cell is empty"),
        ("time_text IS NULL", Refusal.MISSING_FIELD, "time: the cell is empty"),
        ("time IS NULL", Refusal.BAD_TIME, f"time: not written as {written}"),
        (
            f"time NOT BETWEEN {EARLIEST} AND {latest}",
            Refusal.TIME_OUT_OF_RANGE,
            "time: before 1990 or more than a day ahead",
        ),
        ("value_text IS NOT NULL AND value IS NULL", Refusal.BAD_ROW, "value: not a number"),
        (
            "currency_given IS NOT NULL AND currency IS NULL",
            Refusal.BAD_ROW,
            "currency: not a code of three letters",
        ),
        *(
            (
                f"length({name}) > {limits.max_id_chars}",
                Refusal.TOO_LONG,
                f"{name}: over {limits.max_id_chars}",
            )
            for name in _ID_FIELDS
        ),
        (
            f"length(event) > {limits.max_name_chars}",
            Refusal.TOO_LONG,
            f"event: over {limits.max_name_chars}",
        ),
        (
            f"length(message_id) > {limits.max_message_id_chars}",
            Refusal.TOO_LONG,
            f"message_id: over {limits.max_message_id_chars}",
        ),
        (
            f"strlen(properties) + strlen(context) > {limits.max_event_bytes}",
            Refusal.EVENT_TOO_LARGE,
            f"over {limits.max_event_bytes} bytes",
        ),
        (
            " OR ".join(f"contains({name}, chr(0))" for name in ("event", "message_id", *_ID_FIELDS)),
            Refusal.BAD_TEXT,
            "an id or a name holds a NUL character",
        ),
        (
            r"regexp_matches(properties, '(?i)nan|inf') AND regexp_matches("
            r"""regexp_replace(properties, '"(\\.|[^"\\])*"', '', 'g'), '(?i)nan|inf')""",
            Refusal.BAD_ROW,
            "NaN and Infinity are not JSON",
        ),
    ]
    cases = " ".join(f"WHEN {rule} THEN {quoted(f'{word}: {detail}')}" for rule, word, detail in rules)
    return f"CASE WHEN broken IS NOT NULL THEN broken {cases} END"
