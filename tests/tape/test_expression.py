"""Expressions: what they mean, what they refuse, and that nothing but the closed list ever gets through."""

from __future__ import annotations

import json
import re

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from obverse.errors import QuestionError
from obverse.tape.expression import Path, parse

ROW = {
    "event": "Order Completed",
    "touchpoint": "web",
    "time": "2026-03-01 12:00:00+00",
    "value": 59.5,
    "user_id": "42",
    "session_id": None,
    "properties": json.dumps(
        {
            "country": "DE",
            "price": 60,
            "text_price": "60.5",
            "member": True,
            "gone": None,
            "odd": "NaN",
            "a.b": "dotted",
            'say "hi"/~': "quoted",
            "deep": {"er": {"one": 1}},
            "name": "O'Neil",
        }
    ),
    "context": json.dumps({"page": {"path": "/shop/cart"}, "device": "mobile"}),
}


def ask(text: str, split: bool = False) -> object:
    expression = parse(text, form="key" if split else "mask")
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(
            "CREATE TABLE r (event VARCHAR, touchpoint VARCHAR, time TIMESTAMPTZ, value DOUBLE,"
            " type VARCHAR, source VARCHAR, currency VARCHAR, anonymous_id VARCHAR, account_id VARCHAR,"
            " user_id VARCHAR, session_id VARCHAR, properties VARCHAR, context VARCHAR)"
        )
        con.execute(
            "INSERT INTO r BY NAME SELECT ? AS event, ? AS touchpoint, ?::TIMESTAMPTZ AS time, ? AS value,"
            " ? AS user_id, ? AS session_id, ? AS properties, ? AS context",
            list(ROW.values()),
        )
        found = con.execute(f"SELECT {expression.sql} FROM r", expression.params).fetchone()
    assert found is not None
    return found[0]


@pytest.mark.parametrize(
    "text",
    [
        "country = 'DE' and properties.price > 50",
        "properties.price = 60 and price = '60'",
        "text_price > 60 and text_price = 60.5 and text_price = '60.5'",
        "country in ('FR', 'DE') and price in (1, 60)",
        "country not in ('FR')",
        "context.page.path like '/shop/%' and context.page.path ilike '/SHOP/%'",
        "not context.page.path like '/blog/%'",
        "context.page.path not like '/blog/%'",
        "member = true and member and member is true and member != false",
        "gone is null and properties.missing is null and country is not null",
        "price between 60 and 61 and price not between 61 and 62",
        "price * 2 - 20 = 100 and price / 4 > 14.9 and -price < 0 and price % 7 = 4",
        "lower(country) = 'de' and upper(country) = 'DE' and length(country) = 2",
        "coalesce(properties.missing, country) = 'DE' and coalesce(missing, 3) > 2",
        'properties."a.b" = \'dotted\' and "say ""hi""/~" = \'quoted\'',
        "properties.deep.er.one = 1",
        "name = 'O''Neil'",
        "value > 59 and event = 'Order Completed' and touchpoint != 'app'",
        "user_id = '42' and user_id = 42",
        "time >= '2026-03-01' and time < '2026-03-01T13:00' and time = '2026-03-01T14:00+02:00'",
        "session_id is null",
        "country || '-' || price || (price > 5) = 'DE-60true' and (country || missing) is null",
        "regexp_extract(context.page.path, '^/([a-z]+)', 1) = 'shop'",
        "regexp_extract(context.page.path, 'c.r') = 'car' and regexp_extract(country, '[0-9]+') is null",
        "((country = 'FR' or country = 'DE')) and (price > 50) = true",
        "price > value and country <> context.device",
        "coalesce(odd * 0 + abs(odd), 3) = 3 and coalesce(round(0 / 0 + 1), 3) = 3 and -odd is null",
    ],
)
def test_it_holds_for_the_row(text: str) -> None:
    assert ask(text) is True


def test_a_long_formula_costs_what_its_parts_cost() -> None:
    terms = 40  # what was written twice at each sign would be here twice to the fortieth
    assert ask(f"({' + '.join(['(5 - price) * 2'] * terms)}) / {terms}", split=True) == "-110"


