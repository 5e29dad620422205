"""The language of rules: what it means, that it can be written and read back, and where it is wrong."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obverse.errors import QuestionError
from obverse.measure.behaved.rules import Did, Is, Rule, Spent, When, parse_rule
from obverse.measure.funnel_text import Step

ORDER = Step(events=("Order Completed",))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("did Order Completed", Did(events=ORDER)),
        ("did not Order Completed", Did(events=ORDER, least=0, most=0)),
        ("did Order Completed at least 2 times in 90d", Did(events=ORDER, least=2, when=When(within="90d"))),
        ("did Order Completed at most 3 times", Did(events=ORDER, least=0, most=3)),
        ("did Order Completed exactly 1 time", Did(events=ORDER, least=1, most=1)),
        ("did Order Completed exactly 0 times", Did(events=ORDER, least=0, most=0)),
        ("did A or B [x > 5] from 2026-01-01 to 2026-02-01",
         Did(events=Step(events=("A", "B"), where="x > 5"), when=When(start="2026-01-01", end="2026-02-01"))),
        ("did * [touchpoint = 'a in 3d'] to 2026-02-01T10:00",
         Did(events=Step(where="touchpoint = 'a in 3d'"), when=When(end="2026-02-01T10:00"))),
        ('did "Logged in 30d"', Did(events=Step(events=("Logged in 30d",)))),
        ("did Opened in App", Did(events=Step(events=("Opened in App",)))),
        ("did Bought at least once in 7d",
         Did(events=Step(events=("Bought at least once",)), when=When(within="7d"))),
        ("  did   A   in   7d  ", Did(events=Step(events=("A",)), when=When(within="7d"))),
        ("spent at least 100", Spent(least=100)),
        ("spent at least 99.95 in 365d on Order Completed",
         Spent(least=99.95, events=ORDER, when=When(within="365d"))),
        ("spent at most 20 on Order Completed in 7d", Spent(most=20, events=ORDER, when=When(within="7d"))),
        ("last context.country = 'DE'", Is(which="last", condition="context.country = 'DE'")),
        ("any x in ('in 90d', ' on B') in 90d on A",
         Is(which="any", condition="x in ('in 90d', ' on B')", events=Step(events=("A",)),
            when=When(within="90d"))),
        ("first plan = 'a' from 2026-01-01",
         Is(which="first", condition="plan = 'a'", when=When(start="2026-01-01"))),
    ],
)  # fmt: skip
def test_a_rule_means_what_it_says(text: str, rule: Rule) -> None:
    assert parse_rule(text) == rule
    assert parse_rule(rule.spell()) == rule


WORDS = st.lists(
    st.sampled_from(
        ["A", "in", "90d", "at", "least", "2", "times", "not", "on", "or", "as", "from", "2026-01-01", "to",
         "'", '"', "[", "]", ">", "*", "exactly", "did", "(x)", "Don't"]
    ),
    min_size=1,
    max_size=7,
)  # fmt: skip
NAMES = st.one_of(WORDS.map(" ".join), st.text(min_size=1, max_size=8)).filter(
    lambda name: name.isprintable()
)
CONDITIONS = st.sampled_from(
    [None, "x > 5", "x = ' in 90d' or y[1] = ']'", "a in ('b')", "note like '% on %'"]
)
DURATIONS = st.sampled_from(["1s", "90d", "1.5h", "12w"])
DAYS = st.sampled_from(["2026-01-01", "2026-01-01T12:00", "2026-01-01T12:00:00+02:00"])
WHENS = st.one_of(
    st.just(When()),
    st.builds(When, within=DURATIONS),
    st.builds(When, start=DAYS),
    st.builds(When, end=DAYS),
    st.builds(When, start=DAYS, end=DAYS),
)
EVENTS = st.one_of(
    st.builds(lambda names, where: Step(events=tuple(names), where=where),
              st.lists(NAMES, min_size=1, max_size=3), CONDITIONS),
    st.builds(lambda where: Step(where=where), CONDITIONS),
)  # fmt: skip
AMOUNTS = st.integers(0, 99_999_999_999).map(lambda whole: whole / 100)
LIMITS = st.one_of(
    st.tuples(st.integers(1, 99), st.none()),
    st.just((0, 0)),
    st.tuples(st.just(0), st.integers(1, 99)),
    st.integers(1, 99).map(lambda n: (n, n)),
)
RULES = st.one_of(
    LIMITS.flatmap(
        lambda both: st.builds(Did, events=EVENTS, least=st.just(both[0]), most=st.just(both[1]), when=WHENS)
    ),
    st.builds(Spent, least=AMOUNTS, events=EVENTS, when=WHENS),
    st.builds(Spent, most=AMOUNTS, events=EVENTS, when=WHENS),
    st.builds(
        Is,
        which=st.sampled_from(["first", "last", "any"]),
        condition=CONDITIONS.filter(bool),
        events=EVENTS,
        when=WHENS,
    ),
)


@settings(max_examples=500)
@given(RULES)
def test_every_rule_can_be_written_and_read_back(rule: Rule) -> None:
    assert parse_rule(rule.spell()) == rule


@settings(max_examples=500)
@given(
    st.one_of(WORDS.map(lambda words: "did " + " ".join(words)), WORDS.map(" ".join), st.text(max_size=30))
)
def test_any_text_is_a_rule_or_refused_at_a_column_of_it(text: str) -> None:
    try:
        rule = parse_rule(text)
    except QuestionError as error:
        found = re.fullmatch(r"rules: .*, at column (\d+) of .*", str(error), re.DOTALL)
        assert found
        assert 1 <= int(found[1]) <= len(text) + 1
    else:
        assert parse_rule(rule.spell()) == rule


@pytest.mark.parametrize(
    ("text", "why", "column"),
    [
        ("", "it is blank", 1),
        ("dod Order Completed", "unknown word 'dod'; did you mean 'did'?", 1),
        ("did", "an event's name is missing", 4),
        ("did not", "an event's name is missing", 8),
        ("did not A at least 2 times", "there is no number of times", 11),
        ("did A at least 0 times", "write a number between 1", 16),
        ("did A > B", "' > ' is for steps of funnels", 5),
        ("did A as B", "no name of their own", 5),
        ("did A [x > 5", "not closed", 13),
        ("spent 100", "write 'at least' or 'at most' and an amount", 7),
        ("spent at least 100 EUR", "expected 'in 90d'", 19),
        ("spent at least 1 in 3d on A in 5d", "when is said twice", 29),
        ("last", "the condition is missing", 5),
        ("last country = 'DE", "is not closed", 6),
        ("last country = 'DE' on", "events are missing after 'on'", 23),
        ("spent at least 5 on", "'on' and events", 17),
    ],
)
def test_what_is_wrong_is_said_with_its_column(text: str, why: str, column: int) -> None:
    with pytest.raises(QuestionError, match=re.escape(why)) as caught:
        parse_rule(text)
    assert f"at column {column} of" in str(caught.value)