@pytest.mark.parametrize(
    "text",
    [
        "missing = 'x'",
        "not missing = 'x'",
        "country > 5",
        "odd > 5",
        "price / 0 > 1 and odd / 0 > 1",
        "country = true",
    ],
)
def test_what_is_missing_or_cannot_be_read_so_is_not_selected(text: str) -> None:
    assert ask(text) is None


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("country", "DE"),
        ("context.device", "mobile"),
        ("price", "60"),
        ("value", "59.5"),
        ("value + 0.5", "60"),
        ("price > 50", "true"),
        ("lower(country)", "de"),
        ("missing", None),
        ("event", "Order Completed"),
        ("lower(country) || price", "de60"),
        ("regexp_extract(context.page.path, '[^/]+$')", "cart"),
    ],
)
def test_a_split_is_by_the_values_text(text: str, label: str | None) -> None:
    assert ask(text, split=True) == label


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("country = ", "cannot be read"),
        ("country = null", "IS NULL"),
        ("country", None),
        ("country in (select country from events)", "not allowed"),
        ("exists (select 1)", "not allowed"),
        ("(select true)", "not allowed"),
        ("select 1", "not allowed"),
        ("drop table events", "not allowed"),
        ("read_csv('/etc/passwd') = 'x'", "not allowed"),
        ("getenv('HOME') = 'x'", "not allowed"),
        ("country = 'a'; drop table x", "semicolons"),
        ("country = 'a' -- and more", "comments"),
        ("country /* x */ = 'a'", "comments"),
        ("country = $1", "not allowed"),
        ("country = ?", "not allowed"),
        ("country::int = 1", "not allowed"),
        ("case when country = 'x' then true end", "not allowed"),
        ("price = 1 as x", "not allowed"),
        ("country like 'a' escape '!'", "not allowed"),
        ("country like device", "LIKE needs a text"),
        ("regexp_extract(country, device) = 'x'", "needs a pattern in quotes"),
        ("regexp_extract(country, '(x') = 'x'", "cannot be used; Invalid Input Error: missing )"),
        ("regexp_extract(country, 'x', 10) = 'x'", "number of a group"),
        ("regexp_extract(country, 'x', 0, 'i') = 'x'", "not allowed"),
        ("country || null = 'x'", "not allowed"),
        ("time || 'x' = 'x'", "time"),
        ("country in ()", "IN needs a list"),
        ("country in other", "not allowed"),
        ("value = '5'", "is a number"),
        ("value like '5%'", "is a number"),
        ("'a' = 5", "without quotes"),
        ("member = (price > 5) and (price > 5) = 'x'", "cannot be compared"),
        ("time > 5", "time"),
        ("time > 'yesterday'", "no time"),
        ("properties = 'x'", "name one of them"),
        ("price > 1e999", "no number"),
        ("price", None),
        ("upper(country)", "not a condition"),
        ("5", "not a condition"),
        ("'" + "x" * 5000 + "' = a", "more than 4000 characters"),
        ("(" * 40 + "a" + ")" * 40, "nested parentheses"),
        ("not " * 900 + "a", "too deep"),
        ("a" + " + 1" * 499 + " > 1", None),
        ("a = 1 or " * 332 + "a = 1", "more than 1000 words"),
        ("a = '\0'", "no text"),
        ("a = '\ud800'", "no text"),
        ("a, b", None),
        ("*", "not allowed"),
        ("properties.*", "not allowed"),
    ],
)
def test_it_is_refused_with_the_reason(text: str, why: str | None) -> None:
    if why is None:  # allowed, or refused: never anything else
        try:
            parse(text)
        except QuestionError:
            return
        return
    with pytest.raises(QuestionError, match=re.escape(why)):
        parse(text)


def test_a_long_list_of_alternatives_is_not_too_deep() -> None:
    assert ask("country = 'FR' or " * 150 + "country = 'DE'") is True


def test_no_text_of_the_question_reaches_the_database() -> None:
    secret = "x' OR 1=1; DROP TABLE events --"
    expression = parse("country = '" + secret.replace("'", "''") + "' and properties.\"" + "p'q" + "\" = 'b'")
    assert "DROP" not in expression.sql
    assert secret in expression.params.values()
    assert "p'q" not in expression.sql


def test_names_are_placed_by_the_caller() -> None:
    def place(path: Path) -> Path:
        return ("context", *path) if path[0] == "device" else ("properties", *path)

    expression = parse("device.kind = 'phone' and price > 5 and event = 'x'", place)
    assert expression.fields == (("context", "device", "kind"), ("properties", "price"), ("event",))


VOCABULARY = """country properties . price context value time event x = <> != < <= > + - * / % ( ) , [ ] { }
    : :: and or not in between like ilike is null true false escape 'a' '' 5 1e9 .5 select from case when then
    end cast as int lower coalesce read_csv exists any all ; -- /* */ $1 ? @ || date interval struct array
    -> ->> over distinct union limit "a" trim length
    || regexp_extract 0 1 '(a)'"""
WORDS = st.sampled_from(VOCABULARY.split())
SAFE_WORDS = re.compile(
    r"\$p\d+|json_extract_string|nullif|TRY_CAST|CAST|CASE|WHEN|THEN|ELSE|END|AND|OR|NOT|IS|NULL|IN|LIKE|ILIKE"
    r"|regexp_extract|\|\||TRUE|FALSE|AS|DOUBLE|BIGINT|VARCHAR|'nan'|'true'|'false'|coalesce|length|lower|upper|trim|abs|round|floor"
    r"|ceil|epoch_us|properties|context|event|touchpoint|type|source|time|value|currency|user_id|anonymous_id"
    r"|account_id|session_id|1e15|<>|<=|>=|[-+*/%=<>(),:]|\s"
)


@settings(max_examples=300)
@given(st.lists(WORDS, max_size=14).map(" ".join) | st.text(max_size=30), st.booleans())
@example("a in (with x as (select 1) select * from x)", False)
@example("a = (from events)", False)
@example("[x for x in a]", True)
def test_any_text_gives_safe_sql_or_a_question_error(text: str, split: bool) -> None:
    try:
        expression = parse(text, form="key" if split else "mask")
    except QuestionError:
        return
    assert SAFE_WORDS.sub("", expression.sql) == ""
    ask(text, split)  # and the database takes it
